"""How much history a strategy needs: measured against strategies whose need is known by construction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from stratkit.data.bars import Bars
from stratkit.errors import DataError, UsageError
from stratkit.features.indicators import ema, sma
from stratkit.research.sources import StrategySource
from stratkit.research.warmup import WarmupReport, measure_warmup
from stratkit.strategies.catalog import STRATEGIES, find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.testing import sample_bars, sample_series

BARS = sample_bars(800).select(("FULL", "TREND"))


class Window(Strategy):
    """Compare with the mean of `window` bars; declare `declared`."""

    class Params(Parameters):
        window: int = bounded(50, low=2, high=500, description="bars")
        declared: int = bounded(49, low=0, high=500, description="bars")

    @property
    def warmup_bars(self) -> int:
        return int(self.params.declared)

    def signals(self, context: Context) -> Signals:
        mean = pd.DataFrame(context.bars.close).rolling(self.params.window, min_periods=1).mean().to_numpy()
        above = context.bars.close > mean
        return self.sides(context, long=above, short=~above)


class Exact(Window):
    """Say the mean itself in the size."""

    def signals(self, context: Context) -> Signals:
        mean = context.compute(sma, self.params.window)
        return self.sides(context, long=np.isfinite(mean), size=mean)


class Recursive(Window):
    """Say a recursive mean in the size."""

    def signals(self, context: Context) -> Signals:
        mean = context.compute(ema, self.params.window)
        return self.sides(context, long=np.isfinite(mean), size=mean)


class Expanding(Window):
    """Never forget."""

    def signals(self, context: Context) -> Signals:
        seen = np.arange(context.shape[0], dtype=np.float64)[:, None] + 0 * context.bars.close
        return self.sides(context, long=context.has_bar, size=seen)


class Leaving(Strategy):
    """Enter at a new high of 40 bars, and leave at every other bar."""

    @property
    def warmup_bars(self) -> int:
        return 40

    def signals(self, context: Context) -> Signals:
        close = pd.DataFrame(context.bars.close)
        new_high = (close >= close.rolling(40).max()).to_numpy()
        entered = np.logical_or.accumulate(new_high, axis=0)
        return self.sides(context, long=new_high, exit=entered & ~new_high)


def measure(strategy: type[Strategy], bars: Bars = BARS, **options: Any) -> WarmupReport:
    params: dict[str, Any] = {name: options.pop(name) for name in ("window", "declared") if name in options}
    return measure_warmup(StrategySource(strategy, params), bars, **options)


def test_a_plain_window_needs_itself_but_for_the_bar_it_ends_on() -> None:
    report = measure(Exact, window=50, declared=49, tolerance=1e-9)  # running sums differ in the last places
    assert (report.needed_bars, report.declared_bars, report.verdict) == (49, 49, "covered")
    assert [history.wrong for history in report.histories] == [0, 0, 0]
    assert [history.bars for history in report.histories] == [49, 98, 196]
    assert report.holds


def test_a_declared_warm_up_that_is_four_times_too_short_is_too_small() -> None:
    report = measure(Window, window=200, declared=10)
    assert report.verdict == "too small"
    assert not report.holds
    assert report.needed_bars is not None
    assert 40 < report.needed_bars <= 200
    assert report.histories[2].share > 0.05
    assert "declare more" in report.sentence()
    assert "side of" in report.histories[0].first


def test_a_recursive_average_settles_within_a_few_windows() -> None:
    report = measure(Recursive, window=20, declared=19)
    assert report.verdict == "settles"
    assert report.needed_bars is not None
    assert 19 < report.needed_bars <= 76
    strict = measure(Recursive, window=20, declared=19, tolerance=1e-9)
    assert strict.needed_bars is not None
    assert strict.needed_bars > report.needed_bars


def test_what_never_forgets_needs_all_there_is() -> None:
    report = measure(Expanding, declared=30, tolerance=1e-9)
    assert report.needed_bars is None
    assert report.verdict == "too small"
    assert "still change with nearly all of 780 bars of history" in report.sentence()


def test_an_exit_of_what_a_shorter_history_never_entered_is_no_difference() -> None:
    report = measure(Leaving)
    assert report.verdict == "covered"
    assert report.needed_bars is not None
    assert report.needed_bars <= 40


def test_more_ends_and_more_bars_can_only_need_more() -> None:
    few = measure(Window, window=100, declared=0, ends=1, last=1)
    many = measure(Window, window=100, declared=0, ends=12, last=30)
    assert few.needed_bars is not None
    assert many.needed_bars is not None
    assert few.needed_bars < many.needed_bars <= 99
    assert (len(few.ends), len(many.ends)) == (1, 12)
    assert few.ends[0] == many.ends[0]


def test_too_few_bars_and_nothing_to_compare_are_errors() -> None:
    with pytest.raises(DataError, match="a warm-up of 49 bars, 4 times over, needs more than 217 bars"):
        measure(Exact, BARS.slice(0, 217))
    with pytest.raises(UsageError, match="found last=0 and ends=5"):
        measure(Exact, last=0, ends=5)


def test_silence_is_said() -> None:
    class Silent(Window):
        """Say nothing."""

        def signals(self, context: Context) -> Signals:
            return self.sides(context)

    report = measure(Silent)
    assert report.needed_bars == 0
    assert "it says nothing on the bars compared" in report.notes[0]


def test_progress_is_told_after_each_end() -> None:
    told: list[tuple[int, int]] = []
    measure(Exact, ends=4, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("name", list(STRATEGIES.builtin))
def test_the_built_in_strategies_declare_enough(name: str) -> None:
    strategy, bars = find_strategy(name), sample_bars(2100)
    source = StrategySource(strategy, series=sample_series(strategy(), bars))
    assert measure_warmup(source, bars, ends=8).holds
