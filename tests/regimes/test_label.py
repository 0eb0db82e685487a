"""The front door: every method is causal, per symbol or for the market, and tells strategies in their own words."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from made_up_bars import bars_around

from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import UsageError
from stratkit.regimes.described import DESCRIBED
from stratkit.regimes.joined import joined_labels
from stratkit.regimes.label import FITTED, METHODS, label_regimes
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.market import market_bars, own_returns
from stratkit.regimes.settings import RegimeMethod, RegimeSettings
from stratkit.regimes.words import words_of
from stratkit.strategies.context import Context

BARS = synthetic_universe(4, 600, "1d").bars  # a late listing and a delisting are among them
NAN = np.nan


def panel(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, dtype=np.float64)


def flat_bars(close: np.ndarray, volume: np.ndarray | None = None) -> Bars:
    times = np.arange(len(close), dtype=np.int64)
    names = tuple("ABCDEFGHIJKLMNOPQRS"[: close.shape[1]])
    traded = np.ones(close.shape) if volume is None else volume
    return Bars(times, names, close, close, close, close, traded, "1d")


def test_every_method_of_the_settings_is_registered_once() -> None:
    assert sorted([*METHODS, *FITTED]) == sorted(get_args(RegimeMethod))


@pytest.mark.parametrize("scope", ["symbol", "market"])
@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("thresholds", ["fixed", "quantile"])
def test_labels_stay_the_same_whatever_comes_behind(method: RegimeMethod, scope: str, thresholds: str) -> None:
    settings = RegimeSettings.model_validate({"method": method, "scope": scope, "rules": {"thresholds": thresholds}})
    whole = label_regimes(settings, BARS)
    assert whole.causal
    assert whole.scope == scope
    assert len(np.unique(whole.label)) > 2  # more than one regime and the unknown one
    for cut in (310, 433, 599):
        part = label_regimes(settings, BARS.slice(0, cut))
        assert (part.label == whole.label[:cut]).all()
        assert np.array_equal(part.confidence, whole.confidence[:cut], equal_nan=True)


@pytest.mark.parametrize("method", list(METHODS))
def test_a_bar_that_is_not_there_has_no_label_and_others_have_a_confidence(method: RegimeMethod) -> None:
    labels = label_regimes(RegimeSettings(method=method), BARS)
    without = ~np.isfinite(BARS.close)
    assert without.any()
    assert (labels.label[without] == -1).all()
    known = labels.label >= 0
    assert (labels.confidence[known] >= 0.0).all()
    assert (labels.confidence[known] <= 1.0).all()
    assert np.isnan(labels.confidence[~known]).all()


def test_market_labels_are_those_of_the_market_for_all_that_trade() -> None:
    labels = label_regimes(RegimeSettings(method="trend", scope="market"), BARS)
    own = label_regimes(RegimeSettings(method="trend"), market_bars(BARS))
    has_bar = np.isfinite(BARS.close)
    assert (labels.label[has_bar] == np.broadcast_to(own.label, BARS.shape)[has_bar]).all()
    assert (labels.label[~has_bar] == -1).all()


def test_the_market_earns_the_mean_of_those_that_have_a_bar_and_had_one() -> None:
    # bar 1: A +10 %, B has none yet. Bar 2: A +0 %, B +50 %. Bar 3: B alone, +0 %. Bar 4: A -50 % since bar 2, B +0 %
    close = panel((10, NAN), (11, 4), (11, 6), (NAN, 6), (5.5, 6))
    index = market_bars(flat_bars(close)).close.ravel()
    assert index == pytest.approx([NAN, 110, 137.5, 137.5, 103.125], nan_ok=True)


def test_the_market_has_the_mean_range_and_all_that_was_traded() -> None:
    close = panel((10, 20), (11, 20))
    bars = replace(flat_bars(close, panel((1, 1), (30, 5))), high=close * 1.1, low=close * 0.8)
    market = market_bars(bars)
    assert market.open[1, 0] == pytest.approx(105.0)  # opened where they closed
    assert market.high[1, 0] == pytest.approx(100 * (1.21 + 1.1) / 2)
    assert market.low[1, 0] == pytest.approx(100 * (0.88 + 0.8) / 2)
    assert market.volume[1, 0] * market.close[1, 0] == pytest.approx(11 * 30 + 20 * 5)


def test_symbols_that_are_not_listed_yet_change_no_bit_of_the_market() -> None:
    close = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, (60, 19)), axis=0))
    listed = np.arange(19) % 2 == 0  # with pairwise sums of 8 and more, zeros between would group others anew
    later = flat_bars(np.where(listed, close, NAN))
    alone = market_bars(flat_bars(close[:, listed]))
    assert (market_bars(later).close[1:] == alone.close[1:]).all()


def test_the_volume_of_the_market_is_missing_where_nobodys_is_known() -> None:
    market = market_bars(flat_bars(panel((1, 1), (2, 2)), np.full((2, 2), NAN)))
    assert np.isnan(market.volume).all()


def test_returns_look_back_to_the_last_own_bar() -> None:
    found = own_returns(panel((1, 2), (NAN, 4), (3, 4)))
    assert found == pytest.approx(panel((NAN, NAN), (NAN, np.log(2)), (np.log(3), 0)), nan_ok=True)


def labels_of(rows: list[list[int]], *names: str, causal: bool = True) -> RegimeLabels:
    label = np.array(rows, dtype=np.int8)
    return RegimeLabels("hand", names, label, np.where(label < 0, NAN, 1.0), causal=causal)


def test_words_are_those_of_most_symbols_and_chop_where_two_have_as_many() -> None:
    labels = labels_of([[0, 0, 1], [0, 1, -1], [-1, -1, 1], [2, 2, 0], [-1, -1, -1]], "trend_up", "trend_down", "wild")
    assert words_of(labels, RegimeSettings()) == ["bull", "chop", "bear", "chop", "chop"]
    told = RegimeSettings(words={"wild": "bear", "trend_down": "chop"})
    assert words_of(labels, told) == ["bull", "chop", "chop", "bear", "chop"]


def test_words_of_labels_that_know_the_future_are_refused() -> None:
    with pytest.raises(UsageError, match="must be causal"):
        words_of(labels_of([[0]], "bull", causal=False), RegimeSettings())


@pytest.mark.parametrize("method", DESCRIBED)
def test_a_strategy_that_asks_for_labels_that_know_the_future_is_refused_and_told_why(method: RegimeMethod) -> None:
    with pytest.raises(UsageError, match=f"must be causal; {method} looks at bars behind its own"):
        Context(BARS).labels(method)


def test_a_strategy_that_asks_for_a_setting_that_is_none_is_told_which() -> None:
    with pytest.raises(UsageError, match=r"fit\.states must be less than or equal to 6; found 9"):
        Context(BARS).labels("jump", fit={"states": 9})


def test_a_word_for_a_regime_that_the_method_has_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="trend_up"):
        label_regimes(RegimeSettings(words={"trend_upp": "bull"}), bars_around(np.ones(60)))


def test_stretches_labelled_in_two_ways_become_one_with_the_names_of_both() -> None:
    first, second = labels_of([[0], [1], [-1]], "calm", "wild"), labels_of([[0], [0], [1]], "wild", "steep")
    joined = joined_labels([(first, 0, 2), (second, 2, 3)])
    assert joined.names == ("calm", "wild", "steep")
    assert joined.label.ravel().tolist() == [0, 1, 2]
    assert not joined_labels([(first, 0, 2), (labels_of([[0]] * 3, "x", causal=False), 2, 3)]).causal
