"""`sign_flip` and `diebold_mariano`: tests of paired differences that are no Sharpe ratios.

The first asks whether the mean difference could be one of luck in signs; the second compares forecasts by their losses.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.test_result import TestResult, drawn_p_error
from stratkit.panel import FloatArray

_EXACT_TO: Final = 20  # signs: a million sums
_AT_ONCE: Final = 4_000_000  # signs held at a time: 32 MB
# sums of the same numbers in another order differ in their last digits and are still ties
_TIE: Final = 1e-12


def sign_flip(difference: FloatArray, *, block: int = 1, reps: int, draw: np.random.Generator) -> TestResult:
    """Test that the mean of `difference` (n,) is zero by flipping signs, of whole blocks where they depend.

    All signs are tried where there are at most 20 blocks, and p is exact; else `reps` are drawn and p is
    ``(1 + #)/(reps + 1)``. The last block may be shorter. `statistic` is the mean difference. Raises `UsageError` for
    differences that are not finite and for a block that is longer than half of them.

    >>> sign_flip(np.array([1.0, 2.0, 3.0, -1.5]), reps=99, draw=np.random.default_rng(0)).p_value
    0.375
    """
    n = len(difference)
    if difference.ndim != 1 or n < 2 or not np.isfinite(difference).all():
        raise UsageError("at least two differences are needed, (n,), all of them finite")
    if not 1 <= block <= n // 2:
        raise UsageError(f"a block must have between 1 and n / 2 = {n // 2} periods; found {block}")
    sums = np.add.reduceat(difference, np.arange(0, n, block))
    name = f"Sign flip of blocks of {block}" if block > 1 else "Sign flip"
    assumes = "differences symmetric about zero, " + ("blocks independent" if block > 1 else "independent")
    size = abs(float(sums.sum())) - _TIE * float(np.abs(sums).sum())
    mean = float(difference.mean())
    if len(sums) <= _EXACT_TO:
        return TestResult(name, mean, float(np.mean(np.abs(_all_signed(sums)) >= size)), assumes)
    if reps < 1:
        raise UsageError(f"at least one draw of signs is needed; found {reps}")
    p_value = (1 + _drawn_beyond(sums, size, reps, draw)) / (reps + 1)
    return TestResult(name, mean, p_value, assumes, p_error=drawn_p_error(p_value, reps))


def diebold_mariano(e1: FloatArray, e2: FloatArray, h: int = 1, power: float = 2.0) -> TestResult:
    """Test that forecasts with errors e1 and e2 (n,) are equally good `h` steps ahead, by losses ``|e|^power``.

    F. X. Diebold, R. S. Mariano (1995) with the factor ``sqrt((n + 1 - 2h + h(h - 1)/n)/n)`` of D. Harvey,
    S. Leybourne, P. Newbold (1997), against Student's t with n - 1 degrees, as R's ``forecast::dm.test``. A positive
    statistic: the first loses more. Where the rectangular kernel gives no positive variance, Bartlett's is taken and
    `assumes` says so. For forecasts, not for Sharpe ratios.

    >>> worse, better = np.array([2.0, -1.0, 3.0, -2.5]), np.array([1.0, -1.0, 0.5, -0.5])
    >>> diebold_mariano(worse, better).statistic > 0
    True
    """
    from scipy.special import stdtr  # a tenth of a second to import, for this test only

    n = len(e1)
    if e1.ndim != 1 or e1.shape != e2.shape or not (np.isfinite(e1).all() and np.isfinite(e2).all()):
        raise UsageError(
            f"errors of both forecasts must be finite and of one shape, (n,); found {e1.shape}, {e2.shape}"
        )
    if not 1 <= h <= n // 2:
        raise UsageError(f"the horizon must lie between 1 and n / 2 = {n // 2}; found {h}")
    loss = np.abs(e1) ** power - np.abs(e2) ** power
    name, assumes = f"Diebold-Mariano({h})", f"loss differences without memory beyond {h} steps"
    away = loss - loss.mean()
    covariance = np.array([float(away[lag:] @ away[: n - lag]) / n for lag in range(h)])
    weights = np.full(h, 2.0)
    weights[0] = 1.0
    if not covariance[0] > _TIE**2 * float(np.max(loss**2)):
        return TestResult(name, math.nan, math.nan, assumes, reason="the loss differences do not vary")
    variance = float(weights @ covariance) / n
    if variance <= 0:
        variance = float((weights * (1 - np.arange(h) / h)) @ covariance) / n
        assumes += "; Bartlett weights, since the plain variance is not positive"
    se = math.sqrt(variance / ((n + 1 - 2 * h + h * (h - 1) / n) / n))
    statistic = float(loss.mean()) / se
    return TestResult(name, statistic, 2 * float(stdtr(n - 1, -abs(statistic))), assumes, se)


def _all_signed(sums: FloatArray) -> FloatArray:
    """Return (2^l,) the sum under every choice of signs."""
    totals = np.zeros(1)
    for each in sums:
        totals = np.concatenate([totals - each, totals + each])
    return totals


def _drawn_beyond(sums: FloatArray, size: float, reps: int, draw: np.random.Generator) -> int:
    count, at_once = 0, max(1, _AT_ONCE // len(sums))
    width = -(-len(sums) // 8)
    for begin in range(0, reps, at_once):
        rows = min(at_once, reps - begin)
        # one bit a sign
        bits = np.unpackbits(np.frombuffer(draw.bytes(rows * width), np.uint8).reshape(rows, width), axis=1)
        totals = 2.0 * (bits[:, : len(sums)].astype(np.float64) @ sums) - sums.sum()
        count += int(np.count_nonzero(np.abs(totals) >= size))
    return count
