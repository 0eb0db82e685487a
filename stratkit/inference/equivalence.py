"""`Equivalence` by two one-sided tests: whether two arms differ by less than a margin that was named before.

Source: D. J. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987), with the studentized resamples of
the primary test in place of Student's t.
"""

from __future__ import annotations

import math

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.comparison import Equivalence
from stratkit.inference.interval import Interval
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import FloatArray


def equivalence(difference: float, se: float, t_star: FloatArray, margin: float, alpha: float = 0.05) -> Equivalence:
    """Test whether a true difference lies within +-`margin`, from resamples `t_star` (reps,) of (D* - D)/SE*, signed.

    `difference`, `se` and `margin` are in one unit. Each of "D <= -margin" and "D >= margin" is tested at `alpha`; the
    p value is the larger one, ``(1 + #)/(reps + 1)``, and it is at most `alpha` exactly when the interval at
    1 - 2 alpha lies within the margin. With too few resamples for that level its bounds are infinite. A `se` of 0 means
    that the difference is known. Raises `UsageError` for a margin that is not above 0.

    >>> drawn = np.random.default_rng(0).standard_normal(4999)
    >>> found = equivalence(0.1, 0.2, drawn, margin=0.5)
    >>> found.holds, round(found.p_value, 2)
    (True, 0.02)
    """
    if not margin > 0:
        raise UsageError(f"the margin of equivalence must be above 0; found {margin:g}")
    if not se >= 0 or not t_star.size:
        raise UsageError(f"a standard error and its resamples must be given; found {se:g} and {len(t_star)} resamples")
    reps = len(t_star)
    below = 1 + int((t_star >= _over(difference + margin, se)).sum())
    above = 1 + int((t_star <= _over(difference - margin, se)).sum())
    p_value = max(below, above) / (reps + 1)
    low, high = _bounds(difference, se, np.sort(t_star), alpha)
    interval = Interval(difference, low, high, 1 - 2 * alpha, "two one-sided tests, studentized bootstrap")
    return Equivalence(margin, interval, p_value, drawn_p_error(p_value, reps), p_value <= alpha)


def _over(difference: float, se: float) -> float:
    """Return the quotient; of a difference that is known its sign times infinity, or 0."""
    if se > 0:
        return difference / se
    return math.copysign(math.inf, difference) if difference else 0.0


def _bounds(difference: float, se: float, ordered: FloatArray, alpha: float) -> tuple[float, float]:
    """Return the bounds that the two tests just do not reject: the ranks that their p values count by."""
    rank = math.floor(alpha * (len(ordered) + 1) + 1e-9)  # 0.05 x 5000 must be 250 and not one less by rounding
    if se == 0:
        return difference, difference
    if rank < 1:
        return -math.inf, math.inf
    return difference - float(ordered[-rank]) * se, difference - float(ordered[rank - 1]) * se
