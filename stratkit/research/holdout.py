"""`Holdout`: the last bars, which no trial sees, and where a choice is judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.analytics.basis import basis_of
from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.frequency import return_periods, session_days
from stratkit.inference.interval import Interval
from stratkit.inference.sharpe import sample_moments, sharpe_interval, sharpe_ratio
from stratkit.research.trial_returns import risk_free, trial_returns

_FEWEST: Final = 10  # bars of either part; below, there is nothing to search on or to judge by


@dataclass(frozen=True)
class Holdout:
    """The bars that are searched are [0, `stop`), those held out [`first`, T); none are when `first` is T."""

    stop: int
    first: int
    bars: int

    @property
    def is_empty(self) -> bool:
        """Whether every bar is searched."""
        return self.first >= self.bars


@dataclass(frozen=True)
class OutOfSample:
    """The yearly Sharpe ratio of the choice on the bars held out, its interval, and how many returns it stands on."""

    sharpe: Interval
    periods: int


def holdout_of(bars: Bars, holdout_pct: float, purge_bars: int, history_bars: int = 0) -> Holdout:
    """Return how bars are divided: the last `holdout_pct` are held out, and `purge_bars` before them belong to nobody.

    The share is of the bars behind the first `history_bars`, which are only looked at. A session day is
    never cut in two. Raises `UsageError` when a part is too short.
    """
    count = len(bars.times)
    if holdout_pct == 0:
        return Holdout(count, count, count)
    first = count - round((count - history_bars) * holdout_pct / 100)
    days = session_days(bars.times)
    first = int(np.searchsorted(days, days[min(first, count - 1)]))  # the first bar of its day
    stop = first - purge_bars
    searched = stop - history_bars
    if searched < _FEWEST or count - first < _FEWEST:
        raise UsageError(
            f"search and holdout must have {_FEWEST} bars or more each; found {max(searched, 0)} and {count - first} "
            f"of {count - history_bars}: change search.holdout_pct or search.purge_bars, or give more bars"
        )
    return Holdout(stop, first, count)


def search_config(config: RunConfig, bars: Bars, holdout: Holdout) -> RunConfig:
    """Return the configuration whose data end with the last bar that is searched; as it is when all of them are."""
    if holdout.stop == len(bars.times):
        return config
    end = _end_text(bars, holdout.stop)
    return config.model_copy(update={"data": config.data.model_copy(update={"end": end})})


def holdout_config(config: RunConfig, bars: Bars, holdout: Holdout) -> RunConfig:
    """Return the configuration that begins to trade with the first bar that is held out; all before is history."""
    first = _text(bars, holdout.first)
    start = first.removesuffix("T00:00:00")  # a bare date is its midnight
    return config.model_copy(update={"data": config.data.model_copy(update={"trade_start": start})})


def out_of_sample(config: RunConfig, bars: Bars, holdout: Holdout) -> OutOfSample:
    """Judge a configuration by its returns on the bars held out; all of `bars` are given.

    Those before them serve its warm-up; nothing trades there, and no return counts.
    """
    returns = np.zeros(0)
    if not holdout.is_empty:
        held = holdout_config(config, bars, holdout)
        returns = trial_returns(held, bars, run_backtest(held, bars))
    moments = sample_moments(returns)
    periods = return_periods(bars.times, bars.frequency, config.analytics.periods_per_year)
    ratio = sharpe_ratio(moments, risk_free(config, periods))
    interval = sharpe_interval(ratio.value, moments.n, moments.skewness, moments.kurtosis)
    return OutOfSample(interval.scaled(math.sqrt(basis_of(periods, config.analytics).per_year)), moments.n)


def _end_text(bars: Bars, stop: int) -> str:
    last = _text(bars, stop - 1)
    date = last.partition("T")[0]
    # a bare date stands for its whole day, which other bars may share
    return date if int(session_days(bars.times[stop - 1 : stop])[0]) != _day_after(bars, stop) else last


def _text(bars: Bars, bar: int) -> str:
    return str(np.datetime64(int(bars.times[bar]), "ns").astype("datetime64[s]"))


def _day_after(bars: Bars, stop: int) -> int:
    return int(session_days(bars.times[stop : stop + 1])[0]) if stop < len(bars.times) else -1
