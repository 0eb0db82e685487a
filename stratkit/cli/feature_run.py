"""`FeatureRun`: a finished feature matrix with its configuration and its files."""

from __future__ import annotations

from dataclasses import dataclass

from stratkit.config import FileConfig
from stratkit.research.feature_matrix import MadeMatrix
from stratkit.runs.folder import RunRecord


@dataclass(frozen=True)
class FeatureRun:
    """A matrix and the configuration it was made under; `record` once its files are written."""

    config: FileConfig
    made: MadeMatrix
    record: RunRecord | None = None
