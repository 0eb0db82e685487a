"""`BacktestResult`: what happened, bar by bar and fill by fill. No metric, no plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stratkit.combine.opinions import Opinions
from stratkit.engine.adapted import Adapted
from stratkit.engine.layout import Records
from stratkit.engine.tables import (
    COSTS,
    Axes,
    Columns,
    Labels,
    decisions_columns,
    fills_columns,
    opinions_columns,
    to_frame,
    trades_columns,
)
from stratkit.panel import FloatArray, IntArray, read_only
from stratkit.regimes.labels import RegimeLabels
from stratkit.strategies.faults import Fault

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class BacktestResult:
    """A finished replay over T bars, N symbols and M slots; arrays are read-only.

    `equity`, `cash`, `gross` and `net` (T,) are account currency at each close; `carry` (T, 3) is
    borrow, funding and margin interest paid in the bar, or (0, 3) when none is configured; `by_strategy` (T, S) the
    net P&L of each strategy so far, closed and open, or (0, 0) when there is one: it has all but the interest. `fills`,
    `trades` and `decisions` are records as in `stratkit.engine.layout`; open trades have
    ``exit_bar == -1`` and are marked at the last close. `account_carry` is the margin interest that
    belongs to no trade. `stale` names symbols still held whose bars had ended. `opinions` are what the
    strategies said where something was decided, None where one was heard as it is and gave no reasons; `proposals`
    counts, by strategy, what became of its changes of opinion before they were intents; `contribution` (K, S) is the
    share of each strategy in the opinion behind each trade, None with books of their own; `faults` are the errors of
    strategies passed over; `regimes` the labels (T, N) of the bars, None where none are made; `adapted` is how what
    adapts ended, None where nothing does.
    """

    times: IntArray
    symbols: tuple[str, ...]
    strategies: tuple[str, ...]
    slot_symbol: IntArray
    slot_strategy: IntArray
    initial_cash: float
    equity: FloatArray
    cash: FloatArray
    gross: FloatArray
    net: FloatArray
    carry: FloatArray
    fills: Records
    trades: Records
    decisions: Records
    counts: Mapping[str, int]
    account_carry: float
    bankrupt_bar: int
    stale: tuple[str, ...]
    provenance: Mapping[str, Any]
    by_strategy: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    opinions: Opinions | None = None
    contribution: FloatArray | None = None
    proposals: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    regimes: RegimeLabels | None = None
    adapted: Adapted | None = None

    @cached_property
    def returns(self) -> FloatArray:
        """(T,) simple return of each bar; the first is against the initial cash.

        After a bankruptcy returns are 0.
        """
        before = np.concatenate(([self.initial_cash], self.equity[:-1]))
        with np.errstate(divide="ignore", invalid="ignore"):
            returns = self.equity / before - 1.0
        if self.bankrupt_bar >= 0:
            returns[self.bankrupt_bar + 1 :] = 0.0
        return read_only(returns)

    @cached_property
    def exposure(self) -> FloatArray:
        """(T,) gross exposure as a fraction of equity; 0 where equity is not positive."""
        held = np.zeros_like(self.gross)
        np.divide(self.gross, self.equity, out=held, where=self.equity > 0)
        return read_only(held)

    @cached_property
    def turnover(self) -> FloatArray:
        """(T,) traded notional of each bar in account currency."""
        return read_only(self._per_bar(self.fills["quantity"] * self.fills["price"]))

    @cached_property
    def costs(self) -> FloatArray:
        """(T, 5) commission, slippage (inside the prices), borrow, funding, margin interest."""
        return read_only(np.column_stack(list(self.cost_columns().values())))

    def cost_columns(self) -> dict[str, FloatArray]:
        """Return the costs of each bar by kind, (T,) each; kinds that were not charged share their zeros."""
        bars = len(self.times)
        nothing: FloatArray = np.zeros(bars)
        carry = self.carry.T if len(self.carry) else (nothing, nothing, nothing)
        traded = (self._per_bar(self.fills["commission"]), self._per_bar(self.fills["slippage"]))
        return dict(zip(COSTS, (*traded, *carry), strict=True))

    @property
    def closed_trades(self) -> Records:
        """The trades that went from flat to flat."""
        return self.trades[self.trades["exit_bar"] >= 0]

    def _per_bar(self, amounts: npt.NDArray[Any]) -> FloatArray:
        per_bar: FloatArray = np.bincount(self.fills["bar"], weights=amounts, minlength=len(self.times)).astype(float)
        return per_bar

    @property
    def axes(self) -> Axes:
        """What the bars and slots in the records stand for."""
        return Axes(self.times, self.symbols, self.strategies, self.slot_symbol)

    def fills_columns(self) -> Columns:
        """Return the fills as columns by name: one row per fill."""
        return fills_columns(self.axes, self.fills)

    def trades_columns(self) -> Columns:
        """Return the trades as columns by name: see `trades_frame`."""
        columns = trades_columns(self.axes, self.trades)
        if self.regimes is not None:
            columns["regime"] = Labels(self.trade_regimes, (*self.regimes.names, ""))
        return columns if self.adapted is None else {**columns, **self.adapted.marks.columns()}

    def shadow_columns(self) -> Columns:
        """Return the trades of the shadow book as columns by name, like those of `trades_columns`."""
        assert self.adapted is not None  # asked for where something adapts
        return self.adapted.shadow_columns(self.axes, () if self.regimes is None else self.regimes.names)

    @cached_property
    def trade_regimes(self) -> IntArray:
        """(K,) the regime of each trade's symbol on the bar on which it was decided, -1 where that is not known."""
        bars = np.asarray(self.trades["decision_bar"], dtype=np.int64)
        if self.regimes is None:
            return np.full(len(bars), -1)
        found = self.regimes.label[bars, self.slot_symbol[self.trades["slot"]]].astype(np.int64)
        return np.where(bars >= 0, found, -1)

    def decisions_columns(self) -> Columns:
        """Return the decision log as columns by name: one row per intent that asked for a change."""
        return decisions_columns(self.axes, self.decisions)

    def opinions_columns(self) -> Columns:
        """Return what strategies said where something was decided, as columns by name: one row per voice."""
        assert self.opinions is not None  # asked for where there are some
        return opinions_columns(self.axes, self.opinions)

    def equity_columns(self) -> Columns:
        """Return the account as columns by name: one row per bar."""
        return {
            "time": self.times.astype("datetime64[ns]"),
            "equity": self.equity,
            "cash": self.cash,
            "gross": self.gross,
            "net": self.net,
            "return": self.returns,
            "turnover": self.turnover,
            **self.cost_columns(),
            **self.strategy_columns(),
        }

    def strategy_columns(self) -> Columns:
        """Return the net P&L of each of several strategies so far, as columns by name."""
        if not len(self.by_strategy):
            return {}
        return {f"pnl {name}": self.by_strategy[:, place] for place, name in enumerate(self.strategies)}

    def fills_frame(self) -> pd.DataFrame:
        """Return the fills as a table: one row per fill, times in UTC."""
        return to_frame(self.fills_columns())

    def trades_frame(self) -> pd.DataFrame:
        """Return the trades as a table: one row from flat to flat, open ones last and marked.

        `return` is net P&L / entry notional; `mae_r` and `mfe_r` are the worst (<= 0) and best (>= 0)
        excursions in R, `mae` and `mfe` the same as fractions of the entry price.
        """
        return to_frame(self.trades_columns())

    def decisions_frame(self) -> pd.DataFrame:
        """Return the decision log as a table: one row per intent that asked for a change."""
        return to_frame(self.decisions_columns())

    def equity_frame(self) -> pd.DataFrame:
        """Return the account as a table: one row per bar."""
        return to_frame(self.equity_columns())
