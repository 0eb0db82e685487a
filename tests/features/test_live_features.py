"""The live vector: what the whole matrix holds at that bar, whatever the history, through refits and holes."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import UsageError
from stratkit.features.compute import feature_formulas
from stratkit.features.feature_set import FeatureSet, feature_set
from stratkit.features.live import LiveFeatures
from stratkit.features.matrix import FeatureMatrix, aggregate
from stratkit.features.settings import FeatureSettings
from stratkit.features.source import IndicatorSource
from stratkit.features.tail import tail_bars
from stratkit.testing import sample_bars

AGREEMENT = 1e-9  # in the units that come out: those of the scaler


def computed(settings: FeatureSettings, bars: Bars) -> FeatureSet:
    return feature_formulas(settings, bars.frequency).compute(IndicatorSource(bars))


def whole(settings: FeatureSettings, bars: Bars, seed: int = 0) -> FeatureMatrix:
    return aggregate(computed(settings, bars), bars, settings, seed)


def lived(settings: FeatureSettings, bars: Bars, start: int, stop: int, seed: int = 0) -> LiveFeatures:
    """Push bars [start, stop) and compare every vector with its row of the whole matrix."""
    matrix = whole(settings, bars, seed)
    live = LiveFeatures(settings, bars.slice(0, start), seed)
    finite = 0
    for bar in range(start, stop):
        names = live.names if not live.refit_due else None
        found = live.push(bars.slice(bar, bar + 1))
        assert live.names == matrix.names_at(bar)
        assert names in (None, live.names)
        width = len(live.names)
        np.testing.assert_allclose(found, matrix.values[bar, :, :width], rtol=0, atol=AGREEMENT, err_msg=str(bar))
        assert np.isnan(matrix.values[bar, :, width:]).all()
        finite += int(np.isfinite(found).sum())
    assert finite > 0.7 * (stop - start) * len(live.names) * np.isfinite(bars.close[start:stop]).sum() / (stop - start)
    return live


def test_the_standard_set_on_days_with_holes_and_through_refits() -> None:
    bars = sample_bars(2300)
    live = lived(FeatureSettings(refit_every_bars=400, min_bars=1400), bars, 2180, 2220)
    assert live.fit.bar == 2199
    assert live.tail_bars < 1000


def test_the_standard_set_on_hours_with_coarser_bars() -> None:
    bars = synthetic_universe(1, 2600, "1h").bars
    lived(FeatureSettings(refit_every_bars=500, pca_variance=0.95), bars, 2500, 2560)


def test_other_ways_to_scale_and_choose() -> None:
    bars = sample_bars(1200)
    formulas = {
        "a": "rate_of_change(5)",
        "b": "rsi(14)",
        "c": "(close - sma(20)) / atr(14)",
        "d": "close / lag(close, 5)",
    }
    for way in (
        {"scaling": "rank", "selection": "mutual_information", "target": "return"},
        {"scaling": "standard", "scaled_over": "each_symbol", "window_bars": 200},
        {"scaling": "min_max", "selection": "importance", "max_features": 2},
        {"scaling": "none", "selection": "none", "redundancy": None},
    ):
        settings = FeatureSettings.model_validate(
            {"formulas": formulas, "min_bars": 900, "refit_every_bars": 60, "max_rows": 300, **way}
        )
        lived(settings, bars, 1060, 1090, seed=4)


def test_many_more_bars_than_the_tail_is_long() -> None:
    formulas = {"a": "rate_of_change(5)", "b": "sma(3) / close", "c": "highest(4, on=close / open)"}
    settings = FeatureSettings(formulas=formulas, min_bars=300, refit_every_bars=50)
    live = lived(settings, sample_bars(420), 310, 400)
    assert live.tail_bars < 20


def test_a_refit_that_was_not_asked_for_is_made_by_the_next_bar() -> None:
    bars = sample_bars(500)
    settings = FeatureSettings(formulas={"a": "rate_of_change(5)"}, min_bars=300, refit_every_bars=50)
    lazy, eager = (LiveFeatures(settings, bars.slice(0, 390)) for _ in range(2))
    for bar in range(390, 410):
        one = bars.slice(bar, bar + 1)
        assert lazy.refit_due == (bar == 400)
        if eager.refit_due:
            eager.refit()
        assert not eager.refit_due
        np.testing.assert_array_equal(lazy.push(one), eager.push(one))
    assert lazy.fit.bar == eager.fit.bar == 399


def test_what_a_caller_computes_takes_the_place_of_the_formulas() -> None:
    bars = sample_bars(400)

    def compute(some: Bars) -> FeatureSet:
        return feature_set({"span": some.high - some.low}, {"span": 0})

    settings = FeatureSettings(min_bars=300, scaling="none", selection="none")
    live = LiveFeatures(settings, bars.slice(0, 350), compute=compute)
    assert live.tail_bars == 1
    np.testing.assert_array_equal(live.push(bars.slice(350, 351))[:, 0], (bars.high - bars.low)[350])


def test_a_tail_grows_until_an_average_has_forgotten() -> None:
    bars = sample_bars(1500)
    found = {}
    for name, text in {"sma": "sma(30)", "wilder": "rsi(14)", "ema": "ema(30)"}.items():
        settings = FeatureSettings(formulas={name: text})
        found[name] = tail_bars(partial(computed, settings), bars, computed(settings, bars))
    assert found["sma"] == 44  # 29 x 3 // 2 + 1
    # an average of weight 1/14 keeps (13/14)^n of what was n bars ago: 1e-10 after some 310 bars
    assert 300 <= found["wilder"] <= 700
    assert 300 <= found["ema"] <= 700


def test_what_only_accumulates_is_refused() -> None:
    settings = FeatureSettings(formulas={"flow": "obv()", "fine": "rsi(14)"})
    with pytest.raises(UsageError, match=r"'flow' depends on more than .* what only accumulates, such as obv\(\)"):
        LiveFeatures(settings, sample_bars(900))


def test_a_history_that_is_too_short_is_refused() -> None:
    with pytest.raises(UsageError, match=r"as long as features.min_bars, 500; found 499 bars"):
        LiveFeatures(FeatureSettings(), sample_bars(499))
    with pytest.raises(UsageError, match="there are 600: give more history"):
        LiveFeatures(FeatureSettings(), sample_bars(600))


def test_bars_come_one_at_a_time_and_in_order() -> None:
    bars = sample_bars(400)
    live = LiveFeatures(FeatureSettings(formulas={"a": "rate_of_change(5)"}, min_bars=300), bars.slice(0, 350))
    with pytest.raises(UsageError, match="GAPS, GONE, LATE, TREND, TWIN must be given at a time; found 2"):
        live.push(bars.slice(350, 352))
    with pytest.raises(UsageError, match="found 1 of FULL"):
        live.push(bars.slice(350, 351).select(("FULL",)))
    with pytest.raises(UsageError, match="a bar must come after the last one, 2021-05-03; found 2021-05-03"):
        live.push(bars.slice(349, 350))
