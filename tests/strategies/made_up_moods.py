"""Made-up markets beside a series that knows something of them: seeded, with the edge planted, absent or reversed.

`sign` 1 plants the edge that the strategy is about, 0 none, -1 its reverse. The series is written to a file, a value
for each symbol and day that is known when the day is over, so that everything goes the way of a real run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from stratkit.data.bars import Bars
from stratkit.panel import NS_PER_DAY
from stratkit.seeds import generator

Column = npt.NDArray[np.float64]
Market = Callable[[int, np.random.Generator], tuple[Column, Column]]  # log returns and the series of one symbol

SYMBOLS: Final = ("A", "B", "C", "D")
BARS: Final = 1500
VOL: Final = 0.01  # of a bar's log return
_FIRST_DAY: Final = 14_613  # 4 January 2010


def premium(sign: int, draw: np.random.Generator) -> tuple[Column, Column]:
    """Implied volatility is dear for some weeks, then cheap; dear volatility comes before a rise of the market."""
    dear = _states(draw, 40)
    shocks = VOL * draw.standard_normal(BARS)
    implied = 100 * VOL * np.sqrt(252) + 8.0 * dear + draw.standard_normal(BARS)
    return sign * 0.003 * _before(dear) + shocks, implied


def moods(sign: int, draw: np.random.Generator) -> tuple[Column, Column]:
    """Sentiment swings around its middle, and the market rises after fear and falls after greed."""
    mood = _swings(draw, 0.95)
    return -sign * 0.0025 * _before(mood) + VOL * draw.standard_normal(BARS), 50 + 20 * mood


def forced_sales(sign: int, draw: np.random.Generator) -> tuple[Column, Column]:
    """Now and then somebody must sell, or buy, while sentiment goes the other way; then the price comes back."""
    returns, mood = VOL * draw.standard_normal(BARS), np.cumsum(0.3 * draw.standard_normal(BARS))
    for begin in range(150, BARS - 40, 40):
        side = draw.choice([-1.0, 1.0])
        returns[begin : begin + 2] += side * 0.03
        mood[begin:] -= side * 3
        returns[begin + 2 : begin + 14] -= sign * side * 0.005
    return returns, mood


def news(sign: int, draw: np.random.Generator) -> tuple[Column, Column]:
    """News arrives with a jump of its tone, and the market goes its way for the five days behind it."""
    returns, tone = VOL * draw.standard_normal(BARS), 0.2 * draw.standard_normal(BARS)
    for day in range(100, BARS - 10, 20):
        side = draw.choice([-1.0, 1.0])
        tone[day:] += 2.0 * side
        returns[day + 1 : day + 6] += sign * side * 0.006
    return returns, tone


def made(market: Market, sign: int, folder: Path, seed: int = 0) -> tuple[Bars, dict[str, Any]]:
    """Return the bars, and the settings of the series in a file below `folder`."""
    found = [market(sign, generator(seed, "moods", market.__name__, symbol)) for symbol in SYMBOLS]
    days = np.arange(BARS) // 5 * 7 + np.arange(BARS) % 5
    times = ((_FIRST_DAY + days) * NS_PER_DAY).astype(np.int64)
    logs = np.stack([returns for returns, _ in found], axis=1) - VOL**2 / 2  # else prices rise without an edge
    close = 100 * np.exp(np.cumsum(logs, axis=0))
    opened = np.concatenate((close[:1], close[:-1]))  # a market that opens where it closed
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    bars = Bars(times, SYMBOLS, opened, high, low, close, np.full(close.shape, 1e6), frequency="1d")
    frame = pd.DataFrame(
        {
            "timestamp": np.tile(pd.to_datetime(times, utc=True), len(SYMBOLS)),
            "symbol": np.repeat(SYMBOLS, BARS),
            "value": np.concatenate([series for _, series in found]),
        }
    )
    path = folder / f"{market.__name__}_{sign}.parquet"
    frame.to_parquet(path)
    return bars, {"path": str(path), "symbol": "symbol", "publication_lag": "1d", "max_age": "10d"}


def _before(state: Column) -> Column:
    """What was known when the day before was over."""
    return np.concatenate(([0.0], state[:-1]))


def _states(draw: np.random.Generator, length: float) -> Column:
    """Turn between 1 and -1 after so many bars on average."""
    return np.where(np.cumsum(draw.random(BARS) < 1 / length) % 2 == 0, 1.0, -1.0)


def _swings(draw: np.random.Generator, memory: float) -> Column:
    level = np.zeros(BARS)
    for bar in range(1, BARS):
        level[bar] = memory * level[bar - 1] + np.sqrt(1 - memory**2) * draw.standard_normal()
    return level
