"""`QualityBands`: whether trades on better signals were better trades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.analytics.earned import ClosedTrades, Earned
from stratkit.inference.interval import Interval
from stratkit.inference.rank_correlation import rank_correlation
from stratkit.panel import FloatArray, IntArray

MOST_BANDS: Final = 10
PER_BAND: Final = 20  # trades, so that a mean says something


@dataclass(frozen=True)
class QualityBand:
    """Closed trades on signals of a quality of `low` to `high`; `shadow` of them are those of the shadow book."""

    low: float
    high: float
    shadow: int
    earned: Earned


@dataclass(frozen=True)
class QualityBands:
    """Bands of about as many trades each, worst first, and the rank correlation of quality with what was earned.

    `in_r`: that is in R, which all of these trades have; else in P&L over the value at entry. Trades without a quality
    are in no band.
    """

    bands: tuple[QualityBand, ...]
    correlation: Interval
    in_r: bool


def quality_bands(quality: FloatArray, closed: ClosedTrades, is_shadow: np.ndarray) -> QualityBands:
    """Return K closed trades by the quality (K,) of the signals behind them, NaN = not judged.

    As many bands as have 20 trades each, 10 at most; equal qualities are never parted, so bands are uneven.
    """
    judged = np.isfinite(quality)
    kept = ClosedTrades(closed.pnl[judged], closed.r[judged], closed.part[judged])
    quality, is_shadow = quality[judged], is_shadow[judged]
    code = _codes(quality, min(MOST_BANDS, max(1, len(quality) // PER_BAND)))
    in_r = bool(np.isfinite(kept.r).all())
    bands = tuple(
        QualityBand(
            float(quality[code == at].min()), float(quality[code == at].max()), int(is_shadow[code == at].sum()),
            kept.earned(code == at),
        )
        for at in np.unique(code)
    )  # fmt: skip
    return QualityBands(bands, rank_correlation(quality, kept.r if in_r else kept.part), in_r)


def _codes(quality: FloatArray, bands: int) -> IntArray:
    """Return bands (K,): each takes whole values, the lowest first, until it has its share of the trades."""
    values, place, count = np.unique(quality, return_inverse=True, return_counts=True)
    share = len(quality) / bands
    band_of, band, held, left = np.zeros(len(values), np.int64), 0, 0, len(quality)
    for at, more in enumerate(count.tolist()):
        band_of[at] = band
        held, left = held + more, left - more
        if held >= share and left >= share / 2.0:  # what is left would be too little for a band of its own
            band, held = band + 1, 0
    codes: IntArray = band_of[place]
    return codes
