"""`simulate`: signals as a user writes them, replayed; figures from a public engine and from closed forms."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stratkit.analytics.score import score_run
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.data.bars import Bars
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.engine.kernel import advance_book
from stratkit.engine.layout import ADD, ENGINE_SEMANTICS, ENTRY, EXIT_SIGNAL, REVERSE
from stratkit.engine.result import BacktestResult
from stratkit.engine.settings import AccountSettings, CostSettings, ExecutionSettings
from stratkit.engine.simulate import simulate
from stratkit.errors import DataError, StratkitError, UsageError
from stratkit.frequency import return_periods
from stratkit.panel import NS_PER_DAY
from stratkit.plans import ExitPlan
from stratkit.risk.settings import CapSettings, RiskSettings, SizingSettings
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import Signals

NAN = math.nan
START = 20_000 * NS_PER_DAY


def bars_of(
    *columns: list[tuple[float, ...] | None], symbols: str = "ABCDE", volume: float = 1000.0, frequency: str = "1d"
) -> Bars:
    """One column per list of (open, high, low, close); None = no bar."""
    panel = np.full((5, len(columns[0]), len(columns)), np.nan)
    for column, series in enumerate(columns):
        for bar, prices in enumerate(series):
            if prices is not None:
                panel[:, bar, column] = (*prices, volume)[:5]
    times = START + np.arange(len(columns[0])) * NS_PER_DAY
    return Bars(times, tuple(symbols[: len(columns)]), panel[0], panel[1], panel[2], panel[3], panel[4], frequency)


def flat(*prices: float | None) -> list[tuple[float, ...] | None]:
    return [None if price is None else (price,) * 4 for price in prices]


def units(count: float = 1.0, **caps: Any) -> RiskSettings:
    return RiskSettings(sizing=SizingSettings(rule="fixed_units", units=count), caps=CapSettings(**caps))


def column(*values: float) -> Any:
    return np.array(values, dtype=np.float64).reshape(-1, 1)


def signals(*side: int, name: str = "mine", **panels: Any) -> Signals:
    return Signals(name, side=np.array(side).reshape(-1, 1), **panels)


def fills(result: BacktestResult) -> list[tuple[int, float, float, str]]:
    frame = result.fills_frame()
    signed = np.where(frame["side"] == "buy", 1, -1) * frame["quantity"]
    return [(int(bar), float(q), float(price), str(reason)) for bar, q, price, reason in
            zip(frame["bar"], signed, frame["price"], frame["reason"], strict=True)]  # fmt: skip


# ---- acceptance


@pytest.fixture(scope="module")
def goog() -> Bars:
    test = pytest.importorskip("backtesting.test")
    frame = test.GOOG
    names = ("Open", "High", "Low", "Close", "Volume")
    panel: dict[str, Any] = {name.lower(): frame[[name]].to_numpy(np.float64) for name in names}
    return Bars(frame.index.to_numpy("datetime64[ns]").astype(np.int64), ("GOOG",), **panel, frequency="1d")


def plain_sma_cross(opens: list[float], closes: list[float], fast: int, slow: int, cash: float) -> tuple[int, float]:
    """Cross of two averages, whole shares, in and out at the next open: (trades, final equity)."""

    def average(bar: int, window: int) -> float:
        return math.fsum(closes[bar - window + 1 : bar + 1]) / window

    held, trades, last = 0, 0, len(opens) - 1
    for bar in range(slow + 1, last + 1):
        now, before = (average(t, fast) - average(t, slow) for t in (bar - 1, bar - 2))
        side = 1 if before < 0 < now else -1 if before > 0 > now else 0
        if bar == last:
            side = 0
        if held and (side * held < 0 or bar == last):
            cash += held * opens[bar]
            held = 0
        if side and not held:
            held = side * math.floor(cash / opens[bar])
            cash -= held * opens[bar]
            trades += 1
    return trades, cash


def test_goog_gives_the_published_trades_and_equity(goog: Bars) -> None:
    crossing = run_strategy(build_strategy("sma_cross", {"fast": 10, "slow": 30}), Context(goog))
    account = AccountSettings(initial_cash=10_000, lot_size=1, close_at_end="open")
    result = simulate(goog, crossing, account=account)
    # backtesting.py, SmaCross(10, 30) on its GOOG series with finalize_trades and cash 10,000
    assert len(result.closed_trades) == len(result.trades) == 66
    assert round(float(result.equity[-1]), 2) == 51_422.99
    trades, equity = plain_sma_cross(goog.open[:, 0].tolist(), goog.close[:, 0].tolist(), 10, 30, 10_000.0)
    assert trades == 66
    assert float(result.equity[-1]) == pytest.approx(equity, rel=1e-12)


def test_goog_is_traded_like_the_public_engine_bar_by_bar(goog: Bars) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the other engine's own
        from backtesting import Backtest, Strategy
        from backtesting.lib import crossover
        from backtesting.test import GOOG, SMA

        class SmaCross(Strategy):  # type: ignore[misc]  # untyped base; the example of its documentation
            def init(self) -> None:
                self.fast = self.I(SMA, self.data.Close, 10)
                self.slow = self.I(SMA, self.data.Close, 30)

            def next(self) -> None:
                if crossover(self.fast, self.slow):
                    self.position.close()
                    self.buy()
                elif crossover(self.slow, self.fast):
                    self.position.close()
                    self.sell()

        stats = Backtest(GOOG, SmaCross, cash=10_000, finalize_trades=True).run()
    crossing = run_strategy(build_strategy("sma_cross", {"fast": 10, "slow": 30}), Context(goog))
    account = AccountSettings(initial_cash=10_000, lot_size=1, close_at_end="open")
    result = simulate(goog, crossing, account=account)
    assert result.equity[-1] == pytest.approx(stats["Equity Final [$]"], rel=1e-9)
    theirs = stats["_trades"].sort_values("EntryBar")
    ours = result.trades_frame().sort_values("entry_bar")
    assert list(ours["entry_bar"]) == list(theirs["EntryBar"])
    assert list(ours["exit_bar"]) == list(theirs["ExitBar"])
    np.testing.assert_allclose(np.where(ours["side"] == "long", 1, -1) * ours["quantity"], theirs["Size"])
    np.testing.assert_allclose(ours["pnl"], theirs["PnL"], rtol=1e-9)


def test_buy_and_hold_of_an_index_has_the_closed_forms_of_its_series() -> None:
    bars = load_bars(DataSettings(symbols=("SP500",)))
    held = run_strategy(build_strategy("buy_and_hold"), Context(bars))
    result = simulate(bars, held)
    card = score_run(result, return_periods(bars.times, bars.frequency), AnalyticsSettings())

    close, entry = bars.close[:, 0], bars.open[1, 0]
    growth = np.concatenate(([1.0], close[1:] / entry))  # bought at the second open
    np.testing.assert_allclose(result.equity, 100_000 * growth, rtol=1e-12)
    returns = growth[1:] / growth[:-1] - 1.0
    n, per_year, mean, sd = len(returns), 252.0, returns.mean(), returns.std(ddof=1)
    centred, below = returns - returns.mean(), np.minimum(returns, 0.0)
    drawdown = growth / np.maximum.accumulate(growth) - 1.0
    cagr = growth[-1] ** (per_year / n) - 1.0
    at_peak = np.flatnonzero(drawdown == 0.0)
    tail = np.quantile(returns, 0.05)
    expected = {
        "total_return": growth[-1] - 1.0,
        "cagr": cagr,
        "sharpe": mean / sd * math.sqrt(per_year),
        "ann_vol": sd * math.sqrt(per_year),
        "sortino": mean / math.sqrt((below**2).mean()) * math.sqrt(per_year),
        "downside_deviation": math.sqrt((below**2).mean()) * math.sqrt(per_year),
        "omega": returns[returns > 0].sum() / -returns[returns < 0].sum(),
        "skewness": (centred**3).mean() / (centred**2).mean() ** 1.5,
        "excess_kurtosis": (centred**4).mean() / (centred**2).mean() ** 2 - 3.0,
        "max_drawdown": drawdown.min(),
        "calmar": cagr / -drawdown.min(),
        "ulcer": math.sqrt((drawdown[1:] ** 2).mean()),
        "martin": cagr / math.sqrt((drawdown[1:] ** 2).mean()),
        "max_dd_duration": max(np.diff(np.append(at_peak, len(growth) - 1)).max(), 0),
        "var_hist": tail,
        "cvar_hist": returns[returns <= tail].mean(),
        "tail_ratio": abs(np.quantile(returns, 0.95)) / abs(tail),
        "stability": np.corrcoef(np.arange(n), np.log(growth[1:]))[0, 1] ** 2,
        "turnover_ann": 100_000 / result.equity.mean() / (n / per_year),
        "exposure_time": (len(close) - 1) / len(close),
        "cost_total": 0.0,
        "trades": 0.0,
        "open_trades": 1.0,
    }
    for name, value in expected.items():
        found = card.value(name)
        assert found == pytest.approx(float(value), rel=1e-9), name


# ---- who may enter, and what comes out


def test_a_decision_trades_at_the_next_open_and_not_before() -> None:
    bars = bars_of([(10, 10, 10, 10), (11, 12, 10, 12), (13, 14, 12, 13), (20, 20, 20, 20)])
    result = simulate(bars, signals(1, 0, 2, 0), risk=units())
    assert fills(result) == [(1, 1.0, 11.0, "entry"), (3, -1.0, 20.0, "exit_signal")]
    np.testing.assert_allclose(result.equity, [100_000, 100_001, 100_002, 100_009])


@pytest.mark.parametrize(
    ("dtype", "given"),
    [(np.int8, 1), (np.int64, 1), (np.float64, 1.0), (np.float32, 1.0), (np.bool_, True), (np.int32, 1)],
)
def test_sides_may_be_of_any_type_of_number(dtype: Any, given: Any) -> None:
    bars = bars_of(flat(10, 10, 11, 12))
    side = np.zeros((4, 1), dtype)
    side[0] = given
    result = simulate(bars, Signals("mine", side=side), risk=units())
    assert result.equity.tolist() == [100_000.0, 100_000.0, 100_001.0, 100_002.0]
    assert result.equity.dtype == np.float64


def test_memory_order_and_later_changes_of_the_callers_arrays_do_not_matter() -> None:
    universe = synthetic_universe(3, 60, seed=2).bars
    side = np.random.default_rng(0).choice([1, -1, 0, 2], universe.shape)
    first = simulate(universe, Signals("mine", side=side))
    other = simulate(universe, Signals("mine", side=np.asfortranarray(side)))
    assert first.fills.tobytes() == other.fills.tobytes()
    result = simulate(universe, Signals("mine", side=side.astype(np.int8)))
    assert result.fills.tobytes() == first.fills.tobytes()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Signals("mine", side=np.array([[1], [NAN], [0]])), "NaN at bar 1, column 0"),
        (lambda: Signals("mine", side=np.array([[1], [3], [0]])), "found 3 at bar 1"),
        (lambda: Signals("mine"), "side or weight"),
        (lambda: Signals("mine", side=column(1, 0, 0), weight=column(1, 0, 0)), "not both"),
        (lambda: Signals("mine", side=column(1, 0, 0), confidence=column(1, 1)), "confidence must have the shape"),
        (lambda: Signals("mine", side=column(1, 0, 0), confidence=column(1, 2, 0)), "confidence must lie"),
        (lambda: Signals("mine", weight=column(1, np.inf, 0)), "finite or NaN"),
    ],
)
def test_signals_that_cannot_be_meant_are_refused(make: Any, message: str) -> None:
    with pytest.raises(StratkitError, match=message):
        make()


@pytest.mark.parametrize("shape", [(4, 1), (3, 2), (2, 1)])
def test_signals_of_another_shape_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match=r"shape of the bars, \(3, 1\)"):
        simulate(bars_of(flat(1, 2, 3)), Signals("mine", side=np.zeros(shape, np.int8)))


def test_no_signals_at_all_are_refused() -> None:
    with pytest.raises(UsageError, match="at least one"):
        simulate(bars_of(flat(1, 2, 3)), [])


def test_funding_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match="funding must have the shape"):
        simulate(bars_of(flat(1, 2, 3)), signals(1, 0, 0), funding=np.zeros((2, 1)))


@pytest.mark.parametrize("volume", [NAN, 0.0])
@pytest.mark.parametrize(
    ("costs", "execution"),
    [(CostSettings(impact_bps=10), ExecutionSettings()), (CostSettings(), ExecutionSettings(max_volume_share_pct=5))],
)
def test_unknown_volume_is_refused_where_an_option_needs_it(
    volume: float, costs: CostSettings, execution: ExecutionSettings
) -> None:
    bars = bars_of(flat(10, 10, 10), volume=volume)
    with pytest.raises(DataError, match="'A'"):
        simulate(bars, signals(1, 0, 0), costs=costs, execution=execution)
    assert len(simulate(bars, signals(1, 0, 0)).fills) == 1


def test_isolated_margin_must_leave_room_above_maintenance() -> None:
    account = AccountSettings(leverage=4, margin_mode="isolated", maintenance_margin_pct=25)
    with pytest.raises(UsageError, match="maintenance_margin_pct must stay below"):
        simulate(bars_of(flat(1, 2, 3)), signals(1, 0, 0), account=account)


def test_bars_without_any_opinion_trade_nothing() -> None:
    result = simulate(bars_of(flat(10, 11, 12)), signals(0, 0, 0))
    assert (len(result.fills), len(result.trades), len(result.decisions)) == (0, 0, 0)
    assert result.equity.tolist() == [100_000.0] * 3
    assert result.counts == {"decisions": 0, "fills": 0, "trades": 0, "no_op": 0}
    for frame in (result.fills_frame(), result.trades_frame(), result.decisions_frame()):
        assert frame.empty
    assert len(result.equity_frame()) == 3


def test_several_strategies_hold_books_of_their_own_in_one_account() -> None:
    bars = bars_of(flat(10, 10, 12, 12, 12), flat(20, 20, 20, 26, 26))
    trend = Signals("trend", side=np.array([[1, 0], [0, 0], [2, 0], [0, 0], [0, 0]]))
    revert = Signals("revert", side=np.array([[-1, 1], [0, 0], [0, 0], [0, 0], [0, 0]]))
    both = simulate(bars, [trend, revert], risk=units())
    alone = [simulate(bars, one, risk=units()) for one in (trend, revert)]
    assert both.strategies == ("trend", "revert")
    assert both.slot_symbol.tolist() == [0, 1, 0, 1]
    assert both.slot_strategy.tolist() == [0, 0, 1, 1]
    held = both.fills_frame()[["strategy", "symbol", "side", "bar"]].to_numpy().tolist()
    assert held == [["trend", "A", "buy", 1], ["revert", "A", "sell", 1], ["revert", "B", "buy", 1],
                    ["trend", "A", "sell", 3]]  # fmt: skip
    np.testing.assert_allclose(both.equity - 100_000, sum(one.equity - 100_000 for one in alone), rtol=0, atol=1e-9)
    assert both.gross[1] == 40.0
    assert both.net[1] == 20.0


def test_funding_is_paid_by_longs_on_the_value_at_the_last_close() -> None:
    bars = bars_of(flat(100, 100, 110, 120))
    rates = column(0.5, 0.01, 0.02, -0.01)
    result = simulate(bars, signals(1, 0, 0, 0), risk=units(), funding=rates)
    # bought at the open of bar 1: it was not held over the gap before, whose rate is 0.01
    np.testing.assert_allclose(result.carry[:, 1], [0, 0, 0.02 * 100, -0.01 * 110])
    short = simulate(bars, signals(-1, 0, 0, 0), risk=units(), funding=rates)
    np.testing.assert_allclose(short.carry[:, 1], [0, 0, -2.0, 1.1])
    assert result.trades["funding"].tolist() == pytest.approx([0.9])


def test_a_dated_delisting_takes_the_position_out_at_the_last_close_and_its_return() -> None:
    bars = bars_of(flat(10, 10, 8, None, None), flat(1, 1, 1, 1, 1))
    opinion = Signals("mine", side=np.array([[1, 0], [0, 0], [0, 0], [0, 0], [0, 0]]))
    when = {"A": START + 3 * NS_PER_DAY, "UNKNOWN": START}
    result = simulate(
        bars, opinion, account=AccountSettings(delisting_return=-0.25), risk=units(), delistings=when,
        costs=CostSettings(half_spread_bps=100, commission_per_order=1),
    )  # fmt: skip
    assert fills(result) == [(1, 1.0, 10.1, "entry"), (3, -1.0, 6.0, "delisted")]
    assert result.fills["commission"].tolist() == [1.0, 0.0]
    assert result.stale == ()


def test_a_symbol_whose_bars_end_is_delisted_when_it_is_stale_and_named_until_then() -> None:
    bars = bars_of(flat(10, 10, 8, *[None] * 6), flat(*[1.0] * 9))
    opinion = Signals("mine", side=np.pad([[1, 0]], ((0, 8), (0, 0))))
    assert fills(simulate(bars, opinion, risk=units()))[1] == (7, -1.0, 8.0, "delisted"), "five daily bars by default"
    held = simulate(bars, opinion, account=AccountSettings(stale_after_bars=20), risk=units())
    assert held.stale == ("A",)
    assert held.trades_frame()["exit_reason"].tolist() == ["open"]


def test_absolute_levels_close_the_position_where_they_say() -> None:
    bars = bars_of([(10, 10, 10, 10), (10, 11, 9, 10), (10, 12, 9.5, 12), (12, 16, 12, 15)])
    levels: dict[str, Any] = {"stop_level": column(8, NAN, NAN, NAN), "target_level": column(15, NAN, NAN, NAN)}
    assert fills(simulate(bars, signals(1, 0, 0, 0, **levels), risk=units())) == [
        (1, 1.0, 10.0, "entry"), (3, -1.0, 15.0, "target")
    ]  # fmt: skip
    levels = {"stop_level": column(9.25, NAN, NAN, NAN)}
    result = simulate(bars, signals(1, 0, 0, 0, **levels), risk=units())
    assert fills(result) == [(1, 1.0, 10.0, "entry"), (1, -1.0, 9.25, "stop")]
    trade = result.trades_frame().iloc[0]
    assert trade["risk_unit"] == 0.75
    assert trade["r_multiple"] == pytest.approx(-1.0)


def test_a_stop_level_beyond_the_entry_is_refused_and_logged() -> None:
    result = simulate(bars_of(flat(10, 10, 10)), signals(1, 0, 0, stop_level=column(11, NAN, NAN)))
    log = result.decisions_frame()
    assert log[["outcome", "rule", "side", "bar"]].to_numpy().tolist() == [["refused", "stop_beyond_entry", "long", 0]]


def test_target_weights_are_kept_by_trading_the_difference() -> None:
    bars = bars_of(flat(10, 10, 20, 20), flat(10, 10, 10, 10))
    weight = np.array([[0.5, 0.5], [0.5, 0.5], [0.0, NAN], [NAN, NAN]])
    result = simulate(bars, Signals("mine", weight=weight), account=AccountSettings(initial_cash=1000))
    # 50 of each at 10; A doubles: 1,500 in all, so 12.5 of A leave and 25 of B come; then A leaves whole
    assert result.fills_frame()[["symbol", "side", "quantity", "price", "reason"]].to_numpy().tolist() == [
        ["A", "buy", 50.0, 10.0, "entry"],
        ["B", "buy", 50.0, 10.0, "entry"],
        ["A", "sell", 12.5, 20.0, "rebalance_out"],
        ["B", "buy", 25.0, 10.0, "rebalance_in"],
        ["A", "sell", 37.5, 20.0, "rebalance_out"],
    ]


# ---- the result


def rich() -> BacktestResult:
    bars = bars_of(
        [(10, 10, 10, 10), (10, 11, 9, 10), (12, 13, 11, 12), (12, 12, 11, 11), (11, 12, 10, 12)],
        [(50, 50, 50, 50), (50, 52, 48, 51), None, (40, 44, 39, 42), (42, 43, 41, 43)],
    )
    side = np.array([[1, -1], [0, 0], [2, 0], [1, 0], [0, 2]])
    return simulate(
        bars, Signals("mine", side=side, confidence=np.full((5, 2), 0.5)), risk=units(2.0),
        costs=CostSettings(commission_per_order=1, half_spread_bps=100, borrow_ann=0.365),
        account=AccountSettings(initial_cash=1000),
    )  # fmt: skip


def test_everything_that_comes_out_is_read_only() -> None:
    result = rich()
    arrays = {entry.name: getattr(result, entry.name) for entry in fields(result)}
    arrays |= {name: getattr(result, name) for name in ("returns", "exposure", "turnover", "costs")}
    checked = [name for name, value in arrays.items() if isinstance(value, np.ndarray)]
    assert {"equity", "fills", "trades", "decisions", "carry", "times", "returns", "costs"} <= set(checked)
    for name in checked:
        assert not arrays[name].flags.writeable, name
        with pytest.raises(ValueError, match="read-only"):
            arrays[name][...] = arrays[name]
    with pytest.raises(AttributeError):
        result.equity = result.cash  # type: ignore[misc]  # frozen: that is what is tested


def test_the_caller_may_still_write_to_arrays_that_were_handed_in() -> None:
    side = np.array([[1], [0], [0]], np.int8)
    funding = np.zeros((3, 1))
    simulate(bars_of(flat(1, 2, 3)), Signals("mine", side=side), funding=funding)
    funding[0] = 1.0
    side[0] = 0


def test_the_account_as_a_table_adds_up() -> None:
    result = rich()
    frame = result.equity_frame()
    assert list(frame.columns) == [
        "time", "equity", "cash", "gross", "net", "return", "turnover", "commission", "slippage", "borrow", "funding",
        "interest",
    ]  # fmt: skip
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]"
    assert frame["time"][0] == pd.Timestamp(START, tz="UTC")
    np.testing.assert_allclose(frame["equity"], frame["cash"] + frame["net"])
    np.testing.assert_allclose(frame["equity"], 1000 * (1 + frame["return"]).cumprod())
    # bar 1: 2 of A bought at 10 x 1.01, 2 of B sold at 50 x 0.99, one each in commission
    assert frame["turnover"][1] == pytest.approx(2 * 10.1 + 2 * 49.5)
    assert frame["commission"].tolist() == [0, 2, 0, 1, 1]
    assert frame["slippage"].tolist() == pytest.approx([0, 2 * 0.1 + 2 * 0.5, 0, 2 * 0.12, 2 * 0.11])
    assert frame["gross"][1] == pytest.approx(2 * 10 + 2 * 51)
    assert frame["net"][1] == pytest.approx(2 * 10 - 2 * 51)
    # a day of 0.365 a year is 0.1 %: on 2 x 51 twice (no bar of B on the second day), then on 2 x 42
    assert frame["borrow"].tolist() == pytest.approx([0, 0, 0.102, 0.102, 0.084])
    np.testing.assert_allclose(result.exposure, frame["gross"] / frame["equity"])


def test_fills_as_a_table_name_who_what_and_why() -> None:
    result = rich()
    frame = result.fills_frame()
    assert frame[["symbol", "strategy", "side", "quantity", "reason", "bar", "trade"]].to_numpy().tolist() == [
        ["A", "mine", "buy", 2.0, "entry", 1, 0],
        ["B", "mine", "sell", 2.0, "entry", 1, 1],
        ["A", "mine", "sell", 2.0, "exit_signal", 3, 0],
        ["A", "mine", "buy", 2.0, "entry", 4, 2],
    ]
    assert frame["price"].tolist() == pytest.approx([10.1, 49.5, 11.88, 11.11])
    assert frame["base_price"].tolist() == [10, 50, 12, 11]
    assert frame["time"].tolist() == [pd.Timestamp(START + bar * NS_PER_DAY, tz="UTC") for bar in (1, 1, 3, 4)]
    assert frame["commission"].tolist() == [1, 1, 1, 1]


def test_trades_as_a_table_tell_closed_ones_first_and_mark_open_ones() -> None:
    frame = rich().trades_frame()
    assert frame[["symbol", "side", "entry_bar", "exit_bar", "bars_held", "quantity", "exit_reason"]].to_numpy().tolist(
    ) == [
        ["A", "long", 1, 3, 2, 2.0, "exit_signal"],
        ["A", "long", 4, -1, 0, 2.0, "open"],
        ["B", "short", 1, -1, 2, 2.0, "open"],
    ]  # fmt: skip
    first, _, short = (row for _, row in frame.iterrows())
    assert first["gross_pnl"] == pytest.approx(2 * (11.88 - 10.1))
    assert first["pnl"] == pytest.approx(2 * (11.88 - 10.1) - 2)
    assert first["return"] == pytest.approx((2 * (11.88 - 10.1) - 2) / 20.2)
    assert first["mae"] == pytest.approx((9 - 10.1) / 10.1)
    assert first["mfe"] == pytest.approx((13 - 10.1) / 10.1)
    assert np.isnan(first["r_multiple"])
    assert first["decision_bar"] == 0
    assert short["pnl"] == pytest.approx(2 * (49.5 - 43) - 1 - 0.288)
    assert short["borrow"] == pytest.approx(0.288)
    assert frame["exit_time"].isna().tolist() == [False, True, True]


def test_the_decision_log_as_a_table_has_a_row_for_every_change_asked_for() -> None:
    frame = rich().decisions_frame()
    assert frame[["bar", "symbol", "side", "outcome", "rule", "confidence"]].to_numpy().tolist() == [
        [0, "A", "long", "filled", "", 0.5],
        [0, "B", "short", "filled", "", 0.5],
        [2, "A", "exit", "filled", "", 0.5],
        [3, "A", "long", "filled", "", 0.5],
        [4, "B", "exit", "expired", "end_of_data", 0.5],
    ]
    assert frame["granted"].tolist() == [2, 2, 2, 2, 0]
    assert frame["requested"][:4].tolist() == [2, 2, 2, 2]


def test_provenance_and_counts_say_what_was_played() -> None:
    result = rich()
    assert result.provenance["engine_semantics"] == ENGINE_SEMANTICS == 1
    assert result.provenance["fill_profile"] == "conservative"
    assert result.provenance["sizing_rule"] == "fixed_units"
    assert result.provenance["risk_basis"] == "exposure"
    assert len(result.provenance["data_digest"]) == 64
    assert result.counts == {"decisions": 5, "fills": 4, "trades": 1, "no_op": 0}
    assert result.initial_cash == 1000


def test_the_decision_log_names_the_account_where_a_breaker_closed() -> None:
    from stratkit.risk.settings import BreakerSettings

    bars = bars_of(flat(100, 100, 50, 50))
    risk = RiskSettings(breakers=BreakerSettings(max_drawdown_pct=10))
    log = simulate(bars, signals(1, 0, 0, 0), risk=risk).decisions_frame()
    assert log[["symbol", "strategy", "side", "outcome", "rule", "bar"]].to_numpy().tolist() == [
        ["A", "mine", "long", "filled", "", 0],
        ["", "", "", "breaker_closed", "breaker_drawdown", 2],
    ]


# ---- the past does not depend on the future, with everything that is computed from bars


SIZINGS = [
    SizingSettings(fraction=0.2),
    SizingSettings(rule="risk_per_trade"),
    SizingSettings(rule="equal_weight"),
    SizingSettings(rule="fractional_kelly", kelly_min_trades=40),
    SizingSettings(rule="volatility_target", vol_bars=5),
]


def everything(bars: Bars, sizing: SizingSettings) -> BacktestResult:
    """Replay random sides with all that is computed from bars: ATR, volatility, impact and volume limits."""
    side = np.random.default_rng(4).choice([1, -1, 2, 0, 0, 0], (300, 4))[: len(bars.times)]
    plan = ExitPlan(risk=2, sl=1, tp1=1, tp2=2, f1=0.5, f2=0.5, atr_bars=7, trail_by=1.5, be=1)
    costs = CostSettings(slippage_volatility=0.2, impact_bps=20, slippage_volatility_bars=5, commission_bps=2)
    return simulate(
        bars,
        Signals("mine", side=side),
        exit_plan=plan,
        risk=RiskSettings(sizing=sizing),
        costs=costs,
        account=AccountSettings(leverage=3),
        execution=ExecutionSettings(max_volume_share_pct=20),
    )


@pytest.mark.parametrize("sizing", SIZINGS, ids=lambda sizing: str(sizing.rule))
def test_bars_that_are_cut_off_change_no_fill_before(sizing: SizingSettings) -> None:
    bars = synthetic_universe(4, 300, seed=11).bars
    whole = everything(bars, sizing)
    assert len(whole.fills) > 40
    for stop in (9, 40, 151, 299):
        part = everything(bars.slice(0, stop), sizing)
        np.testing.assert_array_equal(part.equity, whole.equity[:stop])
        assert part.fills.tobytes() == whole.fills[whole.fills["bar"] < stop].tobytes()


@pytest.mark.parametrize("sizing", SIZINGS, ids=lambda sizing: str(sizing.rule))
def test_what_fills_at_an_open_does_not_know_the_rest_of_its_bar(sizing: SizingSettings) -> None:
    bars = synthetic_universe(4, 300, seed=11).bars
    whole = everything(bars, sizing)
    at_open = (ENTRY, ADD, EXIT_SIGNAL, REVERSE)
    seen = 0
    for bar in np.unique(whole.fills["bar"][whole.fills["reason"] == ENTRY])[::5]:
        high, low, close = bars.high.copy(), bars.low.copy(), bars.close.copy()
        close[bar] *= 1.3
        high[bar], low[bar] = high[bar] * 1.5, low[bar] * 0.7
        changed = replace(bars, high=high, low=low, close=close)
        one, other = (run.fills[run.fills["bar"] <= bar] for run in (whole, everything(changed, sizing)))
        one, other = (fills[(fills["bar"] < bar) | np.isin(fills["reason"], at_open)] for fills in (one, other))
        assert one.tobytes() == other.tobytes()
        seen += int((one["bar"] == bar).sum())
    assert seen >= 5


def test_the_kernel_is_compiled_once_whatever_the_signals_hold() -> None:
    bars = bars_of(flat(10, 10, 11, 12))
    panel = column(8, 8, 8, 8)
    simulate(bars, signals(1, 0, 0, 0))
    versions = len(advance_book.signatures)  # type: ignore[attr-defined]  # of numba's dispatcher
    simulate(bars, Signals("mine", weight=column(1, NAN, NAN, NAN)))
    simulate(bars, [signals(1, 0, 0, 0), signals(-1, 0, 0, 0, name="other")])
    simulate(bars, signals(1, 0, 0, 0, stop_level=panel, confidence=panel / 10, size=panel, risk_unit=panel))
    simulate(bars, signals(1, 0, 0, 0), funding=np.zeros((4, 1)), costs=CostSettings(slippage_volatility=1))
    simulate(bars, signals(1, 0, 0, 0, target_level=panel * 3, exit_fraction=panel / 10))
    assert len(advance_book.signatures) == versions  # type: ignore[attr-defined]  # of numba's dispatcher
