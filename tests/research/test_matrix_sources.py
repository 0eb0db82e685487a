"""The proof of features: what is built in is clean, and a matrix that knows a later bar is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.features import matrix
from stratkit.features.fitting import FeatureFit, fit_at
from stratkit.features.labels import Labels, forward_labels
from stratkit.features.scaling import fit_scale
from stratkit.features.settings import FeatureSettings
from stratkit.panel import FloatArray
from stratkit.research.lookahead import check_lookahead
from stratkit.research.matrix_sources import MatrixRows, StandardFeatures, built_in_features
from stratkit.testing import sample_bars

OFTEN = {"min_bars": 40, "refit_every_bars": 15, "horizon_bars": 3, "max_features": 1}
PLAIN = FeatureSettings.model_validate(
    {"formulas": {"fast": "rate_of_change(1)", "slow": "rate_of_change(8)", "size": "high - low"}, **OFTEN}
)


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample_bars(160)


def test_what_is_built_in_is_clean_and_really_compared(bars: Bars) -> None:
    standard, *matrices = built_in_features()
    report = check_lookahead(standard, sample_bars(300), cuts=4)
    assert report.is_clean
    assert len(report.compared) >= 50
    for rows in matrices:
        report = check_lookahead(rows, bars, cuts=3)
        assert report.is_clean, report.sentence()
        assert len(report.compared) >= 3


def test_a_matrix_without_a_fit_still_has_rows(bars: Bars) -> None:
    outputs = MatrixRows(PLAIN, "plain").outputs(bars.slice(0, 30))
    assert {name: panel.shape for name, panel in outputs.panels.items()} == {
        f"score of {name}": (30,) for name in ("fast", "slow", "size")
    }
    assert all(np.isnan(panel).all() for panel in outputs.panels.values())


def test_a_feature_of_tomorrow_is_found(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    def peeking(values: FloatArray, bars_ago: int) -> FloatArray:
        return np.roll(values, -1, axis=0)

    monkeypatch.setattr("stratkit.features.formula_values.lag", peeking)
    report = check_lookahead(StandardFeatures(FeatureSettings(formulas={"gap": "open - lag(close, 1)"})), bars, cuts=5)
    assert report.leaks[0].difference.field == "gap"


def test_a_label_that_is_not_known_yet_is_found(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(close: FloatArray, horizon_bars: int, target: str) -> Labels:
        labels = forward_labels(close, horizon_bars, target)  # type: ignore[arg-type]  # one of the literals
        own = np.arange(len(close))[:, None]
        return replace(labels, known_bar=np.where(labels.known_bar < len(close), own, len(close)))

    assert check_lookahead(MatrixRows(PLAIN, "plain"), bars, cuts=12).is_clean
    monkeypatch.setattr(matrix, "forward_labels", at_once)
    report = check_lookahead(MatrixRows(PLAIN, "peeking"), bars, cuts=12)
    assert report.leaks[0].difference.field.startswith("score of ")


def test_a_scale_of_the_whole_sample_is_found(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    def knows_all(bar: int, values: FloatArray, *more: Any) -> FeatureFit:
        fit = fit_at(bar, values, *more)
        return replace(fit, scale=fit_scale(values, np.ones(values.shape[2], np.bool_), PLAIN))

    monkeypatch.setattr(matrix, "fit_at", knows_all)
    report = check_lookahead(MatrixRows(PLAIN, "peeking"), bars, cuts=5)
    assert report.leaks[0].difference.field in ("fast", "slow", "size")
