"""The feature matrix: what a fit may know, when it holds, and what comes out of holes, constants and late symbols."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import UsageError
from stratkit.features.feature_set import FeatureSet, feature_set
from stratkit.features.fitting import FeatureFit, fit_at
from stratkit.features.labels import forward_labels
from stratkit.features.matrix import FeatureMatrix, aggregate, refit_bars
from stratkit.features.settings import FeatureSettings
from stratkit.panel import FloatArray
from stratkit.seeds import generator
from stratkit.testing import sample_bars

BARS = 400
HORIZON = 5
FEATURES = 8
SHORT = {"min_bars": 100, "refit_every_bars": 50, "horizon_bars": HORIZON, "max_features": 3}


def settings(**more: object) -> FeatureSettings:
    return FeatureSettings.model_validate({**SHORT, **more})


def random_features(bars: Bars, seed: int = 0) -> FeatureSet:
    """Noise, of which "told" (number 2) is the return that follows, and "copy" (5) is number 0 once more."""
    values = generator(seed, "test aggregate").standard_normal((FEATURES, *bars.shape))
    ahead = forward_labels(bars.close, HORIZON, "return").values
    values[2] = np.where(np.isfinite(ahead), 20 * ahead, 0.0) + 0.5 * values[2]
    values[5] = values[0]
    values[7] = 3.0
    values[:, ~np.isfinite(bars.close)] = np.nan
    names = ("f0", "f1", "told", "f3", "f4", "copy", "f6", "still")
    return FeatureSet(values, names, np.zeros(FEATURES, np.int64))


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample_bars(BARS)


@pytest.fixture(scope="module")
def features(bars: Bars) -> FeatureSet:
    return random_features(bars)


def same_fit(left: FeatureFit, right: FeatureFit) -> None:
    """All that two fits hold is the same, to the last bit."""
    assert (left.bar, left.rows, left.labelled, left.dropped, left.names) == (
        right.bar, right.rows, right.labelled, right.dropped, right.names,
    )  # fmt: skip
    pairs: list[tuple[object, object]] = [(getattr(left, name), getattr(right, name)) for name in ("score", "kept")]
    pairs += [(left.correlation, right.correlation), (left.scale.centre, right.scale.centre)]
    pairs += [(left.scale.width, right.scale.width), (left.scale.quantiles, right.scale.quantiles)]
    if left.components is not None and right.components is not None:
        pairs += [(left.components.loadings, right.components.loadings), (left.components.mean, right.components.mean)]
    assert (left.components is None) == (right.components is None)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


# the schedule


def test_fits_come_at_the_bars_they_should(bars: Bars, features: FeatureSet) -> None:
    matrix = aggregate(features, bars, settings())
    assert [fit.bar for fit in matrix.fits] == [99, 149, 199, 249, 299, 349, 399]
    assert list(refit_bars(99, settings())) == []
    assert [(start, stop) for _, start, stop in matrix.stretches()][:2] == [(100, 150), (150, 200)]
    assert matrix.names_at(99) == ()
    assert matrix.names_at(100) == matrix.names_at(149) == matrix.fits[0].names
    assert matrix.names_at(150) == matrix.fits[1].names


def test_a_row_stands_on_the_fit_before_it(bars: Bars, features: FeatureSet) -> None:
    matrix = aggregate(features, bars, settings())
    assert np.isnan(matrix.values[:100]).all()
    for fit, start, stop in matrix.stretches():
        for bar in {start, stop - 1} if start < stop else ():
            raw = features.values[:, bar].T[None]
            np.testing.assert_array_equal(matrix.values[bar : bar + 1, :, : len(fit.names)], fit.apply(raw))


def test_without_enough_bars_there_is_no_column(bars: Bars, features: FeatureSet) -> None:
    matrix = aggregate(features, bars, settings(min_bars=BARS + 1))
    assert matrix.fits == ()
    assert matrix.values.shape == (BARS, 6, 0)
    assert matrix.names == ()


def test_progress_counts_the_fits(bars: Bars, features: FeatureSet) -> None:
    told: list[tuple[int, int]] = []
    aggregate(features, bars, settings(), progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 7) for done in range(1, 8)]


# what a fit may know

WAYS = (
    {"selection": "f_test"},
    {"selection": "mutual_information", "target": "return"},
    {"selection": "importance", "target": "size", "refit_every_bars": 150},
    {"scaling": "rank", "pca_variance": 0.9},
    {"scaling": "standard", "scaled_over": "each_symbol", "window_bars": 80},
    {"max_rows": 100},
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way.values())))
def test_nothing_behind_a_refit_changes_its_fit(bars: Bars, features: FeatureSet, way: dict[str, object]) -> None:
    refit = 249
    draw = generator(9, "other future")
    panels = {}
    for name in FIELDS:
        panels[name] = getattr(bars, name).copy()
        panels[name][refit + 1 :] *= draw.lognormal(size=(BARS - refit - 1, 1))
    values = features.values.copy()
    values[:, refit + 1 :] = draw.standard_cauchy(size=values[:, refit + 1 :].shape)
    whole = aggregate(features, bars, settings(**way), seed=3)
    other = aggregate(replace(features, values=values), replace(bars, **panels), settings(**way), seed=3)
    for ours, theirs in zip(whole.fits, other.fits, strict=True):
        if ours.bar <= refit:
            same_fit(ours, theirs)
    np.testing.assert_array_equal(whole.values[: refit + 1, :, :2], other.values[: refit + 1, :, :2])
    assert (whole.fits[-1].score[:5] != other.fits[-1].score[:5]).any() or way.get("selection") == "none"


@pytest.mark.parametrize("selection", ["f_test", "mutual_information", "importance"])
def test_labels_that_are_not_known_yet_are_not_read(bars: Bars, features: FeatureSet, selection: str) -> None:
    refit, given = 249, settings(selection=selection, target="return")
    raw = np.ascontiguousarray(np.moveaxis(features.values, 0, -1))
    labels = forward_labels(bars.close, HORIZON, "return")

    def fitted(changed: FloatArray) -> FeatureFit:
        return fit_at(refit, raw, replace(labels, values=changed), features.names, given, 0)

    before = fitted(labels.values)
    same_fit(before, fitted(np.where(labels.known_bar > refit, 1e6, labels.values)))
    last = fitted(np.where(labels.known_bar == refit, 10.0, labels.values))  # those that ended at this very close
    assert (last.score[:5] != before.score[:5]).any()
    # of FULL, which has every bar, the last five bars have no label yet
    alone = aggregate(feature_set({"a": features["f0"][:, :1]}, {"a": 0}), bars.select(("FULL",)), given)
    assert [(fit.rows, fit.labelled) for fit in alone.fits[:2]] == [(100, 95), (150, 145)]


def test_what_was_planted_is_chosen_and_noise_is_not(bars: Bars, features: FeatureSet) -> None:
    for selection in ("f_test", "mutual_information", "importance"):
        for target in ("sign", "return"):
            given = settings(selection=selection, target=target, max_features=1, refit_every_bars=150)
            matrix = aggregate(features, bars, given)
            assert [fit.names for fit in matrix.fits] == [("told",)] * 3, (selection, target)
            assert matrix.importance()[2] == 1.0


def test_what_is_left_out_is_said_with_the_reason(bars: Bars, features: FeatureSet) -> None:
    for fit in aggregate(features, bars, settings()).fits:
        reasons = {each.name: each for each in fit.dropped}
        assert reasons["still"].reason == "constant"
        pair = {"f0", "copy"}
        gone = [name for name in pair if name in reasons and reasons[name].reason == "redundant"]
        assert len(gone) == 1
        assert {gone[0], reasons[gone[0]].partner} == pair
        assert reasons[gone[0]].correlation == pytest.approx(1.0)
        assert len(fit.names) == 3
        assert len(fit.names) + len(fit.dropped) == FEATURES


# holes, constants, late symbols


def test_a_hole_is_a_hole_and_takes_no_other_feature_along(bars: Bars, features: FeatureSet) -> None:
    values = features.values.copy()
    values[1, 300:310, 0] = np.nan
    plain = settings(selection="none", redundancy=None, max_features=50)
    matrix = aggregate(replace(features, values=values), bars, plain)
    whole = aggregate(features, bars, plain)
    names = matrix.names_at(305)
    changed = np.flatnonzero((np.isnan(matrix.values) != np.isnan(whole.values)).any(axis=(0, 1)))
    assert [names[at] for at in changed] == ["f1"]
    assert np.isnan(matrix.column("f1")[300:310, 0]).all()
    assert np.isnan(matrix.values[:, ~np.isfinite(bars.close[0])][0]).all()


def test_a_component_needs_all_its_features(bars: Bars, features: FeatureSet) -> None:
    values = features.values.copy()
    values[1, 300:310, 0] = np.nan
    matrix = aggregate(
        replace(features, values=values), bars, settings(selection="none", max_features=50, pca_variance=0.9)
    )
    assert np.isnan(matrix.values[300:310, 0]).all()
    assert matrix.names[:2] == ("pc1", "pc2")
    assert np.isfinite(matrix.values[311, 0, 0])


def test_a_feature_comes_in_when_it_has_values(bars: Bars, features: FeatureSet) -> None:
    values = features.values.copy()
    values[2, :220] = np.nan
    matrix = aggregate(replace(features, values=values), bars, settings())
    reasons = [{each.name: each.reason for each in fit.dropped}.get("told") for fit in matrix.fits]
    assert reasons == ["unknown", "unknown", "unknown", None, None, None, None]
    column = matrix.column("told")
    assert np.isnan(column[:250]).all()
    assert np.isfinite(column[250:, 0]).all()


def test_a_symbol_that_is_not_listed_yet_changes_nothing(bars: Bars, features: FeatureSet) -> None:
    listed = [0, 1, 2, 4, 5]  # LATE begins at a third
    early = BARS // 3
    names = tuple(bars.symbols[column] for column in listed)
    less = replace(features, values=features.values[:, :early, listed])
    for way in WAYS[:4]:
        given = settings(**way, max_rows=120)
        whole = aggregate(replace(features, values=features.values[:, :early]), bars.slice(0, early), given)
        part = aggregate(less, bars.slice(0, early).select(names), given)
        np.testing.assert_array_equal(whole.values[:, listed], part.values)


def test_the_same_question_has_the_same_bytes(bars: Bars, features: FeatureSet) -> None:
    def asked(seed: int, selection: str) -> FeatureMatrix:
        given = settings(selection=selection, max_rows=150, pca_variance=0.9, refit_every_bars=200)
        return aggregate(features, bars, given, seed)

    for selection in ("f_test", "mutual_information", "importance"):
        assert asked(1, selection).values.tobytes() == asked(1, selection).values.tobytes()
    assert asked(1, "f_test").values.tobytes() != asked(2, "f_test").values.tobytes()  # other rows are drawn


def test_the_matrix_cannot_be_written_to(bars: Bars, features: FeatureSet) -> None:
    with pytest.raises(ValueError, match="read-only"):
        aggregate(features, bars, settings()).values[0, 0, 0] = 1.0


# what does not fit


def test_features_of_other_bars_are_refused(bars: Bars, features: FeatureSet) -> None:
    with pytest.raises(UsageError, match=r"features must be of the bars given, \(399, 6\); found \(400, 6\)"):
        aggregate(features, bars.slice(0, 399), settings())


def test_a_column_that_is_not_there_is_suggested(bars: Bars, features: FeatureSet) -> None:
    with pytest.raises(UsageError, match="no column 'tould'; did you mean 'told'"):
        aggregate(features, bars, settings()).column("tould")


def test_a_feature_set_is_checked() -> None:
    panel = np.zeros((2, 1))
    with pytest.raises(UsageError, match="different names; found 'a' twice"):
        FeatureSet(np.zeros((2, 2, 1)), ("a", "a"), np.zeros(2, np.int64))
    with pytest.raises(UsageError, match=r"with 1 names .* found \(2, 1\)"):
        FeatureSet(panel, ("a",), np.zeros(1, np.int64))
    with pytest.raises(UsageError, match="found inf in 'a'"):
        FeatureSet(panel[None] + np.inf, ("a",), np.zeros(1, np.int64))
    with pytest.raises(UsageError, match="at least one feature"):
        feature_set({}, {})
    assert np.isnan(feature_set({"a": panel + np.inf}, {"a": 3})["a"]).all()
    with pytest.raises(UsageError, match="no feature 'b'; known: a"):
        feature_set({"a": panel}, {"a": 3})["b"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scaling": "log"}, "robust"),
        ({"selection": "chi2"}, "f_test"),
        ({"redundancy": 0.0}, "greater than 0"),
        ({"pca_variance": 1.0}, "less than 1"),
        ({"min_bars": 10}, "greater than or equal to 30"),
        ({"horizon": 5}, "Extra inputs"),
        ({"formulas": {}}, "at least 1 item"),
    ],
)
def test_a_setting_that_does_not_hold_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        FeatureSettings.model_validate(wrong)
