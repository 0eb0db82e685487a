"""The seven regimes by rule: each worked out by hand on straight lines and flat markets, and their order.

On a line that rises by 1 a bar a simple average of n bars lags by (n - 1) / 2, and so does an exponential one that
starts as a simple one: SMA 20 and 50 lie 9.5 and 24.5 below the close, EMA 12 lies 12.5 - 5.5 = 7 above EMA 26. All
movement is upward, so ADX is 100. On a flat market all distances are 0 and so is ADX; ATR is the range of a bar.
"""

from __future__ import annotations

import numpy as np
import pytest
from made_up_bars import bars_around

from stratkit.data.bars import Bars
from stratkit.panel import FloatArray
from stratkit.regimes.figures import TrendFigures, trend_figures
from stratkit.regimes.rule_labels import RULE_NAMES, range_confidence, rule_labels, trend_confidence
from stratkit.regimes.settings import RuleSettings

FIXED, QUANTILE = RuleSettings(), RuleSettings(thresholds="quantile")
LINE = np.arange(100.0)
FLAT = np.full(100, 100.0)
LONG = np.full(400, 100.0)


def last_of(bars: Bars, settings: RuleSettings = FIXED) -> tuple[str, float]:
    labels = rule_labels(bars, settings)
    return RULE_NAMES[labels.label[-1, 0]], round(float(labels.confidence[-1, 0]), 9)


@pytest.mark.parametrize(
    ("first", "step", "strength"),
    [
        (300.0, 1, (9.5 / 389.5 + 24.5 / 374.5 + 70 / 399) * 5 / 3),  # the last close is 399
        (500.0, -1, -(9.5 / 410.5 + 24.5 / 425.5 + 70 / 401) * 5 / 3),  # 401
        (30.0, 1, 1.0),  # 129: 9.5/119.5 + 24.5/104.5 + 70/129 = .857, x 5/3 is clipped
    ],
)
def test_trend_strength_and_adx_of_a_line_are_those_by_hand(first: float, step: int, strength: float) -> None:
    found = trend_figures(bars_around(first + step * LINE))
    assert found.strength[-1, 0] == pytest.approx(strength, rel=1e-12)
    assert found.adx[-1, 0] == pytest.approx(100.0)
    assert not found.are_known[48, 0]
    assert found.are_known[49:].all()


def test_a_rising_line_trends_up_as_sure_as_its_strength_says() -> None:
    strength = (9.5 / 389.5 + 24.5 / 374.5 + 70 / 399) * 5 / 3
    assert last_of(bars_around(300.0 + LINE)) == ("trend_up", round(0.6 + 0.2 + 0.15 * strength, 9))


def test_a_falling_line_trends_down() -> None:
    strength = -(9.5 / 410.5 + 24.5 / 425.5 + 70 / 401) * 5 / 3
    assert last_of(bars_around(500.0 - LINE)) == ("trend_down", round(0.6 + 0.2 - 0.15 * strength, 9))


def test_a_trend_without_strength_is_unknown_and_half_sure() -> None:
    # the last close is 1,099: strength (9.5/1089.5 + 24.5/1074.5 + 70/1099) x 5/3 = .159 is below .3, ADX above 25
    assert last_of(bars_around(1000.0 + LINE)) == ("unknown", 0.5)


@pytest.mark.parametrize(
    ("half_range", "name"),
    [(0.5, "range_low_vol"), (1.99, "range_low_vol"), (2.0, "range_high_vol"), (2.99, "range_high_vol")],
)
def test_a_flat_market_is_a_range_quiet_below_four_percent(half_range: float, name: str) -> None:
    assert last_of(bars_around(FLAT, half_range)) == (name, 0.9)


def test_six_percent_a_bar_is_high_volatility_whatever_else_holds() -> None:
    assert last_of(bars_around(FLAT, 3.0)) == ("high_volatility", 0.9)
    assert last_of(bars_around(30.0 + LINE, 4.0)) == ("high_volatility", 0.9)  # it trends too: 8 / 129 = 6.2 %


def thin(volume: float, half_range: float) -> tuple[str, float]:
    """Return the label of a flat market's last bar: its volume was 1,000, its range 1 before."""
    volumes, ranges = np.full(400, 1000.0), np.full(400, 0.5)
    volumes[-1], ranges[-2:] = volume, half_range
    return last_of(bars_around(LONG, ranges, volumes))


def test_thin_trading_with_a_wide_spread_is_illiquid() -> None:
    assert thin(299.0, 2.0) == ("illiquid", 0.95)


def test_thin_trading_or_a_wide_spread_alone_is_not_illiquid() -> None:
    assert thin(300.0, 2.0)[0] == "range_low_vol"  # 0.3 x the median is not below it
    assert thin(299.0, 0.5)[0] == "range_low_vol"


def test_illiquid_goes_before_high_volatility() -> None:
    assert thin(1000.0, 60.0)[0] == "high_volatility"
    assert thin(299.0, 60.0) == ("illiquid", 0.95)


def test_without_volume_the_illiquid_rule_is_skipped_and_that_is_said() -> None:
    for missing in (np.nan, 0.0):
        volumes, ranges = np.full(400, missing), np.full(400, 0.5)
        ranges[-2:] = 2.0
        bars = bars_around(LONG, ranges, volumes)
        assert last_of(bars)[0] == "range_low_vol"
        assert rule_labels(bars, FIXED).notes == ("the illiquid rule is skipped where volume is missing: A",)
    assert rule_labels(bars_around(LONG), FIXED).notes == ()


def test_nothing_is_known_before_fifty_bars_nor_where_there_is_no_bar() -> None:
    closes = 300.0 + LINE
    closes[70] = np.nan
    labels = rule_labels(bars_around(closes), FIXED)
    assert (labels.label[:49] == -1).all()
    assert labels.label[70, 0] == -1
    assert (labels.label[49:70] == 0).all()
    assert (labels.label[71:] == 0).all()
    assert (np.isnan(labels.confidence) == (labels.label < 0)).all()


@pytest.mark.parametrize(
    ("adx", "strength", "trend", "range_"),
    [
        (25.0, 0.3, 0.6 + 0.05 + 0.045, 0.65 + 0.175),
        (40.0, -0.6, 0.6 + 0.08 + 0.09, 0.65 + 0.1),
        (100.0, 1.0, 0.95, 0.65),
        (0.0, 0.0, 0.6, 0.9),
    ],
)
def test_confidences_are_those_by_hand(adx: float, strength: float, trend: float, range_: float) -> None:
    def panel(value: float) -> FloatArray:
        return np.array([[value]])

    figures = TrendFigures(panel(adx), panel(strength), panel(0.01))
    assert trend_confidence(figures)[0, 0] == pytest.approx(trend)
    assert range_confidence(figures)[0, 0] == pytest.approx(range_)


def test_quantile_thresholds_compare_with_what_the_symbol_showed_before() -> None:
    # half a point a bar within a range of one keeps ATR at 1: a trend of 2 % strength that fixed figures do not see
    rises = np.concatenate((LONG, 100.0 + 0.5 * np.arange(1, 7)))
    assert last_of(bars_around(rises), FIXED)[0] != "trend_up"
    assert last_of(bars_around(rises), QUANTILE)[0] == "trend_up"
    ranges = np.where(np.arange(len(rises)) < len(LONG), 0.5, 0.3)  # narrower, or ATR / price would rise as it falls
    assert last_of(bars_around(200.0 - rises, ranges), QUANTILE)[0] == "trend_down"


def test_quantile_thresholds_take_a_small_range_for_a_wild_one_in_a_quiet_market() -> None:
    ranges = np.full(400, 0.5)
    assert last_of(bars_around(LONG, ranges), QUANTILE)[0] == "range_low_vol"  # all alike: in the middle of the past
    ranges[-1] = 0.6
    assert last_of(bars_around(LONG, ranges), FIXED)[0] == "range_low_vol"
    assert last_of(bars_around(LONG, ranges), QUANTILE)[0] == "high_volatility"  # above all of the past
    ranges[-40:-10] = 0.6  # ATR returns to where it was, but stays above most of the past
    ranges[-10:] = 0.55
    assert last_of(bars_around(LONG, ranges), QUANTILE)[0] == "range_high_vol"


def test_quantile_labels_begin_when_the_past_is_long_enough() -> None:
    labels = rule_labels(bars_around(LONG), QUANTILE)
    assert (labels.label[: 49 + 252] == -1).all()
    assert (labels.label[49 + 252 :] >= 0).all()


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"trend_adx": 101.0}, "trend_up", "unknown"),
        ({"trend_strength": 0.5}, "trend_up", "unknown"),
        ({"high_vol_atr_pct": 0.3, "range_vol_atr_pct": 0.2}, "trend_up", "high_volatility"),
    ],
)
def test_fixed_thresholds_are_those_of_the_settings(change: dict[str, float], before: str, after: str) -> None:
    bars = bars_around(300.0 + LINE)
    assert (last_of(bars)[0], last_of(bars, RuleSettings.model_validate(change))[0]) == (before, after)


def test_the_rule_says_which_thresholds_were_used() -> None:
    assert "fixed: ADX 25, trend strength 0.3, ATR/price 4 %" in rule_labels(bars_around(FLAT), FIXED).rule
    said = rule_labels(bars_around(FLAT), QUANTILE).rule
    assert "quantiles of each symbol's 252 bars before: 0.6 of ADX" in said
    assert "judged from a symbol's bar 274 on" in said
