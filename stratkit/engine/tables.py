"""`Columns`: the tables of a result, columns by name, from which both frames and files are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from stratkit.combine.codes import REASONS, VERDICTS
from stratkit.combine.opinions import Opinions
from stratkit.engine.layout import FILL_REASONS, OUTCOMES, RULES, Records
from stratkit.panel import IntArray

if TYPE_CHECKING:
    import pandas as pd

COSTS: Final = ("commission", "slippage", "borrow", "funding", "interest")  # the columns of BacktestResult.costs
_DECIDED: Final = ("", "long", "exit", "short")  # by the side of a decision: 0, 1, 2, -1


class Labels(NamedTuple):
    """A column of text: row k reads ``names[codes[k]]``, the last name where its code is -1."""

    codes: IntArray
    names: tuple[str, ...]


Columns: TypeAlias = dict[str, npt.NDArray[Any] | Labels]  # times are datetime64[ns] in UTC, NaT = never


@dataclass(frozen=True)
class Axes:
    """What the bars and the slots in the records of a result stand for; slot -1 is the account, without a name."""

    times: IntArray
    symbols: tuple[str, ...]
    strategies: tuple[str, ...]
    slot_symbol: IntArray

    def stamps(self, bars: IntArray) -> npt.NDArray[np.datetime64]:
        """Return the time of each bar, NaT where it is -1."""
        stamps = self.times.astype("datetime64[ns]")[bars]
        return np.where(bars >= 0, stamps, np.datetime64("NaT"))

    def names(self, rows: Records) -> dict[str, Labels]:
        """Return the symbol and the strategy of each row."""
        return {
            "symbol": Labels(np.append(self.slot_symbol, -1)[rows["slot"]], (*self.symbols, "")),
            "strategy": Labels(rows["strategy"], (*self.strategies, "")),
        }


def fills_columns(axes: Axes, fills: Records) -> Columns:
    """Return one row per fill."""
    return {
        "time": axes.stamps(fills["bar"]),
        **axes.names(fills),
        "side": Labels((fills["direction"] <= 0).astype(np.int64), ("buy", "sell")),
        "quantity": fills["quantity"],
        "price": fills["price"],
        "base_price": fills["base_price"],
        "commission": fills["commission"],
        "slippage": fills["slippage"],
        "reason": Labels(fills["reason"], FILL_REASONS),
        "trade": fills["trade"],
        "bar": fills["bar"],
    }


def trades_columns(axes: Axes, trades: Records) -> Columns:
    """Return one row per trade from flat to flat, open ones last and marked.

    `return` is net P&L / entry notional; `mae_r` and `mfe_r` are the worst (<= 0) and best (>= 0)
    excursions in R, `mae` and `mfe` the same as fractions of the entry price.
    """
    notional = trades["quantity"] * trades["entry_price"]
    worst = (trades["worst_price"] - trades["entry_price"]) * trades["side"]
    best = (trades["best_price"] - trades["entry_price"]) * trades["side"]
    reasons = np.where(trades["exit_bar"] < 0, len(FILL_REASONS), trades["exit_reason"])
    return {
        **axes.names(trades),
        "side": Labels((trades["side"] <= 0).astype(np.int64), ("long", "short")),
        "entry_time": axes.stamps(trades["entry_bar"]),
        "exit_time": axes.stamps(trades["exit_bar"]),
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
        "dividend": trades["dividend"],
        "risk_unit": trades["risk_unit"],
        "r_multiple": trades["r_multiple"],
        "mae": worst / trades["entry_price"],
        "mfe": best / trades["entry_price"],
        "mae_r": worst / trades["risk_unit"],
        "mfe_r": best / trades["risk_unit"],
        "exit_reason": Labels(reasons, (*FILL_REASONS, "open")),
        "ambiguous": trades["ambiguous"] > 0,
        "trade": trades["trade"],
        "decision_bar": trades["decision_bar"],
    }


def decisions_columns(axes: Axes, decisions: Records) -> Columns:
    """Return one row per intent that asked for a change."""
    return {
        "time": axes.stamps(decisions["bar"]),
        **axes.names(decisions),
        "side": Labels(decisions["side"], _DECIDED),
        "confidence": decisions["confidence"],
        "requested": decisions["requested"],
        "granted": decisions["granted"],
        "outcome": Labels(decisions["outcome"], OUTCOMES),
        "rule": Labels(decisions["rule"], RULES),
        "bar": decisions["bar"],
    }


def opinions_columns(axes: Axes, opinions: Opinions) -> Columns:
    """Return one row per voice where something was decided."""
    strategies = (*axes.strategies, "")
    return {
        "time": axes.stamps(opinions.bar),
        "symbol": Labels(opinions.column, axes.symbols),
        "strategy": Labels(opinions.strategy, strategies),
        "side": Labels(opinions.side.astype(np.int64), _DECIDED),
        "target": opinions.target,
        "confidence": opinions.confidence,
        "weight": opinions.weight,
        "verdict": Labels(opinions.verdict, VERDICTS),
        "contribution": opinions.contribution,
        "decided": Labels(opinions.decided.astype(np.int64), _DECIDED),
        "decided_target": opinions.decided_target,
        "decided_confidence": opinions.decided_confidence,
        "lead": Labels(opinions.lead, strategies),
        "reason": Labels(opinions.reason, REASONS),
        "remark": _texts(opinions.remark),
        "bar": opinions.bar,
    }


def _texts(texts: tuple[str, ...]) -> Labels:
    names = tuple(dict.fromkeys((*texts, "")))
    numbers = {name: number for number, name in enumerate(names)}
    return Labels(np.array([numbers[text] for text in texts], np.int64), names)


def to_frame(columns: Mapping[str, npt.NDArray[Any] | Labels]) -> pd.DataFrame:
    """Return columns as a pandas table: text as text, times in UTC."""
    import pandas as pd

    def column(values: npt.NDArray[Any] | Labels) -> npt.NDArray[Any] | pd.DatetimeIndex:
        if isinstance(values, Labels):
            return np.array(values.names, dtype=object)[values.codes]
        return pd.DatetimeIndex(values, tz="UTC") if values.dtype.kind == "M" else values

    return pd.DataFrame({name: column(values) for name, values in columns.items()})
