"""The account as per-bar strategies see it: `position_state`, `account_state`, and a `PaperAccount` for proofs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from stratkit.panel import FloatArray
from stratkit.strategies.proposals import SIDES, Proposal
from stratkit.strategies.signals import EXIT

_CASH: Final = 100.0
_STAKE: Final = 1.0  # money in each entry


def position_state(side: int, quantity: float, entry_price: float, price: float) -> dict[str, Any]:
    """Return what a strategy is told of one position: `value` and `pnl` are marked at `price`.

    >>> position_state(-1, 10.0, 5.0, 4.0)
    {'side': -1, 'quantity': 10.0, 'entry_price': 5.0, 'value': -40.0, 'pnl': 10.0}
    """
    value, pnl = side * quantity * price, side * quantity * (price - entry_price)
    return {"side": side, "quantity": quantity, "entry_price": entry_price, "value": value, "pnl": pnl}


def account_state(cash: float, positions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a strategy is told of its account; `exposure` is gross, as a fraction of equity.

    >>> account_state(60.0, {"SPX": position_state(1, 10.0, 5.0, 4.0)})["exposure"]
    0.4
    """
    values = [float(position["value"]) for position in positions.values()]
    equity = cash + sum(values)
    exposure = sum(map(abs, values)) / equity if equity > 0 else 0.0
    return {"positions": positions, "cash": cash, "equity": equity, "exposure": exposure}


class PaperAccount:
    """Fills every proposal at once, at the close and without costs: an account for proofs, which have no engine.

    A proof asks whether later bars change what is said; for that a strategy must come to hold something.
    """

    def __init__(self) -> None:
        self._cash = _CASH
        self._held: dict[str, tuple[int, float, float]] = {}  # side, quantity, entry price
        self._prices: dict[str, float] = {}

    def state(self, symbols: tuple[str, ...], close: FloatArray) -> dict[str, Any]:
        """Return the account marked at the closes (N,) of a bar, at the last one where a symbol has none."""
        self._prices.update((symbol, float(price)) for symbol, price in zip(symbols, close) if np.isfinite(price))
        positions = {symbol: position_state(*held, self._prices[symbol]) for symbol, held in self._held.items()}
        return account_state(self._cash, positions)

    def fill(self, proposal: Proposal) -> None:
        """Enter or leave at the latest price; entering again on the same side does nothing."""
        side, price = SIDES[proposal.side], self._prices[proposal.symbol]
        held = self._held.get(proposal.symbol)
        if held is not None and held[0] != side:
            fraction = (proposal.size_pct or 100.0) / 100.0 if side == EXIT else 1.0
            self._leave(proposal.symbol, held, fraction, price)
        if side != EXIT and proposal.symbol not in self._held:
            self._held[proposal.symbol] = (side, _STAKE / price, price)
            self._cash -= side * _STAKE

    def _leave(self, symbol: str, held: tuple[int, float, float], fraction: float, price: float) -> None:
        side, quantity, entry_price = held
        self._cash += side * quantity * fraction * price
        del self._held[symbol]
        if fraction < 1.0:
            self._held[symbol] = (side, quantity * (1.0 - fraction), entry_price)
