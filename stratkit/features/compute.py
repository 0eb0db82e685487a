"""`FeatureFormulas`: the configured formulas, parsed once, as a `FeatureSet` of any bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.features.feature_set import FeatureSet, feature_set
from stratkit.features.formula import Formula, parse_formula
from stratkit.features.source import IndicatorSource
from stratkit.features.standard import standard_formulas
from stratkit.panel import FloatArray

if TYPE_CHECKING:
    from stratkit.features.settings import FeatureSettings

_NOTHING: Final[Mapping[str, tuple[FloatArray, int]]] = {}


@dataclass(frozen=True)
class FeatureFormulas:
    """Formulas by the name of their feature."""

    formulas: Mapping[str, Formula]

    def compute(
        self, source: IndicatorSource, handed_on: Mapping[str, tuple[FloatArray, int]] = _NOTHING
    ) -> FeatureSet:
        """Return every formula on the bars of `source`, and behind them what strategies have `handed_on`.

        `handed_on` holds by name a (T, N) panel and its lookback in bars. Raises `UsageError` for a name that comes
        twice, and naming the feature that cannot be computed on these bars.
        """
        both = [name for name in handed_on if name in self.formulas]
        if both:
            raise UsageError(f"features must have different names; found {both[0]!r} twice: rename the formula")
        panels, lookback = {}, {}
        for name, formula in self.formulas.items():
            try:
                panels[name], lookback[name] = formula.compute(source), formula.lookback_bars(source.bars)
            except UsageError as error:
                raise UsageError(f"feature {name!r}: {error}") from None
        panels |= {name: panel for name, (panel, _) in handed_on.items()}
        lookback |= {name: bars for name, (_, bars) in handed_on.items()}
        return feature_set(panels, lookback)

    def newest(self, source: IndicatorSource) -> FloatArray:
        """Return (N, F) the last row of every formula alone, as `compute` would: in a third less time."""
        row = np.array([formula.compute(source)[-1] for formula in self.formulas.values()]).T
        return np.where(np.isfinite(row), row, np.nan)


def feature_formulas(settings: FeatureSettings, frequency: str) -> FeatureFormulas:
    """Return the formulas of `settings`, or the standard ones for bars of `frequency`."""
    given = standard_formulas(frequency) if settings.formulas is None else settings.formulas
    return FeatureFormulas({name: parse_formula(text) for name, text in given.items()})
