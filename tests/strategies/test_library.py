"""The built-in strategies on series made by hand, with the bars on which they must speak."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from stratkit.data.bars import Bars
from stratkit.errors import ParameterError
from stratkit.plans import ExitPlan
from stratkit.strategies.catalog import STRATEGIES, build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import search_space
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import Signals
from stratkit.testing import sample_bars

NAN = math.nan
DAY_NS = 86_400 * 10**9


def bars_of(*closes: list[float], first_day: int = 0) -> Bars:
    """One column per list, high and low one above and below the close."""
    close = np.array(closes, dtype=np.float64).T
    times = (first_day + np.arange(len(close))) * DAY_NS
    symbols = tuple("ABCDEF"[: close.shape[1]])
    return Bars(times, symbols, close, close + 1, close - 1, close, np.ones_like(close), "1d")


def signals_of(name: str, bars: Bars, **params: Any) -> Signals:
    return run_strategy(build_strategy(name, params), Context(bars))


def sides_of(name: str, closes: list[float], **params: Any) -> list[int]:
    side = signals_of(name, bars_of(closes), **params).side
    assert side is not None
    return [int(value) for value in side[:, 0]]


def weights_of(bars: Bars, **params: Any) -> npt.NDArray[Any]:
    weight = signals_of("momentum_rotation", bars, **params).weight
    assert weight is not None
    return weight


def test_buy_and_hold_asks_until_a_bar_follows_that_could_fill() -> None:
    bars = bars_of([10, 10, 10, 10, 10], [NAN, 10, NAN, 10, 10])
    side = signals_of("buy_and_hold", bars).side
    assert side is not None
    np.testing.assert_array_equal(side[:, 0], [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(side[:, 1], [0, 1, 0, 1, 0])


# averages over 2: -, 4.5, 3.5, 2.5, 4, 6.5, 5, 2; over 3: -, -, 4, 3, 3.67, 5, 5.33, 3.67
CROSSING = [5.0, 4, 3, 2, 6, 7, 3, 1]


@pytest.mark.parametrize(
    ("direction", "expected"), [("both", [0, 0, 0, 0, 1, 0, -1, 0]), ("long_only", [0, 0, 0, 0, 1, 0, 2, 0])]
)
def test_sma_cross_speaks_on_the_bar_of_the_cross(direction: str, expected: list[int]) -> None:
    assert sides_of("sma_cross", CROSSING, fast=2, slow=3, direction=direction) == expected


def test_sma_cross_counts_own_bars() -> None:
    holed = [5.0, 4, NAN, 3, 2, NAN, NAN, 6, 7, 3, NAN, 1]
    assert sides_of("sma_cross", holed, fast=2, slow=3) == [0, 0, 0, 0, 0, 0, 0, 1, 0, -1, 0, 0]


# ema(2): 10, 9.33, 11.78, 14.59, then; ema(3): 10, 9.5, 11.25, 13.63, then; both from bar 2
# MACD: 0, -.167, .528, .968; signal(2) from bar 3: -.083, .324, .753; last bar 10: -.282 / .063, 14: .386 / .508
@pytest.mark.parametrize(
    ("last", "zero_filter", "direction", "expected"),
    [
        (10.0, False, "both", [0, 0, 0, 0, 1, 0, -1]),
        (10.0, False, "long_only", [0, 0, 0, 0, 1, 0, 2]),
        (10.0, True, "both", [0, 0, 0, 0, 1, 0, -1]),
        (14.0, False, "both", [0, 0, 0, 0, 1, 0, -1]),
        (14.0, True, "both", [0, 0, 0, 0, 1, 0, 2]),
    ],
)
def test_macd_trend_speaks_when_macd_crosses_its_signal(
    last: float, zero_filter: bool, direction: str, expected: list[int]
) -> None:
    closes = [10.0, 10, 10, 9, 13, 16, last]
    options = {"zero_filter": zero_filter, "direction": direction}
    assert sides_of("macd_trend", closes, fast=2, slow=3, signal=2, **options) == expected


# changes -1 -1 +1 +3 -1 -3; Wilder over 2: RSI 0, 50, 87.5, 58.3, 19.4 from bar 2
@pytest.mark.parametrize(
    ("direction", "expected"), [("both", [0, 0, 1, 2, -1, 0, 1]), ("long_only", [0, 0, 1, 2, 2, 2, 1])]
)
def test_rsi_reversion_buys_the_oversold_and_leaves_in_the_middle(direction: str, expected: list[int]) -> None:
    closes = [10.0, 9, 8, 9, 12, 11, 8]
    assert sides_of("rsi_reversion", closes, window=2, direction=direction) == expected


# middle 10, 9, 9, 10, 11 and deviation 0, 1.41, 1.41, 2.45, 1.41 from bar 2
@pytest.mark.parametrize(
    ("direction", "expected"), [("both", [0, 0, 0, 1, 2, -1, 2]), ("long_only", [0, 0, 0, 1, 2, 2, 0])]
)
def test_bollinger_reversion_fades_a_close_outside_the_bands(direction: str, expected: list[int]) -> None:
    closes = [10.0, 10, 10, 7, 10, 13, 10]
    assert sides_of("bollinger_reversion", closes, window=3, deviations=1.0, direction=direction) == expected


# highs are 1 above: bar 2 closes at 12 above 11, bar 3 at 14 above 13; bar 5 closes at 8 below 10; bar 7 at 13 above 9
@pytest.mark.parametrize(
    ("direction", "expected"), [("both", [0, 0, 1, 1, 0, -1, 0, 1]), ("long_only", [0, 0, 1, 1, 0, 2, 0, 1])]
)
def test_donchian_breakout_buys_above_the_channel_of_the_bars_before(direction: str, expected: list[int]) -> None:
    closes = [10.0, 10, 12, 14, 11, 8, 8, 13]
    assert sides_of("donchian_breakout", closes, entry=2, leave=2, atr_bars=2, direction=direction) == expected


def test_donchian_breakout_leaves_a_short_above_the_shorter_channel() -> None:
    closes = [10.0, 10, 10, 10, 5, 8, 5, 5, 7.5]  # the last is above the two highs before, 6, but not the four, 9
    found = sides_of("donchian_breakout", closes, entry=4, leave=2, atr_bars=2, direction="both")
    assert found == [0, 0, 0, 0, -1, 0, 0, 0, 2]


def test_donchian_breakout_carries_its_stop_in_atr() -> None:
    signals = signals_of("donchian_breakout", bars_of([10.0] * 30), atr_bars=7, stop_atr=1.5)
    assert signals.exit_plan == ExitPlan(risk_basis="atr", risk=1.5, atr_bars=7, sl=1.0)


RISING = [10.0, 10, 20, 20, 20, 20, 20]
FALLING = [10.0, 10, 5, 5, 5, 5, 4]
STEADY = [10.0, 11, 12, 13, 14, 15, 16]
EVERY_TWO = {"lookback": 2, "skip": 0, "rebalance": "every_n_bars", "every": 2}


def test_rotation_holds_the_strongest_and_speaks_on_ranking_bars_only() -> None:
    weight = weights_of(bars_of(RISING, FALLING, STEADY), top=2, **EVERY_TWO)
    assert np.isnan(weight[[0, 1, 3, 5]]).all()
    np.testing.assert_array_equal(weight[2], [0.5, 0.0, 0.5])  # +100 %, -50 %, +20 %
    np.testing.assert_array_equal(weight[4], [0.5, 0.0, 0.5])  # 0, 0, +16.7 %: the tie goes to A
    np.testing.assert_array_equal(weight[6], [0.5, 0.0, 0.5])  # 0, -20 %, +14.3 %


def test_rotation_drops_what_is_no_longer_among_the_strongest() -> None:
    weight = weights_of(bars_of(RISING, FALLING, STEADY), top=1, **EVERY_TWO)
    np.testing.assert_array_equal(weight[[2, 4, 6]], [[1, 0, 0], [0, 0, 1], [0, 0, 1]])


def test_rotation_leaves_alone_what_has_no_bar_and_spreads_over_the_rest() -> None:
    gone = [10.0, 11, 12, 13, NAN, 15, 16]
    weight = weights_of(bars_of(RISING, gone), top=3, **EVERY_TWO)
    np.testing.assert_array_equal(weight[2], [0.5, 0.5])
    np.testing.assert_array_equal(weight[4], [1.0, NAN])


def test_rotation_gives_a_late_listing_no_weight_before_it_can_be_ranked() -> None:
    late = [NAN, NAN, NAN, 10.0, 11, 12, 13]
    weight = weights_of(bars_of(STEADY, late), top=1, **EVERY_TWO)
    np.testing.assert_array_equal(weight[[2, 4, 6]], [[1, NAN], [1, 0], [0, 1]])


def test_rotation_keeps_cash_for_a_symbol_that_fell_when_only_rising_ones_count() -> None:
    weight = weights_of(bars_of(RISING, FALLING), top=2, rising_only=True, **EVERY_TWO)
    np.testing.assert_array_equal(weight[[2, 4]], [[0.5, 0.0], [0.0, 0.0]])


def test_rotation_skips_the_latest_bars_of_the_rise() -> None:
    options = EVERY_TWO | {"skip": 1}
    weight = weights_of(bars_of([10.0, 10, 10, 10, 90, 10], [10.0, 11, 12, 13, 13, 13]), top=1, **options)
    np.testing.assert_array_equal(weight[3], [0.0, 1.0])
    np.testing.assert_array_equal(weight[5], [1.0, 0.0])  # bars 2 to 4: +800 % against +8 %


def test_monthly_rotation_ranks_on_the_first_bar_of_a_month_not_on_the_last() -> None:
    bars = bars_of(np.linspace(10, 20, 70).tolist(), first_day=10)  # from 11 January 1970
    weight = weights_of(bars, lookback=2, skip=0, top=1)
    ranked = np.flatnonzero(np.isfinite(weight[:, 0]))
    assert [str(bars.times[bar].astype("datetime64[ns]"))[:10] for bar in ranked] == ["1970-02-01", "1970-03-01"]


def test_goog_crosses_equal_a_pandas_computation() -> None:
    package = find_spec("backtesting")
    assert package is not None
    assert package.origin is not None
    frame = pd.read_csv(Path(package.origin).parent / "test" / "GOOG.csv", index_col=0, parse_dates=True)
    fast, slow = frame["Close"].rolling(10).mean(), frame["Close"].rolling(30).mean()
    up = (fast.shift(1) < slow.shift(1)) & (fast > slow)
    down = (fast.shift(1) > slow.shift(1)) & (fast < slow)
    names = ("Open", "High", "Low", "Close", "Volume")
    opens, highs, lows, closes, volumes = (frame[[name]].to_numpy(np.float64) for name in names)
    times = frame.index.to_numpy().astype("datetime64[ns]").astype(np.int64)
    bars = Bars(times, ("GOOG",), opens, highs, lows, closes, volumes, "1d")
    side = signals_of("sma_cross", bars, fast=10, slow=30).side
    assert side is not None
    np.testing.assert_array_equal(side[:, 0], up.astype(int) - down.astype(int))
    assert int((side != 0).sum()) > 60


BASE: dict[str, dict[str, Any]] = {
    "buy_and_hold": {},
    "sma_cross": {"fast": 5, "slow": 20},
    "macd_trend": {"direction": "both"},
    "rsi_reversion": {"window": 5, "direction": "both"},
    "bollinger_reversion": {"direction": "both"},
    "donchian_breakout": {"direction": "both"},
    "momentum_rotation": {"lookback": 40, "skip": 5, "top": 2},
    "rules_engine": {"min_triggers": 2},
    "mean_reversion": {},
    "formula": {"long": "crosses_above(close, sma(20))", "short": "crosses_below(close, sma(20))"},
}
CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("sma_cross", {"fast": 6}, {}),
    ("sma_cross", {"slow": 25}, {}),
    ("sma_cross", {"direction": "long_only"}, {}),
    ("macd_trend", {"fast": 8}, {}),
    ("macd_trend", {"slow": 30}, {}),
    ("macd_trend", {"signal": 5}, {}),
    ("macd_trend", {"zero_filter": True}, {}),
    ("macd_trend", {"direction": "long_only"}, {}),
    ("rsi_reversion", {"window": 7}, {}),
    ("rsi_reversion", {"buy_below": 20.0}, {}),
    ("rsi_reversion", {"sell_above": 80.0}, {}),
    ("rsi_reversion", {"exit_at": 60.0}, {}),
    ("rsi_reversion", {"direction": "long_only"}, {}),
    ("bollinger_reversion", {"window": 10}, {}),
    ("bollinger_reversion", {"deviations": 1.5}, {}),
    ("bollinger_reversion", {"direction": "long_only"}, {}),
    ("donchian_breakout", {"entry": 30}, {}),
    ("donchian_breakout", {"leave": 5}, {}),
    ("donchian_breakout", {"atr_bars": 10}, {}),
    ("donchian_breakout", {"stop_atr": 3.0}, {}),
    ("donchian_breakout", {"direction": "long_only"}, {}),
    ("momentum_rotation", {"lookback": 60}, {}),
    ("momentum_rotation", {"skip": 10}, {}),
    ("momentum_rotation", {"top": 3}, {}),
    ("momentum_rotation", {"rebalance": "every_n_bars"}, {}),
    ("momentum_rotation", {"every": 10}, {"rebalance": "every_n_bars"}),
    ("momentum_rotation", {"rising_only": True}, {}),
    ("rules_engine", {"breakout_bars": 30}, {}),
    ("rules_engine", {"volume_bars": 10}, {}),
    ("rules_engine", {"volume_multiple": 1.5}, {}),
    ("rules_engine", {"momentum_bars": 5}, {}),
    ("rules_engine", {"momentum_pct": 3.0}, {}),
    ("rules_engine", {"min_triggers": 1}, {}),
    ("rules_engine", {"exit_bars": 5}, {}),
    ("rules_engine", {"size_pct": 5.0}, {}),
    ("rules_engine", {"stop_loss_pct": 4.0}, {}),
    ("rules_engine", {"take_profit_pct": 8.0}, {}),
    ("mean_reversion", {"window": 7}, {}),
    ("mean_reversion", {"rsi_oversold": 20.0}, {}),
    ("mean_reversion", {"rsi_overbought": 80.0}, {}),
    ("mean_reversion", {"size_pct": 5.0}, {}),
    ("mean_reversion", {"stop_loss_pct": 4.0}, {}),
    ("mean_reversion", {"take_profit_pct": 8.0}, {}),
    ("formula", {"long": "crosses_above(close, sma(30))"}, {}),
    ("formula", {"short": ""}, {}),
    ("formula", {"exit": "close > sma(10)"}, {}),
]


@pytest.mark.parametrize(
    ("name", "change", "beside"), CHANGES, ids=[f"{name}-{next(iter(c))}" for name, c, _ in CHANGES]
)
def test_every_parameter_changes_what_is_said(name: str, change: dict[str, Any], beside: dict[str, Any]) -> None:
    bars, base = sample_bars(), BASE[name] | beside
    before, after = signals_of(name, bars, **base), signals_of(name, bars, **(base | change))
    panels, others = before.panels(), after.panels()
    same = all(np.array_equal(panel, others[key], equal_nan=panel.dtype.kind == "f") for key, panel in panels.items())
    assert not same or before.exit_plan != after.exit_plan


def test_every_parameter_of_every_strategy_is_in_the_list_above() -> None:
    declared = {(name, p.name) for name in STRATEGIES for p in search_space(type(build_strategy(name)).Params)}
    assert declared == {(name, next(iter(change))) for name, change, _ in CHANGES}


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("sma_cross", {"fast": 20, "slow": 20}, "fast must be below slow; found fast=20, slow=20: "),
        ("macd_trend", {"fast": 30}, "fast must be below slow; found fast=30, slow=26: "),
        (
            "rsi_reversion",
            {"exit_at": 20.0},
            "exit_at must lie between buy_below and sell_above; found buy_below=30, exit_at=20, sell_above=70: ",
        ),
    ],
)
def test_parameters_at_odds_with_each_other_are_refused(name: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        build_strategy(name, params)
    assert message in str(caught.value)
