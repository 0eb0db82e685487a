"""`ReturnPaths`: resampled paths of a run's returns, and the procedures that look at them.

One sample serves the bootstrap of metrics, drawdowns and ruin: they tell of the same paths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from stratkit.analytics.basis import Basis
from stratkit.analytics.definitions import DEFINITIONS
from stratkit.analytics.resampled import metrics_of_returns
from stratkit.errors import DataError
from stratkit.inference.block_length import block_length
from stratkit.inference.figure_words import plain_number
from stratkit.inference.path_kernels import chosen_rows
from stratkit.inference.path_resampling import stationary_paths
from stratkit.inference.path_sample import PathSample
from stratkit.inference.split_mix import path_keys
from stratkit.panel import FloatArray
from stratkit.research.monte_carlo_record import Fan, PathRow, Procedure, ProcedureName, Unit
from stratkit.research.monte_carlo_rows import Better, histogram, histograms, path_row
from stratkit.research.monte_carlo_run import StudiedRun
from stratkit.research.monte_carlo_settings import MonteCarloSettings
from stratkit.research.monte_carlo_words import WORDS
from stratkit.seeds import generator

Told = Callable[[int, int], None]

FEWEST: Final = 20  # returns: of fewer, blocks are the sample over again
LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_AT_ONCE: Final = 64  # paths whose returns are held at a time
_UNITS: Final[dict[str, Unit]] = {"probability": "fraction", "days": "bars"}  # of a definition, as paths know them


@dataclass(frozen=True)
class ReturnPaths:
    """The paths of one run."""

    run: StudiedRun
    settings: MonteCarloSettings
    told: Told | None = None

    @cached_property
    def block(self) -> float:
        """Mean block length in returns, as given or by the rule of Politis and White on the returns."""
        if self.settings.block_bars is not None:
            return self.settings.block_bars
        returns = self.run.returns
        if len(returns) < FEWEST:
            raise DataError(f"at least {FEWEST} returns are needed to resample them; the run has {len(returns)}")
        if not np.ptp(returns) > 0:
            raise DataError("returns must vary to be resampled; all of them are the same")
        return float(block_length(returns[:, None]))

    @cached_property
    def sample(self) -> PathSample:
        """What each path came to; raise `DataError` when there are too few returns, or none that differ."""
        return self.drawn(self.block, self.told)

    def drawn(self, block: float, told: Told | None = None) -> PathSample:
        """Return paths with blocks of another length, drawn by the same keys."""
        run, settings = self.run, self.settings
        return stationary_paths(
            run.returns, paths=settings.paths, mean_block_bars=block, draw=self._draw(), more=True,
            risk_free=run.basis.risk_free, workers=settings.workers, told=told,
        )  # fmt: skip

    def metrics(self, names: Sequence[str], told: Told | None = None) -> FloatArray:
        """Return (paths, names) figures of the same paths, by the formulas of the scorecard."""
        run, paths = self.run, self.settings.paths
        keys = path_keys(self._draw(), paths)
        found = np.empty((paths, len(names)))
        for first in range(0, paths, _AT_ONCE):
            own = keys[first : first + _AT_ONCE]
            rows = chosen_rows(own, len(run.returns), len(run.returns), 1.0 / self.block, 0)
            for place, one in enumerate(rows, first):
                found[place] = metrics_of_returns(run.returns[one], run.basis, names)
            if told is not None:
                told(min(first + _AT_ONCE, paths), paths)
        return found

    def _draw(self) -> np.random.Generator:
        return generator(self.settings.seed, "montecarlo", "returns")


def returns_bootstrap(paths: ReturnPaths) -> Procedure:
    """Return each metric of the run with its interval over the paths."""
    run, names = paths.run, paths.settings.metrics
    sample, basis = paths.sample, run.basis
    observed = dict(zip(names, metrics_of_returns(run.returns, basis, names), strict=True))
    quick = {name: values for name in names if (values := _quick(sample, basis, name)) is not None}
    slow = [name for name in names if name not in quick]
    drawn = {**quick, **dict(zip(slow, paths.metrics(slow, paths.told).T, strict=True))} if slow else quick
    rows = tuple(_metric_row(name, observed[name], drawn[name]) for name in names)
    shown = [histogram(row.name, row.unit, row.observed, drawn[name]) for row, name in zip(rows[:4], names)]
    return _made(
        "returns_bootstrap", sample, rows, histograms=histograms(*shown), fans=(_fan(run, sample),),
        notes=(block_note(paths), *_sensitivity(paths)),
    )  # fmt: skip


def drawdowns(paths: ReturnPaths) -> Procedure:
    """Return how deep and how long the drawdowns of the paths are, beside the run's."""
    run, sample = paths.run, paths.sample
    deepest, longest = metrics_of_returns(run.returns, run.basis, ("max_drawdown", "max_dd_duration"))
    assert sample.under_water is not None  # asked for
    rows = (
        path_row("Maximum drawdown", "fraction", "higher", deepest, sample.max_drawdown),
        path_row("Longest drawdown", "bars", "lower", longest, sample.under_water),
        path_row("Lowest equity, of the start", "ratio", "higher", _lowest(run.returns), sample.lowest),
    )
    deeper = float((sample.max_drawdown < deepest).mean())
    shown = histograms(
        histogram("Maximum drawdown", "fraction", deepest, sample.max_drawdown),
        histogram("Longest drawdown", "bars", longest, sample.under_water),
    )
    notes = (
        f"{deeper:.1%} of the paths fall deeper than the run did",
        block_note(paths),
        "drawdowns grow with the memory of losses: blocks that are too short show them too shallow; compare --block",
    )
    return _made("drawdowns", sample, rows, histograms=shown, notes=notes)


def _quick(sample: PathSample, basis: Basis, name: str) -> FloatArray | None:
    """Return a metric of all paths that was counted on the way, None where it was not."""
    per_year = basis.per_year
    root = math.sqrt(per_year)
    if name == "sortino":  # its shortfall is from the least return that is accepted
        ratio = sample.sortino if basis.mar == basis.risk_free else None
        return None if ratio is None else ratio * root
    quick: dict[str, Callable[[], FloatArray | None]] = {
        "total_return": lambda: sample.wealth - 1.0,
        "cagr": lambda: sample.cagr(per_year),
        "sharpe": lambda: sample.sharpe * root,
        "calmar": lambda: sample.calmar(per_year),
        "ann_vol": lambda: sample.sd * root,
        "max_drawdown": lambda: sample.max_drawdown,
        "max_dd_duration": lambda: sample.under_water,
    }
    return quick[name]() if name in quick else None


def _metric_row(name: str, observed: float, drawn: FloatArray) -> PathRow:
    definition = DEFINITIONS[name]
    unit: Unit = _UNITS.get(definition.unit, definition.unit)  # type: ignore[arg-type]  # no money, no R
    better: Better = "lower" if definition.better == "lower" else "higher"
    return path_row(definition.label, unit, better, observed, drawn, has_interval=True)


def _made(name: ProcedureName, sample: PathSample, rows: tuple[PathRow, ...], **more: object) -> Procedure:
    words = WORDS[name]
    return Procedure(
        name, words.title, words.tests, words.varies, sample.paths, sample.is_exact, rows,
        not_answered=words.not_answered, **more,  # type: ignore[arg-type]  # fields of the record
    )  # fmt: skip


def block_note(paths: ReturnPaths) -> str:
    """Return which blocks were drawn, and who chose their length."""
    who = "as given" if paths.settings.block_bars is not None else "by Politis and White; --block sets another length"
    return f"blocks of {paths.block:.1f} returns in the mean, {who}"


def _sensitivity(paths: ReturnPaths) -> tuple[str, ...]:
    """Return how the interval of the Sharpe ratio moves with the block length."""
    root = math.sqrt(paths.run.basis.per_year)
    parts = []
    for factor in (0.5, 1.0, 2.0):
        block = max(1.0, factor * paths.block)
        ratio = (paths.sample if factor == 1.0 else paths.drawn(block)).sharpe * root
        known = ratio[~np.isnan(ratio)]
        if not len(known):
            return ()
        low, high = np.quantile(known, (0.025, 0.975))
        parts.append(f"{plain_number(low)} to {plain_number(high)} with blocks of {block:.1f}")
    return (f"the Sharpe ratio's 95% interval is {', '.join(parts)}",)


def _lowest(returns: FloatArray) -> float:
    return float(min(1.0, np.cumprod(1.0 + returns).min()))


def _fan(run: StudiedRun, sample: PathSample) -> Fan:
    level = np.concatenate(([1.0], np.cumprod(1.0 + run.returns)))
    times = np.concatenate((run.times[:1], run.return_times))
    return Fan(
        "Equity of the paths", "bars", np.array(LEVELS), sample.steps, sample.quantiles(LEVELS), level[sample.steps],
        times[sample.steps],
    )  # fmt: skip
