"""Scaling: every scaler against a plain loop over the bars, ties and clips by hand."""

from __future__ import annotations

import bisect
import statistics

import numpy as np
import pytest

from stratkit.features.feature_set import FeatureSet
from stratkit.features.matrix import aggregate, refit_bars
from stratkit.features.scaling import fit_scale
from stratkit.features.settings import FeatureSettings, Scaling
from stratkit.panel import FloatArray
from stratkit.seeds import generator
from stratkit.testing import sample_bars

BARS = 160
ALL = np.ones(1, np.bool_)


def settings(scaling: Scaling, **more: object) -> FeatureSettings:
    plain: dict[str, object] = {"selection": "none", "redundancy": None, "min_bars": 60, "refit_every_bars": 25}
    return FeatureSettings.model_validate({**plain, "scaling": scaling, **more})


def raw_features() -> FeatureSet:
    bars = sample_bars(BARS)
    draw = generator(1, "test scaling")
    values = draw.lognormal(size=(3, *bars.shape)) * np.array([1.0, 100.0, 1e-3])[:, None, None]
    values[:, ~np.isfinite(bars.close)] = np.nan
    values[1, 30:80, 0] = np.nan
    return FeatureSet(values, ("a", "b", "c"), np.zeros(3, np.int64))


def quantile(ordered: list[float], share: float) -> float:
    """Linear interpolation between the two values beside the place share x (n - 1)."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def scaled_by_hand(value: float, earlier: list[float], scaling: Scaling) -> float:
    ordered = sorted(earlier)
    if scaling == "robust":
        return (value - statistics.median(ordered)) / (quantile(ordered, 0.75) - quantile(ordered, 0.25))
    if scaling == "standard":
        return (value - statistics.fmean(ordered)) / statistics.pstdev(ordered)
    if scaling == "min_max":
        return (value - ordered[0]) / (ordered[-1] - ordered[0])
    if scaling == "none":
        return value
    if value <= ordered[0] or value >= ordered[-1]:
        return float(value >= ordered[-1])
    place = bisect.bisect_right(ordered, value) - 1
    part = (value - ordered[place]) / (ordered[place + 1] - ordered[place])
    return (place + part) / (len(ordered) - 1)


@pytest.mark.parametrize("window_bars", [None, 40])
@pytest.mark.parametrize("scaled_over", ["all_symbols", "each_symbol"])
@pytest.mark.parametrize("scaling", ["robust", "standard", "min_max", "rank", "none"])
def test_each_scaler_is_a_plain_loop_over_the_bars(scaling: Scaling, scaled_over: str, window_bars: int | None) -> None:
    features = raw_features()
    given = settings(scaling, scaled_over=scaled_over, window_bars=window_bars, clip=None)
    matrix = aggregate(features, sample_bars(BARS), given)
    expected = np.full((BARS, 6, 3), np.nan)
    for bar in range(BARS):
        refit = max((at for at in refit_bars(BARS, given) if at < bar), default=None)
        if refit is None:
            continue
        first = 0 if window_bars is None else refit + 1 - window_bars
        for symbol in range(6):
            for feature in range(3):
                own = features.values[feature, first : refit + 1, symbol]
                pool = features.values[feature, first : refit + 1].ravel() if scaled_over == "all_symbols" else own
                earlier = [value for value in pool.tolist() if value == value]
                value = float(features.values[feature, bar, symbol])
                if value == value and len(earlier) >= 30:
                    expected[bar, symbol, feature] = scaled_by_hand(value, earlier, scaling)
    np.testing.assert_allclose(matrix.values, expected, rtol=1e-9, atol=1e-12)
    assert np.isfinite(expected).sum() > 500


def test_equal_values_get_the_middle_of_their_ranks() -> None:
    rows = np.array([1.0, 2.0, 2.0, 3.0]).reshape(-1, 1, 1)
    scale = fit_scale(rows, ALL, settings("rank"))
    # 2 stands at ranks 1/3 and 2/3, 2.5 between 2/3 and 1; 9 and -9 lie beyond
    asked = np.array([2.0, 2.5, 9.0, -9.0, np.nan]).reshape(-1, 1, 1)
    np.testing.assert_allclose(scale.apply(asked).ravel(), [0.5, 5 / 6, 1.0, 0.0, np.nan], rtol=1e-12)


def test_ranks_of_complete_rows_are_those_of_scikit_learn() -> None:
    from sklearn.preprocessing import QuantileTransformer

    rows = np.round(generator(2, "ranks").standard_normal((3000, 2)), 2)  # more than there are points, and with ties
    scale = fit_scale(rows[:, None, :], np.ones(2, np.bool_), settings("rank"))
    learned = QuantileTransformer(n_quantiles=1000, subsample=None).fit(rows)
    np.testing.assert_allclose(scale.apply(rows[:, None, :])[:, 0], learned.transform(rows), rtol=0, atol=1e-12)


def test_scaled_values_are_clipped_and_raw_ones_are_not() -> None:
    rows = np.array([-1.0, 1.0]).reshape(-1, 1, 1)  # mean 0, deviation 1

    def largest(scaling: Scaling, clip: float | None) -> float:
        scale = fit_scale(rows, ALL, settings(scaling, clip=clip))
        return float(scale.apply(np.array([[[50.0]]]))[0, 0, 0])

    assert largest("standard", 5.0) == 5.0
    assert largest("standard", None) == 50.0
    assert largest("none", 5.0) == 50.0


def test_a_feature_that_never_moved_keeps_its_units() -> None:
    rows: FloatArray = np.full((4, 1, 1), 7.0)
    for scaling in ("robust", "standard"):
        assert fit_scale(rows, ALL, settings(scaling)).apply(np.array([[[8.0]]]))[0, 0, 0] == 1.0
