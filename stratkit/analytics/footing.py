"""`footed_cents`: amounts in whole cents whose printed sum is the printed total."""

from __future__ import annotations

import math

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import FloatArray, IntArray, read_only

_ROUNDING = 1e-9  # of the sum of sizes: what thousands of floating-point additions may lose


def footed_cents(values: FloatArray, total: float) -> IntArray:
    """Return (n,) whole cents that sum to `total` in whole cents, each less than a cent from its value.

    Every value is rounded down, and the cents that are then missing go to those that lost most, ties to the
    first (the largest-remainder method of Hare and Hamilton). The total is rounded half to even. Raises
    `UsageError` when the values are not finite or do not sum to `total` within half a cent, or within
    rounding of large amounts.

    >>> footed_cents(np.array([1 / 3, 1 / 3, 1 / 3]), 1.0).tolist()
    [34, 33, 33]
    """
    _check(values, total)
    exact = np.asarray(values, dtype=np.float64) * 100
    whole = np.floor(exact)
    cents = whole.astype(np.int64)
    if not len(cents):
        return read_only(cents)
    missing = round(total * 100) - int(cents.sum())
    everyone, some = divmod(missing, len(cents))
    cents += everyone
    cents[np.argsort(whole - exact, kind="stable")[:some]] += 1
    return read_only(cents)


def _check(values: FloatArray, total: float) -> None:
    found = math.fsum(values)
    if not math.isfinite(found) or not math.isfinite(total):
        raise UsageError(f"amounts must be finite to be summed; found {found} for a total of {total}")
    allowed = 0.005 + _ROUNDING * math.fsum(np.abs(values))
    if abs(found - total) > allowed:
        raise UsageError(f"the rows must sum to their total of {total:.6f}; found {found:.6f}: a row is missing")
