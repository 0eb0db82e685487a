"""Arms paired by time: what is dropped is counted, nothing is filled, and what cannot be paired is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stratkit.data.return_file import ReturnFile
from stratkit.errors import DataError
from stratkit.frequency import measure_frequency
from stratkit.panel import NS_PER_DAY, FloatArray, IntArray
from stratkit.research.ab_pairing import PairedArms, pair_arms
from stratkit.research.ab_series import ArmSeries, ClosedTrades, account_series, trade_days, trade_series

START = 18_262  # 2020-01-01
HOUR = NS_PER_DAY // 24


def days(count: int, first: int = 0, step: int = 1) -> IntArray:
    return (START + first + step * np.arange(count)) * NS_PER_DAY


def noise(count: int, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0, 0.01, count)


def series(times: IntArray, returns: FloatArray | None = None) -> ArmSeries:
    return ArmSeries(times, noise(len(times)) if returns is None else returns, measure_frequency(times))


def paired(*arms: ArmSeries, periods: float | None = None) -> PairedArms:
    letters = "ABC"[: len(arms)]
    return pair_arms(arms, [f"arm {letter}" for letter in letters], letters, periods)


def test_periods_that_an_arm_lacks_are_dropped_from_all_and_counted() -> None:
    one, other = series(days(40)), series(np.delete(days(50, first=5), [3, 4]))
    found = paired(one, other)
    assert found.times.tolist() == np.delete(days(35, first=5), [3, 4]).tolist()
    assert found.unmatched == (7, 15)  # of A the first five and the two that B lacks; of B the last fifteen
    np.testing.assert_array_equal(found.arms[0].returns, one.returns[np.isin(one.times, found.times)])
    np.testing.assert_array_equal(found.arms[1].returns, other.returns[np.isin(other.times, found.times)])


def test_three_arms_share_what_all_of_them_have() -> None:
    found = paired(series(days(60)), series(days(60, first=10)), series(days(60, first=-10)))
    assert (len(found.times), found.unmatched) == (40, (20, 20, 20))


def test_the_spacing_is_said_and_the_year_is_counted_or_given() -> None:
    daily = paired(series(days(400)), series(days(400)))
    assert (daily.spacing, daily.per_year) == ("daily", 365.0)
    assert "sessions" in daily.source
    assert paired(series(days(400)), series(days(400)), periods=252).per_year == 252.0
    weekly = paired(series(days(60, step=7)), series(days(60, step=7)))
    assert (weekly.spacing, weekly.per_year) == ("weekly", 52.0)
    hours = START * NS_PER_DAY + HOUR * np.arange(24 * 30)
    hourly = paired(series(hours), series(hours))
    assert (hourly.spacing, round(hourly.per_year)) == ("hourly", 365 * 24)


def test_arms_of_different_frequencies_are_refused() -> None:
    with pytest.raises(DataError, match=r"one frequency.*found A \(arm A\) 1d, B \(arm B\) 1w: resample"):
        paired(series(days(100)), series(days(100, step=7)))


def test_too_few_shared_periods_are_refused_with_the_dates_of_each() -> None:
    with pytest.raises(DataError, match=r"found 0 among A \(arm A\) 2020-01-01 to 2020-02-09; B .*of the same dates"):
        paired(series(days(40)), series(days(40, first=400)))
    with pytest.raises(DataError, match="the dates overlap but the stamps differ: are they of one time zone"):
        paired(series(days(40)), series(days(40) + 21 * HOUR))
    with pytest.raises(DataError, match="at least 20 periods, stamped alike; found 19"):
        paired(series(days(40)), series(days(40, first=21)))


def test_returns_that_do_not_vary_or_are_no_numbers_are_refused() -> None:
    with pytest.raises(DataError, match=r"found 0 in all 40 periods of B \(arm B\): did it never trade"):
        paired(series(days(40)), series(days(40), np.zeros(40)))
    with pytest.raises(DataError, match=r"found 0.001 in all 40 periods"):
        paired(series(days(40)), series(days(40), 1.001 ** np.arange(1, 41) / 1.001 ** np.arange(40) - 1))
    holed = noise(40)
    holed[7] = np.nan
    with pytest.raises(DataError, match=r"found 1 of A \(arm A\) that are not, first at 2020-01-08"):
        paired(series(days(40), holed), series(days(40)))


def test_trades_are_counted_in_the_period_they_were_closed_in() -> None:
    moments = START * NS_PER_DAY + np.array([9, 48, 71]) * HOUR
    closed = ClosedTrades(moments, np.array([5.0, -2.0, 0.0]))
    flows = ArmSeries(days(4), noise(4), "1d", closed).flows(np.array([0, 2, 3]))
    assert flows is not None
    assert flows.closed.tolist() == [1, 2, 0]
    assert flows.won.tolist() == [1, 0, 0]  # nothing earned is no win
    assert flows.gross_profit.tolist() == [5, 0, 0]
    assert flows.gross_loss.tolist() == [0, 2, 0]


def test_a_trade_in_a_period_that_is_dropped_is_not_counted() -> None:
    closed = ClosedTrades(days(40) + HOUR, np.ones(40))
    one = ArmSeries(days(40), noise(40), "1d", closed)
    found = paired(one, series(np.delete(days(40), [10, 11])))
    assert found.arms[0].flows is not None
    assert found.arms[0].flows.closed.sum() == 38
    assert found.arms[1].flows is None


def trades(times: IntArray, returns: FloatArray) -> ReturnFile:
    return ReturnFile(Path("t.csv"), "trades", times, returns, "", returns * 1000)


def test_a_file_of_trades_is_laid_on_the_periods_of_another_arm_from_first_to_last_trade() -> None:
    file = trades(days(3, first=2, step=2) + 9 * HOUR, np.array([0.01, -0.02, 0.03]))  # days 2, 4, 6
    laid = trade_series(file, days(10), "1d")
    assert laid.times.tolist() == days(5, first=2).tolist()  # nothing is known before and after
    assert laid.returns.tolist() == [0.01, 0.0, -0.02, 0.0, 0.03]
    flows = laid.flows(np.arange(5))
    assert flows is not None
    assert flows.closed.tolist() == [1, 0, 1, 0, 1]


def test_files_of_trades_alone_stand_on_the_days_on_which_any_closed_one() -> None:
    one, other = trades(days(2) + HOUR, np.ones(2) * 0.01), trades(days(2, first=1) + HOUR, np.ones(2) * 0.01)
    assert trade_days([one, other]).tolist() == days(3).tolist()


def test_trades_outside_the_periods_of_the_others_are_refused() -> None:
    with pytest.raises(DataError, match="must be closed within the periods of the other arms"):
        trade_series(trades(days(2, first=-9), np.ones(2)), days(10), "1d")


def test_an_account_has_the_returns_that_its_scorecard_counts() -> None:
    daily = account_series(days(4), np.array([100.0, 110.0, 99.0, 99.0]), 100.0, "1d", None)
    assert daily.times.tolist() == days(3, first=1).tolist()  # the first bar is the baseline
    np.testing.assert_allclose(daily.returns, [0.1, -0.1, 0.0])
    traded_at_once = account_series(days(3), np.array([101.0, 101.0, 101.0]), 100.0, "1d", None)
    np.testing.assert_allclose(traded_at_once.returns, [0.01, 0.0, 0.0])


def test_an_intraday_account_is_paired_by_its_session_days() -> None:
    hours = START * NS_PER_DAY + 12 * HOUR * np.arange(6)  # two bars a day
    account = account_series(hours, np.array([100.0, 101.0, 101.0, 102.01, 102.01, 102.01]), 100.0, "12h", None)
    assert account.times.tolist() == days(3).tolist()
    np.testing.assert_allclose(account.returns, [0.01, 0.01, 0.0])
    assert account.frequency == "1d"
