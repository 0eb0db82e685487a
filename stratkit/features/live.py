"""`LiveFeatures`: the feature vector of one new bar, in milliseconds, equal to its row of the whole matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import UsageError
from stratkit.features.compute import FeatureFormulas, feature_formulas
from stratkit.features.fitting import FeatureFit, fit_at
from stratkit.features.labels import forward_labels
from stratkit.features.matrix import refit_bars
from stratkit.features.source import IndicatorSource
from stratkit.features.tail import Compute, tail_bars
from stratkit.panel import FloatArray, format_time

if TYPE_CHECKING:
    from stratkit.features.settings import FeatureSettings


Newest = Callable[[Bars], FloatArray]  # the last row (N, F) of the features of some bars


class LiveFeatures:
    """Takes bars one at a time, behind a history, and returns the row that the whole matrix would hold there.

    Features are computed on the last `tail_bars` bars only, which is enough for recursive averages to forget what was
    before: rows equal those of `aggregate` on all bars within 1e-9, in the units that come out. Raw rows and closes of
    the past are kept, for the next fit. At a refit bar `refit_due` turns true: call `refit` between two bars; a `push`
    that comes first does it itself, and takes that much longer.
    """

    def __init__(self, settings: FeatureSettings, history: Bars, seed: int = 0, compute: Compute | None = None) -> None:
        """Learn from `history` as the whole matrix would at its last refit bar.

        `compute` makes the features of any bars, by default the configured formulas. Raises `UsageError` when the
        history is shorter than `min_bars` or than the memory of the features.
        """
        self._settings, self._seed = settings, seed
        formulas = feature_formulas(settings, history.frequency)
        if compute is None:
            compute, self._newest = _compute(formulas), _newest(formulas)
        else:
            self._newest = _newest_of(compute)
        fitted = list(refit_bars(len(history.times), settings))
        if not fitted:
            raise UsageError(
                f"a history must be as long as features.min_bars, {settings.min_bars}; found {len(history.times)} bars"
            )
        whole = compute(history)
        self.features = whole.names
        self.tail_bars = tail_bars(compute, history, whole)
        self._window = _Window(history, self.tail_bars)
        self._raw = list(np.moveaxis(whole.values, 0, -1))  # (N, F) of each bar
        self._close = list(history.close)
        self._fit = self._fitted(fitted[-1])

    @property
    def fit(self) -> FeatureFit:
        """The fit that holds for the next bar, unless `refit_due`."""
        return self._fit

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns of the next vector, unless `refit_due`."""
        return self._fit.names

    @property
    def refit_due(self) -> bool:
        """Whether the last bar was a refit bar whose fit has not been made."""
        last = len(self._raw) - 1
        return last in refit_bars(last + 1, self._settings) and self._fit.bar < last

    def refit(self) -> None:
        """Learn anew at the last bar."""
        self._fit = self._fitted(len(self._raw) - 1)

    def push(self, bar: Bars) -> FloatArray:
        """Return the vectors (N, C) of one new bar of the same symbols, NaN as in the matrix.

        Raises `UsageError` for anything but one later bar of those symbols.
        """
        if self.refit_due:
            self.refit()
        raw = self._newest(self._window.with_bar(bar))
        self._raw.append(raw)
        self._close.append(bar.close[0])
        vectors: FloatArray = self._fit.apply(raw[None])[0]
        return vectors

    def _fitted(self, bar: int) -> FeatureFit:
        labels = forward_labels(np.stack(self._close), self._settings.horizon_bars, self._settings.target)
        return fit_at(bar, np.stack(self._raw), labels, self.features, self._settings, self._seed)


def _compute(formulas: FeatureFormulas) -> Compute:
    return lambda bars: formulas.compute(IndicatorSource(bars))


def _newest(formulas: FeatureFormulas) -> Newest:
    return lambda bars: formulas.newest(IndicatorSource(bars))


def _newest_of(compute: Compute) -> Newest:
    return lambda bars: compute(bars).values[:, -1].T


class _Window:
    """The last bars, kept in arrays of twice the length so that a new bar moves nothing as a rule."""

    def __init__(self, history: Bars, length: int) -> None:
        self._bars = history.slice(len(history.times) - length, len(history.times))
        self._length = length
        self._stop = length
        self._panels = {name: np.full((2 * length, history.shape[1]), np.nan) for name in FIELDS}
        self._times = np.zeros(2 * length, np.int64)
        self._times[:length] = self._bars.times
        for name, panel in self._panels.items():
            panel[:length] = getattr(self._bars, name)

    def with_bar(self, bar: Bars) -> Bars:
        """Return the last bars, the new one included."""
        self._check(bar)
        if self._stop == 2 * self._length:
            self._stop = self._length
            for array in (self._times, *self._panels.values()):
                array[: self._length] = array[self._length :].copy()
        self._times[self._stop] = bar.times[0]
        for name, panel in self._panels.items():
            panel[self._stop] = getattr(bar, name)[0]
        self._stop += 1
        rows = slice(self._stop - self._length, self._stop)
        panels: dict[str, Any] = {name: panel[rows] for name, panel in self._panels.items()}
        return replace(self._bars, times=self._times[rows], **panels)

    def _check(self, bar: Bars) -> None:
        if len(bar.times) != 1 or bar.symbols != self._bars.symbols:
            raise UsageError(
                f"one bar of {', '.join(self._bars.symbols)} must be given at a time; found {len(bar.times)} of "
                f"{', '.join(bar.symbols)}"
            )
        last = int(self._times[self._stop - 1])
        if bar.times[0] <= last:
            raise UsageError(
                f"a bar must come after the last one, {format_time(last)}; found {format_time(int(bar.times[0]))}"
            )
