"""The two strategies that a configuration of another system names, on series made by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.plans import ExitPlan
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.testing import sample_bars

NAN = math.nan


def signals_of(name: str, close: list[float], volume: list[float] | None = None, **params: Any) -> Signals:
    """One symbol, high and low one above and below the close."""
    column = np.array(close, dtype=np.float64).reshape(-1, 1)
    known = np.ones_like(column) if volume is None else np.array(volume, dtype=np.float64).reshape(-1, 1)
    bars = Bars(np.arange(len(column)) * 86_400 * 10**9, ("A",), column, column + 1, column - 1, column, known, "1d")
    return run_strategy(build_strategy(name, params), Context(bars))


def cells(panel: Any) -> list[float]:
    assert panel is not None
    return [float(value) for value in panel[:, 0]]


RULES: dict[str, Any] = {
    "breakout_bars": 2,
    "volume_bars": 2,
    "momentum_bars": 2,
    "momentum_pct": 10.0,
    "exit_bars": 2,
}
# bar 2: nothing; 3: above the channel 99..102 by 1/3 of it; 4: 15 % above bar 2; 5: falls, 3 % below bar 3
CLOSE = [100.0, 100, 101, 103, 116.15, 99.91]


def test_the_rules_engine_buys_on_triggers_and_leaves_when_momentum_is_gone() -> None:
    signals = signals_of("rules_engine", CLOSE, **RULES)
    assert cells(signals.side) == [0, 0, 0, 1, 1, 2]
    breakout = (1 + 1 / 3) / 2
    # bar 4: momentum 0.15 of 0.1 gives 0.75; the breakout is further than the channel of 100..104
    assert cells(signals.confidence)[3:] == pytest.approx([breakout, 1.0, 1.0])
    np.testing.assert_array_equal(cells(signals.size), [NAN, NAN, NAN, 0.02, 0.02, NAN])
    assert signals.size_unit == "fraction"
    assert signals.exit_plan == ExitPlan(risk_basis="percent", risk=5.0, sl=1.0, tp1=2.0)


def test_more_triggers_that_agree_are_more_confident() -> None:
    volume = [100.0, 100, 100, 240, 100, 100]  # bar 3: 2.4 of 2
    alone = cells(signals_of("rules_engine", CLOSE, **RULES).confidence)[3]
    both = cells(signals_of("rules_engine", CLOSE, volume, **RULES).confidence)[3]
    assert both == pytest.approx(1 - (1 - alone) * (1 - 0.6))


def test_so_many_triggers_must_agree() -> None:
    assert cells(signals_of("rules_engine", CLOSE, **RULES, min_triggers=2).side) == [0, 0, 0, 0, 1, 2]
    assert not any(cells(signals_of("rules_engine", CLOSE, **RULES, min_triggers=3).side))


def test_a_volume_spike_counts_on_a_rising_close_only() -> None:
    volume = [100.0, 100, 100, 900]
    assert cells(signals_of("rules_engine", [100, 100, 100, 100.5], volume, **RULES).side)[3] == 1
    assert cells(signals_of("rules_engine", [100, 99, 100.5, 100], volume, **RULES).side)[3] == 0


def test_a_close_below_the_exit_channel_leaves_although_momentum_is_positive() -> None:
    # bar 6 stands 8 % above bar 3, and below 109, the lowest low of bars 4 and 5, but not below 99, that of bar 3
    close, rules = [90.0, 90, 90, 100, 110, 120, 108], RULES | {"momentum_bars": 3}
    assert cells(signals_of("rules_engine", close, **rules).side) == [0, 0, 0, 1, 1, 1, 2]
    assert cells(signals_of("rules_engine", close, **(rules | {"exit_bars": 3})).side) == [0, 0, 0, 1, 1, 1, 0]


def test_nothing_is_entered_while_a_reason_to_leave_stands() -> None:
    # bar 4 rises on three times the volume, still below bar 2
    close, volume = [100.0, 100, 100, 90, 95], [100.0, 100, 100, 100, 900]
    assert not any(cells(signals_of("rules_engine", close, volume, **RULES).side))


def test_nothing_is_left_before_anything_was_entered() -> None:
    assert not any(cells(signals_of("rules_engine", [100.0, 99, 98, 97, 96], **RULES).side))


# Wilder's RSI over 2 bars: changes +1 -1 -> averages of gains and losses (1/2, 1/2); five times 0 -> (1/64, 1/64);
# -2 -> (1/128, 129/128); +4 -> (513/256, 129/256)
FALLING = [10.0, 11, 10, 10, 10, 10, 10, 10, 8, 12]


def test_mean_reversion_is_more_confident_the_further_it_went() -> None:
    signals = signals_of("mean_reversion", FALLING, window=2, rsi_oversold=20.0, rsi_overbought=75.0)
    oversold, overbought = 100 * 1 / 130, 100 * 513 / 642
    assert cells(signals.side) == [*[0] * 8, 1, 2]
    assert cells(signals.confidence)[8:] == pytest.approx([(20 - oversold) / 20, (overbought - 75) / 25])
    np.testing.assert_array_equal(cells(signals.size)[8:], [0.02, NAN])
    assert signals.size_unit == "fraction"
    assert signals.exit_plan == ExitPlan(risk_basis="percent", risk=5.0, sl=1.0, tp1=2.0)


@pytest.mark.parametrize("name", ["rules_engine", "mean_reversion"])
def test_both_trade_with_no_parameters_given(name: str) -> None:
    side = run_strategy(build_strategy(name, {}), Context(sample_bars())).side
    assert side is not None
    assert {1, 2} <= set(np.unique(side).tolist())


def test_details_of_an_opinion_go_along() -> None:
    class Detailed(Strategy):
        """Say everything."""

        def signals(self, context: Context) -> Signals:
            return self.sides(
                context,
                long=context.has_bar,
                size=np.full(context.shape, 0.1),
                size_unit="fraction",
                plan=np.zeros(context.shape, np.int16),
                plans=(ExitPlan(sl=2.0),),
                remarks={(0, 0): "first"},
            )

    signals = run_strategy(Detailed(), Context(sample_bars(3)))
    assert (signals.size_unit, signals.plans, dict(signals.remarks)) == (
        "fraction",
        (ExitPlan(sl=2.0),),
        {(0, 0): "first"},
    )
    assert signals.plan is not None
    assert not signals.plan.any()
