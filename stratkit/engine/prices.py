"""What a fill costs: slippage, ticks and commission, as compiled scalar functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inner


@inner
def tick_up(price: float, tick: float) -> float:
    """Round a price up to the tick; a tick of 0 allows any price."""
    if tick <= 0.0:
        return price
    return np.ceil(price / tick - 1e-9) * tick


@inner
def tick_down(price: float, tick: float) -> float:
    """Round a price down to the tick; a tick of 0 allows any price."""
    if tick <= 0.0:
        return price
    return np.floor(price / tick + 1e-9) * tick


@inner
def market_price(
    rules: Any, base: float, direction: int, quantity: float, volatility: float, volume: float, slips: bool
) -> float:
    """Return the price of a market order: base, worsened by slippage if it `slips`, to the adverse tick."""
    slip = rules.spread_frac if slips else 0.0
    if slips and rules.volatility_multiple > 0.0 and volatility == volatility:  # NaN: no estimate yet
        slip = slip + rules.volatility_multiple * volatility
    if slips and rules.impact_frac > 0.0 and volume > 0.0:
        slip = slip + rules.impact_frac * math.sqrt(quantity / volume)
    price = base * (1.0 + direction * slip)
    return tick_up(price, rules.tick_size) if direction > 0 else tick_down(price, rules.tick_size)


@inner
def commission(rules: Any, quantity: float, price: float) -> float:
    """Return the commission of one fill."""
    fee = (
        rules.commission_per_order + rules.commission_per_share * quantity + rules.commission_frac * (quantity * price)
    )
    return max(rules.commission_minimum, fee)


@inner
def volume_of_bar(rules: Any, volume: float) -> float:
    """Return the units that a bar has to give; infinite when no option looks at volume."""
    if rules.impact_frac > 0.0 and volume == 0.0:
        return 0.0  # nobody traded
    return rules.max_volume_share * volume if rules.max_volume_share > 0.0 else math.inf
