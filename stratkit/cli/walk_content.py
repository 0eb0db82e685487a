"""`walk_content`: a finished walk-forward as its page shows it; and the files about it beside its run."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.cli.finished import FinishedRun, title
from stratkit.config import resolved_yaml
from stratkit.reports.walk_content import FoldLine, WalkContent
from stratkit.reports.walk_figures import write_walk_figures
from stratkit.reports.walk_page import write_walk_page
from stratkit.reports.wording import number, percent
from stratkit.research.walk_forward_folds import Fold, mean_stability, profitable_share

if TYPE_CHECKING:
    from stratkit.config import FileConfig
    from stratkit.research.walk_forward import Plan, WalkForward
    from stratkit.runs.folder import RunDraft

_HOW: Final = {
    "rolling": "{train} to choose on, {test} to test on, again and again",
    "anchored": "all bars so far to choose on, {train} at first, {test} to test on, again and again",
    "combinatorial": "every way to test {test_folds} of {folds} parts of the bars",
}


def walk_content(config: FileConfig, walk: WalkForward, run: FinishedRun) -> WalkContent:
    """Return what the page of a walk-forward shows; `run` is that of its account."""
    plan, result = walk.plan, walk.result
    metric = config.search.objectives[0]
    settings = plan.settings.model_dump()
    purge = f", {plan.settings.purge_bars:,} bars of purge between" if plan.settings.purge_bars else ""
    return WalkContent(
        title=title(run),
        metric=metric,
        space=next((fold.choice.space for fold in walk.folds if fold.choice.space), ()),
        folds=tuple(_line(plan, fold, metric) for fold in walk.folds),
        times=result.times,
        equity=result.equity,
        initial_cash=result.initial_cash,
        cards=_cards(walk),
        scheme=_HOW[plan.settings.method].format(**settings) + purge,
        switches=tuple(int(result.times[reign.start]) for reign in walk.reigns[1:]),
        path_sharpes=np.array([path.sharpe for path in walk.paths] if len(walk.paths) > 1 else []),
        verdict=walk.verdict,
        command=" ".join(("stratkit", *sys.argv[1:])),
        facts=(
            ("Symbols", ", ".join(plan.bars.symbols[:3])),
            ("Bars tested", f"{len(result.times):,}"),
            ("Sampler", config.search.sampler),
            ("Trials a fold", f"{config.search.trials:,}"),
            ("Seed", f"{config.seed}"),
        ),
        config_text=resolved_yaml(config),
        warnings=run.all_warnings,
    )


def write_walk(draft: RunDraft, content: WalkContent, config: FileConfig) -> None:
    """Write page and figures of a walk-forward into the folder of its run, as configured."""
    if config.report.html:
        write_walk_page(draft.folder, content)
    if config.report.png:
        write_walk_figures(draft.folder, content, config.report.png_dpi)


def _line(plan: Plan, fold: Fold, metric: str) -> FoldLine:
    train, test = fold.split.train, fold.split.test
    held = "" if fold.choice.values else "no trial kept every constraint: the values before go on"
    return FoldLine(
        number=fold.number,
        train=_span(plan, train[0][0], train[-1][1]),
        test=_span(plan, test[0][0], test[-1][1]),
        train_bars=sum(stop - start for start, stop in train),
        test_bars=sum(stop - start for start, stop in test),
        values=fold.values if set(fold.values) >= {one.name for one in fold.choice.space} else {},
        in_sample=fold.inside[metric],
        out_of_sample=fold.outside[metric],
        efficiency=fold.efficiency,
        total_return=fold.outside["total_return"],
        trades=int(fold.outside["trades"]),
        reason=held,
        train_parts=len(train),
        test_parts=len(test),
    )


def _span(plan: Plan, start: int, stop: int) -> tuple[int, int]:
    times = plan.bars.times
    return int(times[plan.history + start]), int(times[plan.history + stop - 1])


def _cards(walk: WalkForward) -> tuple[tuple[str, str, str], ...]:
    found, folds = walk.sharpe, walk.folds
    interval = f"{found.level:.0%} interval {number(found.low)} to {number(found.high)}" if found.is_defined else ""
    stays = mean_stability(folds)
    return (
        ("Sharpe ratio", number(found.estimate), interval),
        ("Total return", percent(walk.outside["total_return"]), f"{percent(walk.outside['cagr'])} a year"),
        ("Maximum drawdown", percent(walk.outside["max_drawdown"]), "of the one account through all tests"),
        ("Efficiency", number(walk.efficiency), "yearly return out of sample over in sample"),
        ("Profitable folds", percent(profitable_share(folds), 0), f"of {len(folds):,}"),
        ("Stability", "n/a" if math.isnan(stays) else number(stays), "1: parameters stay; 0: from end to end"),
    )
