"""Bars that hold something of stated size and nothing else: an edge, no edge at all, or states of volatility.

A search that finds something where there is no edge has fooled its user; one that finds nothing where there is one is
blind. States that are known tell how many of them labels find.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from stratkit.compiled import compiled
from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray, parse_time
from stratkit.seeds import generator

_DAYS_PER_YEAR: Final = 252
_VOLATILITY: Final = 0.01  # of a day's log return
_START: Final = "1990-01-01"  # a Monday
_VOLUME: Final = 1e6


def planted_market(
    bars: int, seed: int = 0, *, sharpe_ann: float = 0.0, fast: int = 20, slow: int = 80, symbol: str = "PLANTED"
) -> Bars:
    """Make daily bars of one symbol on which following the average of `fast` bars over that of `slow` earns.

    A day's log return is normal with a volatility of 1 %. Its mean is ``sharpe_ann x 1 % / sqrt(252)`` times the sign
    of the fast average less the slow one at the close before, so `sharpe_ann` is the Sharpe ratio of that rule before
    costs, and 0 plants nothing: pure noise. Each bar opens at the close before it. Raises `UsageError` for averages
    that are not in order, or less bars than `slow`.

    >>> planted_market(500, seed=1, sharpe_ann=2.0).shape
    (500, 1)
    """
    if not 0 < fast < slow < bars:
        raise UsageError(
            f"0 < fast < slow < bars must hold; found fast={fast}, slow={slow} and {bars} bars: give more bars, or "
            "shorter averages"
        )
    draw = generator(seed, "planted", symbol)
    shock = draw.standard_normal(bars)
    returns = _VOLATILITY * _moved(shock, _VOLATILITY, sharpe_ann / math.sqrt(_DAYS_PER_YEAR), fast, slow)
    source = f"planted, seed {seed}, Sharpe ratio {sharpe_ann:g} a year of averages {fast} and {slow}"
    return _days(returns, np.full(bars, _VOLATILITY), draw, symbol, source)


def switching_market(
    bars: int,
    seed: int = 0,
    *,
    volatility: tuple[float, float] = (0.007, 0.020),
    stay_bars: tuple[float, float] = (100.0, 40.0),
    symbol: str = "SWITCHING",
) -> tuple[Bars, IntArray]:
    """Make daily bars of one symbol whose volatility switches between two states, and (T,) the state of each bar.

    A day's log return is normal with mean 0 and the volatility of its state, as a fraction; a state ends on each bar
    with probability ``1 / stay_bars``. The first state is drawn from the shares of time that each has in the long run.
    Raises `UsageError` for stays below one bar or volatilities that are not positive.

    >>> market, state = switching_market(500, seed=1)
    >>> market.shape, state[:3].tolist()
    ((500, 1), [1, 1, 1])
    """
    if not (min(volatility) > 0 and min(stay_bars) >= 1):
        raise UsageError(
            f"a state's volatility must be above 0 and its stay one bar or more; found {volatility} and {stay_bars}"
        )
    draw = generator(seed, "switching", symbol)
    chance = draw.random(bars)
    state = np.empty(bars, dtype=np.int64)
    state[:1] = chance[:1] * sum(stay_bars) >= stay_bars[0]
    for bar in range(1, bars):
        ends = chance[bar] * stay_bars[state[bar - 1]] < 1.0
        state[bar] = 1 - state[bar - 1] if ends else state[bar - 1]
    sigma = np.array(volatility)[state]
    source = f"switching, seed {seed}, volatility {volatility}, stays of {stay_bars} bars"
    return _days(sigma * draw.standard_normal(bars), sigma, draw, symbol, source), state


def _days(returns: FloatArray, sigma: FloatArray, draw: np.random.Generator, symbol: str, source: str) -> Bars:
    """Return daily bars of log returns (T,), with wicks of half the volatility (T,) of each day."""
    close = 100.0 * np.exp(np.cumsum(returns))
    open_ = np.concatenate(([100.0], close[:-1]))
    wick = np.exp(0.5 * sigma * np.abs(draw.standard_normal((2, len(returns)))))
    high, low = np.maximum(open_, close) * wick[0], np.minimum(open_, close) / wick[1]
    panels = {"open": open_, "high": high, "low": low, "close": close, "volume": np.full(len(returns), _VOLUME)}
    table: dict[str, Any] = {name: column[:, None] for name, column in panels.items()}
    return Bars(_weekdays(len(returns)), (symbol,), **table, frequency="1d", source=source)


def _weekdays(bars: int) -> IntArray:
    number = np.arange(bars)
    return parse_time(_START) + NS_PER_DAY * (number // 5 * 7 + number % 5)


@compiled
def _moved(shock: FloatArray, volatility: float, mean: float, fast: int, slow: int) -> FloatArray:
    """Return (T,) shocks with a mean that has the sign of the averages of the prices before them."""
    bars = shock.shape[0]
    moved = np.empty(bars)
    level = np.empty(bars + 1)  # the close before the first bar, then each close
    level[0] = 1.0
    fast_sum, slow_sum = 0.0, 0.0
    for bar in range(bars):
        side = 0.0
        if bar >= slow:
            gap = fast_sum / fast - slow_sum / slow
            side = 1.0 if gap > 0.0 else (-1.0 if gap < 0.0 else 0.0)
        moved[bar] = shock[bar] + mean * side
        level[bar + 1] = level[bar] * np.exp(volatility * moved[bar])
        fast_sum += level[bar + 1] - (level[bar + 1 - fast] if bar >= fast else 0.0)
        slow_sum += level[bar + 1] - (level[bar + 1 - slow] if bar >= slow else 0.0)
    return moved
