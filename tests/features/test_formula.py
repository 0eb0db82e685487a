"""Formulas: what each construct gives, by hand; what is computed once; what must be handed in."""

from __future__ import annotations

import numpy as np
import pytest

from stratkit.data.bars import FIELDS, Bars
from stratkit.errors import UsageError
from stratkit.features.formula import parse_formula
from stratkit.features.formula_operations import FUNCTIONS
from stratkit.features.indicators import atr, bollinger, macd, rsi, sma
from stratkit.features.source import IndicatorSource
from stratkit.features.specs import indicator, indicators_by_name, spec_of
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray
from stratkit.research.sources import IndicatorFunction, built_in_indicators
from stratkit.testing import sample_bars

NAN = np.nan
CALLS: list[str] = []


@indicator("close", lookback=lambda: 0)
def doubled(values: FloatArray) -> FloatArray:
    CALLS.append("doubled")
    return values * 2


@indicator("close", lookback=lambda: 0)
def undisclosed(values: FloatArray):  # type: ignore[no-untyped-def]  # what it returns is not said
    return values, values


@indicator("close", "times", lookback=lambda: 0)
def day_number(values: FloatArray, times: IntArray) -> FloatArray:
    return values * 0 + (times // NS_PER_DAY).reshape(-1, 1)


# bar by bar: a symbol with a hole at bar 3
OPEN = [1.0, 2.0, 4.0, NAN, 4.0, 8.0]
CLOSE = [2.0, 1.0, 4.0, NAN, 9.0, 4.0]
VOLUME = [10.0, 0.0, NAN, NAN, 5.0, 5.0]  # one is unknown


@pytest.fixture
def source() -> IndicatorSource:
    open_, close, volume = (np.array(values).reshape(-1, 1) for values in (OPEN, CLOSE, VOLUME))
    times = (20_000 + np.arange(6)) * NS_PER_DAY
    bars = Bars(times, ("A",), open_, np.fmax(open_, close), np.fmin(open_, close), close, volume, "1d")
    return IndicatorSource(bars)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.5", [1.5, 1.5, 1.5, NAN, 1.5, 1.5]),
        ("close", CLOSE),
        ("high - low", [1, 1, 0, NAN, 5, 4]),
        ("(open + close) / 2", [1.5, 1.5, 4, NAN, 6.5, 6]),
        ("-close ** 2", [-4, -1, -16, NAN, -81, -16]),
        ("2 ** -1 * close", [1, 0.5, 2, NAN, 4.5, 2]),
        ("+close - 1 - 1", [0, -1, 2, NAN, 7, 2]),
        ("close / volume", [0.2, NAN, NAN, NAN, 1.8, 0.8]),  # 1 / 0 is not defined, nor is an unknown volume
        ("sqrt(close - 2)", [0, NAN, 2**0.5, NAN, 7**0.5, 2**0.5]),
        ("log(volume)", [np.log(10), NAN, NAN, NAN, np.log(5), np.log(5)]),
        (
            "exp(close * 100)",
            [np.exp(200), np.exp(100), np.exp(400), NAN, NAN, np.exp(400)],
        ),  # e ** 900 is beyond 1e308
        ("abs(open - close)", [1, 1, 0, NAN, 5, 4]),
        ("sign(close - open)", [1, -1, 0, NAN, 1, -1]),
        ("min(open, close, 3)", [1, 1, 3, NAN, 3, 3]),
        ("max(open, close)", [2, 2, 4, NAN, 9, 8]),
        ("clip(close, 2, 4)", [2, 2, 4, NAN, 4, 4]),
        ("close > open", [1, 0, 0, NAN, 1, 0]),
        ("close >= 4", [0, 0, 1, NAN, 1, 1]),
        ("close == 4", [0, 0, 1, NAN, 0, 1]),
        ("close != 4", [1, 1, 0, NAN, 1, 0]),
        ("1 < close <= 4", [1, 0, 1, NAN, 0, 1]),
        ("volume > 7", [1, 0, NAN, NAN, 0, 0]),
        ("not volume > 7", [0, 1, NAN, NAN, 1, 1]),
        ("close > 1 and volume > 7", [1, 0, NAN, NAN, 0, 0]),
        ("close > 1 or volume > 7", [1, 0, NAN, NAN, 1, 1]),  # unknown is unknown, though the other is true
        ("close > 1 and open > 1 and close < 9", [0, 0, 1, NAN, 0, 1]),
        ("(close > open) + (close > 3) + 1", [2, 1, 2, NAN, 3, 2]),
        ("where(close > open, close, -open)", [2, -2, -4, NAN, 9, -8]),
        ("where(volume > 7, 1, 0)", [1, 0, NAN, NAN, 0, 0]),
        ("where(close > 3, 1, 1 / volume)", [0.1, NAN, 1, NAN, 1, 1]),  # the other value may be undefined
        ("lag(close, 1)", [NAN, 2, 1, NAN, 4, 9]),
        ("lag(close, 2)", [NAN, NAN, 2, NAN, 1, 4]),
        ("lag(close, 0)", CLOSE),
        ("lag(close, 1e7)", [NAN] * 6),
        ("lag(7, 1)", [NAN, 7, 7, NAN, 7, 7]),
        ("change(close, 2)", [NAN, NAN, 2, NAN, 8, 0]),
        ("lag(close > open, 1) and close > 3", [NAN, 0, 0, NAN, 0, 1]),
        ("crosses_above(close, open)", [NAN, 0, 0, NAN, 0, 0]),  # through equal is no cross
        ("crosses_below(close, open)", [NAN, 1, 0, NAN, 0, 1]),
        ("crosses_above(close, 3)", [NAN, 0, 1, NAN, 0, 0]),
        ("crosses_above(5, close)", [NAN, 0, 0, NAN, 0, 1]),
        ("sma(2)", [NAN, 1.5, 2.5, NAN, 6.5, 6.5]),
        ("sma(window_bars=2)", [NAN, 1.5, 2.5, NAN, 6.5, 6.5]),
        ("sma(4 / 2)", [NAN, 1.5, 2.5, NAN, 6.5, 6.5]),
        ("sma(2, on=open)", [NAN, 1.5, 3, NAN, 4, 6]),
        ("sma(2, on=close - open)", [NAN, 0, -0.5, NAN, 2.5, 0.5]),
        ("highest(2, on=close - open)", [NAN, 1, 0, NAN, 5, 5]),
        ("lowest(2, on=-close)", [NAN, -2, -4, NAN, -9, -9]),
        ("highest(2, on=sma(2))", [NAN, NAN, 2.5, NAN, 6.5, 6.5]),
        ("sma(2, on=(close)) > 2", [NAN, 0, 1, NAN, 1, 1]),
        ("doubled()", [4, 2, 8, NAN, 18, 8]),
        ("sma(200)", [NAN] * 6),  # too few bars
        (" close\n  > open ", [1, 0, 0, NAN, 1, 0]),
    ],
)
def test_a_formula_gives_what_it_says(source: IndicatorSource, text: str, expected: list[float]) -> None:
    found = parse_formula(text).compute(source)
    assert found.shape == (6, 1)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("volume > 7", [1, 0, 0, 0, 0, 0]),
        ("not volume > 7", [0, 1, 0, 0, 1, 1]),
        ("where(close > 3, open > 5, close < 2)", [0, 1, 0, 0, 0, 1]),
        ("lag(close > open, 1)", [0, 1, 0, 0, 0, 1]),
    ],
)
def test_a_mask_is_true_where_a_condition_is_known_to_be(
    source: IndicatorSource, text: str, expected: list[int]
) -> None:
    found = parse_formula(text).mask(source)
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found.ravel(), np.array(expected, np.bool_))


@pytest.mark.parametrize("text", ["close", "rsi(14)", "where(close > open, 1, 0)", "change(close > open, 1)"])
def test_a_number_is_no_mask(source: IndicatorSource, text: str) -> None:
    with pytest.raises(UsageError, match=r"must be a condition to be true or false; found '.*': compare it with"):
        parse_formula(text).mask(source)


def test_indicators_are_those_that_are_declared() -> None:
    bars = sample_bars(300)
    source = IndicatorSource(bars)
    for text, expected in {
        "rsi()": rsi(bars.close),
        "rsi(7)": rsi(bars.close, 7),
        "macd(5, 12, signal_bars=4).histogram": macd(bars.close, 5, 12, 4).histogram,
        "bollinger(20, 1.5).upper": bollinger(bars.close, 20, 1.5).upper,
        "atr(5)": atr(bars.high, bars.low, bars.close, 5),
        "atr(5, on=(close, open, low))": atr(bars.close, bars.open, bars.low, 5),
        "sma(20, on=volume)": sma(bars.volume, 20),
        "sma(20, on=close / open)": sma(bars.close / bars.open, 20),
    }.items():
        np.testing.assert_array_equal(parse_formula(text).compute(source), expected, text)


@pytest.mark.parametrize("source", built_in_indicators(), ids=lambda source: source.name)
def test_every_indicator_can_be_named_in_a_formula(source: IndicatorFunction) -> None:
    spec, indicators = spec_of(source.function), IndicatorSource(sample_bars(120))
    numbers = {name: value for name, value in source.params.items() if isinstance(value, int | float)}
    call = f"{spec.name}({', '.join(f'{name}={value}' for name, value in numbers.items())})"
    expected = indicators.compute(source.function, **source.params)
    for output in spec.outputs or ("",):
        formula = parse_formula(f"{call}.{output}" if output else call)
        panel = getattr(expected, output) if output else expected
        np.testing.assert_array_equal(formula.compute(indicators), panel)
        assert formula.lookback_bars(indicators.bars) == spec.lookback(**source.params)


def test_a_timeframe_is_that_of_coarser_bars() -> None:
    source = IndicatorSource(sample_bars(300))
    weekly = source.coarser("1w")
    assert weekly is not None
    bars = weekly.source.bars
    for text, coarse in {
        'rsi(3, timeframe="1w")': rsi(bars.close, 3),
        "macd(3, 5, 2, timeframe='1w').line": macd(bars.close, 3, 5, 2).line,
        'sma(3, on=volume, timeframe="1w")': sma(bars.volume, 3),
        'sma(3, on=close / open, timeframe="1w")': sma(bars.close / bars.open, 3),
        'highest(2, on=rsi(3), timeframe="1w")': parse_formula("highest(2, on=rsi(3))").compute(weekly.source),
    }.items():
        np.testing.assert_array_equal(parse_formula(text).compute(source), weekly.join.as_of(coarse), text)


def test_a_timeframe_may_stand_inside_another() -> None:
    # weeks end on days 20,002, 20,009, 20,016, 20,023; pairs of weeks on 20,009 and 20,023; closes are day numbers
    text = 'sma(2, on=sma(1, timeframe="2w"), timeframe="1w")'
    found = parse_formula(text).compute(IndicatorSource(daily(30))).ravel()
    np.testing.assert_array_equal(found[[17, 18, 24, 25, 29]], [NAN, 20_009, 20_009, 20_016, 20_016])


def daily(count: int) -> Bars:
    """Bars of every day from Wednesday 2024-10-02 on, whose price is the number of the day."""
    days = np.arange(19_998.0, 19_998.0 + count).reshape(-1, 1)
    return Bars((days.ravel() * NS_PER_DAY).astype(np.int64), ("A",), days, days, days, days, days, "1d")


def test_what_stands_twice_is_computed_once() -> None:
    CALLS.clear()
    source = IndicatorSource(sample_bars(60))
    text = "highest(5, on=doubled() - open) > lag(highest(window_bars=5, on=doubled() - open), 1) and doubled() > 0"
    parse_formula(text).compute(source)
    parse_formula("doubled(on=close) - open").compute(source)
    assert CALLS == ["doubled"]
    assert source.compute(doubled) is source.compute(doubled)
    assert CALLS == ["doubled"]  # nor again for a strategy that asks for it
    parse_formula("doubled(on=close - open) + doubled(on=close - open)").compute(source)
    assert CALLS == ["doubled"] * 2


def test_an_indicator_of_several_panels_that_does_not_say_so_is_refused(source: IndicatorSource) -> None:
    with pytest.raises(UsageError, match=r"must say so to be named in a formula; found 'undisclosed' without"):
        parse_formula("undisclosed() > 3").compute(source)


def test_the_stamps_that_an_indicator_reads_are_those_of_the_bars(source: IndicatorSource) -> None:
    text = "day_number(on=close / open) - 20000"
    np.testing.assert_array_equal(parse_formula(text).compute(source).ravel(), [0, 1, 2, NAN, 4, 5])
    with pytest.raises(UsageError, match="give on= 1: as a rule close"):
        parse_formula("day_number(on=(close, open))")
    coarse = parse_formula('day_number(on=close / open, timeframe="2d") - 20000').compute(source)
    np.testing.assert_array_equal(coarse.ravel(), [NAN, 0, 0, NAN, 2, 4])


def test_what_stands_in_another_source_is_computed_again(source: IndicatorSource) -> None:
    formula = parse_formula("close - open")
    other = IndicatorSource(daily(6))
    assert not np.array_equal(formula.compute(source), formula.compute(other), equal_nan=True)


def test_given_names_are_read_and_never_kept(source: IndicatorSource) -> None:
    formula = parse_formula(
        "sentiment > 0 and sma(2, on=sentiment) > lag(trend, 1)", names=["sentiment", "trend", "fear"]
    )
    assert formula.names == ("sentiment", "trend")
    first = np.array([[1.0], [2], [3], [4], [NAN], [6]])
    np.testing.assert_array_equal(
        formula.compute(source, {"sentiment": first, "trend": first}).ravel(), [NAN, 1, 1, NAN, NAN, 1]
    )
    np.testing.assert_array_equal(
        formula.compute(source, {"sentiment": -first, "trend": first}).ravel(), [NAN, 0, 0, NAN, NAN, 0]
    )


def test_a_given_name_may_be_a_condition(source: IndicatorSource) -> None:
    formula = parse_formula("calm and close > 3", names={"calm"})
    calm = np.array([1.0, 1, 1, 1, 0, NAN])
    np.testing.assert_array_equal(formula.compute(source, {"calm": calm}).ravel(), [0, 0, 1, NAN, 0, NAN])
    assert parse_formula("calm", names={"calm"}).is_condition


def test_a_given_name_goes_before_a_price_of_the_name(source: IndicatorSource) -> None:
    formula = parse_formula("volume + 1", names={"volume"})
    np.testing.assert_array_equal(formula.compute(source, {"volume": np.zeros(6)}).ravel(), [1, 1, 1, NAN, 1, 1])


def test_a_name_must_be_handed_in_and_fit(source: IndicatorSource) -> None:
    formula = parse_formula("fear > 3", names={"fear"})
    with pytest.raises(UsageError, match="must be handed every name in it; found none for 'fear'"):
        formula.compute(source)
    with pytest.raises(UsageError, match="fear must have the shape of the bars"):
        formula.compute(source, {"fear": np.zeros((2, 1))})


@pytest.mark.parametrize(
    ("text", "lookback_bars"),
    [
        ("5 > 3", 0),
        ("close - open", 0),
        ("sma(20)", 19),
        ("crosses_above(rsi(14), 30) and close > sma(10)", 15),
        ("lag(sma(20) > close, 5)", 24),
        ("change(close, 3)", 3),
        ("sma(20, on=rsi(14))", 33),
        ('sma(2, timeframe="1w")', 11),  # the weeks that end on days 4 and 11
        ('lag(sma(2, on=sma(2), timeframe="1w"), 3)', 21),
        ("sma(500)", 499),
    ],
)
def test_the_lookback_is_where_the_first_value_stands(text: str, lookback_bars: int) -> None:
    formula, bars = parse_formula(text), daily(60)
    assert formula.lookback_bars(bars) == lookback_bars
    assert formula.own_lookback_bars == {11: 0, 21: 3}.get(lookback_bars, lookback_bars)  # weeks are not known yet
    known = np.isfinite(formula.compute(IndicatorSource(bars)).ravel())
    np.testing.assert_array_equal(known, np.arange(60) >= lookback_bars)


def test_a_formula_is_one_value_for_one_text() -> None:
    assert parse_formula("rsi(14) > 30") == parse_formula("rsi(14) > 30")
    assert repr(parse_formula("rsi(14) > 30")) == "Formula(text='rsi(14) > 30', names=())"


def test_no_indicator_is_hidden_behind_a_function_or_a_price() -> None:
    own = {*FUNCTIONS, *FIELDS, "lag", "change"}
    assert not own & set(indicators_by_name())
