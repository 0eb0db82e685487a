"""`FeatureRun`: a finished feature matrix with all that is said of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from stratkit.config import FileConfig
from stratkit.data.bars import Bars
from stratkit.features.feature_set import FeatureSet
from stratkit.features.matrix import FeatureMatrix
from stratkit.runs.folder import RunRecord


@dataclass(frozen=True)
class FeatureRun:
    """A matrix with what it was made of; `formulas` by feature, `record` once its files are written."""

    config: FileConfig
    bars: Bars
    features: FeatureSet
    matrix: FeatureMatrix
    formulas: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    record: RunRecord | None = None
