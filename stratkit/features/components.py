"""`Components`: principal components of scaled features, learned from earlier bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import FloatArray


@dataclass(frozen=True)
class Components:
    """C components of K features: `mean` (K,), `loadings` (C, K) of length 1, `ratio` (C,) of the variance.

    The loading of largest size of each component is positive (of equal ones the first), so that a component does
    not turn round by chance from one fit to the next.
    """

    mean: FloatArray
    loadings: FloatArray
    ratio: FloatArray

    def apply(self, values: FloatArray) -> FloatArray:
        """Return the components (..., C) of values (..., K); NaN where one of the K is NaN."""
        # einsum sums each row alike however many there are; a matrix product may not, by the last bit
        found: FloatArray = np.einsum("...k,ck->...c", values - self.mean, self.loadings)
        return found


def fit_components(rows: FloatArray, variance: float) -> Components:
    """Return as many components as it takes to hold `variance` of that of `rows` (rows, K), on complete rows.

    Raises `UsageError` when fewer than K + 1 rows are complete.
    """
    from sklearn.decomposition import PCA

    complete = rows[np.isfinite(rows).all(axis=1)]
    if len(complete) <= rows.shape[1]:
        raise UsageError(
            f"principal components of {rows.shape[1]} features need more rows than that on which all of them have "
            f"values; found {len(complete)}: drop the feature that is seldom there, or raise features.min_bars"
        )
    learned = PCA(svd_solver="full").fit(complete)
    share = np.cumsum(learned.explained_variance_ratio_)
    count = min(int(np.searchsorted(share, variance)) + 1, len(share))
    loadings = learned.components_[:count]
    size = np.abs(loadings)
    largest = (size >= size.max(axis=1, keepdims=True) * (1 - 1e-9)).argmax(axis=1)
    sign = np.sign(loadings[np.arange(count), largest])
    return Components(learned.mean_, loadings * sign[:, None], learned.explained_variance_ratio_[:count])
