"""`StandardFeatures` and `MatrixRows` as causal sources: raw features, and the rows of the matrix, to be proved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.features.compute import feature_formulas
from stratkit.features.matrix import FeatureMatrix, aggregate
from stratkit.features.settings import FeatureSettings
from stratkit.features.source import IndicatorSource
from stratkit.features.standard import STANDARD
from stratkit.research.outputs import Outputs, Panel

if TYPE_CHECKING:
    from stratkit.data.bars import Bars

# of each kind one; what is computed from them, not they, is on trial
_FEW: Final = ("return_1", "return_5", "gap", "zscore_20", "rsi_14", "relative_volume")
_OFTEN: Final = {"min_bars": 60, "refit_every_bars": 20, "max_rows": 150, "horizon_bars": 3, "max_features": 4}


@dataclass(frozen=True)
class StandardFeatures:
    """Every feature of the configured formulas, by default of the standard set, as outputs."""

    settings: FeatureSettings = field(default_factory=FeatureSettings)
    name: str = "standard features"
    proof_bars: int = 600  # last bars that show them all

    @property
    def code(self) -> object:
        """Nothing to scan: formulas are text."""
        return None

    def outputs(self, bars: Bars) -> Outputs:
        """Compute them on `bars`."""
        features = feature_formulas(self.settings, bars.frequency).compute(IndicatorSource(bars))
        panels = dict(zip(features.names, features.values, strict=True))
        return Outputs(panels, bars.symbols, warmup_bars=int(features.lookback_bars.max()))

    def fresh(self, known_until_ns: int | None = None) -> StandardFeatures:
        """Return itself: it keeps nothing between two calls."""
        return self

    def dated_tables(self) -> tuple[str, ...]:
        """Return none."""
        return ()


@dataclass(frozen=True)
class MatrixRows:
    """The columns of the feature matrix by name, NaN where one was not chosen, as outputs, with the scores behind them.

    Scales and components show in the columns. A score shows in them only where it changes what is chosen, and so
    stands beside them, on each bar that of its fit.
    """

    settings: FeatureSettings
    name: str
    proof_bars: int = 240  # last bars that show several fits

    @property
    def code(self) -> object:
        """Nothing to scan: a fit at a refit bar looks like one of all bars."""
        return None

    def outputs(self, bars: Bars) -> Outputs:
        """Compute the matrix of `bars`; before the first fit it has no column."""
        features = feature_formulas(self.settings, bars.frequency).compute(IndicatorSource(bars))
        matrix = aggregate(features, bars, self.settings)
        panels = {name: matrix.column(name) for name in matrix.names} | _scores(matrix)
        possible = [*features.names, *(f"pc{number}" for number in range(1, len(features.names) + 1))]
        return Outputs(
            panels, bars.symbols, not_given=dict.fromkeys(possible, np.nan), warmup_bars=self.settings.min_bars
        )

    def fresh(self, known_until_ns: int | None = None) -> MatrixRows:
        """Return itself: it keeps nothing between two calls."""
        return self

    def dated_tables(self) -> tuple[str, ...]:
        """Return none."""
        return ()


def _scores(matrix: FeatureMatrix) -> dict[str, Panel]:
    """Return (T,) for each feature the score of the fit that holds on a bar."""
    found = np.full((len(matrix.features), len(matrix.values)), np.nan)
    for fit, start, stop in matrix.stretches():
        found[:, start:stop] = fit.score[:, None]
    return {f"score of {name}": scores for name, scores in zip(matrix.features, found, strict=True)}


def built_in_features() -> list[StandardFeatures | MatrixRows]:
    """Return the standard set, and two matrices of a few of its features that are refitted every 20 bars."""
    formulas = {name: STANDARD[name] for name in _FEW}
    plain = {"formulas": formulas, **_OFTEN}
    other = {"scaling": "rank", "selection": "mutual_information", "target": "return", "pca_variance": 0.9}
    return [
        StandardFeatures(),
        MatrixRows(FeatureSettings.model_validate(plain), "feature matrix"),
        MatrixRows(FeatureSettings.model_validate({**plain, **other}), "feature matrix, ranks and components", 160),
    ]
