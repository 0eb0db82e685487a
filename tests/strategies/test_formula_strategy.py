"""The strategy `formula`: signals by hand, its warm-up, and parameters that are no conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.config import load_config
from stratkit.data.bars import Bars
from stratkit.errors import ParameterError, StrategyError
from stratkit.features.indicators import rsi, sma
from stratkit.panel import NS_PER_DAY
from stratkit.strategies.catalog import build_strategy, find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.running import opinions, run_strategy
from stratkit.strategies.signals import EXIT, LONG, SHORT, Signals
from stratkit.testing import check_strategy, sample_bars, strategy_contract

FORMULA = find_strategy("formula")

TestFormula = strategy_contract(FORMULA)
TestFormulaOnWeeks = strategy_contract(
    build_strategy(
        "formula",
        {
            "long": 'crosses_above(rsi(3), 40) and rsi(2, timeframe="1w") > 45',
            "short": 'crosses_below(rsi(3), 60) and rsi(2, timeframe="1w") < 55',
            "exit": "abs(close / sma(10) - 1) > 0.05",
        },
    )
)


def signals_of(bars: Bars, **params: str) -> Signals:
    return run_strategy(build_strategy("formula", params), Context(bars))


def bars_of(closes: list[float]) -> Bars:
    close = np.array(closes).reshape(-1, 1)
    times = (20_000 + np.arange(len(closes))) * NS_PER_DAY
    return Bars(times, ("A",), close, close, close, close, np.ones_like(close), "1d")


def test_it_is_long_short_and_out_where_the_formulas_say() -> None:
    signals = signals_of(
        bars_of([1, 5, 3, 8, 4, 4, 9]), long="close > sma(2) and close > 6", short="close < sma(2)", exit="close == 4"
    )
    # averages of two: -, 3, 4, 5.5, 6, 4, 6.5; the short at the fifth bar goes before leaving
    np.testing.assert_array_equal(signals.side, [[0], [0], [SHORT], [LONG], [SHORT], [EXIT], [LONG]])
    assert signals.warmup_bars == 1


def test_an_empty_formula_never_speaks() -> None:
    bars = bars_of([1, 5, 3, 8, 4, 4, 9])
    np.testing.assert_array_equal(
        signals_of(bars, long="", short="close < lag(close, 1)", exit="").side,
        [[0], [0], [SHORT], [0], [SHORT], [0], [0]],
    )


def test_nothing_is_said_until_every_formula_may_have_a_value() -> None:
    bars = sample_bars(300)
    signals = signals_of(bars, long="close > 0", exit="close > sma(50)")
    assert signals.warmup_bars == 49
    assert not opinions(signals)[:49].any()
    assert opinions(signals)[49].any()
    weekly = signals_of(bars, long='close > sma(10, timeframe="1w")', exit="")
    # from Thursday to Monday, five bars a week: the tenth week ends with its Sunday bar, 66 days in
    assert weekly.warmup_bars == 9 * 5 + 3
    assert FORMULA(long='close > sma(10, timeframe="1w")', exit="close > sma(5)").warmup_bars == 4
    assert FORMULA().warmup_bars == 199


def test_the_text_is_kept_on_one_line() -> None:
    params = build_strategy("formula", {"long": " close > 3\n  and open > 2\n", "short": " \n"}).params
    assert (params.long, params.short) == ("close > 3 and open > 2", "")


def test_too_few_bars_are_silence() -> None:
    signals = signals_of(sample_bars(60), long="close > sma(200)", exit="")
    assert not opinions(signals).any()
    assert signals.warmup_bars == 199


def test_the_default_trades() -> None:
    bars = sample_bars(600)
    side = run_strategy(FORMULA(), Context(bars)).side
    assert side is not None
    average, strength = sma(bars.close, 200), rsi(bars.close, 2)
    known = np.arange(600)[:, None] >= 199
    np.testing.assert_array_equal(side == LONG, (bars.close > average) & (strength < 10) & known)
    assert ((side == LONG).sum(), (side == SHORT).sum()) > (20, -1)
    assert (side == EXIT).sum() > 100


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"long": "close > smaa(200)"},
            "formula: long: a formula must call known names; found smaa at column 9 of 'close > smaa(200)': "
            "did you mean 'sma'?",
        ),
        ({"short": "close >"}, "formula: short: a formula must be one expression; found invalid syntax"),
        (
            {"exit": "lag(close, -1) > 3"},
            "formula: exit: a formula must give lag a number of bars that have been; found -1",
        ),
        ({"exit": "rsi(14)"}, "formula: exit must be a condition; found 'rsi(14)': compare it with something"),
        ({"long": ""}, "formula: long or short must hold a formula; found neither: say when to enter"),
        ({"long": 3}, "formula: long: Input should be a valid string; found 3"),
        ({"entry": "close > 3"}, "formula: there is no parameter 'entry'"),
        (
            {"long": "x > 1", "exit": "__import__('os')"},
            "formula: long: a formula must use known names; found x at column 1",
        ),
    ],
)
def test_what_is_no_condition_is_refused_with_the_name_of_its_parameter(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        build_strategy("formula", params)
    assert str(caught.value).startswith(message)
    assert caught.value.exit_code == 2


def test_a_bar_that_is_both_long_and_short_is_refused() -> None:
    with pytest.raises(StrategyError, match="a bar must be long or short, not both; found both at bar 0, A"):
        signals_of(bars_of([1.0, 2.0]), long="close > 0", short="close < 9", exit="")


def test_formulas_share_the_indicators_of_their_context() -> None:
    context = Context(sample_bars(100))
    before = context.indicators.compute(sma, 20)
    run_strategy(build_strategy("formula", {"long": "close > sma(20)", "exit": ""}), context)
    assert context.indicators.compute(sma, 20) is before


def test_the_configuration_that_ships_with_it_keeps_the_contract(checkout: Path) -> None:
    for settings in load_config([checkout / "configs/formula.yaml"]).enabled().values():
        check_strategy(build_strategy(settings.spec, settings.params))
