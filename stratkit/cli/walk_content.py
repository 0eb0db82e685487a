"""`walk_content`: a finished walk-forward as its page shows it; and its files beside the run of its account."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stratkit.cli.finished import FinishedRun, title
from stratkit.config import resolved_yaml
from stratkit.inference.verdict import DEFLATED_PASS, OVERFIT_PASS, SUPERIOR_PASS
from stratkit.reports.evidence_words import figure, trials_words
from stratkit.reports.walk_content import FoldLine, WalkContent
from stratkit.reports.walk_figures import write_walk_figures
from stratkit.reports.walk_page import write_walk_page
from stratkit.reports.wording import in_unit, number
from stratkit.research.walk_forward_folds import mean_stability, profitable_share
from stratkit.research.walk_forward_record import FOLDS, fold_columns, path_columns, walk_verdict

if TYPE_CHECKING:
    from stratkit.config import FileConfig
    from stratkit.research.walk_forward import WalkForward
    from stratkit.research.walk_forward_folds import Fold
    from stratkit.runs.folder import RunDraft

_HOW = {
    "rolling": "trained on {train} before each test of {test}",
    "anchored": "trained on all bars before each test of {test}, {train} at first",
    "combinatorial": "{folds} parts, tested {test_folds} at a time",
}


def scheme(walk: WalkForward) -> str:
    """Return in words how the bars are divided."""
    settings = walk.plan.settings
    return _HOW[settings.method].format(**settings.model_dump())


def walk_content(walk: WalkForward, config: FileConfig, run: FinishedRun) -> WalkContent:
    """Return what the page of a walk-forward shows; `run` is that of its account, its trial counted."""
    result, search = walk.result, config.search
    trials = sum(fold.choice.trials for fold in walk.folds)
    ratios = np.array([path.sharpe for path in walk.paths]) if len(walk.paths) > 1 else np.zeros(0)
    return WalkContent(
        title=title(run),
        metric=search.objectives[0],
        space=next((fold.choice.space for fold in walk.folds if fold.choice.space), ()),
        folds=tuple(_line(walk, fold, search.objectives[0]) for fold in walk.folds),
        times=result.times,
        equity=result.equity,
        initial_cash=result.initial_cash,
        cards=_cards(walk, run.evidence or {}),
        scheme=scheme(walk),
        switches=tuple(int(result.times[reign.start]) for reign in walk.reigns[1:]),
        path_sharpes=ratios,
        verdict=walk_verdict(walk, run.evidence),
        command=" ".join(("stratkit", *sys.argv[1:])),
        facts=(
            ("Symbols", ", ".join(result.symbols[:3])), ("Sampler", search.sampler), ("Trials", f"{trials:,}"),
            ("Seed", f"{config.seed}"),
        ),
        config_text=resolved_yaml(config),
        warnings=run.all_warnings,
    )  # fmt: skip


def write_walk(
    draft: RunDraft, walk: WalkForward, record: dict[str, Any], config: FileConfig, run: FinishedRun
) -> None:
    """Write the folds, the paths, and page and figures as configured into the folder of the run."""
    draft.write_json(FOLDS, record)
    draft.write_table("folds.parquet", fold_columns(walk))
    if len(walk.paths) > 1:
        draft.write_table("paths.parquet", path_columns(walk))
    if not config.report.html and not config.report.png:
        return
    content = walk_content(walk, config, run)
    if config.report.html:
        write_walk_page(draft.folder, content)
    if config.report.png:
        write_walk_figures(draft.folder, content, config.report.png_dpi)


def _line(walk: WalkForward, fold: Fold, metric: str) -> FoldLine:
    times, history = walk.plan.bars.times, walk.plan.history

    def moment(bar: int) -> int:
        return int(times[history + bar])

    train, test = fold.split.train, fold.split.test
    return FoldLine(
        number=fold.number + 1,
        train=(moment(train[0][0]), moment(train[-1][1] - 1)),
        test=(moment(test[0][0]), moment(test[-1][1] - 1)),
        train_bars=sum(stop - start for start, stop in train),
        test_bars=sum(stop - start for start, stop in test),
        values=fold.choice.values,
        in_sample=fold.inside[metric],
        out_of_sample=fold.outside[metric],
        efficiency=fold.efficiency,
        total_return=fold.outside["total_return"],
        trades=int(fold.outside["trades"]),
        reason="" if fold.choice.values else "no trial kept every constraint: the values before go on",
        train_parts=len(train),
        test_parts=len(test),
    )


def _cards(walk: WalkForward, evidence: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    sharpe, outside = walk.sharpe, walk.outside
    level = f"{100 * sharpe.level:g}% interval {number(sharpe.low)} to {number(sharpe.high)}"
    return (
        ("Sharpe ratio", number(sharpe.estimate), level if sharpe.is_defined else sharpe.reason),
        (
            "Total return",
            in_unit(outside["total_return"], "fraction"),
            f"{in_unit(outside['cagr'], 'fraction')} a year",
        ),
        ("Maximum drawdown", in_unit(outside["max_drawdown"], "fraction"), ""),
        ("Efficiency", number(walk.efficiency), "yearly return out of sample over in sample"),
        ("Profitable folds", f"{100 * profitable_share(walk.folds):.0f}%", f"of {len(walk.folds)}"),
        ("Stability", number(mean_stability(walk.folds)), "of the chosen values; 1 = they stay"),
        (
            "Deflated Sharpe",
            figure(evidence, "deflated_sharpe"),
            f"{trials_words(evidence)}; pass above {DEFLATED_PASS:g}",
        ),
        ("PBO", number(walk.overfit), f"median over the folds' searches; pass below {OVERFIT_PASS:g}"),
        ("SPA p value", number(walk.superior_p, 3), f"against cash; pass below {SUPERIOR_PASS:g}"),
    )
