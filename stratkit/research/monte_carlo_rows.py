"""`path_row`, `histogram`: the distribution of a figure over paths, as records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import FloatArray, IntArray
from stratkit.research.monte_carlo_record import Histogram, PathRow, Unit

Better = Literal["higher", "lower"]
LEVEL: Final = 0.95
_BINS: Final = 60  # narrower than a line on the page at more, and lumpy with a thousand paths
_ROUNDING: Final = 1e-9  # of a figure: the same trades in another order give another last digit


def path_row(
    name: str, unit: Unit, better: Better, observed: float, drawn: FloatArray, *, tests: bool = False,
    is_exact: bool = False, has_interval: bool = False, level: float = LEVEL,
) -> PathRow:  # fmt: skip
    """Return a figure of the run beside its values (paths,) in `drawn`, of which NaN count for nothing.

    With `tests` its p value is ``(1 + # at least as good)/(1 + paths)``, of enumerated cases, of which the run is one,
    ``# at least as good/cases``. With `has_interval` the outer quantiles at `level` bound the run's own figure
    (percentile interval: Efron, Tibshirani, An Introduction to the Bootstrap (1993), ch. 13).

    >>> path_row("return", "fraction", "higher", 2.0, np.array([1.0, 2.0, 3.0]), tests=True).p_value
    0.75
    """
    observed, known = float(observed), drawn[~np.isnan(drawn)]
    q05, q50, q95 = _quantiles(known, (0.05, 0.5, 0.95))
    low, high = _quantiles(known, ((1 - level) / 2, (1 + level) / 2)) if has_interval else (math.nan, math.nan)
    p_value = p_error = math.nan
    if tests and not math.isnan(observed) and len(drawn):
        good = as_good(observed, drawn, better)
        p_value = max(good, 1) / len(drawn) if is_exact else (1 + good) / (1 + len(drawn))
        p_error = 0.0 if is_exact else drawn_p_error(p_value, len(drawn))
    mean = float(known.mean()) if len(known) else math.nan
    return PathRow(name, unit, better, observed, q05, q50, q95, mean, p_value, p_error, low, high, level)


def as_good(observed: float, drawn: FloatArray, better: Better) -> int:
    """Return how many of the values are at least as good as the run's, equal ones up to rounding among them."""
    slack = _ROUNDING * max(abs(observed), _ROUNDING)
    return int((drawn >= observed - slack).sum() if better == "higher" else (drawn <= observed + slack).sum())


def histogram(name: str, unit: Unit, observed: float, drawn: FloatArray) -> Histogram | None:
    """Return how a figure is distributed; None where nothing is known of it, or nothing differs.

    Bins reach from the 0.1 % to the 99.9 % quantile, and to the run; the values beyond them are in the outer ones.
    """
    observed, known = float(observed), drawn[np.isfinite(drawn)]
    if not len(known):
        return None
    low, high = (float(value) for value in np.quantile(known, (0.001, 0.999)))
    if math.isfinite(observed):
        low, high = min(low, observed), max(high, observed)
    if high - low <= _ROUNDING * max(abs(low), abs(high), _ROUNDING):
        return None
    edges = np.linspace(low, high, _BINS + 1)
    counts: IntArray = np.histogram(np.clip(known, low, high), edges)[0].astype(np.int64)
    return Histogram(name, unit, observed, edges, counts)


def histograms(*found: Histogram | None) -> tuple[Histogram, ...]:
    """Return those that there are."""
    return tuple(one for one in found if one is not None)


def _quantiles(known: FloatArray, levels: Sequence[float]) -> tuple[float, ...]:
    if not len(known):
        return (math.nan,) * len(levels)
    with np.errstate(invalid="ignore"):  # between two infinities lies another
        found = np.quantile(known, levels)
    return tuple(math.inf if math.isnan(value) else float(value) for value in found)
