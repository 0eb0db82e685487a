"""`spliced`: a result cut down to some spans of its bars, and trials judged on these spans alone.

A training of combinatorial splits has holes where it is tested. A trial is replayed once, through the holes, and only
what it earned in the spans counts: their returns follow each other as if nothing lay between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import FIELDS, Bars
from stratkit.data.history import traded_bars
from stratkit.engine.result import BacktestResult
from stratkit.errors import StratkitError, UsageError
from stratkit.frequency import return_periods
from stratkit.panel import BoolArray, FloatArray, read_only
from stratkit.research.assignment import assigned
from stratkit.research.outcomes import outcome_of
from stratkit.research.splits import Span
from stratkit.research.trials import Assignment, Evaluation, Outcome, Unfinished
from stratkit.research.worklist import Told


def spliced(result: BacktestResult, spans: Sequence[Span]) -> BacktestResult:
    """Return the bars of `spans` (rising, [start, stop)) of a result as one result.

    Equity begins with the initial cash and grows by the returns of these bars; cash, exposure and carry are scaled with
    it. Fills and decisions are those of the bars, trades those that ended in them, in the money of the whole run; one
    that began before begins on the last bar there is. What belongs to no bar (opinions, faults) and the labels of bars
    are left out.
    """
    kept = _mask(len(result.times), spans)
    place = np.maximum(np.cumsum(kept) - 1, 0)
    with np.errstate(over="ignore"):
        equity = result.initial_cash * np.cumprod(1.0 + result.returns[kept])
    whole = result.equity[kept]
    scale = np.divide(equity, whole, out=np.zeros_like(equity), where=whole > 0)
    ended = result.trades[(result.trades["exit_bar"] >= 0) & kept[np.maximum(result.trades["exit_bar"], 0)]]
    fills, decisions = (rows[kept[rows["bar"]]] for rows in (result.fills, result.decisions))
    broke = result.bankrupt_bar
    return replace(
        result,
        times=read_only(result.times[kept]),
        equity=read_only(equity),
        cash=read_only(result.cash[kept] * scale),
        gross=read_only(result.gross[kept] * scale),
        net=read_only(result.net[kept] * scale),
        carry=read_only(result.carry[kept] * scale[:, None]) if len(result.carry) else result.carry,
        by_strategy=np.zeros((0, 0)),
        fills=_renumbered(fills, place, "bar"),
        trades=_renumbered(ended, place, "decision_bar", "entry_bar", "exit_bar"),
        decisions=_renumbered(decisions, place, "bar"),
        bankrupt_bar=int(place[broke]) if broke >= 0 and kept[broke] else -1,
        opinions=None,
        contribution=None,
        faults=(),
        regimes=None,
    )


def spliced_bars(bars: Bars, spans: Sequence[Span]) -> Bars:
    """Return the bars of `spans` alone."""
    kept = _mask(len(bars.times), spans)
    return replace(bars, times=bars.times[kept], **{name: getattr(bars, name)[kept] for name in FIELDS})


def outcome_on(
    config: RunConfig, bars: Bars, result: BacktestResult, spans: Sequence[Span], metrics: Sequence[str] = ()
) -> Outcome:
    """Return what a result comes to on `spans` of its bars; `bars` are those of the run, with their history.

    A year has as many periods as on all bars: those of the spans are too few to count by.
    """
    traded = traded_bars(config.data, bars)
    per_year = return_periods(traded.times, bars.frequency, config.analytics.periods_per_year).per_year
    measured = config.model_copy(
        update={"analytics": config.analytics.model_copy(update={"periods_per_year": per_year})}
    )
    return outcome_of(measured, spliced_bars(traded, spans), spliced(result, spans), metrics)


@dataclass(frozen=True)
class SpanEvaluator:
    """Evaluates sets of values on `spans` of the traded bars, each by one replay of all of them; see `Evaluator`."""

    config: RunConfig
    bars: Bars
    spans: tuple[Span, ...]
    metrics: tuple[str, ...] = ()

    def evaluate(
        self, values: Sequence[Assignment], stop_below: FloatArray | None = None, told: Told | None = None
    ) -> list[Evaluation]:
        """Return what each set came to, in their order; none is stopped early, whatever `stop_below` says."""
        found = []
        for place, one in enumerate(values):
            found.append(self._evaluated(one))
            if told is not None:
                told(place, found[-1])
        return found

    def _evaluated(self, values: Assignment) -> Evaluation:
        try:
            config = assigned(self.config, values)
            return outcome_on(config, self.bars, run_backtest(config, self.bars), self.spans, self.metrics)
        except UsageError as error:
            return Unfinished("infeasible", str(error))
        except StratkitError as error:
            return Unfinished("failed", str(error))


def _mask(bars: int, spans: Sequence[Span]) -> BoolArray:
    kept = np.zeros(bars, np.bool_)
    for start, stop in spans:
        kept[start:stop] = True
    return kept


def _renumbered(rows: Any, place: Any, *names: str) -> Any:
    rows = rows.copy()
    for name in names:
        rows[name] = np.where(rows[name] >= 0, place[np.maximum(rows[name], 0)], rows[name])
    return rows
