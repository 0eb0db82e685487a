"""`FeatureSet`: named numbers about every bar and symbol, before anything is fitted to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stratkit.errors import UsageError, did_you_mean
from stratkit.panel import FloatArray, IntArray, read_only


@dataclass(frozen=True)
class FeatureSet:
    """F features of T bars and N symbols; `values` (F, T, N) float64, read-only, NaN = no value.

    `lookback_bars` (F,) is how many own bars must come before the first value; of a feature that a strategy hands
    on it is the longest lookback of the indicators that were computed for it. Values at t use nothing after
    close[t]. Raises `UsageError` for shapes that do not fit, a name that comes twice, and infinite values.
    """

    values: FloatArray
    names: tuple[str, ...]
    lookback_bars: IntArray

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, dtype=np.float64)
        lookback = np.ascontiguousarray(self.lookback_bars, dtype=np.int64)
        if values.ndim != 3 or len(values) != len(self.names) or lookback.shape != (len(self.names),):
            raise UsageError(
                f"a feature set must be (features, bars, symbols) with {len(self.names)} names and as many lookbacks; "
                f"found {values.shape} and {lookback.shape}"
            )
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise UsageError(f"features must have different names; found {twice[0]!r} twice: rename one of them")
        for name, panel in zip(self.names, values, strict=True):
            if np.isinf(panel).any():
                raise UsageError(f"features must be finite or NaN; found inf in {name!r}: a division by zero is NaN")
        object.__setattr__(self, "values", read_only(values))
        object.__setattr__(self, "lookback_bars", read_only(lookback))

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        return self.values.shape[1], self.values.shape[2]

    def __getitem__(self, name: str) -> FloatArray:
        """Return the (T, N) panel of one feature; raise `UsageError` for a name that is not there."""
        if name not in self.names:
            raise UsageError(f"there is no feature {name!r}; {did_you_mean(name, self.names)}")
        panel: FloatArray = self.values[self.names.index(name)]
        return panel


def feature_set(panels: Mapping[str, FloatArray], lookback_bars: Mapping[str, int]) -> FeatureSet:
    """Return (T, N) panels by name as one set; infinite values, such as ratios to zero, become NaN.

    >>> feature_set({"a": np.array([[1.0], [np.inf]])}, {"a": 0}).values[0].ravel()
    array([ 1., nan])
    """
    if not panels:
        raise UsageError("a feature set must hold at least one feature; found none: name a formula")
    values = np.stack([np.asarray(panel, dtype=np.float64) for panel in panels.values()])
    values[~np.isfinite(values)] = np.nan
    return FeatureSet(values, tuple(panels), np.array([lookback_bars[name] for name in panels], dtype=np.int64))
