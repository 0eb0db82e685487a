"""Packages of legs and averaged target weights under what adapts: judged, kept away and sized as a whole, by hand.

No regimes are labelled, and the family is a trend follower's, which fits an unknown regime by 0.5: quality is
(0.3 confidence + 0.3 x 0.5 + 0.4 x 0.5) x (0.5 + 0.5 x voices / 3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from adaptive_runs import config, inputs_of, rules_of, walk

from stratkit.backtest import replay
from stratkit.engine.result import BacktestResult
from stratkit.strategies.signals import Signals

BARS = walk(40, 3)
SURE, UNSURE = 0.65 * 2 / 3, (0.06 + 0.35) * 2 / 3  # of one voice with confidence 1 and 0.2
pytestmark = pytest.mark.filterwarnings("ignore:what adapts tells no regimes apart", "ignore:signals need a quality")


def package(asked: dict[int, dict[int, tuple[float, float]]]) -> Signals:
    """A package on some bars: weight and confidence by column."""
    weight, sure = np.full(BARS.shape, np.nan), np.ones(BARS.shape, np.float32)
    for bar, legs in asked.items():
        for column, (size, confidence) in legs.items():
            weight[bar, column], sure[bar, column] = size, confidence
    return Signals("s0", weight=weight, confidence=sure, legs=np.isfinite(weight).astype(np.int16))


def played(*said: Signals, **blocks: Any) -> BacktestResult:
    given_ = config(len(said), **{"regimes": None, "exit_plan": None, "combine": {"method": "independent"}, **blocks})
    result = replay(given_, inputs_of(given_, BARS, said))
    assert result.adapted is None or not result.adapted.fault
    return result


def judged(threshold: float, **more: Any) -> dict[str, Any]:
    return {"optimization": {"enabled": True, "quality": {"threshold": threshold}, **more}}


PAIR = {5: {0: (0.2, 1.0), 1: (-0.2, 0.2)}, 20: {0: (0.0, 1.0), 1: (0.0, 1.0)}}


def test_a_package_passes_by_the_mean_quality_of_its_legs_and_all_are_sized_alike() -> None:
    """The second leg alone would fail 0.3; sizes are multiplied by 0.5 + 0.5 x mean / 0.3."""
    assert UNSURE < 0.3 < (SURE + UNSURE) / 2
    result = played(package(PAIR), **judged(0.3))
    entries = result.trades
    assert entries["side"].tolist() == [1, -1]
    value = entries["quantity"] * BARS.open[6, :2]
    multiplier = 0.5 + 0.5 * (SURE + UNSURE) / 2 / 0.3
    np.testing.assert_allclose(value, 0.2 * multiplier * 100_000, rtol=1e-6)


def test_a_package_that_fails_is_kept_away_whole_and_its_legs_trade_in_the_shadow() -> None:
    """The first leg alone would pass 0.4."""
    assert SURE > 0.4 > (SURE + UNSURE) / 2
    result = played(package(PAIR), **judged(0.4))
    assert len(result.trades) == 0
    assert rules_of(result) == {"quality"}
    assert result.decisions["bar"].tolist() == [5, 5]
    assert result.adapted is not None
    shadow = result.adapted.shadow_trades
    assert shadow["side"].tolist() == [1, -1]
    assert shadow["exit_bar"].tolist() == [21, 21]


def test_a_package_that_is_kept_away_ends_the_one_that_it_replaces_whole() -> None:
    """The second package turns the first leg round; its other leg is of another symbol."""
    later = {**PAIR, 12: {0: (-0.2, 0.2), 2: (0.2, 0.2)}}
    del later[20]
    result = played(package(later), **judged(0.3))
    assert result.trades["exit_bar"].tolist() == [13, 13]
    assert sorted(BARS.symbols[result.slot_symbol[slot]] for slot in result.trades["slot"]) == ["S0", "S1"]


def test_a_package_keeps_its_own_plan_and_stays_out_of_the_choice_between_strategies() -> None:
    side = np.zeros(BARS.shape, np.int8)
    side[16] = 1  # an ATR of 14 bars is known
    other = Signals("s1", side=side)
    with pytest.warns(UserWarning, match="leaves out s0: .* keeps its own exit plan"):
        result = played(package(PAIR), other, meta_strategy={"enabled": True}, risk={"sizing": {"fraction": 0.1}})
    frame = result.trades_frame()
    assert set(frame["profile"][frame["strategy"] == "s0"]) == {""}
    assert set(frame["profile"][frame["strategy"] == "s1"]) == {"ultra_aggressive"}
    assert frame["exit_bar"][frame["strategy"] == "s0"].tolist() == [21, 21]
    over = {"enabled": True, "over": "strategies", "epsilon": 0.5}
    with pytest.warns(UserWarning, match="leaves out s0: .* is not chosen between"):
        result = played(package(PAIR), other, meta_strategy=over, risk={"sizing": {"fraction": 0.1}})
    assert "not_chosen" not in rules_of(result)
    assert set(result.trades["strategy"].tolist()) == {0, 1}


def test_averaged_target_weights_are_multiplied_like_sizes() -> None:
    """Two voices agree: quality 0.65 x 5/6, and the average of 0.1 and 0.3 is multiplied by 0.5 + 0.5 quality / 0.4."""
    both = []
    for number, size in enumerate((0.1, 0.3)):
        weight = np.full(BARS.shape, np.nan)
        weight[5, 0], weight[20, 0] = size, 0.0
        both.append(Signals(f"s{number}", weight=weight))
    result = played(*both, combine={"method": "weighted_average"}, **judged(0.4))
    (trade,) = result.trades
    multiplier = 0.5 + 0.5 * (0.65 * 5 / 6) / 0.4
    assert trade["quantity"] * BARS.open[6, 0] == pytest.approx(0.2 * multiplier * 100_000, rel=1e-6)
    assert trade["exit_bar"] == 21
    assert result.opinions is not None
    assert result.opinions.decided_target[0] == pytest.approx(0.2)  # what was decided stands unscaled
