"""`ReturnSummary`, `BarSummary`, `TradeSummary`: what the sums of a stream amount to."""

from __future__ import annotations

import math
from collections import namedtuple
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from stratkit.compiled import compiled
from stratkit.engine.layout import Records
from stratkit.engine.stream import new_stream, stream_period
from stratkit.engine.sums import STREAM_DTYPE
from stratkit.inference.sharpe import ROUNDING, Moments
from stratkit.panel import FloatArray, read_only

Row: TypeAlias = Any  # the fields of a stream as plain values
_PLACES: Final = {name: place for place, name in enumerate(STREAM_DTYPE.names or ())}
_FIELDS: Final[Any] = namedtuple("_FIELDS", STREAM_DTYPE.names or ())  # type: ignore[misc]  # those of the record


@dataclass(frozen=True)
class Trend:
    """Least squares of n values on 0, 1, ..., n - 1.

    `slope_t` is the slope over its standard error. NaN where the fit is undefined (fewer than three
    values, values that do not move, a perfect line for `slope_t`).
    """

    slope: float
    slope_t: float
    r_squared: float


@dataclass(frozen=True)
class ReturnSummary:
    """What every return metric but the quantiles is computed from; n returns, per period.

    `growth` is final over initial equity; `mar` the minimum acceptable return that `gain` and `loss`
    (sums beyond it, both positive) and `shortfall_square` (mean over all n) are measured from;
    `trend` is that of log equity, NaN when `ruined` (equity reached zero).
    """

    moments: Moments
    growth: float
    mar: float
    gain: float
    loss: float
    shortfall_square: float
    trend: Trend
    ruined: bool

    @property
    def n(self) -> int:
        """Number of returns."""
        return self.moments.n


@dataclass(frozen=True)
class BarSummary:
    """What is measured bar by bar; losses are negative, equity is account currency.

    `drawdown_bars` counts the bars that `drawdown_square` is the mean over; `moments` are those of
    the returns per bar (mean and sd only).
    """

    bars: int
    max_drawdown: float
    longest_drawdown_bars: int
    drawdown_bars: int
    drawdown_square: float
    mean_equity: float
    final_equity: float
    in_market: float
    mean_exposure: float
    ruined: bool
    moments: Moments


@dataclass(frozen=True)
class TradeSummary:
    """Closed trades in sums: `profit` and `shortfall` are both positive, account currency.

    `pnl` and `r` are mean and sd of net P&L and of R multiples, the latter over the trades whose
    initial risk is known.
    """

    trades: int
    wins: int
    losses: int
    profit: float
    shortfall: float
    bars_held: int
    ambiguous: int
    open_trades: int
    pnl: Moments
    r: Moments


@compiled
def _stream_returns(stream: Records, returns: FloatArray) -> None:
    growth = 1.0
    for bar in range(len(returns)):
        growth *= 1.0 + returns[bar]
        stream_period(stream, returns[bar], growth)


def summarise(returns: npt.ArrayLike, mar: float = 0.0) -> ReturnSummary:
    """Return the summary of (n,) simple returns; NaN rows are dropped, `mar` is per period.

    >>> summary = summarise([0.10, -0.05, float("nan"), 0.02])
    >>> summary.n, round(summary.growth, 6)
    (3, 1.0659)
    """
    kept = np.ascontiguousarray(returns, dtype=np.float64)
    stream = new_stream(1.0, mar)
    _stream_returns(stream, read_only(kept[~np.isnan(kept)]))
    return return_summary(stream)


def rows_of(streams: Records) -> list[Row]:
    """Return (K, 1) streams as plain values by field: reading a field of a NumPy record takes twenty times as long."""
    return [_FIELDS(*fields) for fields in streams[:, 0].tolist()]


def summaries(row: Row) -> tuple[ReturnSummary, BarSummary, TradeSummary]:
    """Return what a stream amounts to: its return periods, its bars, its trades."""
    return _return_summary(row), _bar_summary(row), _trade_summary(row)


def return_summary(stream: Records) -> ReturnSummary:
    """Return the summary of the return periods of a stream."""
    return _return_summary(*rows_of(stream[None]))


def bar_summary(stream: Records) -> BarSummary:
    """Return the summary of the bars of a stream."""
    return _bar_summary(*rows_of(stream[None]))


def trade_summary(stream: Records) -> TradeSummary:
    """Return the summary of the closed trades of a stream."""
    return _trade_summary(*rows_of(stream[None]))


def _return_summary(s: Row) -> ReturnSummary:
    n = int(s.periods)
    return ReturnSummary(
        moments=_moments(n, s, "return_sum", ("power1", "power2", "power3", "power4"), ROUNDING),
        growth=float(s.growth),
        mar=float(s.mar),
        gain=total_of(s, "gain"),
        loss=total_of(s, "loss"),
        shortfall_square=total_of(s, "shortfall_square") / n if n else math.nan,
        trend=_trend(n, s) if s.ruined_periods == 0 else Trend(math.nan, math.nan, math.nan),
        ruined=bool(s.ruined_periods > 0),
    )


def _bar_summary(s: Row) -> BarSummary:
    bars = int(s.bars)
    n = bars - int(s.baseline)
    last_bar = bars - 1
    under_water = last_bar - int(s.peak_bar) if s.equity < s.peak else 0
    mean = total_of(s, "bar_return") / n if n else math.nan
    spread = float(s.bar_square) - n * mean * mean if n else math.nan
    sd = math.sqrt(max(spread, 0.0) / (n - 1)) if n > 1 else math.nan
    return BarSummary(
        bars=bars,
        max_drawdown=float(s.max_drawdown),
        longest_drawdown_bars=max(int(s.longest_bars), under_water),
        drawdown_bars=n,
        drawdown_square=float(s.drawdown_square) / n if n else 0.0,
        mean_equity=float(s.equity_sum) / bars if bars else math.nan,
        final_equity=float(s.equity),
        in_market=int(s.bars_in_market) / bars if bars else math.nan,
        mean_exposure=float(s.exposure) / bars if bars else math.nan,
        ruined=bool(s.ruined > 0),
        # sd of a sum of squares loses its digits when returns hardly vary around a mean
        moments=Moments(n, mean, 0.0 if sd <= max(ROUNDING, abs(mean) * 1e-6) else sd, math.nan, math.nan),
    )


def _trade_summary(s: Row) -> TradeSummary:
    return TradeSummary(
        trades=int(s.trades),
        wins=int(s.wins),
        losses=int(s.losses),
        profit=total_of(s, "profit"),
        shortfall=total_of(s, "shortfall"),
        bars_held=int(s.bars_held),
        ambiguous=int(s.ambiguous),
        open_trades=int(s.open_trades),
        pnl=_moments(int(s.trades), s, "pnl", ("pnl1", "pnl2"), _trade_rounding(s, "pnl")),
        r=_moments(int(s.trades_with_r), s, "r", ("r1", "r2"), _trade_rounding(s, "r")),
    )


def total_of(row: Row, name: str) -> float:
    """Return a sum with all that its rounding has lost."""
    place = _PLACES[name]
    return float(row[place] + row[place + 1])  # what was lost stands behind it


def _trade_rounding(row: Row, name: str) -> float:
    # what a trade made is a difference of prices, so equal trades differ by rounding
    return 1e-12 * abs(float(getattr(row, f"{name}_origin")))


def _moments(n: int, row: Row, total: str, powers: tuple[str, ...], rounding: float) -> Moments:
    """Return moments from sums of powers around an origin (the binomial identities).

    A spread of `rounding` or less counts as none.
    """
    if n == 0:
        return Moments(0, math.nan, math.nan, math.nan, math.nan)
    mean = total_of(row, total) / n
    if n == 1:
        return Moments(1, mean, math.nan, math.nan, math.nan)
    first, second, *higher = (total_of(row, name) / n for name in powers)
    variance = second - first**2
    sd = math.sqrt(max(variance, 0.0) * n / (n - 1))
    if sd <= rounding:
        return Moments(n, mean, 0.0, math.nan, math.nan)
    if not higher:
        return Moments(n, mean, sd, math.nan, math.nan)
    third, fourth = higher
    third_central = third - 3 * first * second + 2 * first**3
    fourth_central = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    return Moments(n, mean, sd, third_central / variance**1.5, fourth_central / variance**2)


def _trend(n: int, row: Row) -> Trend:
    if n < 3:
        return Trend(math.nan, math.nan, math.nan)
    total, square, moment = (total_of(row, name) for name in ("log_sum", "log_square", "log_time"))
    time_square = n * (n * n - 1) / 12.0
    along = moment - total * (n - 1) / 2.0
    spread = square - total * total / n
    if spread <= n * ROUNDING * max(ROUNDING, square / n):
        return Trend(along / time_square, math.nan, math.nan)
    slope, r_squared = along / time_square, along * along / time_square / spread
    rest = spread - along * slope
    if rest <= spread * 1e-12:  # a straight line but for rounding
        return Trend(slope, math.nan, min(r_squared, 1.0))
    return Trend(slope, slope / math.sqrt(rest / (n - 2) / time_square), r_squared)
