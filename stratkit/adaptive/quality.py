"""`signal_quality`: how good each signal is by what is known on its bar, and the size that follows from it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.adaptive.success_rates import UNTRIED, SuccessRates, rate_table
from stratkit.adaptive.terms import Terms
from stratkit.controls import clipped
from stratkit.panel import BoolArray, FloatArray, IntArray, SideArray

_CONFIDENCE, _ALIGNMENT, _SUCCESS = 0.3, 0.3, 0.4
_FULL_CONFLUENCE: Final = 3  # agreeing voices from which nothing is taken off
_NEUTRAL: Final = 0.5  # alignment of a family of which nothing is said


def quality_scores(
    confidence: npt.ArrayLike,
    alignment: npt.ArrayLike,
    success: npt.ArrayLike,
    confluence: npt.ArrayLike,
    regime_factor: npt.ArrayLike,
) -> FloatArray:
    """Return quality in [0, 1], element by element; the arrays need only broadcast, NaN stays NaN.

    (0.3 confidence + 0.3 alignment + 0.4 success) x (0.5 + 0.5 min(confluence / 3, 1)) x regime factor, clipped.

    >>> round(float(quality_scores(1.0, 1.0, 0.5, 1, 1.1)), 3)  # one voice alone, with the most that it can have
    0.587
    """
    base = _CONFIDENCE * np.asarray(confidence) + _ALIGNMENT * np.asarray(alignment) + _SUCCESS * np.asarray(success)
    agreed = 0.5 + 0.5 * np.minimum(np.asarray(confluence) / _FULL_CONFLUENCE, 1.0)
    scores: FloatArray = np.clip(base * agreed * np.asarray(regime_factor), 0.0, 1.0)
    return scores


def alignment_table(terms: Terms) -> FloatArray:
    """Return (S, R + 1) how well each strategy's family fits each regime."""
    table = terms.optimization.quality.alignment
    kinds = [terms.kind(name) for name in (*terms.regimes, "unknown")]
    return np.array([[table.get(family, {}).get(kind, _NEUTRAL) for kind in kinds] for family in terms.families])


def regime_factors(terms: Terms) -> FloatArray:
    """Return (R + 1,) what quality and sizes are multiplied by in each regime."""
    factors = terms.optimization.quality.regime_factor
    return np.array([factors.get(terms.kind(name), 1.0) for name in (*terms.regimes, "unknown")])


def confluence(side: SideArray, higher: SideArray | None = None) -> IntArray:
    """Return (T, N, S) how many strategies take the side of each, itself included, plus higher timeframes that do.

    `side` (T, N, S) is +1 or -1, anything else is no voice and has 0; `higher` (H, T, N) is the direction of each
    higher timeframe, known at the bar, 0 = none.
    """
    found = np.zeros(side.shape, np.int64)
    for direction in (1, -1):
        voices = (side == direction).sum(axis=-1)
        if higher is not None:
            voices = voices + (higher == direction).sum(axis=0)
        found = np.where(side == direction, voices[..., None], found)
    return found


def signal_quality(
    terms: Terms,
    rates: SuccessRates,
    side: SideArray,
    confidence: npt.NDArray[np.floating],
    label: npt.NDArray[np.integer],
    higher: SideArray | None = None,
) -> FloatArray:
    """Return (T, N, S) the quality of every signal, NaN where `side` is neither +1 nor -1.

    `side` and `confidence` (T, N, S), `label` (T, N) codes of regimes on the decision bars, -1 = not known, `rates`
    those known when the stretch began, `higher` as in `confluence`.
    """
    strategies, symbols = side.shape[2], side.shape[1]
    code = np.asarray(label, np.int64)
    success = rate_table(rates, terms.optimization.quality.success_min_trades)[
        np.arange(strategies), np.arange(symbols)[:, None], (side < 0).astype(np.int64), code[:, :, None]
    ]
    aligned = alignment_table(terms)[np.arange(strategies), code[:, :, None]]
    factor = regime_factors(terms)[code][:, :, None]
    scores = quality_scores(confidence, aligned, success, confluence(side, higher), factor)
    return np.where(np.abs(side) == 1, scores, np.nan)


def passes(terms: Terms, quality: FloatArray) -> BoolArray:
    """Return where a signal is good enough; where quality is NaN there is no signal to refuse."""
    good: BoolArray = ~(quality < terms.optimization.quality.threshold)
    return good


def size_multiplier(
    terms: Terms, quality: FloatArray, strategy_factor: npt.ArrayLike, regime_factor: npt.ArrayLike
) -> FloatArray:
    """Return what sizes are multiplied by, in [0.1, 2]: the whole product is clipped, once.

    (0.5 + 0.5 quality / threshold) x the strategy's factor x the regime's. Where quality is NaN its part is 1.
    """
    part = 0.5 + 0.5 * quality / terms.optimization.quality.threshold
    return clipped(np.where(np.isnan(part), 1.0, part) * np.asarray(strategy_factor) * np.asarray(regime_factor))


def reachable(terms: Terms, success: float = UNTRIED) -> FloatArray:
    """Return (R,) the best quality that any signal could have in each regime: sure, and all agree with it."""
    voices = len(terms.strategies) + len(terms.optimization.quality.timeframes)
    best: FloatArray = quality_scores(1.0, alignment_table(terms), success, voices, regime_factors(terms)).max(axis=0)
    return best[: len(terms.regimes)]


def closed_regimes(terms: Terms) -> str | None:
    """Return a warning that names the regimes in which no signal could pass, None where there is none.

    Two cases: at the start, while success rates are 0.5, and for good, even if every trade were a success.
    """
    threshold = terms.optimization.quality.threshold
    first, ever = (reachable(terms, success) for success in (UNTRIED, 1.0))
    rows = list(zip(terms.regimes, first, ever, strict=True))
    never = [f"{name} ({last:.2f} at most)" for name, _, last in rows if last < threshold]
    at_first = [f"{name} ({now:.2f} at most)" for name, now, last in rows if now < threshold <= last]
    said = [f"none can ever reach it in {', '.join(never)}"] if never else []
    said += [f"none can reach it before success rates have risen in {', '.join(at_first)}"] if at_first else []
    if not said:
        return None
    return (
        f"signals need a quality of {threshold:g}; {'; '.join(said)}: "
        "lower optimization.quality.threshold, or let more agree: further strategies, or higher timeframes "
        "(optimization.quality.timeframes)"
    )
