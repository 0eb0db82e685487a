"""The bars that no trial sees: where they begin, and that all before is history for whoever is judged on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from search_cases import cross_config, few_bars

from stratkit.backtest import run_backtest
from stratkit.data.store import load_bars
from stratkit.errors import UsageError
from stratkit.frequency import return_periods, session_days
from stratkit.research.holdout import Holdout, holdout_of, out_of_sample, search_config

DAY = 86_400_000_000_000


def hourly(count: int) -> object:
    bars = few_bars(count)
    return replace(bars, times=bars.times[0] + np.arange(count, dtype=np.int64) * 3_600_000_000_000, frequency="1h")


def test_the_last_share_of_the_bars_is_held_out_behind_the_purge() -> None:
    bars = few_bars(400)
    assert holdout_of(bars, 25, 0) == Holdout(300, 300, 400)
    assert holdout_of(bars, 25, 7) == Holdout(293, 300, 400)
    assert holdout_of(bars, 0, 7) == Holdout(400, 400, 400)
    assert holdout_of(bars, 0, 7).is_empty
    # of 300 bars that trade, behind 100 of history
    assert holdout_of(bars, 25, 0, history=100).first == 325


def test_a_session_day_is_never_cut() -> None:
    bars = hourly(24 * 40 + 5)
    found = holdout_of(bars, 33, 0)  # type: ignore[arg-type]  # bars
    days = session_days(bars.times)  # type: ignore[attr-defined]  # bars
    assert days[found.first - 1] < days[found.first]


@given(
    st.integers(20, 600), st.floats(0.5, 95), st.integers(0, 60), st.integers(0, 60), st.sampled_from([1, 7, 24, 48])
)
def test_no_bar_that_is_searched_reaches_what_is_held_out(
    count: int, share: float, purge: int, history: int, step_hours: int
) -> None:
    bars = few_bars(count)
    times = bars.times[0] + np.arange(count, dtype=np.int64) * step_hours * 3_600_000_000_000
    bars = replace(bars, times=times, frequency=f"{step_hours}h")
    try:
        found = holdout_of(bars, share, purge, min(history, count // 2))
    except UsageError:
        assume(False)  # a part is too short
    searched, held = range(found.stop), range(found.first, found.bars)
    assert max(searched) + purge < min(held)
    assert (len(searched) + purge + len(held), found.bars) == (count, count), "and no other bar is lost"
    days = session_days(bars.times)
    assert days[found.first - 1] < days[found.first]


@pytest.mark.parametrize("asked", [{"holdout_pct": 1.0, "purge_bars": 0}, {"holdout_pct": 25.0, "purge_bars": 295}])
def test_parts_that_are_too_short_are_refused(asked: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="must have 10 bars or more each"):
        holdout_of(few_bars(400), asked["holdout_pct"], int(asked["purge_bars"]))


@pytest.mark.parametrize("purge", [0, 3])
def test_loading_the_search_gives_exactly_the_bars_that_are_searched(purge: int) -> None:
    config = cross_config()
    config = config.model_copy(update={"data": config.data.model_copy(update={"symbols": ("SP500",)})})
    bars = load_bars(config.data)
    found = holdout_of(bars, 25, purge)
    loaded = load_bars(search_config(config, bars, found).data)
    assert loaded.digest == bars.slice(0, found.stop).digest


def test_the_choice_is_judged_by_its_returns_on_the_bars_held_out_and_holds_on_what_it_held() -> None:
    bars, config = few_bars(400), cross_config()
    found = holdout_of(bars, 25, 0)
    result = run_backtest(config, bars)
    returns = result.equity[300:] / result.equity[299:-1] - 1
    judged = out_of_sample(config, bars, found)
    assert judged.periods == 100
    by_hand = returns.mean() / returns.std(ddof=1) * np.sqrt(return_periods(bars.times, bars.frequency).per_year)
    assert judged.sharpe.estimate == pytest.approx(by_hand)
    assert judged.sharpe.low < judged.sharpe.estimate < judged.sharpe.high
    assert np.isnan(out_of_sample(config, bars, holdout_of(bars, 0, 0)).sharpe.low)


def test_history_before_the_first_trade_is_no_part_of_the_holdout() -> None:
    bars, config = few_bars(400), cross_config()
    start = str(np.datetime64(int(bars.times[250]), "ns").astype("datetime64[D]"))
    dated = config.model_copy(update={"data": config.data.model_copy(update={"trade_start": start})})
    found = holdout_of(bars, 50, 0, history=250)
    assert found.first == 325
    equity = run_backtest(dated, bars).equity  # of the last 150 bars
    returns = equity[75:] / equity[74:-1] - 1
    judged = out_of_sample(dated, bars, found)
    assert judged.periods == 75
    yearly = np.sqrt(return_periods(bars.times[250:], bars.frequency).per_year)
    assert judged.sharpe.estimate == pytest.approx(returns.mean() / returns.std(ddof=1) * yearly)


def test_a_year_has_as_many_periods_as_the_bars_that_trade() -> None:
    bars, config = few_bars(400), cross_config()
    weekly = replace(
        bars, times=np.concatenate([bars.times[:200] - (200 - np.arange(200)) * 6 * DAY, bars.times[200:]])
    )
    start = str(np.datetime64(int(bars.times[200]), "ns").astype("datetime64[D]"))
    dated = config.model_copy(update={"data": config.data.model_copy(update={"trade_start": start})})
    found = holdout_of(weekly, 50, 0, history=200)
    judged = out_of_sample(dated, weekly, found)
    equity = run_backtest(dated, weekly).equity
    returns = equity[100:] / equity[99:-1] - 1
    per_year = return_periods(bars.times[200:], bars.frequency).per_year
    assert per_year != return_periods(weekly.times, bars.frequency).per_year
    assert judged.sharpe.estimate == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(per_year))
