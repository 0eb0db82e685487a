"""`STREAM_DTYPE`: the running sums of a replay as one record, and the arithmetic that keeps their last digits.

A sum whose terms differ in sign carries what its rounding lost (Knuth's two-sum), and powers are taken around the
first observation, so that a million bars cost no digit; sums of positive terms per bar need no such care and go
without it, for speed.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from stratkit.compiled import inlined
from stratkit.panel import FloatArray, IntArray


def _sum(name: str) -> list[tuple[str, str]]:
    return [(name, "f8"), (f"{name}_lost", "f8")]


# what a sweep keeps of each of its trials: the head of the record, whose bytes a trial's digest is made of
_KEPT: Final = [
    # given at the start
    ("initial", "f8"),  # cash before the first bar
    ("mar", "f8"),  # minimum acceptable return of a period
    ("intraday", "i8"),  # 1: the first period counts whatever the first bar did
    # per bar
    ("bars", "i8"),
    ("baseline", "i8"),  # 1: bar 0 is the baseline, no bar with a return or a drawdown
    ("bars_in_market", "i8"),
    ("ruined", "i8"),  # bars whose equity was zero or less
    ("equity", "f8"),  # of the last bar
    ("equity_sum", "f8"),
    ("peak", "f8"),
    ("peak_bar", "i8"),  # -1 is the initial cash
    ("trough", "f8"),  # lowest equity since the peak
    ("max_drawdown", "f8"),
    ("longest_bars", "i8"),  # of the longest drawdown that is over
    # per return period
    ("periods", "i8"),
    ("period_equity", "f8"),  # at the end of the last period
    ("growth", "f8"),  # period_equity / initial
    ("ruined_periods", "i8"),
    ("origin", "f8"),  # first return: powers are taken around it
    *_sum("return_sum"),
    *_sum("power1"),
    *_sum("power2"),
    *_sum("shortfall_square"),
    # per fill and per bar of carry
    ("fills", "i8"),
    *_sum("traded"),
    *_sum("commission"),
    *_sum("slippage"),
    *_sum("borrow"),
    *_sum("funding"),
    *_sum("interest"),
    # per closed trade
    ("trades", "i8"),
    ("wins", "i8"),
    ("losses", "i8"),
    ("bars_held", "i8"),
    ("ambiguous", "i8"),
    *_sum("profit"),
    *_sum("shortfall"),
    ("pnl_origin", "f8"),
    *_sum("pnl"),
    *_sum("pnl1"),
    *_sum("pnl2"),
    ("trades_with_r", "i8"),
    ("r_origin", "f8"),
    *_sum("r"),
    *_sum("r1"),
    *_sum("r2"),
    ("open_trades", "i8"),
]
KEPT_BYTES: Final = 8 * len(_KEPT)

STREAM_DTYPE: Final = np.dtype(
    [
        *_KEPT,
        # per bar
        ("drawdown_square", "f8"),
        ("exposure", "f8"),
        *_sum("bar_return"),
        ("bar_square", "f8"),
        # per return period
        ("bucket", "i8"),  # that the last return went into, 0 without buckets
        *_sum("power3"),
        *_sum("power4"),
        *_sum("gain"),
        *_sum("loss"),
        *_sum("log_sum"),
        *_sum("log_square"),
        *_sum("log_time"),
    ]
)


class Returns(NamedTuple):
    """Sums of returns as values, which a loop can keep in registers; fields as in the record."""

    return_sum: float
    return_sum_lost: float
    power1: float
    power1_lost: float
    power2: float
    power2_lost: float
    shortfall_square: float
    shortfall_square_lost: float


class Depth(NamedTuple):
    """What drawdowns are measured from, likewise."""

    peak: float
    peak_bar: int
    trough: float
    max_drawdown: float
    longest_bars: int


class Buckets(NamedTuple):
    """Returns per period as sums in buckets of equal time, each up to the bar `ends`."""

    ends: IntArray  # (B,)
    total: FloatArray  # (B,)
    squares: FloatArray  # (B,)


@inlined
def add(total: float, lost: float, value: float) -> tuple[float, float]:
    """Return total + value and all that rounding has lost so far (Knuth, TAOCP 2, 4.2.2)."""
    grown = total + value
    added = grown - total
    return grown, lost + ((total - (grown - added)) + (value - added))


@inlined
def with_return(sums: Returns, origin: float, mar: float, period_return: float) -> Returns:
    """Return the sums with one return more."""
    total, total_lost = add(sums.return_sum, sums.return_sum_lost, period_return)
    away = period_return - origin
    power1, power1_lost = add(sums.power1, sums.power1_lost, away)
    power2, power2_lost = add(sums.power2, sums.power2_lost, away * away)
    excess = period_return - mar
    below = excess if excess < 0.0 else 0.0  # adding 0 changes no bit, and a branch would often be guessed wrong
    square, square_lost = add(sums.shortfall_square, sums.shortfall_square_lost, below * below)
    return Returns(total, total_lost, power1, power1_lost, power2, power2_lost, square, square_lost)


@inlined
def with_equity(depth: Depth, bar: int, equity: float) -> Depth:
    """Return the drawdowns with one bar more."""
    peak, peak_bar, trough, deepest, longest = depth
    if equity >= peak:
        if bar - peak_bar > 1:  # bars at the peak are no drawdown
            longest = max(longest, bar - peak_bar)
        peak, peak_bar, trough = equity, bar, equity
    elif equity < trough:  # below one peak the lowest is the deepest: no other bar needs the division
        trough = equity
        deepest = min(deepest, equity / peak - 1.0)
    return Depth(peak, peak_bar, trough, deepest, longest)


@inlined
def load_depth(s: Any) -> Depth:
    """Return what drawdowns are measured from as values."""
    return Depth(s.peak, s.peak_bar, s.trough, s.max_drawdown, s.longest_bars)


@inlined
def keep_depth(s: Any, depth: Depth) -> None:
    """Write what drawdowns are measured from back into its record."""
    s.peak = depth.peak
    s.peak_bar = depth.peak_bar
    s.trough = depth.trough
    s.max_drawdown = depth.max_drawdown
    s.longest_bars = depth.longest_bars


@inlined
def load_returns(s: Any) -> Returns:
    """Return the sums of returns of a record as values."""
    return Returns(
        s.return_sum, s.return_sum_lost, s.power1, s.power1_lost, s.power2, s.power2_lost, s.shortfall_square,
        s.shortfall_square_lost,
    )  # fmt: skip


@inlined
def keep_returns(s: Any, sums: Returns) -> None:
    """Write sums of returns back into their record."""
    s.return_sum = sums.return_sum
    s.return_sum_lost = sums.return_sum_lost
    s.power1 = sums.power1
    s.power1_lost = sums.power1_lost
    s.power2 = sums.power2
    s.power2_lost = sums.power2_lost
    s.shortfall_square = sums.shortfall_square
    s.shortfall_square_lost = sums.shortfall_square_lost
