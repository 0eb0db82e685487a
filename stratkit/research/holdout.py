"""`Holdout`: the last bars, which no trial sees, and where a choice is judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.analytics.basis import basis_of
from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.history import history_bars, traded_bars
from stratkit.errors import UsageError
from stratkit.frequency import return_periods, session_days
from stratkit.inference.interval import Interval
from stratkit.inference.sharpe import sample_moments, sharpe_interval, sharpe_ratio
from stratkit.panel import FloatArray
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


def holdout_of(bars: Bars, holdout_pct: float, purge_bars: int, history: int = 0) -> Holdout:
    """Return how bars are divided: the last `holdout_pct` are held out, and `purge_bars` before them belong to nobody.

    The share is of the bars behind the first `history` ones, which are only looked at. A session day is
    never cut in two. Raises `UsageError` when a part is too short.
    """
    count = len(bars.times)
    if holdout_pct == 0:
        return Holdout(count, count, count)
    first = count - round((count - history) * holdout_pct / 100)
    days = session_days(bars.times)
    first = int(np.searchsorted(days, days[min(first, count - 1)]))  # the first bar of its day
    stop = first - purge_bars
    searched = stop - history
    if searched < _FEWEST or count - first < _FEWEST:
        raise UsageError(
            f"search and holdout must have {_FEWEST} bars or more each; found {max(searched, 0)} and {count - first} "
            f"of {count - history}: change search.holdout_pct or search.purge_bars, or give more bars"
        )
    return Holdout(stop, first, count)


def search_config(config: RunConfig, bars: Bars, holdout: Holdout) -> RunConfig:
    """Return the configuration whose data end with the last bar that is searched; as it is when all of them are."""
    if holdout.stop == len(bars.times):
        return config
    end = _end_text(bars, holdout.stop)
    return config.model_copy(update={"data": config.data.model_copy(update={"end": end})})


def out_of_sample(config: RunConfig, bars: Bars, holdout: Holdout) -> OutOfSample:
    """Replay a configuration on all of `bars`, and judge it by its returns on those held out.

    What it holds when they begin it holds on: one that trades seldom would else stay out for years, and nothing would
    be known of it. The bars before also serve its warm-up; no return there counts.
    """
    returns = np.zeros(0) if holdout.is_empty else holdout_returns(config, bars, holdout)
    moments = sample_moments(returns)
    traded = traded_bars(config.data, bars)
    periods = return_periods(traded.times, bars.frequency, config.analytics.periods_per_year)
    ratio = sharpe_ratio(moments, risk_free(config, periods))
    interval = sharpe_interval(ratio.value, moments.n, moments.skewness, moments.kurtosis)
    return OutOfSample(interval.scaled(math.sqrt(basis_of(periods, config.analytics).per_year)), moments.n)


def holdout_returns(config: RunConfig, bars: Bars, holdout: Holdout) -> FloatArray:
    """Return (n,) the returns per period of a configuration that end on bars held out."""
    traded = traded_bars(config.data, bars)
    periods = return_periods(traded.times, bars.frequency, config.analytics.periods_per_year)
    ends = np.flatnonzero(periods.period_end) + history_bars(config.data, bars)
    return trial_returns(config, bars, run_backtest(config, bars))[ends >= holdout.first]


def _end_text(bars: Bars, stop: int) -> str:
    last = _text(bars, stop - 1)
    date = last.partition("T")[0]
    # a bare date stands for its whole day, which other bars may share
    return date if int(session_days(bars.times[stop - 1 : stop])[0]) != _day_after(bars, stop) else last


def _text(bars: Bars, bar: int) -> str:
    return str(np.datetime64(int(bars.times[bar]), "ns").astype("datetime64[s]"))


def _day_after(bars: Bars, stop: int) -> int:
    return int(session_days(bars.times[stop : stop + 1])[0]) if stop < len(bars.times) else -1
