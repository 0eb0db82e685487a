"""The four axes of market conditions, and volatility against its own past."""

from __future__ import annotations

import arch.data.sp500
import numpy as np
import pytest
from made_up_bars import bars_around

from stratkit.data.synthetic import synthetic_universe
from stratkit.features.indicators import return_std
from stratkit.regimes.by_rank import labels_by_rank
from stratkit.regimes.conditions import conditions, sentiment_condition, trend_labels, volume_condition
from stratkit.regimes.settings import RegimeSettings, RuleSettings
from stratkit.regimes.volatility_labels import volatility_labels

LINE = np.arange(100.0)


# definition and two implementations: 21-day deviation of simple returns of the S&P 500, 5,030 days from 1999-01-05 on,
# above the 2/3 quantile of all values so far, from the 252nd value on
def test_high_volatility_against_the_past_is_on_as_many_days_as_in_vector_vol_regime_expanding() -> None:
    close = arch.data.sp500.load()["Adj Close"].to_numpy()
    bars = bars_around(close)
    volatility = return_std(bars.close, 21).ravel()
    assert volatility[-1] * np.sqrt(252) == pytest.approx(0.28629459045812844, rel=1e-9)
    label = volatility_labels(bars, 21, 252).label.ravel()
    assert int((label == 2).sum()) == 1199
    of_all = volatility > np.nanquantile(volatility, 2 / 3)
    begun = np.arange(len(label)) >= 21 + 251
    assert int(of_all[begun].sum()) == 1504
    assert int((of_all != (label == 2))[begun].sum()) == 313


def test_terciles_are_those_by_hand() -> None:
    # ranks among those before, from the third on: 0.5 above one of two; 1 above all three; 0 below all four
    labels = labels_by_rank(
        "m", ("low", "medium", "high"), np.array([[np.nan], [0.5], [1.0], [0.0]]), (1 / 3, 2 / 3), ""
    )
    assert labels.label.ravel().tolist() == [-1, 1, 2, 0]
    assert labels.confidence.ravel() == pytest.approx([np.nan, 1.0, 1.0, 1.0], nan_ok=True)


def test_a_trend_is_bull_or_bear_and_all_else_is_sideways() -> None:
    for first, step, name, sure in (
        (300.0, 1, "bull", 0.8663),
        (500.0, -1, "bear", 0.8638),
        (1000.0, 1, "sideways", 0.5),
    ):
        labels = trend_labels(bars_around(first + step * LINE), RuleSettings())
        assert labels.names[labels.label[-1, 0]] == name
        assert labels.confidence[-1, 0] == pytest.approx(sure, abs=1e-4)
    assert "thresholds fixed: ADX 25, trend strength 0.3" in trend_labels(bars_around(LINE + 9), RuleSettings()).rule
    quantiles = trend_labels(bars_around(LINE + 9), RuleSettings(thresholds="quantile")).rule
    assert "quantiles of each symbol's 252 bars before: 0.6 of ADX and trend strength" in quantiles
    flat = trend_labels(bars_around(np.full(100, 9.0)), RuleSettings())
    assert (flat.names[flat.label[-1, 0]], flat.confidence[-1, 0]) == ("sideways", pytest.approx(0.9))


@pytest.mark.parametrize(
    ("volume", "name"),
    [(499, "low"), (500, "normal"), (1499, "normal"), (1500, "high"), (2999, "high"), (3000, "spike")],
)
def test_volume_is_compared_with_the_median_before(volume: float, name: str) -> None:
    volumes = np.full(100, 1000.0)
    volumes[-1] = volume
    labels = volume_condition(bars_around(LINE + 9, volume=volumes), 50)
    assert labels.names[labels.label[-1, 0]] == name
    assert (labels.label[:50] == -1).all()


def test_volume_that_is_missing_has_no_label() -> None:
    volumes = np.full(100, 1000.0)
    volumes[60], volumes[70:] = np.nan, 0.0
    labels = volume_condition(bars_around(LINE + 9, volume=volumes), 50)
    assert labels.label[60, 0] == -1
    assert labels.label[61, 0] == 1
    assert labels.names[labels.label[70, 0]] == "low"
    assert np.isnan(labels.confidence[60, 0])


def test_sentiment_goes_from_fear_to_euphoria_by_the_past_of_its_series() -> None:
    rising = np.arange(100.0).reshape(-1, 1)
    bars = bars_around(LINE + 9)
    last = {"fear": -1.0, "neutral": 50.5, "greed": 90.5, "euphoria": 99.5}
    for name, value in last.items():
        rising[-1] = value
        labels = sentiment_condition(bars, rising, 50)
        assert labels.names[labels.label[-1, 0]] == name


def test_all_axes_are_causal_and_sentiment_needs_its_series() -> None:
    bars = synthetic_universe(3, 400, "1d").bars
    mood = np.cumsum(np.sin(np.arange(400.0)))[:, None] * np.ones(3)
    assert list(conditions(bars)) == ["trend", "volatility", "volume"]
    whole = conditions(bars, mood, RegimeSettings())
    part = conditions(bars.slice(0, 370), mood[:370], RegimeSettings())
    assert list(whole) == ["trend", "volatility", "volume", "sentiment"]
    for axis, labels in whole.items():
        assert labels.causal
        assert (part[axis].label == labels.label[:370]).all(), axis
        assert np.array_equal(part[axis].confidence, labels.confidence[:370], equal_nan=True)
