"""`Scale`: what a scaler learned from earlier bars, applied to later ones.

Fitted by scikit-learn (ranks excepted), kept as plain arrays: applied to one bar they cost microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stratkit.features.settings import Scaling
from stratkit.panel import BoolArray, FloatArray

if TYPE_CHECKING:
    from stratkit.features.settings import FeatureSettings

LEAST_VALUES: Final = 30  # of a feature; fewer say neither where it is nor how wide
_QUANTILES: Final = 1_000  # points of a rank; between two of them it is interpolated


@dataclass(frozen=True)
class Scale:
    """How the values of F features are scaled, for all symbols alike (G = 1) or each (G = N).

    (value - `centre`) / `width`, both (G, F), clipped to +-`clip`; NaN = nothing is known of that feature, and its
    values become NaN. With ranks `quantiles` (G, F, Q) holds the values at ranks 0 .. 1 instead, NaN behind the
    last one where there are fewer.
    """

    kind: Scaling
    centre: FloatArray
    width: FloatArray
    clip: float | None = None
    quantiles: FloatArray | None = None

    def apply(self, values: FloatArray) -> FloatArray:
        """Return values (rows, N, F) scaled, of the same shape; NaN stays NaN."""
        if self.quantiles is not None:
            return _ranks(values, self.quantiles)
        if self.kind == "none":
            return np.where(np.isnan(self.centre), np.nan, values)
        scaled = (values - self.centre) / self.width
        return scaled if self.clip is None else np.clip(scaled, -self.clip, self.clip)


def fit_scale(rows: FloatArray, known: BoolArray, settings: FeatureSettings) -> Scale:
    """Return the scale learned from `rows` (rows, N, F), NaN = no value.

    Only features `known` (F,) are scaled. With `each_symbol` one of which a symbol has fewer than 30 values is not
    known for that symbol.
    """
    symbols, features = rows.shape[1:]
    groups = (
        [rows.reshape(-1, features)]
        if settings.scaled_over == "all_symbols"
        else [rows[:, column, :] for column in range(symbols)]
    )
    centre, width = np.full((2, len(groups), features), np.nan)
    quantiles = np.full((len(groups), features, _QUANTILES), np.nan) if settings.scaling == "rank" else None
    for group, values in enumerate(groups):
        usable = np.flatnonzero(known & (np.isfinite(values).sum(axis=0) >= (LEAST_VALUES if len(groups) > 1 else 1)))
        if not len(usable):
            continue
        if quantiles is not None:
            quantiles[group, usable] = _fitted_quantiles(values[:, usable])
        centre[group, usable], width[group, usable] = _fitted(values[:, usable], settings.scaling)
    return Scale(settings.scaling, centre, width, settings.clip, quantiles)


def _fitted(values: FloatArray, kind: Scaling) -> tuple[Any, Any]:
    """Return centre and width, each (F,); a feature that never moves has the width 1."""
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    if kind == "robust":
        robust = RobustScaler(quantile_range=(25.0, 75.0)).fit(values)
        return robust.center_, robust.scale_
    if kind == "standard":
        standard = StandardScaler().fit(values)
        return standard.mean_, standard.scale_
    if kind == "min_max":
        bounds = MinMaxScaler().fit(values)
        return bounds.data_min_, 1.0 / bounds.scale_
    return 0.0, 1.0


def _fitted_quantiles(values: FloatArray) -> FloatArray:
    """Return (F, Q) the values at evenly spread ranks, of each feature's own values.

    scikit-learn's transformer counts the rows without a value among them: a symbol that is not listed yet would
    move the ranks of the others.
    """
    found = np.full((values.shape[1], _QUANTILES), np.nan)
    for feature, column in enumerate(values.T):
        finite = column[np.isfinite(column)]
        points = min(_QUANTILES, len(finite))
        found[feature, :points] = np.quantile(finite, np.linspace(0.0, 1.0, points))
    return found


def _ranks(values: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Return the rank of each value among the quantiles of its feature, 0 to 1; ties get the middle of theirs."""
    ranks = np.full(values.shape, np.nan)
    for group, of_features in enumerate(quantiles):
        columns = slice(None) if len(quantiles) == 1 else slice(group, group + 1)
        for feature, points in enumerate(of_features):
            if np.isnan(points[0]):
                continue
            held = points[np.isfinite(points)]
            at = np.linspace(0.0, 1.0, len(held))
            each = values[:, columns, feature]
            # from below and from above: where several quantiles are one value the mean is taken
            below, above = np.interp(each, held, at), -np.interp(-each, -held[::-1], -at[::-1])
            ranks[:, columns, feature] = np.where(np.isnan(each), np.nan, (below + above) / 2)
    return ranks
