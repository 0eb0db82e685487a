"""`SyntheticUniverse`: seeded bars with planted market regimes, and the regime of every bar.

One market factor walks through bull, bear and chop; symbols load on it, add noise of their own and
jump now and then. One symbol is listed late, one is delisted. Nothing here is a claim about real
markets: the point is that the truth is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import UsageError
from stratkit.frequency import frequency_ns, frequency_word
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray, parse_time
from stratkit.seeds import generator

REGIMES: Final = ("bull", "bear", "chop")
LATE_SYMBOL: Final = "SYN02"
DELISTED_SYMBOL: Final = "SYN03"

# Per day: drift and volatility of the market's log return, and mean length in days.
_DRIFT: Final = np.array([0.0010, -0.0015, 0.0])
_VOL: Final = np.array([0.008, 0.020, 0.007])
_LENGTH_DAYS: Final = np.array([150.0, 60.0, 80.0])
_REVERSION: Final = 0.3  # in chop each shock gives this share back in the next bar
_JUMPS_PER_DAY: Final = 0.004
_JUMP_SIZE: Final = 0.06  # standard deviation of a jump's log return
_OVERNIGHT_SHARE: Final = 0.3  # of a bar's variance that falls between close and open
_LISTED_AT: Final = 0.4  # share of the bars before the late listing
_DELISTED_AT: Final = 0.7
_START: Final = {True: "2010-01-04", False: "2020-01-01"}  # sessions begin on a Monday; 24/7 bars on a round date


@dataclass(frozen=True)
class SyntheticUniverse:
    """Bars and their truth: `regime` (T,) int8 indexes `REGIMES`, the state that drove each bar."""

    bars: Bars
    regime: npt.NDArray[np.int8]


def synthetic_universe(symbols: int = 20, bars: int = 2520, frequency: str = "1d", seed: int = 0) -> SyntheticUniverse:
    """Make `symbols` series of `bars` bars: ``1d`` on weekdays from 2010, finer ones around the clock from 2020.

    Symbol ``SYN02`` begins after 40 % of the bars and ``SYN03`` ends after 70 %. The same seed gives
    the same bars, and the first symbols do not depend on how many there are.
    """
    _check_size(symbols, bars, frequency)
    days = frequency_ns(frequency) / NS_PER_DAY
    regime = _regimes(bars, days, generator(seed, "synthetic", "regime"))
    market = _market(regime, days, generator(seed, "synthetic", "market"))
    names = tuple(f"SYN{n + 1:02d}" for n in range(symbols))
    panel: dict[str, Any] = {name: np.full((bars, symbols), np.nan) for name in FIELDS}
    for n, symbol in enumerate(names):
        alive = _life(symbol, bars)
        series = _symbol(market, regime, days, generator(seed, "synthetic", symbol))
        for name, values in series.items():
            panel[name][alive, n] = values[alive]
    order = sorted(range(symbols), key=names.__getitem__)  # SYN100 sorts before SYN11
    if order != list(range(symbols)):
        panel = {name: values[:, order] for name, values in panel.items()}
    table = Bars(
        _times(bars, frequency),
        tuple(sorted(names)),
        frequency=frequency_word(frequency),
        source=f"synthetic, seed {seed}",
        **panel,
    )
    return SyntheticUniverse(table, regime)


def synthetic_minutes(bars: int = 1_000_000, seed: int = 0) -> Bars:
    """Make one series of minute bars around the clock.

    >>> synthetic_minutes(3).shape
    (3, 1)
    """
    return synthetic_universe(1, bars, "1min", seed).bars


def _check_size(symbols: int, bars: int, frequency: str) -> None:
    if symbols < 1 or bars < 2:
        raise UsageError(f"a synthetic universe needs at least 1 symbol and 2 bars; found {symbols} and {bars}")
    if frequency_ns(frequency) > NS_PER_DAY:
        raise UsageError(f"synthetic bars must be 1d or finer; found {frequency}: resample daily ones")


def _times(bars: int, frequency: str) -> IntArray:
    step = frequency_ns(frequency)
    start = parse_time(_START[step == NS_PER_DAY])
    if step < NS_PER_DAY:
        return start + step * np.arange(bars, dtype=np.int64)
    weekday = np.arange(bars)
    return start + NS_PER_DAY * (weekday // 5 * 7 + weekday % 5)


def _regimes(bars: int, days: float, rng: np.random.Generator) -> npt.NDArray[np.int8]:
    """Return (T,) the regime of each bar: stretches of geometric length, each followed by one of the others."""
    stretches = 16 + int(4 * bars * days / _LENGTH_DAYS.min())
    step = rng.integers(1, 3, stretches)
    state = np.cumsum(step) % 3
    state = (state - state[0]) % 3  # begin in a bull market
    lengths = rng.geometric(np.minimum(1.0, days / _LENGTH_DAYS[state]))
    lengths[-1] += bars  # should the drawn stretches end early, the last one goes on
    return np.repeat(state, lengths)[:bars].astype(np.int8)


def _market(regime: npt.NDArray[np.int8], days: float, rng: np.random.Generator) -> FloatArray:
    """Return (T,) the log returns of the market factor."""
    shock = rng.standard_normal(len(regime))
    back = np.concatenate(([0.0], shock[:-1]))
    shock = np.where(regime == REGIMES.index("chop"), shock - _REVERSION * back, shock)
    return np.asarray(_DRIFT[regime] * days + _VOL[regime] * np.sqrt(days) * shock)


def _symbol(
    market: FloatArray, regime: npt.NDArray[np.int8], days: float, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Return the OHLCV arrays (T,) of one symbol."""
    bars = len(market)
    beta, price, size = rng.uniform(0.6, 1.4), rng.uniform(20, 200), rng.uniform(12, 15)
    vol = 0.8 * _VOL[regime] * np.sqrt(days)
    jumps = (rng.random(bars) < _JUMPS_PER_DAY * days) * rng.standard_normal(bars) * _JUMP_SIZE
    own = vol * rng.standard_normal(bars) + jumps
    returns = beta * market + own
    gap = _OVERNIGHT_SHARE * returns + np.sqrt(_OVERNIGHT_SHARE * (1 - _OVERNIGHT_SHARE)) * vol * rng.standard_normal(
        bars
    )
    close = np.cumsum(returns) + np.log(price)
    opened = close - returns + gap
    top = np.maximum(opened, close) + 0.5 * vol * np.abs(rng.standard_normal(bars))
    bottom = np.minimum(opened, close) - 0.5 * vol * np.abs(rng.standard_normal(bars))
    activity = size + np.log(days) + 0.4 * rng.standard_normal(bars) + np.minimum(np.abs(returns) / vol, 6) / 4
    prices = {"open": opened, "high": top, "low": bottom, "close": close}
    return {**{name: np.exp(log) for name, log in prices.items()}, "volume": np.rint(np.exp(activity))}


def _life(symbol: str, bars: int) -> slice:
    if symbol == LATE_SYMBOL:
        return slice(int(_LISTED_AT * bars), bars)
    return slice(0, max(1, int(_DELISTED_AT * bars))) if symbol == DELISTED_SYMBOL else slice(0, bars)
