"""`outcome_of`: what is kept of a replay as a trial, whether it was recorded or only summed up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from stratkit.analytics.basis import Basis, basis_of
from stratkit.analytics.definitions import DEFINITIONS
from stratkit.analytics.streamed import KEPT_FIGURES, kept_figures, score_stream, tally_result
from stratkit.analytics.summary import rows_of
from stratkit.backtest import RunConfig, score_backtest
from stratkit.data.bars import Bars
from stratkit.data.history import traded_bars
from stratkit.engine.result import BacktestResult
from stratkit.engine.tally import Tally, open_tally
from stratkit.errors import UsageError, did_you_mean
from stratkit.frequency import ReturnPeriods, return_periods
from stratkit.research.trials import Outcome

# what the sums of a stream cannot give: these need every bar or trade, as the comparison with a benchmark does
_OF_ARRAYS: Final = ("var_hist", "cvar_hist", "tail_ratio", "avg_mae", "avg_mfe", "avg_mae_r", "avg_mfe_r")


@dataclass(frozen=True)
class Yardstick:
    """What the outcomes of one search are measured by: the metrics that are asked for, beside those always kept."""

    config: RunConfig
    bars: Bars
    metrics: tuple[str, ...] = ()

    @cached_property
    def periods(self) -> ReturnPeriods:
        """The return periods of the bars."""
        times = traded_bars(self.config.data, self.bars).times
        return return_periods(times, self.bars.frequency, self.config.analytics.periods_per_year)

    @cached_property
    def basis(self) -> Basis:
        """What ratios stand on."""
        return basis_of(self.periods, self.config.analytics)

    @cached_property
    def further(self) -> tuple[str, ...]:
        """The metrics asked for that are not kept in any case."""
        return tuple(name for name in dict.fromkeys(self.metrics) if name not in KEPT_FIGURES)

    @cached_property
    def needs_record(self) -> bool:
        """Whether some metric needs a replay that records every bar."""
        return any(DEFINITIONS[name].group == "benchmark" or name in _OF_ARRAYS for name in self.further)

    def tally(self, initial: float, trials: int = 1) -> Tally:
        """Return empty sums for replays of that much initial cash: all of them, or what a sweep keeps."""
        basis = self.basis
        return open_tally(initial, basis.mar, basis.intraday, self.periods.period_end, whole=bool(self.further),
                          trials=trials)  # fmt: skip

    def outcomes(self, tally: Tally) -> list[Outcome]:
        """Return what each replay of a tally came to."""
        basis, further = self.basis, self.further
        found = []
        kept = tally.bytes_of_each()
        for trial, row in enumerate(rows_of(tally.stream)):
            figures = kept_figures(row, basis)
            if further:
                card = score_stream(tally.stream[trial], self.periods, self.config.analytics)
                figures |= {name: card.value(name) for name in further}
            found.append(_outcome(figures, tally, trial, kept[trial]))
        return found

    def recorded(self, result: BacktestResult) -> Outcome:
        """Return the same of a recorded run: a replay of its configuration gives the same in every bit."""
        tally = tally_result(result, self.periods, self.basis)
        if not self.needs_record:
            return self.outcomes(tally)[0]
        card, _ = score_backtest(self.config, self.bars, result)
        (row,) = rows_of(tally.stream)
        figures = kept_figures(row, self.basis) | {name: card.value(name) for name in self.further}
        return _outcome(figures, tally, 0, *tally.bytes_of_each())


def check_metrics(names: Sequence[str]) -> None:
    """Raise `UsageError` for a metric that does not exist."""
    for name in names:
        if name not in DEFINITIONS:
            raise UsageError(f"there is no metric {name!r}; {did_you_mean(name, DEFINITIONS)}")


def outcome_of(config: RunConfig, bars: Bars, result: BacktestResult, metrics: Sequence[str] = ()) -> Outcome:
    """Return what is kept of a recorded run as a trial."""
    return Yardstick(config, bars, tuple(metrics)).recorded(result)


def _outcome(figures: dict[str, float], tally: Tally, trial: int, kept: bytes) -> Outcome:
    total, squares = tally.buckets.total[trial].copy(), tally.buckets.squares[trial].copy()
    return Outcome(figures, tally.count, total, squares, hashlib.sha256(kept).hexdigest())
