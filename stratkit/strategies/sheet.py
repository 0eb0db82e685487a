"""`ProposalSheet`: a per-bar strategy's proposals written down as `Signals`, one bar after the other."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from stratkit.errors import StrategyError, UsageError
from stratkit.plans import ExitPlan, percent_plan
from stratkit.strategies.asking import Proposing, proposals_of
from stratkit.strategies.bar_context import context_at
from stratkit.strategies.context import Context
from stratkit.strategies.faults import Fault, OnError
from stratkit.strategies.market import Market
from stratkit.strategies.proposals import SIDES, Proposal
from stratkit.strategies.signals import Signals
from stratkit.strategies.surroundings import Surroundings
from stratkit.strategies.user_code import LocatedError

_MOST_PLANS: Final = np.iinfo(np.int16).max


class ProposalSheet:
    """Asks a strategy bar by bar, in rising order, and keeps what it said in panels (T, N).

    `side`, `confidence`, `size`, `exit_fraction` and `plan` mean what they mean in `Signals`; rows not asked for
    hold no opinion. A strategy is not asked during the warm-up that it declares. Of two proposals for one symbol on
    one bar the more confident stays, of equally confident ones the exit. With ``on_error="skip"`` a bar on which it
    fails stays silent and is among the `faults`. The first `history_bars` are only looked back on: rows and bars here
    are counted from the one behind them.
    """

    def __init__(
        self,
        strategy: Proposing,
        context: Context,
        surroundings: Surroundings | None = None,
        *,
        on_error: OnError = "fail",
        time_limit_seconds: float | None = None,
        history_bars: int = 0,
    ) -> None:
        shape = (context.shape[0] - history_bars, context.shape[1])
        self.side = np.zeros(shape, np.int8)
        self.confidence = np.ones(shape, np.float32)
        self.size = np.full(shape, np.nan)
        self.exit_fraction = np.full(shape, np.nan)
        self.plan = np.full(shape, -1, np.int16)
        self.plans: tuple[ExitPlan, ...] = ()
        self.proposal_count = 0
        self.duplicate_count = 0
        self.faults: list[Fault] = []
        self._strategy = strategy
        self._market = Market(context, surroundings or Surroundings())
        self._on_error = on_error
        self._time_limit_seconds = time_limit_seconds
        self._columns = {symbol: column for column, symbol in enumerate(context.bars.symbols)}
        self._remarks: dict[tuple[int, int], str] = {}
        self._plan_numbers: dict[tuple[float | None, float | None], int] = {}
        self._next_bar = 0
        self._history_bars = history_bars

    def ask(self, bar: int, state: Mapping[str, Any] | None = None) -> tuple[Proposal, ...]:
        """Ask the strategy on one bar, `state` being the account at its close, and return what is written down."""
        if not self._next_bar <= bar < len(self.side):
            raise UsageError(f"bars are asked for in rising order; found {bar} after {self._next_bar - 1}")
        self._next_bar = bar + 1
        if bar + self._history_bars < self._strategy.warmup_bars:
            return ()
        try:
            proposals = self._asked(bar, state)
        except StrategyError as error:
            if self._on_error == "fail":
                raise
            self.faults.append(Fault(self._strategy.name, bar, sys.intern(str(error))))  # often the same one
            return ()
        kept = _one_per_symbol(proposals)
        self.proposal_count += len(proposals)
        self.duplicate_count += len(proposals) - len(kept)
        for proposal in kept:
            self._write(bar, proposal)
        return kept

    def signals(self) -> Signals:
        """Return the panels as signals: read-only views, in which bars that are asked for later appear.

        So do `remarks`; `plans` are those known now, and `ProposalSheet.plans` those of later bars too.
        """
        return Signals(
            self._strategy.name,
            self.side,
            confidence=self.confidence,
            size=self.size,
            exit_fraction=self.exit_fraction,
            plan=self.plan,
            plans=self.plans,
            size_unit="fraction",
            remarks=MappingProxyType(self._remarks),
            warmup_bars=max(self._strategy.warmup_bars - self._history_bars, 0),
            params=self._strategy.params.model_dump(),
        )

    def _asked(self, bar: int, state: Mapping[str, Any] | None) -> list[Proposal]:
        seen = context_at(self._market, bar + self._history_bars, state)
        proposals = proposals_of(self._strategy, seen, self._time_limit_seconds)
        pairs = {(proposal.stop_loss_pct, proposal.take_profit_pct) for proposal in proposals}
        if len(self.plans) + len(pairs - self._plan_numbers.keys()) > _MOST_PLANS:
            raise LocatedError(
                f"strategy {self._strategy.name!r} may use {_MOST_PLANS:,} different pairs of stop_loss_pct and "
                f"take_profit_pct; found one more on bar {bar}: round them"
            )
        return proposals

    def _write(self, bar: int, proposal: Proposal) -> None:
        cell = bar, self._columns[proposal.symbol]
        self.side[cell] = SIDES[proposal.side]
        self.confidence[cell] = proposal.confidence
        if proposal.size_pct is not None:
            panel = self.size if proposal.is_entry else self.exit_fraction
            panel[cell] = proposal.size_pct / 100.0
        self.plan[cell] = self._plan_number(proposal.stop_loss_pct, proposal.take_profit_pct)
        if proposal.reason:
            self._remarks[cell] = proposal.reason

    def _plan_number(self, stop_pct: float | None, target_pct: float | None) -> int:
        plan = percent_plan(stop_pct, target_pct)
        if plan is None:
            return -1
        number = self._plan_numbers.setdefault((stop_pct, target_pct), len(self.plans))
        if number == len(self.plans):
            self.plans = (*self.plans, plan)
        return number


def _one_per_symbol(proposals: list[Proposal]) -> tuple[Proposal, ...]:
    """Return the first of each symbol in an order that does not depend on the order in which they came."""
    chosen: dict[str, Proposal] = {}
    for proposal in sorted(proposals, key=_rank):
        chosen.setdefault(proposal.symbol, proposal)
    return tuple(chosen.values())


def _rank(proposal: Proposal) -> tuple[object, ...]:
    # equally sure: to leave goes before to enter, then the smaller size, the nearer stop and target
    numbers = (proposal.size_pct, proposal.stop_loss_pct, proposal.take_profit_pct)
    known = tuple(float("inf") if number is None else float(number) for number in numbers)
    return proposal.symbol, -proposal.confidence, proposal.is_entry, proposal.side, known, proposal.reason
