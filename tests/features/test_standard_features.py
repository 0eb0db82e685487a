"""The standard set: enough features, each causal, without units, and none that only accumulates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from stratkit.data.bars import FIELDS, Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import UsageError
from stratkit.features.compute import FeatureFormulas, feature_formulas
from stratkit.features.feature_set import FeatureSet
from stratkit.features.settings import FeatureSettings
from stratkit.features.source import IndicatorSource
from stratkit.features.standard import STANDARD, standard_formulas
from stratkit.testing import sample_bars


def computed(bars: Bars, **formulas: str) -> FeatureSet:
    settings = FeatureSettings(formulas=formulas or None)
    return feature_formulas(settings, bars.frequency).compute(IndicatorSource(bars))


@pytest.fixture(scope="module")
def days() -> Bars:
    return sample_bars(700)


@pytest.fixture(scope="module")
def hours() -> Bars:
    return synthetic_universe(2, 1500, "1h").bars


def test_there_are_fifty_and_more_of_different_kinds(days: Bars) -> None:
    features = computed(days)
    assert len(features.names) >= 50
    assert features.names == tuple(STANDARD)
    assert set(features.lookback_bars.tolist()) >= {1, 2, 5, 14, 20, 59, 199, 249}


def test_a_feature_begins_where_its_lookback_ends(days: Bars) -> None:
    features = computed(days)
    full = days.symbols.index("FULL")  # it has every bar
    for name, panel, lookback in zip(features.names, features.values, features.lookback_bars, strict=True):
        assert int(np.isfinite(panel[:, full]).argmax()) == lookback, name


@pytest.mark.parametrize("times", [0.01, 1000.0])
def test_no_feature_has_a_unit_of_price_or_volume(days: Bars, times: float) -> None:
    other = replace(days, **{name: getattr(days, name) * times for name in FIELDS})
    np.testing.assert_allclose(computed(days).values, computed(other).values, rtol=1e-6, atol=1e-6)


def test_every_feature_forgets_where_the_bars_began() -> None:
    bars = sample_bars(2_000).select(("FULL", "GAPS", "TREND"))
    late = bars.slice(1_000, 2_000)

    def left_over(**formulas: str) -> dict[str, float]:
        all_, part = computed(bars, **formulas), computed(late, **formulas)
        gap = np.abs(all_.values[:, 1_900:] - part.values[:, 900:])
        spread = np.nanstd(all_.values, axis=(1, 2))
        return dict(zip(all_.names, (np.nanmax(gap, axis=(1, 2)) / spread).tolist(), strict=True))

    assert max(left_over().values()) < 1e-9
    assert left_over(flow="obv()")["flow"] > 0.1  # what this test is there to find


def test_where_there_is_no_bar_there_is_no_feature(days: Bars) -> None:
    assert np.isnan(computed(days).values[:, ~np.isfinite(days.close)]).all()


def test_intraday_bars_are_also_looked_at_from_further_off(hours: Bars) -> None:
    features = computed(hours)
    assert {"return_5_4h", "zscore_20_1d", "aroon_1d"} <= set(features.names)
    assert len(features.names) == len(STANDARD) + 15
    # the day before is complete at the last hour of it, and stands until the next one is
    day = features["return_1_1d"][:, 0]
    assert np.unique(day[24 * 40 - 1 : 24 * 41 - 1]).size == 1
    closes = hours.close[23::24, 0]
    np.testing.assert_allclose(day[24 * 40 - 1], closes[39] / closes[38] - 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("frequency", "coarser"),
    [("1min", ["5min", "1h"]), ("5min", ["1h", "4h"]), ("1h", ["4h", "1d"]), ("4h", ["1d"]), ("7min", []), ("1d", [])],
)
def test_coarser_timeframes_are_whole_multiples(frequency: str, coarser: list[str]) -> None:
    names = [name for name in standard_formulas(frequency) if name.startswith("zscore_20_")]
    assert names == [f"zscore_20_{timeframe}" for timeframe in coarser]


def test_formulas_of_ones_own_take_the_place_of_the_set(days: Bars) -> None:
    features = computed(days, mine="close / sma(3) - 1", wide="high - low")
    assert features.names == ("mine", "wide")
    assert features.lookback_bars.tolist() == [2, 0]
    closes = days.close[:3, 0]
    np.testing.assert_allclose(features["mine"][2, 0], closes[2] / closes.mean() - 1, rtol=1e-12)


def test_a_formula_that_does_not_hold_names_its_feature(days: Bars) -> None:
    with pytest.raises(ValidationError, match=r"formulas.mine\n.*did you mean 'sma'"):
        FeatureSettings(formulas={"mine": "close / smaa(3)"})
    with pytest.raises(UsageError, match="feature 'mine': a timeframe must be coarser than the bars; found 1h"):
        computed(days, mine='sma(3, timeframe="1h")')


def test_what_strategies_hand_on_stands_behind_the_formulas(days: Bars) -> None:
    formulas = feature_formulas(FeatureSettings(formulas={"mine": "close"}), "1d")
    source = IndicatorSource(days)
    features = formulas.compute(source, {"dip.depth": (days.high, 7)})
    assert features.names == ("mine", "dip.depth")
    assert features.lookback_bars.tolist() == [0, 7]
    np.testing.assert_array_equal(features["dip.depth"], days.high)
    with pytest.raises(UsageError, match="different names; found 'mine' twice"):
        formulas.compute(source, {"mine": (days.high, 7)})
    assert FeatureFormulas({}).compute(source, {"dip.depth": (days.high, 7)}).names == ("dip.depth",)
