"""`BacktestResult`: what happened, bar by bar and fill by fill. No metric, no plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stratkit.engine.layout import FILL_REASONS, OUTCOMES, RULES, Records
from stratkit.panel import FloatArray, IntArray, read_only

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class BacktestResult:
    """A finished replay over T bars, N symbols and M slots; arrays are read-only.

    `equity`, `cash`, `gross` and `net` (T,) are account currency at each close; `carry` (T, 3) is
    borrow, funding and margin interest paid in the bar, or (0, 3) when none is configured. `fills`,
    `trades` and `decisions` are records as in `stratkit.engine.layout`; open trades have
    ``exit_bar == -1`` and are marked at the last close. `account_carry` is the margin interest that
    belongs to no trade. `stale` names symbols still held whose bars had ended.
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
        columns = [self._per_bar(self.fills["commission"]), self._per_bar(self.fills["slippage"])]
        carry = self.carry if len(self.carry) else np.zeros((len(self.times), 3))
        return read_only(np.column_stack([*columns, carry]))

    @property
    def closed_trades(self) -> Records:
        """The trades that went from flat to flat."""
        return self.trades[self.trades["exit_bar"] >= 0]

    def _per_bar(self, amounts: npt.NDArray[Any]) -> FloatArray:
        per_bar: FloatArray = np.bincount(self.fills["bar"], weights=amounts, minlength=len(self.times)).astype(float)
        return per_bar

    def fills_frame(self) -> pd.DataFrame:
        """Return the fills as a table: one row per fill, times in UTC."""
        import pandas as pd

        fills = self.fills
        return pd.DataFrame(
            {
                "time": self._stamps(fills["bar"]),
                **self._names(fills["slot"]),
                "side": np.where(fills["direction"] > 0, "buy", "sell"),
                "quantity": fills["quantity"],
                "price": fills["price"],
                "base_price": fills["base_price"],
                "commission": fills["commission"],
                "slippage": fills["slippage"],
                "reason": np.array(FILL_REASONS, dtype=object)[fills["reason"]],
                "trade": fills["trade"],
                "bar": fills["bar"],
            }
        )

    def trades_frame(self) -> pd.DataFrame:
        """Return the trades as a table: one row from flat to flat, open ones last and marked.

        `return` is net P&L / entry notional; `mae_r` and `mfe_r` are the worst (<= 0) and best (>= 0)
        excursions in R, `mae` and `mfe` the same as fractions of the entry price.
        """
        import pandas as pd

        trades = self.trades
        open_ = trades["exit_bar"] < 0
        notional = trades["quantity"] * trades["entry_price"]
        worst = (trades["worst_price"] - trades["entry_price"]) * trades["side"]
        best = (trades["best_price"] - trades["entry_price"]) * trades["side"]
        reasons = np.array((*FILL_REASONS, "open"), dtype=object)
        return pd.DataFrame(
            {
                **self._names(trades["slot"]),
                "side": np.where(trades["side"] > 0, "long", "short"),
                "entry_time": self._stamps(trades["entry_bar"]),
                "exit_time": self._stamps(trades["exit_bar"]),
                "entry_bar": trades["entry_bar"],
                "exit_bar": trades["exit_bar"],
                "bars_held": trades["bars_held"],
                "quantity": trades["quantity"],
                "entry_price": trades["entry_price"],
                "exit_price": trades["exit_price"],
                "pnl": trades["pnl"],
                "return": trades["pnl"] / notional,
                "gross_pnl": trades["gross_pnl"],
                "commission": trades["commission"],
                "slippage": trades["slippage"],
                "borrow": trades["borrow"],
                "funding": trades["funding"],
                "risk_unit": trades["risk_unit"],
                "r_multiple": trades["r_multiple"],
                "mae": worst / trades["entry_price"],
                "mfe": best / trades["entry_price"],
                "mae_r": worst / trades["risk_unit"],
                "mfe_r": best / trades["risk_unit"],
                "exit_reason": reasons[np.where(open_, len(FILL_REASONS), trades["exit_reason"])],
                "ambiguous": trades["ambiguous"] > 0,
                "trade": trades["trade"],
                "decision_bar": trades["decision_bar"],
            }
        )

    def decisions_frame(self) -> pd.DataFrame:
        """Return the decision log as a table: one row per intent that asked for a change."""
        import pandas as pd

        rows = self.decisions
        sides = {1: "long", -1: "short", 2: "exit", 0: ""}
        return pd.DataFrame(
            {
                "time": self._stamps(rows["bar"]),
                **self._names(rows["slot"]),
                "side": [sides[int(side)] for side in rows["side"]],
                "confidence": rows["confidence"],
                "requested": rows["requested"],
                "granted": rows["granted"],
                "outcome": np.array(OUTCOMES, dtype=object)[rows["outcome"]],
                "rule": np.array(RULES, dtype=object)[rows["rule"]],
                "bar": rows["bar"],
            }
        )

    def equity_frame(self) -> pd.DataFrame:
        """Return the account as a table: one row per bar."""
        import pandas as pd

        names = ("commission", "slippage", "borrow", "funding", "interest")
        frame = pd.DataFrame(
            {
                "time": self._stamps(np.arange(len(self.times))),
                "equity": self.equity,
                "cash": self.cash,
                "gross": self.gross,
                "net": self.net,
                "return": self.returns,
                "turnover": self.turnover,
            }
        )
        return frame.assign(**{name: self.costs[:, column] for column, name in enumerate(names)})

    def _stamps(self, bars: IntArray) -> pd.DatetimeIndex:
        import pandas as pd

        stamps = self.times.astype("datetime64[ns]")[bars]
        return pd.DatetimeIndex(np.where(bars >= 0, stamps, np.datetime64("NaT")), tz="UTC")

    def _names(self, slots: IntArray) -> dict[str, npt.NDArray[Any]]:
        symbols = np.array((*self.symbols, ""), dtype=object)
        strategies = np.array((*self.strategies, ""), dtype=object)
        # slot -1 is the account; its name is empty
        at_symbol = np.append(self.slot_symbol, len(self.symbols))[slots]
        at_strategy = np.append(self.slot_strategy, len(self.strategies))[slots]
        return {"symbol": symbols[at_symbol], "strategy": strategies[at_strategy]}
