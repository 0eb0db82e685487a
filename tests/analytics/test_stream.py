"""Running sums: the same figures as arrays, on a million bars, in one pass and in chunks."""

from __future__ import annotations

import math
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stratkit.analytics.basis import Basis, basis_of, period_returns
from stratkit.analytics.settings import AnalyticsSettings, per_period
from stratkit.analytics.streamed import score_stream, stream_equity
from stratkit.analytics.summary import bar_summary, return_summary, trade_summary
from stratkit.compiled import compiled
from stratkit.engine.layout import Records
from stratkit.engine.stream import (
    close_period,
    new_stream,
    stream_bar,
    stream_carry,
    stream_fill,
    stream_period,
    stream_trade,
)
from stratkit.errors import UsageError
from stratkit.frequency import ReturnPeriods
from stratkit.panel import BoolArray, FloatArray

BARS = 1_000_000


def days_of(bars: int, per_day: int) -> ReturnPeriods:
    ends = np.arange(bars) % per_day == per_day - 1
    ends[-1] = True
    unit = "session day" if per_day > 1 else "day"
    return ReturnPeriods(ends, 252.0, unit, 252.0 * per_day, "in this test")


def basis(periods: ReturnPeriods) -> Basis:
    return basis_of(periods, AnalyticsSettings())


@pytest.fixture(scope="module")
def path() -> FloatArray:
    steps = np.random.default_rng(11).standard_t(4, BARS)
    return np.asarray(100_000.0 * np.exp(np.cumsum(1e-6 + 3e-4 * steps)))


@compiled
def replay(stream: Records, equity: FloatArray, gross: FloatArray, ends: BoolArray, start: int, stop: int) -> None:
    for bar in range(start, stop):
        stream_bar(stream, bar, equity[bar], gross[bar])
        if ends[bar]:
            close_period(stream, bar, equity[bar])


@pytest.mark.parametrize("per_day", [1, 1440])
def test_a_million_streamed_bars_equal_the_arrays_to_twelve_digits(path: FloatArray, per_day: int) -> None:
    periods = days_of(BARS, per_day)
    stream = new_stream(100_000.0, 0.0, per_day > 1)
    replay(stream, path, path / 2, periods.period_end, 0, BARS)
    summary, bars = return_summary(stream), bar_summary(stream)
    returns = period_returns(path, 100_000.0, periods)
    exact = returns.astype(np.longdouble)  # 80-bit sums as the oracle
    mean, away = exact.mean(), exact - exact.mean()
    variance = (away**2).mean()
    moments = summary.moments
    assert summary.n == len(returns)
    assert moments.mean == pytest.approx(float(mean), rel=1e-12)
    assert moments.sd == pytest.approx(float(np.sqrt((away**2).sum() / (len(exact) - 1))), rel=1e-12)
    assert moments.skewness == pytest.approx(float((away**3).mean() / variance**1.5), rel=1e-12)
    assert moments.kurtosis == pytest.approx(float((away**4).mean() / variance**2), rel=1e-12)
    assert summary.gain == pytest.approx(float(exact[exact > 0].sum()), rel=1e-12)
    assert summary.loss == pytest.approx(float(-exact[exact < 0].sum()), rel=1e-12)
    assert summary.shortfall_square == pytest.approx(float((np.minimum(exact, 0) ** 2).mean()), rel=1e-12)
    closes = path[periods.period_end]
    level = np.log((closes / 100_000.0).astype(np.longdouble))
    clock = np.arange(len(level), dtype=np.longdouble) - (len(level) - 1) / 2
    along, spread = (clock * level).sum(), ((level - level.mean()) ** 2).sum()
    r_squared = float(along**2 / (clock**2).sum() / spread)
    assert summary.trend.r_squared == pytest.approx(r_squared, rel=1e-12)
    assert summary.trend.slope == pytest.approx(float(along / (clock**2).sum()), rel=1e-12)
    peak = np.maximum(np.maximum.accumulate(path), 100_000.0)
    depth = path / peak - 1
    assert bars.max_drawdown == depth.min()
    assert bars.drawdown_square == pytest.approx(float((depth.astype(np.longdouble) ** 2).mean()), rel=1e-12)
    assert bars.mean_equity == pytest.approx(float(path.astype(np.longdouble).mean()), rel=1e-12)
    assert bars.mean_exposure == pytest.approx(0.5, rel=1e-12)
    per_bar = np.diff(path, prepend=100_000.0) / np.concatenate(([100_000.0], path[:-1]))
    assert bars.moments.mean == pytest.approx(float(per_bar.astype(np.longdouble).mean()), rel=1e-9)
    assert bars.moments.sd == pytest.approx(float(per_bar.std(ddof=1)), rel=1e-9)


def test_the_longest_drawdown_equals_a_plain_count(path: FloatArray) -> None:
    equity = path[:20_000]
    longest, peak, peak_bar, under = 0, 100_000.0, -1, False
    for bar, value in enumerate(equity.tolist()):
        if value >= peak:
            longest = max(longest, bar - peak_bar) if under else longest
            peak, peak_bar, under = value, bar, False
        else:
            under = True
    longest = max(longest, len(equity) - 1 - peak_bar) if under else longest
    periods = days_of(len(equity), 1)
    bars = bar_summary(stream_equity(equity, equity, 100_000.0, periods, basis(periods)))
    assert bars.longest_drawdown_bars == longest


@settings(max_examples=25)
@given(st.lists(st.integers(1, 399), max_size=5))
def test_chunks_leave_the_same_stream(cuts: list[int]) -> None:
    equity: FloatArray = 1000.0 * np.cumprod(1 + np.random.default_rng(2).normal(0, 0.01, 400)).astype(np.float64)
    ends = days_of(400, 7).period_end
    whole, parts = new_stream(1000.0, 0.0, True), new_stream(1000.0, 0.0, True)
    replay(whole, equity, equity, ends, 0, 400)
    edges = [0, *sorted(cuts), 400]
    for start, stop in pairwise(edges):
        replay(parts, equity, equity, ends, start, stop)
    assert whole.tobytes() == parts.tobytes()


def test_the_first_bar_is_the_baseline_of_daily_bars_unless_it_moved() -> None:
    periods = days_of(3, 1)
    still = np.array([100.0, 110.0, 99.0])
    moved = np.array([99.0, 110.0, 99.0])
    assert period_returns(still, 100.0, periods).tolist() == pytest.approx([0.1, -0.1])
    assert period_returns(moved, 100.0, periods).tolist() == pytest.approx([-0.01, 110 / 99 - 1, -0.1])
    for equity, n in ((still, 2), (moved, 3)):
        stream = stream_equity(equity, equity, 100.0, periods, basis(periods))
        assert return_summary(stream).n == n
        assert bar_summary(stream).drawdown_bars == n
        assert bar_summary(stream).moments.n == n


def test_the_first_day_of_intraday_bars_counts_against_the_initial_cash() -> None:
    periods = days_of(4, 2)
    equity = np.array([100.0, 105.0, 100.0, 84.0])
    assert period_returns(equity, 100.0, periods).tolist() == pytest.approx([0.05, -0.2])
    stream = stream_equity(equity, equity, 100.0, periods, basis(periods))
    assert return_summary(stream).moments.mean == pytest.approx(-0.075)
    assert bar_summary(stream).max_drawdown == pytest.approx(-0.2)


def test_drawdowns_by_hand() -> None:
    # 100 | 90 100 100 120 60 90 120 | peak at the initial cash, then at bar 4; a dip of 2 bars, then of 3
    equity = np.array([90.0, 100.0, 100.0, 120.0, 60.0, 90.0, 120.0])
    periods = days_of(7, 1)
    bars = bar_summary(stream_equity(equity, 0 * equity, 100.0, periods, basis(periods)))
    assert bars.max_drawdown == -0.5
    assert bars.longest_drawdown_bars == 3
    assert bars.drawdown_square == pytest.approx((0.01 + 0.25 + 0.0625) / 7, rel=1e-13)
    assert bars.in_market == 0


def test_a_dip_of_one_bar_lasts_two_bars_from_peak_to_recovery() -> None:
    periods, equity = days_of(3, 1), np.array([100.0, 90.0, 100.0])
    assert bar_summary(stream_equity(equity, equity, 100.0, periods, basis(periods))).longest_drawdown_bars == 2


def test_a_first_day_of_one_bar_still_counts_on_intraday_bars() -> None:
    ends = np.array([True, False, True])
    periods = ReturnPeriods(ends, 252.0, "session day", 504.0, "in this test")
    equity = np.array([100.0, 105.0, 110.0])
    assert period_returns(equity, 100.0, periods).tolist() == pytest.approx([0.0, 0.1])
    assert return_summary(stream_equity(equity, equity, 100.0, periods, basis(periods))).n == 2


def test_bars_at_the_peak_are_no_drawdown_and_an_open_one_counts_to_the_end() -> None:
    periods = days_of(5, 1)
    flat = np.full(5, 100.0)
    assert bar_summary(stream_equity(flat, flat, 100.0, periods, basis(periods))).longest_drawdown_bars == 0
    open_ = np.array([100.0, 100.0, 90.0, 80.0, 85.0])
    assert bar_summary(stream_equity(open_, open_, 100.0, periods, basis(periods))).longest_drawdown_bars == 3


def test_after_ruin_returns_are_zero_and_nothing_warns() -> None:
    periods = days_of(4, 1)
    equity = np.array([100.0, 50.0, -10.0, -10.0])
    assert period_returns(equity, 100.0, periods).tolist() == pytest.approx([-0.5, -1.2, 0.0])
    stream = stream_equity(equity, np.array([0.0, 80.0, 80.0, 0.0]), 100.0, periods, basis(periods))
    assert return_summary(stream).ruined
    assert bar_summary(stream).ruined
    assert bar_summary(stream).max_drawdown == pytest.approx(-1.1)
    card = score_stream(stream, periods, AnalyticsSettings())
    assert any("bankrupt" in warning for warning in card.warnings)
    assert card.value("total_return") == pytest.approx(-1.1)
    assert "zero or below" in card["cagr"].reason
    assert "zero or below" in card["stability"].reason


def test_trades_in_sums_equal_numpy() -> None:
    rng = np.random.default_rng(9)
    pnl, r = rng.normal(5, 100, 5000), rng.normal(0.1, 1, 5000)
    r[::7] = np.nan
    pnl[13] = 0.0
    stream = new_stream(1000.0)
    for row in range(5000):
        stream_trade(stream, pnl[row], r[row], row % 5, row % 50 == 0)
    trades, known = trade_summary(stream), r[~np.isnan(r)]
    assert (trades.trades, trades.wins, trades.losses) == (5000, int((pnl > 0).sum()), int((pnl < 0).sum()))
    assert trades.profit == pytest.approx(math.fsum(pnl[pnl > 0]), rel=1e-14)
    assert trades.shortfall == pytest.approx(-math.fsum(pnl[pnl < 0]), rel=1e-14)
    assert (trades.pnl.mean, trades.pnl.sd) == pytest.approx((math.fsum(pnl) / 5000, pnl.std(ddof=1)), rel=1e-12)
    assert (trades.r.n, trades.r.mean, trades.r.sd) == pytest.approx((len(known), known.mean(), known.std(ddof=1)))
    assert (trades.bars_held, trades.ambiguous) == (10_000, 100)


def test_costs_and_turnover_are_streamed() -> None:
    periods = days_of(253, 1)
    stream = stream_equity(np.full(253, 1000.0), np.full(253, 500.0), 1000.0, periods, basis(periods))
    stream_fill(stream, 10.0, 50.0, 1.0, 0.5)
    stream_fill(stream, 10.0, 51.0, 1.0, -0.25)
    stream_carry(stream, 0.1, -0.3, 0.2)
    card = score_stream(stream, periods, AnalyticsSettings())
    assert [card.value(name) for name in ("commission", "slippage", "borrow", "funding", "interest")] == pytest.approx(
        [2.0, 0.25, 0.1, -0.3, 0.2]
    )
    assert card.value("cost_total") == pytest.approx(2.25)
    assert card.value("cost_ann") == pytest.approx(2.25 / 1000)
    assert card.value("turnover_ann") == pytest.approx(1010 / 1000)  # 252 returns: one year
    assert card.value("exposure_time") == 1.0
    assert card.value("avg_exposure") == pytest.approx(0.5)


def test_a_stream_opened_on_another_basis_is_refused() -> None:
    periods, mar = days_of(10, 1), AnalyticsSettings(mar_ann=0.05)
    with pytest.raises(UsageError, match="opened with the basis it is scored on"):
        score_stream(new_stream(1000.0), periods, mar)
    stream = new_stream(1000.0, per_period(0.05, 252.0))
    assert score_stream(stream, periods, mar)["total_return"].n == 0


def test_unequal_lengths_are_refused() -> None:
    periods = days_of(4, 1)
    with pytest.raises(UsageError, match="cover the same bars; found 3, 4 and 4"):
        stream_equity(np.ones(3), np.ones(4), 1.0, periods, basis(periods))
    with pytest.raises(UsageError, match="cover the bars of the run"):
        period_returns(np.ones(3), 1.0, periods)


def test_streaming_a_million_one_minute_bars_is_quick(path: FloatArray) -> None:
    periods = days_of(BARS, 1440)
    own = basis(periods)
    stream_equity(path, path, 100_000.0, periods, own)
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        stream_equity(path, path, 100_000.0, periods, own)
        seconds.append(time.perf_counter() - begun)
    print(f"{min(seconds) * 1e3:.1f} ms")
    assert min(seconds) < 0.05  # near 5 ms on one quiet core; the limit only catches a lost compilation


def test_powers_around_the_first_return_keep_their_digits_far_from_zero() -> None:
    # mean over sd is a million: raw powers would leave the skewness without a digit
    returns = 0.1 + 1e-7 * np.random.default_rng(3).standard_gamma(2.0, 2000)
    stream = new_stream(1.0)
    for value in returns:
        stream_period(stream, value, 1.0)
    moments = return_summary(stream).moments
    assert moments.skewness == pytest.approx(stats.skew(returns), rel=1e-6)
    assert moments.sd == pytest.approx(returns.std(ddof=1), rel=1e-8)
