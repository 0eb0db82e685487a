"""Triggers on series made by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.strategies.context import Context
from stratkit.strategies.triggers import TriggerKind, TriggerRules, detect_triggers

NAN = math.nan


def bars_of(close: list[float], volume: list[float] | None = None) -> Bars:
    """One symbol, high and low one above and below the close."""
    column = np.array(close, dtype=np.float64).reshape(-1, 1)
    known = np.ones_like(column) if volume is None else np.array(volume, dtype=np.float64).reshape(-1, 1)
    times = np.arange(len(column)) * 86_400 * 10**9
    return Bars(times, ("A",), column, column + 1, column - 1, column, known, "1d")


def found(kind: TriggerKind, bars: Bars, **rules: Any) -> tuple[list[float], list[float]]:
    triggers = detect_triggers(Context(bars), TriggerRules(**rules))
    return triggers.strength[kind][:, 0].tolist(), triggers.value[kind][:, 0].tolist()


def test_a_breakout_is_graded_by_the_width_of_the_channel_before() -> None:
    # before bars 2, 3, 4 the channel of two bars is 9..11, 9..11 (bar 2 high 12), 9..12.5
    strength, value = found("breakout", bars_of([10, 10, 11.0, 11.5, 14.25]), breakout_bars=2)
    # bar 2: 11 is not above 11; bar 3: channel 9..12; bar 4: channel 10..12.5, 1.75 of 2.5 above
    assert strength == [0.0, 0.0, 0.0, 0.0, pytest.approx((1 + 1.75 / 2.5) / 2)]
    assert value[4] == pytest.approx(14.25 / 12.5 - 1)


def test_a_breakout_of_a_whole_channel_and_more_is_as_strong_as_can_be() -> None:
    assert found("breakout", bars_of([10, 10, 13.0]), breakout_bars=2)[0][2] == 1.0
    assert found("breakout", bars_of([10, 10, 99.0]), breakout_bars=2)[0][2] == 1.0


def test_a_volume_spike_is_graded_by_its_multiple_of_the_mean_before() -> None:
    # mean of two before: -, -, 100, 150, 250, 250
    strength, value = found(
        "volume_spike", bars_of([1] * 6, [100, 100, 200, 300, 200, 1000]), volume_bars=2, volume_multiple=2.0
    )
    assert strength == [0.0, 0.0, 0.5, 0.5, 0.0, 1.0]
    assert value[2:] == [2.0, 2.0, 0.8, 4.0]


@pytest.mark.parametrize(
    "volume",
    [
        [0, 0, 5, 0],  # a mean of 0 is no measure
        [NAN, NAN, NAN, NAN],
        [1, 1, NAN, 1],
    ],
)
def test_an_unknown_volume_is_no_spike(volume: list[float]) -> None:
    assert found("volume_spike", bars_of([1] * 4, volume), volume_bars=2)[0] == [0.0] * 4


def test_momentum_is_graded_by_its_multiple_of_the_rise_asked_for() -> None:
    strength, value = found("momentum", bars_of([100, 104, 105, 130, 110]), momentum_bars=1, momentum_pct=4.0)
    assert strength == [0.0, 0.5, 0.0, 1.0, 0.0]
    assert value[1] == pytest.approx(0.04)


def test_windows_count_own_bars() -> None:
    strength, _ = found("momentum", bars_of([100, NAN, 104, NAN, NAN, 112]), momentum_bars=2, momentum_pct=6.0)
    assert strength == [0.0, 0.0, 0.0, 0.0, 0.0, pytest.approx(1.0)]


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("breakout", {"breakout_bars": 5}),
        ("volume_spike", {"volume_bars": 5}),
        ("volume_spike", {"volume_multiple": 1.2}),
        ("momentum", {"momentum_bars": 3}),
        ("momentum", {"momentum_pct": 1.0}),
    ],
)
def test_every_rule_changes_what_is_found(kind: TriggerKind, rules: dict[str, Any]) -> None:
    draw = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(0.02 * draw.standard_normal(200)))
    bars = bars_of(close.tolist(), np.exp(0.5 * draw.standard_normal(200)).tolist())
    assert found(kind, bars)[0] != found(kind, bars, **rules)[0]
