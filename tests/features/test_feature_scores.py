"""Scores of features against what followed: by hand, by what is known of the measure, and by what was planted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stratkit.features.labels import forward_labels
from stratkit.features.scores import feature_scores
from stratkit.features.settings import Selection
from stratkit.panel import FloatArray
from stratkit.seeds import generator

METHODS: tuple[Selection, ...] = ("f_test", "mutual_information", "importance")


def scores(rows: FloatArray, labels: FloatArray, method: Selection, classes: bool = True, seed: int = 0) -> FloatArray:
    return feature_scores(rows, labels, method, classes=classes, seed=seed, bar=7)


def test_the_f_statistic_of_two_classes_by_hand() -> None:
    # 1 2 3 against 3 4 5, ten of each: between 30 + 30 over 1, within 20 + 20 over 58
    values = np.repeat([1.0, 2.0, 3.0, 3.0, 4.0, 5.0], 10).reshape(-1, 1)
    labels = np.repeat([0.0, 1.0], 30)
    assert scores(values, labels, "f_test")[0] == pytest.approx(60 / (40 / 58))


def test_the_f_statistic_of_a_return_by_hand() -> None:
    # corr of (0, 0, 1, 1) with (0, 1, 1, 2) is 1 / sqrt(2), r2 = 1/2: F = r2 / (1 - r2) x (n - 2)
    values = np.repeat([0.0, 0.0, 1.0, 1.0], 10).reshape(-1, 1)
    labels = np.repeat([0.0, 1.0, 1.0, 2.0], 10)
    assert scores(values, labels, "f_test", classes=False)[0] == pytest.approx(38.0)


@pytest.mark.parametrize("classes", [True, False])
def test_a_feature_that_never_errs_has_a_finite_score(classes: bool) -> None:
    labels = np.tile([0.0, 1.0], 30)
    assert scores(labels.reshape(-1, 1), labels, "f_test", classes)[0] == 1e12


def test_a_feature_that_tells_the_class_holds_one_bit() -> None:
    labels = np.tile([0.0, 1.0], 400)
    values = (10 * labels + generator(0, "bit").standard_normal(800)).reshape(-1, 1)
    assert scores(values, labels, "mutual_information")[0] == pytest.approx(math.log(2), rel=0.02)


@pytest.mark.parametrize("classes", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_what_was_planted_scores_highest_and_noise_low(method: Selection, classes: bool) -> None:
    draw = generator(3, "planted")
    rows = draw.standard_normal((800, 6))
    ahead = rows[:, 2] + 0.5 * draw.standard_normal(800)
    labels = (ahead > 0).astype(np.float64) if classes else ahead
    found = scores(rows, labels, method, classes)
    noise = np.delete(found, 2)
    assert found.argmax() == 2
    assert noise.max() < 0.25 * found[2]


def test_a_bend_is_seen_by_mutual_information_and_importance_only() -> None:
    draw = generator(4, "bend")
    rows = draw.standard_normal((1500, 4))
    labels = rows[:, 1] ** 2
    for method in METHODS:
        found = scores(rows, labels, method, classes=False)
        others = np.delete(found, 1).max()
        assert (found[1] > 5 * others) == (method != "f_test"), method


@pytest.mark.parametrize("method", METHODS)
def test_what_cannot_be_scored_has_no_score(method: Selection) -> None:
    rows = generator(5, "few").standard_normal((100, 3))
    rows[:, 1] = 7.0
    rows[29:, 2] = np.nan
    labels = np.tile([0.0, 1.0], 50)
    found = scores(rows, labels, method)
    assert np.isnan(found).tolist() == [False, True, True]
    assert np.isnan(scores(rows, np.ones(100), method)).all()
    assert np.isnan(scores(rows, labels, "none")).all()


@pytest.mark.parametrize("method", ["mutual_information", "importance"])
def test_chance_comes_from_the_seed_alone(method: Selection) -> None:
    rows = np.round(generator(6, "chance").standard_normal((300, 5)), 1)  # ties, which are broken by chance
    labels = (rows.sum(axis=1) > 0).astype(np.float64)
    first = scores(rows, labels, method)
    np.testing.assert_array_equal(first, scores(rows, labels, method))
    assert (first != scores(rows, labels, method, seed=1)).any()


def test_a_label_is_known_where_its_own_horizon_ends() -> None:
    close = np.array([[10.0, 1.0], [np.nan, 2.0], [12.0, 1.0], [6.0, 3.0], [9.0, np.nan]])
    labels = forward_labels(close, 2, "return")
    np.testing.assert_allclose(labels.values[:, 0], [-0.4, np.nan, -0.25, np.nan, np.nan])
    np.testing.assert_allclose(labels.values[:, 1], [0.0, 0.5, np.nan, np.nan, np.nan])
    assert labels.known_bar.tolist() == [[3, 2], [5, 3], [4, 5], [5, 5], [5, 5]]


def test_targets_are_the_sign_the_return_or_its_size() -> None:
    close = np.array([[4.0], [3.0], [3.0], [6.0]])
    for target, expected in (
        ("return", [-0.25, 0.0, 1.0, np.nan]),
        ("sign", [0.0, 0.0, 1.0, np.nan]),
        ("size", [0.25, 0.0, 1.0, np.nan]),
    ):
        np.testing.assert_array_equal(forward_labels(close, 1, target).values.ravel(), expected)  # type: ignore[arg-type]  # the literals


def test_a_horizon_longer_than_the_history_labels_nothing() -> None:
    labels = forward_labels(np.ones((3, 1)), 3, "sign")
    assert np.isnan(labels.values).all()
    assert (labels.known_bar == 3).all()
