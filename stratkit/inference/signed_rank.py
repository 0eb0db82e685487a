"""`wilcoxon`: the signed-rank test of paired differences, with what it dropped.

It asks whether differences lie symmetrically about zero, which is neither their mean nor a Sharpe ratio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.hac import two_sided
from stratkit.inference.midranks import midranks
from stratkit.inference.test_result import TestResult
from stratkit.panel import FloatArray

# differences of decimals carry noise in the last digits, which would break ties: 0.35 - 0.12 is not 0.23
_ROUNDING: Final = 1e-12
_EXACT_TO: Final = 49  # differences, as in R's wilcox.test; beyond them the normal is near enough


@dataclass(frozen=True)
class SignedRanks:
    """The test's answer: `statistic` of `test` is V, the sum of the ranks of positive differences.

    `n` differences were ranked, `zeros` were dropped because they are none; `p_greater` is the one-sided p value that
    the first series is larger. `is_exact` says that p was counted over all signs.
    """

    test: TestResult
    p_greater: float
    n: int
    zeros: int
    is_exact: bool


def wilcoxon(difference: FloatArray, *, rounding: float | None = _ROUNDING) -> SignedRanks:
    """Test that `difference` (n,) is symmetric about zero (Wilcoxon 1945), as R's ``wilcox.test(paired = TRUE)``.

    Differences are first rounded to `rounding` of the largest, None = not; zeros are dropped. Exact for fewer than 50
    differences without ties and zeros, else the normal with the correction for ties and continuity. Raises `UsageError`
    for differences that are not finite; without a difference the result has no p value.

    >>> found = wilcoxon(np.array([0.3, -0.1, 0.2, 0.5, 0.4]))
    >>> float(found.test.statistic), found.test.p_value
    (14.0, 0.125)
    """
    if difference.ndim != 1 or not len(difference) or not np.isfinite(difference).all():
        raise UsageError("at least one difference is needed, (n,), all of them finite")
    largest = float(np.abs(difference).max())
    if rounding is not None and largest > 0:
        difference = np.round(difference / (largest * rounding))
    kept = difference[difference != 0]
    n, zeros = len(kept), len(difference) - len(kept)
    assumes = "differences symmetric about zero"
    if not n:
        nothing = TestResult("Wilcoxon signed rank", math.nan, math.nan, assumes, reason="no period differs")
        return SignedRanks(nothing, math.nan, 0, zeros, False)
    ranks, ties = midranks(np.abs(kept))
    v = float(ranks[kept > 0].sum())
    is_exact = n <= _EXACT_TO and not zeros and not (ties > 1).any()
    p_greater, p_value = _exact(v, n) if is_exact else _normal(v, n, ties)
    return SignedRanks(TestResult("Wilcoxon signed rank", v, p_value, assumes), p_greater, n, zeros, is_exact)


def _exact(v: float, n: int) -> tuple[float, float]:
    """Return P(V >= v) and the two-sided p value over all 2^n signs."""
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, n + 1):
        ways[rank:] += ways[:-rank].copy()
    share = ways / 2.0**n
    at_least, at_most = float(share[int(v) :].sum()), float(share[: int(v) + 1].sum())
    return at_least, min(1.0, 2 * min(at_least, at_most))


def _normal(v: float, n: int, ties: FloatArray) -> tuple[float, float]:
    """Return the same from the normal: half a rank of continuity, less variance where ranks are tied."""
    away = v - n * (n + 1) / 4
    spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24 - float(np.sum(ties**3 - ties)) / 48)
    below = two_sided((away - 0.5) / spread) / 2
    p_greater = below if away >= 0.5 else 1 - below
    return p_greater, min(1.0, two_sided(max(abs(away) - 0.5, 0.0) / spread))
