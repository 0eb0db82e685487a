"""A study of regimes: each series, the market, other methods, and what a series without a label says."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from stratkit.analytics.regime_agreement import Agreement
from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import DataError, UsageError
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import FitSettings, RegimeSettings
from stratkit.research.regime_comparison import compare_methods
from stratkit.research.regime_of_run import episodes
from stratkit.research.regime_record import regime_record
from stratkit.research.regime_study import ShownMethod, long_fits, study_regimes

QUICK = RegimeSettings(fit=FitSettings(min_bars=60, refit_bars=60, restarts=1), vol_bars=5)


@pytest.fixture(scope="module")
def bars() -> Bars:
    """Return 160 bars of three symbols."""
    return synthetic_universe(3, 160, "1d", seed=3).bars


def without(bars: Bars, column: int, first: int = 0) -> Bars:
    """Return bars of which one symbol has none from a bar on."""
    parts = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for values in parts.values():
        values[first:, column] = np.nan
    return replace(bars, **parts)


def test_each_symbol_has_its_own_facts_and_the_named_one_comes_first(bars: Bars) -> None:
    study = study_regimes(bars, QUICK, "rules", symbol=bars.symbols[1])
    assert [one.name for one in study.series] == [bars.symbols[1], bars.symbols[0], bars.symbols[2]]
    for one in study.series:
        own = study.labels.label[:, bars.symbols.index(one.name)]
        assert [row.bars for row in one.facts.rows] == [int((own == code).sum()) for code in range(7)]


def test_the_market_is_one_series(bars: Bars) -> None:
    study = study_regimes(bars, QUICK.model_copy(update={"scope": "market"}), "volatility")
    assert [one.name for one in study.series] == ["market"]
    assert study.symbols == 3
    with pytest.raises(UsageError, match="there is one: leave it out"):
        study_regimes(bars, QUICK.model_copy(update={"scope": "market"}), "rules", symbol=bars.symbols[0])


def test_a_symbol_without_bars_is_left_out_and_says_why(bars: Bars) -> None:
    study = study_regimes(without(bars, 1), QUICK, "rules")
    assert [name for name, _ in study.left_out] == [bars.symbols[1]]
    assert "it has no bar in this span" in study.left_out[0][1]
    assert [code for code, text in study.warnings if bars.symbols[1] in text] == ["left-out"]


def test_many_symbols_without_a_label_are_one_warning_and_all_in_the_record() -> None:
    many = synthetic_universe(6, 160, "1d", seed=3).bars
    for column in range(1, 6):
        many = without(many, column, first=20)
    study = study_regimes(many, QUICK, "rules")
    (said,) = [text for code, text in study.warnings if code == "left-out"]
    assert said.startswith(f"5 series have no label, the first of them {many.symbols[1]}: it has no bar in this span")
    assert [one["series"] for one in regime_record(study)["left_out"]] == list(many.symbols[1:])


def test_fits_that_take_long_are_told_with_what_makes_them_short(bars: Bars) -> None:
    often = RegimeSettings(fit=FitSettings(min_bars=30, refit_bars=1))
    # 131 fits of 30 to 160 bars are 12,445, those of three symbols 37,335
    assert long_fits(bars, often, "hmm") == ""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stratkit.research.regime_study._MANY", 37_334)
        said = long_fits(bars, often, "hmm")
        assert said.startswith("hmm is fitted 393 times to up to 160 bars")
        assert "--set regimes.fit.refit_bars (now 1) and regimes.fit.window_bars make it short" in said
        assert long_fits(bars, often, "rules") == ""
        assert long_fits(bars, often.model_copy(update={"scope": "market"}), "hmm") == ""
        patch.setattr("stratkit.research.regime_study._MANY", 37_335)
        assert long_fits(bars, often, "hmm") == ""


def test_too_few_bars_for_the_first_label_are_said_with_the_number_that_is_needed(bars: Bars) -> None:
    with pytest.raises(DataError, match="it has 40 bars, and the first label comes after 60: take more bars, or lower"):
        study_regimes(bars.slice(0, 40), QUICK, "cusum")
    with pytest.raises(DataError, match="its 2 bars are too few for the first label"):
        study_regimes(bars.slice(0, 2), QUICK, "rules")


@pytest.mark.parametrize("method", ["jump", "cusum"])
def test_bars_that_are_enough_and_never_move_are_not_called_too_few(bars: Bars, method: ShownMethod) -> None:
    still = np.full(bars.shape, 7.0)
    with pytest.raises(DataError, match="nothing could be learned from its 160 bars: prices that never move"):
        study_regimes(replace(bars, open=still, high=still, low=still, close=still), QUICK, method)


def test_a_symbol_that_is_none_of_the_bars_is_refused(bars: Bars) -> None:
    with pytest.raises(UsageError, match="--symbol must be one of the bars; found 'NOPE'"):
        study_regimes(bars, QUICK, "rules", symbol="NOPE")


def test_labels_that_use_future_bars_are_described_as_such(bars: Bars) -> None:
    pytest.importorskip("ruptures")
    found = study_regimes(bars, QUICK, "pelt")
    assert found.warnings[0][0] == "uses-future-bars"
    assert regime_record(found)["causal"] is False
    assert "uses-future-bars" not in dict(study_regimes(bars, QUICK, "rules").warnings)


def test_words_of_one_method_do_not_stop_another(bars: Bars) -> None:
    settings = QUICK.model_copy(update={"words": {"trend_up": "bull"}})
    assert study_regimes(bars, settings, "trend").labels.names == ("bull", "bear", "sideways")


def test_the_same_seed_gives_the_same_record(bars: Bars) -> None:
    first, second = (regime_record(study_regimes(bars, QUICK, "rules", 5)) for _ in range(2))
    assert str(first) == str(second)


def test_methods_stand_beside_the_one_that_was_asked_for(bars: Bars) -> None:
    study = study_regimes(bars, QUICK, "trend")
    found = compare_methods(study, ("rules", "volatility", "trend"))
    assert [one.method for one in found.methods] == ["trend", "rules", "volatility"]
    assert found.between("trend", "trend") == Agreement(int((study.labels.label[:, 0] >= 0).sum()), 1.0, 1.0)
    forth, back = found.between("trend", "rules"), found.between("rules", "trend")
    assert forth is not None
    assert back is not None
    assert forth.rand == back.rand


def test_a_method_that_cannot_be_made_leaves_the_others_and_says_why(
    bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hmmlearn.hmm", None)
    monkeypatch.delitem(sys.modules, "hmmlearn", raising=False)
    monkeypatch.setitem(sys.modules, "hmmlearn", None)
    found = compare_methods(study_regimes(bars, QUICK, "rules"), ("volatility", "hmm"))
    assert [one.method for one in found.made] == ["rules", "volatility"]
    assert "pip install 'stratkit[regime]'" in found.methods[2].reason
    assert found.between("rules", "hmm") is None


def test_episodes_of_two_symbols_are_never_the_same() -> None:
    label = np.array([[0, 0], [0, -1], [1, 0], [0, 1]], dtype=np.int8)
    found = episodes(RegimeLabels("r", ("a", "b"), label, np.ones(label.shape), causal=True))
    assert found.T.tolist() == [[0, 0, 1, 2], [3, -1, 3, 4]]
