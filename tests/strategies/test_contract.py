"""The contract suite: all built-in strategies keep it, and it catches each way of breaking it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pytest

from stratkit.features import highest, lag, sma
from stratkit.strategies.catalog import STRATEGIES, build_strategy, find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.testing import PROMISES, check_strategy, sample_bars, strategy_contract

TestSmaCross = strategy_contract(find_strategy("sma_cross"))
TestRotation = strategy_contract(build_strategy("momentum_rotation", {"lookback": 40, "rebalance": "every_n_bars"}))


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_every_built_in_strategy_keeps_the_contract(name: str) -> None:
    check_strategy(find_strategy(name))


@pytest.mark.parametrize("name", ["rsi_reversion", "bollinger_reversion", "donchian_breakout", "macd_trend"])
def test_the_short_side_keeps_it_too(name: str) -> None:
    check_strategy(build_strategy(name, {"direction": "both"}))


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("volume_breakout", {"direction": "both"}),
        ("bollinger_rsi", {"direction": "both"}),
        ("support_resistance", {"direction": "both"}),
        ("adaptive_trend", {"direction": "long_only"}),
        ("time_series_momentum", {"direction": "long_only"}),
        ("volume_profile_reversion", {"mode": "breakout"}),
        ("order_flow", {"mode": "divergence"}),
        ("order_flow", {"proxy": "bulk_volume"}),
        ("large_prints", {"reaction": "fade"}),
    ],
)
def test_the_other_modes_of_a_strategy_keep_it_too(name: str, params: dict[str, Any]) -> None:
    check_strategy(build_strategy(name, params))


def test_one_method_per_promise_is_made_for_pytest() -> None:
    names = {name for name in vars(TestSmaCross) if name.startswith("test_")}
    assert names == {f"test_{promise.__name__}" for promise in PROMISES}


CALLS = count()


def rises(context: Context) -> Any:
    close = context.bars.close
    return close > lag(close)


def sees_tomorrow(self: Strategy, context: Context) -> Signals:
    tomorrow = np.roll(context.bars.close, -1, axis=0)
    return self.sides(context, long=tomorrow > context.bars.close)


def sees_the_last_stamp(self: Strategy, context: Context) -> Signals:
    left = context.bars.times[-1] - context.bars.times
    return self.sides(context, long=rises(context) & (left > 30 * 86_400 * 10**9)[:, None])


def scales_by_the_whole_sample(self: Strategy, context: Context) -> Signals:
    return self.sides(context, long=context.bars.close > np.nanmean(context.bars.close, axis=0))


def tosses_a_coin(self: Strategy, context: Context) -> Signals:
    return self.sides(context, long=rises(context) & (next(CALLS) % 2 == 0))


def writes_to_the_bars(self: Strategy, context: Context) -> Signals:
    volume = context.bars.volume.base  # the array behind the read-only view
    assert volume is not None
    volume[:] += 1.0
    return self.sides(context, long=rises(context))


def cannot_do_with_little(self: Strategy, context: Context) -> Signals:
    np.flatnonzero(context.has_bar[:, 0])[0]  # a symbol may have no bar at all
    return self.sides(context, long=rises(context))


def is_silent(self: Strategy, context: Context) -> Signals:
    return self.sides(context)


def speaks_where_there_is_no_bar(self: Strategy, context: Context) -> Signals:
    return self.opinion(side=np.ones(context.shape, np.int8))


def raises(self: Strategy, context: Context) -> Signals:
    raise RuntimeError("no idea")


@pytest.mark.parametrize(
    ("signals", "promise", "reason"),
    [
        (sees_tomorrow, "does_not_need_later_bars", "signals must not change when the bars from "),
        (sees_tomorrow, "does_not_see_later_bars", "for side of "),
        (sees_the_last_stamp, "does_not_need_later_bars", "are missing; found 0 instead of 1 for side of "),
        (sees_the_last_stamp, "does_not_see_later_bars", "come days later"),
        (scales_by_the_whole_sample, "does_not_see_later_bars", "signals must not change when the bars from "),
        (tosses_a_coin, "is_deterministic", "a second run must give the same"),
        (writes_to_the_bars, "leaves_bars_alone", "bars.volume must not be written to"),
        (cannot_do_with_little, "copes_with_little", "IndexError"),
        (is_silent, "keeps_its_word_on_a_run", "it must have an opinion on some bar"),
        (speaks_where_there_is_no_bar, "keeps_its_word_on_a_run", "must have no opinion where a symbol has no bar"),
    ],
)
def test_a_broken_promise_is_named_with_its_reason(
    signals: Callable[[Strategy, Context], Signals], promise: str, reason: str
) -> None:
    broken = type("Broken", (Strategy,), {"signals": signals, "__doc__": "Break a promise."})
    with pytest.raises(AssertionError) as caught:
        check_strategy(broken)
    assert "strategy 'broken' breaks its contract:" in str(caught.value)
    lines = [line for line in str(caught.value).splitlines() if line.startswith(f"  {promise}: ")]
    assert len(lines) == 1
    assert reason in lines[0]


def test_a_strategy_that_always_raises_is_told_so() -> None:
    broken = type("Broken", (Strategy,), {"signals": raises, "__doc__": "Raise."})
    with pytest.raises(AssertionError, match=r"strategy 'broken' raised: .*RuntimeError: no idea"):
        check_strategy(broken)


def test_parameters_without_bounds_or_description_are_named() -> None:
    class Loose(Strategy):
        """Be loose."""

        class Params(Parameters):
            window: int = 5

        def signals(self, context: Context) -> Signals:
            return self.sides(context, long=rises(context))

    class Mute(Loose):
        """Say nothing of a parameter."""

        class Params(Parameters):
            window: int = bounded(5, low=2, high=9)

    with pytest.raises(AssertionError, match=r"parameter window must have bounds: declare it with bounded\(...\)"):
        check_strategy(Loose)
    with pytest.raises(AssertionError, match="parameter window must have a description"):
        check_strategy(Mute)


def test_a_description_is_asked_for() -> None:
    class Nameless(Strategy):
        def signals(self, context: Context) -> Signals:
            return self.sides(context, long=rises(context))

    with pytest.raises(AssertionError, match="description must be one sentence; found '': write a docstring"):
        check_strategy(Nameless)


def test_a_warm_up_shorter_than_the_lookback_is_named() -> None:
    class Hasty(Strategy):
        """Declare less than it uses."""

        @property
        def warmup_bars(self) -> int:
            return 3

        def signals(self, context: Context) -> Signals:
            return self.sides(context, long=context.compute(sma, 10) < context.compute(highest, 10))

    with pytest.raises(AssertionError, match="warmup_bars must cover the longest indicator, 9 bars; found 3"):
        check_strategy(Hasty)


def test_other_bars_can_be_given() -> None:
    bars = sample_bars(200, seed=7).select(("FULL",))
    check_strategy(find_strategy("rsi_reversion"), bars)
    with pytest.raises(AssertionError, match="give bars on which it trades"):
        check_strategy(find_strategy("sma_cross"), bars.slice(0, 40))


def test_sample_bars_are_the_same_each_time_and_have_every_difficulty() -> None:
    bars = sample_bars()
    assert bars.digest == sample_bars().digest != sample_bars(seed=1).digest
    missing = np.isnan(bars.close)
    assert not missing[:, [0, 4]].any()
    assert 20 < missing[:, 1].sum() < 80
    assert missing[-1, 2]
    assert not missing[0, 2]
    assert missing[0, 3]
    assert not missing[-1, 3]
    assert bool((bars.high >= bars.low)[~missing].all())
