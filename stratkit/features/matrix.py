"""`FeatureMatrix`: one causal row of features per bar and symbol, for all that learns or decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stratkit.errors import UsageError, did_you_mean
from stratkit.features.feature_set import FeatureSet
from stratkit.features.fitting import FeatureFit, fit_at
from stratkit.features.labels import forward_labels
from stratkit.panel import FloatArray, read_only

if TYPE_CHECKING:
    from stratkit.data.bars import Bars
    from stratkit.features.settings import FeatureSettings

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FeatureMatrix:
    """Rows (T, N, C) of features, and the fits that they stand on.

    `values` float64, read-only; column c of a bar is named by the fit that holds there, see `names_at`, and C is the
    most that any fit hands out: NaN where there is no value, behind the columns of a fit that has fewer, and on all
    bars up to the first fit. A fit holds from the bar behind it on. `features` (F,) are the names that went in.
    """

    values: FloatArray
    fits: tuple[FeatureFit, ...]
    features: tuple[str, ...]

    def fit_of(self, bar: int) -> FeatureFit | None:
        """Return the fit that made the row of `bar`: the last one before it."""
        return next((fit for fit in reversed(self.fits) if fit.bar < bar), None)

    def names_at(self, bar: int) -> tuple[str, ...]:
        """Return the names of the columns of one bar; none up to the first fit."""
        fit = self.fit_of(bar)
        return () if fit is None else fit.names

    @property
    def names(self) -> tuple[str, ...]:
        """The names that some fit hands out, in the order of the features, or of the components."""
        found = {name for fit in self.fits for name in fit.names}
        ordered = [name for name in self.features if name in found]
        return tuple(ordered) or tuple(sorted(found, key=lambda name: (len(name), name)))

    def column(self, name: str) -> FloatArray:
        """Return (T, N) one column through all fits, NaN where it was not chosen."""
        if name not in self.names:
            raise UsageError(f"the matrix has no column {name!r}; {did_you_mean(name, self.names)}")
        panel = np.full(self.values.shape[:2], np.nan)
        for fit, start, stop in self.stretches():
            if name in fit.names:
                panel[start:stop] = self.values[start:stop, :, fit.names.index(name)]
        return panel

    def stretches(self) -> list[tuple[FeatureFit, int, int]]:
        """Return each fit with the bars [start, stop) whose rows it made."""
        return _stretches(self.fits, len(self.values))

    def importance(self) -> FloatArray:
        """Return (F,) the mean over the fits of score / highest score of the fit, in [0, 1]; NaN where never scored."""
        total, times = np.zeros((2, len(self.features)))
        for fit in self.fits:
            scored = np.isfinite(fit.score)
            if scored.any() and (best := fit.score[scored].max()) > 0:
                total[scored] += np.maximum(fit.score[scored], 0.0) / best
                times[scored] += 1
        return np.where(times > 0, total / np.maximum(times, 1), np.nan)


def refit_bars(bars: int, settings: FeatureSettings) -> range:
    """Return the bars at whose close there is a fit.

    >>> from stratkit.features.settings import FeatureSettings
    >>> list(refit_bars(1_000, FeatureSettings(min_bars=500, refit_every_bars=250)))
    [499, 749, 999]
    """
    return range(settings.min_bars - 1, bars, settings.refit_every_bars)


def aggregate(
    features: FeatureSet, bars: Bars, settings: FeatureSettings, seed: int = 0, progress: Progress | None = None
) -> FeatureMatrix:
    """Scale, choose and combine features into one matrix, each row from earlier bars only.

    At every refit bar r all is learned from bars up to r, and from labels whose horizon had ended by then; it holds
    for the bars r+1 up to the next one. `progress` is told (fits done, fits). With fewer than `min_bars` bars
    there is no fit and no column. Raises `UsageError` when the features are not of these bars.
    """
    if features.shape != bars.shape:
        raise UsageError(f"features must be of the bars given, {bars.shape}; found {features.shape}")
    raw = np.ascontiguousarray(np.moveaxis(features.values, 0, -1))  # (T, N, F)
    labels = forward_labels(bars.close, settings.horizon_bars, settings.target)
    at = refit_bars(len(raw), settings)
    fits = []
    for done, bar in enumerate(at, start=1):
        fits.append(fit_at(bar, raw, labels, features.names, settings, seed))
        if progress is not None:
            progress(done, len(at))
    width = max((len(fit.names) for fit in fits), default=0)
    values = np.full((*bars.shape, width), np.nan)
    for fit, start, stop in _stretches(fits, len(raw)):
        values[start:stop, :, : len(fit.names)] = fit.apply(raw[start:stop])
    return FeatureMatrix(read_only(values), tuple(fits), features.names)


def _stretches(fits: Sequence[FeatureFit], bars: int) -> list[tuple[FeatureFit, int, int]]:
    ends = [fit.bar + 1 for fit in fits[1:]] + [bars]
    return [(fit, fit.bar + 1, end) for fit, end in zip(fits, ends, strict=False)]
