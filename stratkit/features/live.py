"""`LiveFeatures`: the feature vector of one new bar, in milliseconds, equal to its row of the whole matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import UsageError
from stratkit.features.compute import FeatureFormulas, feature_formulas
from stratkit.features.fitting import FeatureFit, fit_at
from stratkit.features.labels import forward_labels
from stratkit.features.matrix import refit_bars
from stratkit.features.source import IndicatorSource
from stratkit.features.tail import Compute, tail_bars, tail_start
from stratkit.panel import FloatArray, format_time

if TYPE_CHECKING:
    from stratkit.features.settings import FeatureSettings


Newest = Callable[[Bars], FloatArray]  # the last row (N, F) of the features of some bars


class LiveFeatures:
    """Takes bars one at a time, behind a history, and returns the row that the whole matrix would hold there.

    Features are computed on the last `tail_bars` own bars of each symbol only, which is enough for recursive averages
    to forget what was before: rows equal those of `aggregate` on all bars within 1e-9, in the units that come out.
    All bars and raw rows are kept, for the next fit. At a refit bar `refit_due` turns true: call `refit` between two
    bars; a `push` that comes first does it itself, and takes that much longer.
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
        self._held = _Held(history, self.tail_bars)
        self._raw = list(np.moveaxis(whole.values, 0, -1))  # (N, F) of each bar
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
        raw = self._newest(self._held.tail_with(bar))
        self._raw.append(raw)
        vectors: FloatArray = self._fit.apply(raw[None])[0]
        return vectors

    def _fitted(self, bar: int) -> FeatureFit:
        labels = forward_labels(self._held.close(), self._settings.horizon_bars, self._settings.target)
        return fit_at(bar, np.stack(self._raw), labels, self.features, self._settings, self._seed)


def _compute(formulas: FeatureFormulas) -> Compute:
    return lambda bars: formulas.compute(IndicatorSource(bars))


def _newest(formulas: FeatureFormulas) -> Newest:
    return lambda bars: formulas.newest(IndicatorSource(bars))


def _newest_of(compute: Compute) -> Newest:
    return lambda bars: compute(bars).values[:, -1].T


class _Held:
    """All bars so far, in arrays that grow by half when they are full; and the tail of them."""

    def __init__(self, history: Bars, tail: int) -> None:
        self._last, self._tail, self._stop = history, tail, len(history.times)
        self._arrays: dict[str, npt.NDArray[Any]] = {name: getattr(history, name) for name in (*FIELDS, "times")}
        self._arrays["own"] = np.cumsum(np.isfinite(history.close), axis=0)  # bars of each symbol so far
        self._grow()

    def tail_with(self, bar: Bars) -> Bars:
        """Return the tail, the new bar included."""
        self._check(bar)
        if self._stop == len(self._arrays["times"]):
            self._grow()
        for name in (*FIELDS, "times"):
            self._arrays[name][self._stop] = getattr(bar, name)[0]
        self._arrays["own"][self._stop] = self._arrays["own"][self._stop - 1] + np.isfinite(bar.close[0])
        self._stop += 1
        start = tail_start(self._arrays["own"][: self._stop], self._tail)
        parts: dict[str, Any] = {name: self._arrays[name][start : self._stop] for name in (*FIELDS, "times")}
        return replace(self._last, **parts)

    def close(self) -> FloatArray:
        """Return (T, N) all closes."""
        closes: FloatArray = self._arrays["close"][: self._stop]
        return closes

    def _grow(self) -> None:
        room = self._stop + self._stop // 2 + 1
        for name, array in self._arrays.items():
            self._arrays[name] = np.resize(array[: self._stop], (room, *array.shape[1:]))  # what is behind is rewritten

    def _check(self, bar: Bars) -> None:
        if len(bar.times) != 1 or bar.symbols != self._last.symbols:
            raise UsageError(
                f"one bar of {', '.join(self._last.symbols)} must be given at a time; found {len(bar.times)} of "
                f"{', '.join(bar.symbols)}"
            )
        last = int(self._arrays["times"][self._stop - 1])
        if bar.times[0] <= last:
            raise UsageError(
                f"a bar must come after the last one, {format_time(last)}; found {format_time(int(bar.times[0]))}"
            )
