"""The scorecard of a run: groups, bases, warnings, and equality with its streamed twin."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.analytics import trades as of_trades
from stratkit.analytics.basis import basis_of
from stratkit.analytics.benchmark import Benchmark, hold_equity, make_benchmark
from stratkit.analytics.definitions import DEFINITIONS
from stratkit.analytics.reference import metric_reference
from stratkit.analytics.score import score_run
from stratkit.analytics.scorecard import Scorecard
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.analytics.streamed import score_stream, stream_result
from stratkit.analytics.summary import trade_summary
from stratkit.data.bars import Bars
from stratkit.engine.layout import DECISION_DTYPE, FILL_DTYPE, TRADE_DTYPE, Records
from stratkit.engine.result import BacktestResult
from stratkit.engine.stream import new_stream, stream_trade
from stratkit.errors import UsageError
from stratkit.frequency import ReturnPeriods, return_periods
from stratkit.panel import NS_PER_DAY, NS_PER_SECOND, FloatArray, IntArray

SETTINGS = AnalyticsSettings()


def records(dtype: np.dtype[Any], rows: list[dict[str, float]]) -> Records:
    table = np.zeros(len(rows), dtype).view(np.recarray)
    for at, row in enumerate(rows):
        for name, value in row.items():
            table[at][name] = value
    return table


def trade(pnl: float, r_multiple: float = math.nan, exit_bar: int = 5, **fields: float) -> dict[str, float]:
    return {"pnl": pnl, "r_multiple": r_multiple, "exit_bar": exit_bar, "side": 1, "entry_price": 100.0} | fields


def run_of(
    equity: FloatArray,
    times: IntArray,
    *,
    initial: float = 1000.0,
    gross: FloatArray | None = None,
    trades: list[dict[str, float]] | None = None,
    fills: list[dict[str, float]] | None = None,
    carry: FloatArray | None = None,
    bankrupt_bar: int = -1,
    stale: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
) -> BacktestResult:
    none = np.zeros_like(equity)
    return BacktestResult(
        times=times,
        symbols=("ABC",),
        strategies=("one",),
        slot_symbol=np.zeros(1, dtype=np.int64),
        slot_strategy=np.zeros(1, dtype=np.int64),
        initial_cash=initial,
        equity=equity,
        cash=none,
        gross=none if gross is None else gross,
        net=none,
        carry=np.zeros((0, 3)) if carry is None else carry,
        fills=records(FILL_DTYPE, fills or []),
        trades=records(TRADE_DTYPE, trades or []),
        decisions=records(DECISION_DTYPE, []),
        counts={},
        account_carry=0.0,
        bankrupt_bar=bankrupt_bar,
        stale=stale,
        provenance=provenance or {},
    )


def weekdays(n: int) -> IntArray:
    day = np.arange(2 * n)  # from a Monday
    monday = np.datetime64("2015-01-05", "ns").astype(np.int64)
    return np.asarray(monday + day[day % 7 < 5][:n] * NS_PER_DAY)


def trading_days(n: int) -> ReturnPeriods:
    return ReturnPeriods(np.ones(n, dtype=np.bool_), 252.0, "day", 252.0, "252 trading days")


def bars_of(close: FloatArray, times: IntArray, frequency: str = "1d", symbols: tuple[str, ...] = ("ABC",)) -> Bars:
    close = close.reshape(len(times), len(symbols))
    return Bars(times, symbols, close, close, close, close, np.ones_like(close), frequency)


def walk(n: int, seed: int = 1) -> FloatArray:
    steps = np.random.default_rng(seed).normal(0.0005, 0.01, n)
    steps[0] = 0.0
    return np.asarray(1000.0 * np.cumprod(1 + steps))


@pytest.fixture(scope="module")
def daily() -> tuple[BacktestResult, ReturnPeriods, Benchmark]:
    times, equity, close = weekdays(800), walk(800), walk(800, 2) / 10
    fills: list[dict[str, float]] = [
        {"quantity": 5.0, "price": 100.0, "commission": 1.0, "slippage": 0.5},
        {"bar": 3, "quantity": 5.0, "price": 104.0, "commission": 1.0, "slippage": 0.25},
    ]
    trades = [
        trade(30.0, 1.5, worst_price=98.0, best_price=110.0, risk_unit=4.0, bars_held=3),
        trade(-20.0, -1.0, worst_price=96.0, best_price=102.0, risk_unit=4.0, bars_held=5, ambiguous=2),
        trade(0.0, 0.0, worst_price=99.0, best_price=101.0, risk_unit=4.0, bars_held=1),
        trade(7.0, 0.3, exit_bar=-1),
    ]
    carry = np.zeros((800, 3))
    carry[10] = (0.5, -0.25, 0.125)
    result = run_of(equity, times, gross=equity * (np.arange(800) % 2), fills=fills, trades=trades, carry=carry)
    periods = trading_days(len(times))
    benchmark = make_benchmark(bars_of(close, times), 1000.0, periods, SETTINGS)
    assert benchmark is not None
    return result, periods, benchmark


def test_a_scorecard_holds_every_metric_once_in_order_with_its_formula(
    daily: tuple[BacktestResult, ReturnPeriods, Benchmark],
) -> None:
    card = score_run(*daily[:2], SETTINGS, daily[2])
    names = [metric.name for metric in card]
    assert names == [name for name in DEFINITIONS if not name.endswith("_bar")]
    for metric in card:
        assert metric.formula
        assert metric.n >= 0
        assert math.isnan(metric.value) == bool(metric.reason), metric
    assert {metric.group for metric in card} == {"returns", "risk", "benchmark", "trades", "costs"}
    assert "P = 252" in card["sharpe"].formula
    assert "799 returns per day from 2015-01-05 to" in card.basis


def test_figures_of_a_run_equal_the_closed_forms(daily: tuple[BacktestResult, ReturnPeriods, Benchmark]) -> None:
    result, periods, benchmark = daily
    card = score_run(result, periods, SETTINGS, benchmark)
    returns = result.equity[1:] / result.equity[:-1] - 1
    other = benchmark.equity[1:] / benchmark.equity[:-1] - 1
    depth = result.equity / np.maximum(np.maximum.accumulate(result.equity), 1000.0) - 1
    expected = {
        "total_return": result.equity[-1] / 1000 - 1,
        "cagr": (result.equity[-1] / 1000) ** (252 / 799) - 1,
        "ann_vol": returns.std(ddof=1) * math.sqrt(252),
        "sharpe": returns.mean() / returns.std(ddof=1) * math.sqrt(252),
        "max_drawdown": depth.min(),
        "ulcer": math.sqrt((depth[1:] ** 2).mean()),
        "var_hist": np.quantile(returns, 0.05),
        "beta": np.cov(returns, other)[0, 1] / other.var(ddof=1),
        "information_ratio": (returns - other).mean() / (returns - other).std(ddof=1) * math.sqrt(252),
        "benchmark_total_return": benchmark.equity[-1] / 1000 - 1,
        "benchmark_sharpe": other.mean() / other.std(ddof=1) * math.sqrt(252),
        "exposure_time": 0.5,
        "avg_exposure": 0.5,
    }
    for name, value in expected.items():
        assert card.value(name) == pytest.approx(float(value), rel=1e-11), name
    assert card["sharpe"].n == card["cagr"].n == 799


def test_trade_and_cost_figures_by_hand(daily: tuple[BacktestResult, ReturnPeriods, Benchmark]) -> None:
    result, periods, _ = daily
    card = score_run(result, periods, SETTINGS)
    years, equity = 799 / 252, result.equity.mean()
    expected = {
        "trades": 3, "open_trades": 1, "win_rate": 1 / 3, "profit_factor": 1.5, "expectancy": 10 / 3,
        "expectancy_r": 0.5 / 3, "avg_win": 30, "avg_loss": -20, "payoff": 1.5, "kelly": 1 / 3 - (2 / 3) / 1.5,
        "sqn": math.sqrt(3) * (0.5 / 3) / np.std([1.5, -1, 0], ddof=1), "avg_bars_held": 3, "ambiguous_trades": 1,
        "avg_mae": (-0.02 - 0.04 - 0.01) / 3, "avg_mfe": (0.10 + 0.02 + 0.01) / 3,
        "avg_mae_r": (-0.5 - 1 - 0.25) / 3, "avg_mfe_r": (2.5 + 0.5 + 0.25) / 3,
        "commission": 2, "slippage": 0.75, "borrow": 0.5, "funding": -0.25, "interest": 0.125, "cost_total": 3.125,
        "cost_ann": 3.125 / equity / years, "turnover_ann": 1020 / equity / years,
    }  # fmt: skip
    for name, value in expected.items():
        assert card.value(name) == pytest.approx(float(value), rel=1e-12), name
    assert card["avg_win"].n == card["avg_loss"].n == 1
    assert card.value("sqn100") == card.value("sqn")


def test_the_streamed_scorecard_equals_the_recorded_one(
    daily: tuple[BacktestResult, ReturnPeriods, Benchmark],
) -> None:
    result, periods, _ = daily
    recorded = score_run(result, periods, SETTINGS)
    streamed = score_stream(stream_result(result, periods, basis_of(periods, SETTINGS)), periods, SETTINGS)
    missing = {metric.name for metric in recorded} - {metric.name for metric in streamed}
    assert missing == {"var_hist", "cvar_hist", "tail_ratio", "avg_mae", "avg_mfe", "avg_mae_r", "avg_mfe_r"}
    for metric in streamed:
        assert metric.value == pytest.approx(recorded.value(metric.name), rel=1e-12, nan_ok=True)
        assert metric.formula == recorded[metric.name].formula


def test_the_sharpe_carries_a_mertens_interval_and_says_that_trials_are_not_counted(
    daily: tuple[BacktestResult, ReturnPeriods, Benchmark],
) -> None:
    from stratkit.inference.sharpe import sample_moments

    result, periods, _ = daily
    metric = score_run(result, periods, SETTINGS)["sharpe"]
    moments = sample_moments(result.equity[1:] / result.equity[:-1] - 1)
    ratio = moments.mean / moments.sd
    se = math.sqrt((1 - moments.skewness * ratio + (moments.kurtosis - 1) / 4 * ratio**2) / 799)
    assert metric.interval == pytest.approx(
        [(ratio - 1.959963984540054 * se) * math.sqrt(252), (ratio + 1.959963984540054 * se) * math.sqrt(252)]
    )
    sharpes = [row for row in DEFINITIONS.values() if "sharpe" in row.name or row.name == "psr"]
    assert len(sharpes) == 5
    assert all("1 trial" in row.formula for row in sharpes)


def changed(**options: Any) -> Scorecard:
    times = weekdays(300)
    settings = AnalyticsSettings(**options)
    periods = trading_days(len(times))
    benchmark = make_benchmark(bars_of(walk(300, 2), times), 1000.0, periods, settings)
    return score_run(run_of(walk(300), times), periods, settings, benchmark)


@pytest.mark.parametrize(
    ("options", "moved", "still"),
    [
        ({"risk_free_ann": 0.05}, "sharpe", "sortino"),
        ({"mar_ann": 0.05}, "sortino", "sharpe"),
        ({"mar_ann": 0.05}, "omega", "sharpe"),
        ({"periods_per_year": 365.0}, "sharpe", "total_return"),
        ({"confidence": 0.99}, "var_hist", "sharpe"),
    ],
)
def test_every_setting_moves_its_metric_and_no_other(options: dict[str, float], moved: str, still: str) -> None:
    before, after = changed(), changed(**options)
    assert before.value(moved) != after.value(moved)
    assert before.value(still) == after.value(still)
    assert before[moved].formula != after[moved].formula


def test_periods_a_year_can_be_given_and_are_then_named() -> None:
    card = changed(periods_per_year=365.0)
    assert (card.periods_per_year, card.periods_source) == (365.0, "given by --periods")
    assert changed().value("sharpe") * math.sqrt(365 / 252) == pytest.approx(card.value("sharpe"), rel=1e-12)


@pytest.mark.parametrize("off", [None, "none"])
def test_no_benchmark_leaves_its_group_out(off: str | None) -> None:
    assert not [metric for metric in changed(benchmark=off) if metric.group == "benchmark"]
    assert [metric for metric in changed() if metric.group == "benchmark"]


def test_intraday_ratios_stand_on_session_days_with_the_bars_beside() -> None:
    times = (np.arange(48 * 40) * 1800 * NS_PER_SECOND).astype(np.int64)
    equity = walk(48 * 40)
    periods = return_periods(times, "30min")
    card = score_run(run_of(equity, times), periods, SETTINGS)
    closes = equity[47::48]
    returns = closes / np.concatenate(([1000.0], closes[:-1])) - 1
    assert card["sharpe"].n == 40
    assert card.value("sharpe") == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(periods.per_year))
    per_bar = equity[1:] / equity[:-1] - 1
    assert card["sharpe_bar"].n == 48 * 40 - 1
    expected = per_bar.mean() / per_bar.std(ddof=1) * math.sqrt(periods.bars_per_year)
    assert card.value("sharpe_bar") == pytest.approx(expected, rel=1e-9)
    assert card.value("ann_vol_bar") == pytest.approx(per_bar.std(ddof=1) * math.sqrt(periods.bars_per_year), rel=1e-9)
    depth = equity / np.maximum.accumulate(equity) - 1
    assert card.value("max_drawdown") == pytest.approx(depth.min(), rel=1e-12)


def test_zero_trades_are_a_result() -> None:
    times = weekdays(300)
    card = score_run(run_of(np.full(300, 1000.0), times), trading_days(len(times)), SETTINGS)
    assert card.value("total_return") == 0
    assert card.value("trades") == 0
    assert card["win_rate"].reason == "there is no closed trade"
    assert "do not vary" in card["sharpe"].reason
    assert card["sharpe"].interval is None
    assert "no trade was made" in card.warnings


def test_warnings_name_what_makes_figures_weak() -> None:
    times = weekdays(20)
    result = run_of(
        np.concatenate((walk(18), [-5.0, -5.0])), times, trades=[trade(1.0, exit_bar=-1)], bankrupt_bar=18,
        stale=("ABC",), provenance={"fill_profile": "close", "optimistic": True},
    )  # fmt: skip
    card = score_run(result, trading_days(len(times)), SETTINGS)
    text = "\n".join(card.warnings)
    for words in (
        "only 19 returns", "less than one year", "bankrupt on 2015-01-29", "no trade was closed",
        "1 trade is still open", "their bars had ended: ABC", "optimistic: filled at the close",
    ):  # fmt: skip
        assert words in text
    assert "zero or below" in card["cagr"].reason


def test_a_long_honest_run_has_no_warning() -> None:
    times = weekdays(600)
    result = run_of(walk(600), times, trades=[trade(1.0), trade(2.0)], provenance={"fill_profile": "conservative"})
    assert score_run(result, trading_days(len(times)), SETTINGS).warnings == ()


def test_a_benchmark_holds_equal_parts_and_late_ones_wait_in_cash() -> None:
    close = np.array([[100.0, np.nan], [110.0, np.nan], [120.0, 50.0], [np.nan, 75.0]])
    assert hold_equity(close, 1000.0).tolist() == pytest.approx([1000.0, 1050.0, 1100.0, 1350.0])


def test_a_benchmark_can_be_one_symbol_and_unknown_ones_are_refused() -> None:
    times = weekdays(3)
    bars = bars_of(np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]), times, symbols=("AAA", "BBB"))
    periods = trading_days(len(times))
    one = make_benchmark(bars, 100.0, periods, AnalyticsSettings(benchmark="BBB"))
    both = make_benchmark(bars, 100.0, periods, SETTINGS)
    assert one is not None
    assert both is not None
    assert one.equity.tolist() == pytest.approx([100.0, 125.0, 150.0])
    assert both.equity.tolist() == pytest.approx([100.0, 162.5, 225.0])
    assert one.name.startswith("BBB")
    assert one.scorecard.value("total_return") == pytest.approx(0.5)
    assert make_benchmark(bars, 100.0, periods, AnalyticsSettings(benchmark=None)) is None
    with pytest.raises(UsageError, match=r"found 'BBC'.*did you mean 'BBB'"):
        make_benchmark(bars, 100.0, periods, AnalyticsSettings(benchmark="BBC"))


def test_a_benchmark_on_other_bars_is_refused(daily: tuple[BacktestResult, ReturnPeriods, Benchmark]) -> None:
    times = weekdays(10)
    with pytest.raises(UsageError, match="on the bars of the run, 10; found 800"):
        score_run(run_of(walk(10), times), trading_days(len(times)), SETTINGS, daily[2])


def test_a_run_that_moves_on_its_first_bar_is_paired_with_a_benchmark_that_does_not() -> None:
    times, close = weekdays(4), np.array([100.0, 110.0, 99.0, 99.0])
    periods = trading_days(len(times))
    benchmark = make_benchmark(bars_of(close, times), 1000.0, periods, SETTINGS)
    card = score_run(run_of(np.array([990.0, 1089.0, 980.1, 980.1]), times), periods, SETTINGS, benchmark)
    assert card["beta"].n == 4  # first pair: -1 % and 0 %
    own, other = [-0.01, 0.1, -0.1, 0.0], [0.0, 0.1, -0.1, 0.0]
    assert card.value("beta") == pytest.approx(np.cov(own, other)[0, 1] / np.var(other, ddof=1))


def outcomes(*pnl: float, r: float | None = None) -> Any:
    stream = new_stream(1000.0)
    for value in pnl:
        stream_trade(stream, value, math.nan if r is None else value / r, 1, 0)
    return trade_summary(stream)


def test_profit_factor_is_infinite_without_losses_and_undefined_without_trades() -> None:
    assert of_trades.profit_factor(outcomes(1.0, 0.0)).value == math.inf
    assert of_trades.profit_factor(outcomes(-1.0)).value == 0
    assert "no closed trade" in of_trades.profit_factor(outcomes()).reason
    assert "won or lost anything" in of_trades.profit_factor(outcomes(0.0)).reason


def test_all_losses_have_no_payoff_and_no_kelly() -> None:
    lost = outcomes(-1.0, -2.0)
    assert of_trades.win_rate(lost).value == 0
    assert of_trades.avg_loss(lost).value == -1.5
    assert of_trades.kelly(lost).reason == of_trades.payoff(lost).reason == of_trades.avg_win(lost).reason
    assert of_trades.kelly(outcomes(1.0)).reason == "no trade lost"


# Kelly (1956), Thorp (2006): p, b -> f
@pytest.mark.parametrize(("wins", "losses", "odds", "fraction"), [(6, 4, 1, 0.2), (11, 9, 1, 0.1), (4, 6, 2, 0.1)])
def test_kelly_fractions_of_the_literature(wins: int, losses: int, odds: float, fraction: float) -> None:
    assert of_trades.kelly(outcomes(*[odds] * wins, *[-1.0] * losses)).value == pytest.approx(fraction)


def test_sqn_takes_r_where_every_trade_has_one_and_caps_n_at_a_hundred() -> None:
    pnl = [3.0, -1.0] * 200
    spread = np.std(pnl, ddof=1)
    assert of_trades.sqn(outcomes(*pnl)).value == pytest.approx(20 / spread)
    assert of_trades.sqn(outcomes(*pnl), 100).value == pytest.approx(10 / spread)
    assert of_trades.sqn_sample(outcomes(*pnl, r=2.0)).mean == pytest.approx(0.5)
    assert of_trades.sqn_sample(outcomes(*pnl)).mean == pytest.approx(1.0)
    stream = new_stream(1000.0)
    for value, r in ((10.0, 1.0), (20.0, math.nan), (60.0, 2.0)):
        stream_trade(stream, value, r, 1, 0)
    assert of_trades.sqn_sample(trade_summary(stream)).mean == pytest.approx(30.0)  # one risk is unknown
    assert of_trades.expectancy_r(trade_summary(stream)).value == pytest.approx(1.5)
    assert "at least 2" in of_trades.sqn(outcomes(1.0)).reason
    assert "do not vary" in of_trades.sqn(outcomes(0.1 + 0.2, 0.3)).reason


def test_the_reference_page_is_made_from_the_definitions() -> None:
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert page.read_text() == metric_reference(), "write metric_reference() to docs/metrics.md"
    assert set(re.findall(r"^\| `(\w+)` \|", metric_reference(), re.MULTILINE)) == set(DEFINITIONS)


def test_scoring_a_million_one_minute_bars_is_quick() -> None:
    bars = 1_000_000
    times = (np.arange(bars) * 60 * NS_PER_SECOND).astype(np.int64)
    equity = 1000.0 * np.exp(np.cumsum(np.random.default_rng(8).normal(0, 3e-4, bars)))
    result, periods = run_of(equity, times, gross=equity), return_periods(times, "1min")
    assert int(periods.period_end.sum()) == 695
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        score_run(result, periods, SETTINGS)
        seconds.append(time.perf_counter() - begun)
    print(f"{min(seconds) * 1e3:.1f} ms")
    assert min(seconds) < 0.06  # near 6 ms on one quiet core; the limit only catches a lost compilation
