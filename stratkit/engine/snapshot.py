"""`snapshot`: what a strategy may know of the account at a close: its positions, the cash, the equity."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from stratkit.engine.book import Book
from stratkit.engine.layout import FILL_REASONS


def snapshot(
    book: Book, symbols: tuple[str, ...], strategies: tuple[str, ...], only: int | None = None
) -> Mapping[str, Any]:
    """Return a read-only view of a book at its last close, as plain values.

    ``positions`` maps a symbol to side (+1, -1), quantity [units], entry_price (average), mark, value [account
    currency], pnl (net, open), bars_held, stop and next_target (None without), and the strategy that it belongs to;
    `only` leaves out those of other strategies. Beside it stand cash, equity and exposure (gross / equity).
    """
    slots, account = book.slots, book.account[0]
    held = np.flatnonzero(slots["side"])
    marks = book.symbols["mark"]
    positions = {}
    for slot in held.tolist():
        one = slots[slot]
        if only is None or int(one.strategy) == only:
            positions[symbols[int(one.symbol)]] = MappingProxyType(_position(one, float(marks[one.symbol]), strategies))
    gross = float(np.abs(slots["held"][held] * marks[slots["symbol"][held]]).sum())
    equity = float(account.equity)
    return MappingProxyType(
        {
            "positions": MappingProxyType(positions),
            "cash": float(account.cash),
            "equity": equity,
            "exposure": gross / equity if equity > 0 else 0.0,
        }
    )


def _position(one: Any, mark: float, strategies: tuple[str, ...]) -> dict[str, Any]:
    value = float(one.exit_value + one.held * mark)
    costs = float(one.commission + one.borrow + one.funding - one.dividend)
    return {
        "strategy": strategies[int(one.strategy)],
        "side": int(one.side),
        "quantity": float(one.held),
        "entry_price": float(one.average),
        "mark": mark,
        "value": float(one.side * one.held * mark),
        "pnl": float(one.side) * (value - float(one.entry_value)) - costs,
        "bars_held": int(one.bars_held),
        "stop": _level(one.active_stop),
        "next_target": _level(one.next_target),
        "last_fill": FILL_REASONS[int(one.last_reason)],
    }


def _level(price: float) -> float | None:
    return float(price) if np.isfinite(price) else None
