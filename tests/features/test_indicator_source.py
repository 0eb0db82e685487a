"""The cache of indicators: computed once per name, fields and parameters, within its bytes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.features.indicators import atr, macd, sma
from stratkit.features.source import IndicatorSource
from stratkit.features.specs import indicator, spec_of
from stratkit.panel import FloatArray

CALLS: list[int] = []


@indicator("close", lookback=lambda shift_bars: shift_bars)
def counted(values: FloatArray, shift_bars: int = 2) -> FloatArray:
    CALLS.append(shift_bars)
    return values + shift_bars


@pytest.fixture
def bars() -> Bars:
    close = np.arange(1.0, 61.0).reshape(-1, 1)
    return Bars(np.arange(60) * 10**9, ("A",), close, close + 1, close - 1, close, close * 10, "1s")


def test_the_same_question_is_computed_once_however_it_is_put(bars: Bars) -> None:
    CALLS.clear()
    source = IndicatorSource(bars)
    first = source.compute(counted, 2)
    assert source.compute(counted) is first
    assert source.compute(counted, shift_bars=2) is first
    assert CALLS == [2]
    source.compute(counted, 3)
    assert CALLS == [2, 3]


def test_another_field_is_another_question(bars: Bars) -> None:
    source = IndicatorSource(bars)
    np.testing.assert_array_equal(source.compute(sma, 1, on="volume"), bars.volume)
    np.testing.assert_array_equal(source.compute(sma, 1), bars.close)


def test_results_cannot_be_written_to(bars: Bars) -> None:
    source = IndicatorSource(bars)
    with pytest.raises(ValueError, match="read-only"):
        source.compute(sma, 2)[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        source.compute(macd, 3, 5, 2).signal[0] = 1.0


def test_what_was_not_used_for_longest_is_given_up_first(bars: Bars) -> None:
    CALLS.clear()
    source = IndicatorSource(bars, max_bytes=2 * 60 * 8)
    source.compute(counted, 1)
    source.compute(counted, 2)
    source.compute(counted, 1)  # used again
    source.compute(counted, 3)  # 2 goes
    source.compute(counted, 1)
    assert CALLS == [1, 2, 3]
    source.compute(counted, 2)
    assert CALLS == [1, 2, 3, 2]


def test_inputs_are_filled_in_by_name(bars: Bars) -> None:
    expected = atr(bars.high, bars.low, bars.close, 3)
    np.testing.assert_array_equal(IndicatorSource(bars).compute(atr, 3), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda source: source.compute(sma, 2, on="clse"), "bars have no field 'clse'; did you mean 'close'?"),
        (lambda source: source.compute(atr, 2, on="close"), "indicator 'atr' reads 3 fields; found on='close'"),
        (lambda source: source.compute(sma, window=2), "indicator 'sma' takes window_bars; found: "),
        (lambda source: source.compute(np.cumsum), "'cumsum' is not declared as an indicator"),
    ],
)
def test_a_wrong_question_says_what_was_wrong(
    bars: Bars, call: Callable[[IndicatorSource], object], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        call(IndicatorSource(bars))
    assert message in str(caught.value)


def test_a_declared_function_stays_itself() -> None:
    assert counted(np.ones((1, 1)), 4)[0, 0] == 5.0
    assert spec_of(counted).inputs == ("close",)
