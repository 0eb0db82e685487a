"""Redundancy and principal components on planted matrices, whose correlations and variances are known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA

from stratkit.errors import UsageError
from stratkit.features.components import fit_components
from stratkit.features.redundancy import Dropped, choose, correlations
from stratkit.panel import FloatArray

ROWS = 400
ANGLE = 2 * np.pi * np.arange(ROWS) / ROWS
# over whole turns these have mean 0, are of one length, and stand at right angles
X, E, G = np.sin(ANGLE), np.cos(ANGLE), np.sin(2 * ANGLE)


def mixed(correlation: float, with_: FloatArray = X, noise: FloatArray = E) -> FloatArray:
    found: FloatArray = correlation * with_ + np.sqrt(1 - correlation**2) * noise
    return found


# x, its copy upside down and enlarged, .96 and .94 like x (by different noise), and one like nothing else
PLANTED = np.column_stack([X, 3.0 - 10.0 * X, mixed(0.96), mixed(0.94, noise=G), np.cos(3 * ANGLE)])
NAMES = ("x", "copy", "near", "far", "own")
EVERY = np.ones(5, np.bool_)


def chosen(score: list[float], limit: float | None = 0.95, most: int = 50) -> tuple[list[str], dict[str, Dropped]]:
    kept, dropped = choose(NAMES, EVERY, EVERY, np.array(score), correlations(PLANTED), limit, most)
    return [NAMES[at] for at in kept], {each.name: each for each in dropped}


def test_correlations_are_those_that_were_planted() -> None:
    found = correlations(PLANTED)
    np.testing.assert_allclose(found[0], [1.0, -1.0, 0.96, 0.94, 0.0], atol=1e-12)
    np.testing.assert_allclose(found[2, 3], 0.96 * 0.94, atol=1e-12)
    np.testing.assert_array_equal(found, found.T)


def test_a_correlation_is_that_of_the_rows_that_both_have() -> None:
    holes = PLANTED.copy()
    holes[:100, 0] = holes[250:, 2] = np.nan
    shared = np.corrcoef(PLANTED[100:250, 0], PLANTED[100:250, 2])[0, 1]
    np.testing.assert_allclose(correlations(holes)[0, 2], shared, rtol=1e-10)
    holes[:250, 0] = np.nan
    assert np.isnan(correlations(holes)[0, 2])


def test_a_copy_and_what_is_96_percent_alike_go_and_94_percent_stays() -> None:
    kept, dropped = chosen([5.0, 4.0, 3.0, 2.0, 1.0])
    assert kept == ["x", "far", "own"]
    assert (dropped["copy"].reason, dropped["copy"].partner) == ("redundant", "x")
    assert dropped["copy"].correlation == pytest.approx(-1.0)
    assert dropped["near"].correlation == pytest.approx(0.96)


def test_a_correlation_that_reaches_the_limit_is_too_high() -> None:
    alike = np.array([[1.0, -0.95], [-0.95, 1.0]])
    two, scores = np.ones(2, np.bool_), np.array([2.0, 1.0])
    for limit, stay in ((0.95, [0]), (0.951, [0, 1])):
        assert choose(("a", "b"), two, two, scores, alike, limit, 50)[0].tolist() == stay


def test_what_stands_still_where_another_has_values_is_like_nothing() -> None:
    rows = np.column_stack([X, E])
    rows[200:, 0] = 0.1
    rows[:200, 1] = np.nan
    assert np.isnan(correlations(rows)[0, 1])


def test_the_one_with_the_lower_score_goes() -> None:
    kept, dropped = chosen([1.0, 2.0, 9.0, 3.0, 4.0])
    assert kept == ["near", "far", "own"]
    assert dropped["x"].partner == "near"
    assert dropped["copy"].partner == "near"


def test_without_scores_the_first_of_two_stays() -> None:
    assert chosen([np.nan] * 5)[0] == ["x", "far", "own"]


def test_redundancy_can_be_switched_off_and_sharpened() -> None:
    assert chosen([1.0] * 5, limit=None)[0] == list(NAMES)
    assert chosen([1.0] * 5, limit=0.93)[0] == ["x", "own"]


def test_only_the_best_stay_and_redundant_ones_take_no_place() -> None:
    kept, dropped = chosen([5.0, 4.0, 3.0, 2.0, 1.0], most=2)
    assert kept == ["x", "far"]
    assert dropped["own"].reason == "low_score"
    assert dropped["copy"].reason == "redundant"


def test_two_directions_of_three_features_are_two_components() -> None:
    # the covariance of (u, v, u + v) is [[1,0,1],[0,1,1],[1,1,2]] / 2: eigenvalues 3/2, 1/2 and 0
    found = fit_components(np.column_stack([X, E, X + E]), 0.95)
    np.testing.assert_allclose(found.ratio, [0.75, 0.25], atol=1e-12)
    np.testing.assert_allclose(found.loadings[0], np.array([1.0, 1.0, 2.0]) / np.sqrt(6), atol=1e-12)
    np.testing.assert_allclose(found.loadings[1], np.array([1.0, -1.0, 0.0]) / np.sqrt(2), atol=1e-12)
    row = np.array([[1.0, 0.0, 1.0], [np.nan, 0.0, 1.0]])
    np.testing.assert_allclose(found.apply(row), [[3 / np.sqrt(6), 1 / np.sqrt(2)], [np.nan, np.nan]], atol=1e-12)


def test_as_many_components_as_hold_the_variance() -> None:
    rows = np.column_stack([X, E, X + E])
    assert [len(fit_components(rows, share).ratio) for share in (0.5, 0.74, 0.76, 0.999)] == [1, 1, 2, 2]


def test_features_upside_down_give_components_the_same_way_up() -> None:
    rows = np.column_stack([3 * X, E])
    for sign in (1.0, -1.0):
        loadings = fit_components(sign * rows, 0.99).loadings
        np.testing.assert_allclose(loadings, np.eye(2), atol=1e-12)


def test_components_are_turned_the_right_way_up_whatever_the_library_does(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.column_stack([X, E, X + E])
    plain = fit_components(rows, 0.95)
    fit = PCA.fit

    def upside_down(self: Any, values: FloatArray) -> Any:
        found = fit(self, values)
        found.components_ = -found.components_
        return found

    monkeypatch.setattr(PCA, "fit", upside_down)
    np.testing.assert_array_equal(fit_components(rows, 0.95).loadings, plain.loadings)


def test_components_need_complete_rows() -> None:
    rows = np.column_stack([X, E])
    rows[3:, 0] = np.nan
    rows[0, 1] = np.nan
    with pytest.raises(UsageError, match=r"of 2 features need more rows than that .* found 2: drop the feature"):
        fit_components(rows, 0.95)
