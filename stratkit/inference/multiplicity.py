"""Adjusted p values: what is left of each p value when several tests were made at once.

Holm keeps the chance of any false discovery; Benjamini-Hochberg and Benjamini-Yekutieli the share of false ones among
the discoveries. None of them knows how the tests depend on each other: `step_down` does, from their common draws.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from stratkit.errors import UsageError
from stratkit.panel import FloatArray

Adjustment = Literal["holm", "fdr_bh", "fdr_by"]


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Return (K,) Holm's adjusted p values: valid however the tests depend on each other.

    NaN stands for a test that was not made: it stays NaN and does not count. Source: S. Holm, Scandinavian Journal of
    Statistics 6 (1979).

    >>> holm([0.01, 0.04, float("nan")]).tolist()
    [0.02, 0.04, nan]
    """
    return _adjusted(p_values, "holm")


def benjamini_hochberg(p_values: npt.ArrayLike) -> FloatArray:
    """Return (K,) adjusted p values that keep the false discovery rate of independent tests; NaN as in `holm`.

    Source: Y. Benjamini, Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995).

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    return _adjusted(p_values, "fdr_bh")


def benjamini_yekutieli(p_values: npt.ArrayLike) -> FloatArray:
    """Return (K,) adjusted p values that keep the false discovery rate of tests that depend on each other in any way.

    NaN as in `holm`. Source: Y. Benjamini, D. Yekutieli, Annals of Statistics 29 (2001).

    >>> benjamini_yekutieli([0.01, 0.04]).round(3).tolist()
    [0.03, 0.06]
    """
    return _adjusted(p_values, "fdr_by")


def _adjusted(p_values: npt.ArrayLike, method: Adjustment) -> FloatArray:
    raw = np.asarray(p_values, dtype=np.float64)
    made = ~np.isnan(raw)
    if raw.ndim != 1 or not np.all((raw[made] >= 0) & (raw[made] <= 1)):
        raise UsageError(f"p values must be a row of numbers from 0 to 1, NaN where no test was made; found {raw}")
    adjusted = np.full(len(raw), np.nan)
    if made.any():
        from statsmodels.stats.multitest import multipletests  # slow to import, for several tests only

        adjusted[made] = multipletests(raw[made], method=method)[1]
    return adjusted
