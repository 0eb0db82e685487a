"""What a per-bar strategy can see on a bar: everything known at its close, read-only, and nothing later."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.data.bars import Bars
from stratkit.errors import StrategyError, UsageError
from stratkit.features import atr, indicator, macd, rsi, sma
from stratkit.strategies.bar_context import BarContext, context_at
from stratkit.strategies.context import Context
from stratkit.strategies.market import Market
from stratkit.strategies.past import Past
from stratkit.strategies.proposals import TriggerSignal
from stratkit.strategies.surroundings import Surroundings
from stratkit.strategies.triggers import TriggerRules
from stratkit.strategies.universe import Asset, Universe

NAN = math.nan
DAY_NS = 86_400 * 10**9


def bars_of(*closes: list[float]) -> Bars:
    close = np.array(closes, dtype=np.float64).T
    return Bars(np.arange(len(close)) * DAY_NS, tuple("ABCDEF"[: len(closes)]), close, close, close, close, close, "1d")


def at(bar: int, bars: Bars, state: Mapping[str, Any] | None = None, **surroundings: Any) -> BarContext:
    return context_at(Market(Context(bars), Surroundings(**surroundings)), bar, state)


HOLED = ([1.0, 2, NAN, 4, 5, 6], [NAN, NAN, 30, 40, NAN, 60])


def test_the_bar_says_when_it_is() -> None:
    context = at(3, bars_of(*HOLED))
    assert context.timestamp == datetime(1970, 1, 4, tzinfo=UTC)
    assert context.cycle_number == 4
    assert (context.regime, context.state, dict(context.risk_constraints)) == ("chop", None, {})


def test_bars_end_with_this_one() -> None:
    bars = bars_of(*HOLED)
    for bar in range(6):
        seen = at(bar, bars).bars
        assert seen.shape == (bar + 1, 2)
        assert seen.digest == bars.slice(0, bar + 1).digest


@settings(max_examples=30)
@given(stops=st.lists(st.integers(1, 300), min_size=1, max_size=8))
def test_bars_are_those_of_a_plain_slice_in_whatever_order_they_are_asked_for(stops: list[int]) -> None:
    bars = bars_of(list(np.arange(300.0)), list(np.arange(300.0) + 1000))
    past = Past(bars)
    assert [past.until(stop).digest for stop in stops] == [bars.slice(0, stop).digest for stop in stops]


def test_history_is_of_own_bars() -> None:
    context = at(3, bars_of(*HOLED))
    assert context.history("A", 2).close.tolist() == [2.0, 4.0]
    assert context.history("A", 9).close.tolist() == [1.0, 2.0, 4.0]
    assert context.history("B", 9).times.tolist() == [2 * DAY_NS, 3 * DAY_NS]
    assert len(context.history("A", 0)) == 0
    with pytest.raises(UsageError, match=r"unknown symbol 'AA'; did you mean 'A'\?"):
        context.history("AA", 2)


def test_an_indicator_is_read_at_this_bar() -> None:
    bars = bars_of([1.0, 2, 4, 8], [10.0, 20, 30, 40])
    context = at(2, bars)
    assert dict(context.indicator(sma, 2)) == {"A": 3.0, "B": 25.0}
    assert context.value(sma, 2, symbol="B") == 25.0
    assert context.value(sma, window_bars=3, symbol="B") == 20.0
    assert context.value(sma, 2, symbol="A", bars_ago=1) == 1.5
    assert math.isnan(context.value(sma, 2, symbol="A", bars_ago=2))
    assert math.isnan(context.value(sma, 2, symbol="A", bars_ago=9))


def test_bars_ago_counts_own_bars_and_never_forward() -> None:
    context = at(3, bars_of(*HOLED))
    assert [context.value(sma, 1, symbol="A", bars_ago=ago) for ago in range(3)] == [4.0, 2.0, 1.0]
    with pytest.raises(UsageError, match="bars_ago must be 0 or more, for nothing may look ahead; found -1"):
        context.value(sma, 1, symbol="A", bars_ago=-1)
    assert math.isnan(at(2, bars_of(*HOLED)).value(sma, 1, symbol="A"))


def test_an_indicator_reads_the_field_it_is_told_to() -> None:
    close = np.array([[1.0], [2.0]])
    bars = Bars(np.arange(2) * DAY_NS, ("A",), close, close + 5, close - 5, close, close * 100, "1d")
    context = at(1, bars)
    assert context.value(sma, 2, symbol="A", on="volume") == 150.0
    assert context.indicator(sma, 2, on="high")["A"] == 6.5


def test_an_indicator_reads_coarser_bars_that_are_complete() -> None:
    bars = bars_of(list(np.arange(1.0, 15.0)))  # from Thursday 1970-01-01: weeks end on the 4th and the 11th bar
    known = [at(bar, bars).value(sma, 1, symbol="A", timeframe="1w") for bar in (3, 9, 10, 13)]
    assert known == [4.0, 4.0, 11.0, 11.0]
    assert math.isnan(at(2, bars).indicator(sma, 1, timeframe="1w")["A"])


def test_an_indicator_of_several_panels_gives_several_numbers() -> None:
    bars = bars_of(list(np.arange(60.0) ** 2 + 1))
    now, known = at(50, bars), Context(bars).compute(macd)
    assert now.value(macd, symbol="A").line == known.line[50, 0]
    assert now.indicator(macd)["A"] == tuple(panel[50, 0] for panel in known)
    assert math.isnan(now.value(macd, symbol="A", bars_ago=50).signal)


def test_an_indicator_is_computed_once_for_all_bars() -> None:
    calls = []

    @indicator("close", lookback=lambda: 0)
    def counted(values: Any) -> Any:
        calls.append(len(values))
        return values * 2

    market = Market(Context(bars_of([1.0, 2, 3])), Surroundings())
    assert [context_at(market, bar, None).value(counted, symbol="A") for bar in range(3)] == [2.0, 4.0, 6.0]
    assert calls == [3]


def test_the_universe_holds_what_has_had_a_bar_and_enters_what_has_one_now() -> None:
    bars = bars_of(*HOLED)
    first, last = at(1, bars, tiers={"A": "core"}).universe, at(4, bars, tiers={"A": "core"}).universe
    assert first.assets == (Asset("A", "core"),)
    assert last.assets == (Asset("A", "core"), Asset("B", None, eligible=False, has_bar=False))
    assert [asset.symbol for asset in last.get_all_eligible()] == ["A"]
    assert first.get("B") is None
    assert (len(last), "B" in last, "B" in first) == (2, True, False)


def test_membership_may_be_dated() -> None:
    eligible = np.ones((6, 2), np.bool_)
    eligible[3] = [False, True]
    bars = bars_of(*HOLED)
    assert [asset.symbol for asset in at(3, bars, eligible=eligible).universe.get_all_eligible()] == ["B"]
    assert [asset.symbol for asset in at(5, bars, eligible=eligible).universe.get_all_eligible()] == ["A", "B"]


def test_the_universe_is_the_same_record_as_long_as_nothing_changes() -> None:
    market = Market(Context(bars_of([1.0, 2, 3])), Surroundings())
    assert market.universe(0) is market.universe(1)


def test_triggers_are_those_of_this_bar_and_of_eligible_symbols() -> None:
    rules = TriggerRules(momentum_bars=1, momentum_pct=10.0, breakout_bars=2, volume_bars=2, volume_multiple=9.0)
    bars = bars_of([100.0, 120, 121, 121], [100.0, 100, 100, 160])
    assert at(1, bars, triggers=rules).triggers == [TriggerSignal("A", "momentum", 1.0, 0.2)]
    assert {(signal.symbol, signal.kind) for signal in at(3, bars, triggers=rules).triggers} == {
        ("B", "momentum"),
        ("B", "breakout"),
    }
    eligible = np.zeros((4, 2), np.bool_)
    assert len(at(3, bars, triggers=rules, eligible=eligible).triggers) == 0


def test_the_regime_is_the_word_of_the_bar() -> None:
    words = ("bull", "bear", "chop", "bear", "bull", "bull")
    assert [at(bar, bars_of(*HOLED), regime=words).regime for bar in range(6)] == list(words)


@pytest.mark.parametrize(
    ("surroundings", "message"),
    [
        ({"tiers": {"AA": "x"}}, "tiers name an unknown symbol 'AA'; did you mean 'A'?"),
        ({"eligible": np.ones((2, 2), np.bool_)}, "eligible must have the shape (6, 2); found (2, 2)"),
        ({"regime": ("bull",)}, "regime must hold a word for each of 6 bars; found 1"),
        ({"regime": ("sideways",) * 6}, "regime must be one of bull, bear, chop; found 'sideways'"),
    ],
)
def test_surroundings_stand_on_the_bars(surroundings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        at(0, bars_of(*HOLED), **surroundings)
    assert message in str(caught.value)


def test_nothing_can_be_written_to() -> None:
    state = {"positions": {"A": {"quantity": 1.0}}, "cash": 1.0, "marks": np.ones(2)}
    caps = {"max_open_positions": 3}
    context = at(3, bars_of(*HOLED), state, risk_constraints=caps)
    state["cash"], caps["max_open_positions"] = 2.0, 4
    assert context.state is not None
    assert (context.state["cash"], context.risk_constraints["max_open_positions"]) == (1.0, 3)
    for writing in (
        lambda: setattr(context, "regime", "bull"),
        lambda: context.state.update(cash=0),  # type: ignore[attr-defined]  # that is the point
        lambda: context.state["positions"]["A"].update(quantity=0),
        lambda: context.state["marks"].fill(0),
        lambda: context.risk_constraints.update(max_open_positions=9),  # type: ignore[attr-defined]  # likewise
        lambda: context.bars.close.fill(0),
        lambda: context.history("A", 2).close.fill(0),
        lambda: context.indicator(rsi, 2).update(A=1),  # type: ignore[attr-defined]  # likewise
        lambda: setattr(context.universe.assets[0], "eligible", False),
    ):
        with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, ValueError, TypeError)):
            writing()


def everything(value: Any, depth: int = 6) -> Iterator[Any]:
    """What can be reached from a value: public attributes, items, and the arrays behind views."""
    yield value
    if depth == 0 or value is None or isinstance(value, str | int | float | datetime | type):
        return
    if isinstance(value, np.ndarray):
        yield from everything(value.base, depth - 1)
        return
    if isinstance(value, Mapping):
        for each in value.values():
            yield from everything(each, depth - 1)
    elif isinstance(value, Sequence):
        for each in value:
            yield from everything(each, depth - 1)
    if dataclasses.is_dataclass(value):
        for name in (name for name in dir(value) if not name.startswith("_")):
            attribute = getattr(value, name)
            if not callable(attribute):
                yield from everything(attribute, depth - 1)


LATER = 777.0


def test_nothing_after_the_bar_can_be_reached() -> None:
    closes = [[10.0 + bar for bar in range(8)] + [LATER] * 92 for _ in range(2)]
    context = at(7, bars_of(*closes), {"positions": {}}, regime=("bull",) * 8 + ("bear",) * 92)
    parts = [context, context.history("A", 50), context.indicator(sma, 2), context.indicator(atr, 2)]
    arrays = [found for part in parts for found in everything(part) if isinstance(found, np.ndarray)]
    assert len(arrays) > 12
    for array in arrays:
        assert not (array == LATER).any()
        assert len(array) < 100
    times = [array for array in arrays if array.dtype == np.int64]
    assert times
    assert max(int(array.max()) for array in times) == 7 * DAY_NS
    numbers = [found for part in parts for found in everything(part) if isinstance(found, float)]
    assert numbers
    assert LATER not in numbers


def test_a_context_kept_from_an_earlier_bar_stays_what_it_was() -> None:
    market = Market(Context(bars_of([1.0, 2, 3, 4])), Surroundings())
    kept = context_at(market, 1, None)
    context_at(market, 3, None).bars  # noqa: B018  copies the later bars
    assert kept.bars.close[:, 0].tolist() == [1.0, 2.0]
    assert kept.history("A", 9).close.tolist() == [1.0, 2.0]


def test_a_context_may_be_made_by_hand() -> None:
    universe = Universe((Asset("A"),))
    context = BarContext(universe, [TriggerSignal("A", "news", 0.5)], "bear", datetime(2024, 1, 2, tzinfo=UTC), 7)
    assert (context.triggers[0].kind, context.regime, context.cycle_number) == ("news", "bear", 7)
    with pytest.raises(StrategyError, match="this context was made by hand and has no bars"):
        context.bars  # noqa: B018  asking is the point


@pytest.mark.parametrize("when", [datetime(2024, 1, 2), datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=1)))])
def test_a_stamp_is_in_utc(when: datetime) -> None:
    with pytest.raises(UsageError, match="timestamp must be in UTC"):
        BarContext(Universe(()), timestamp=when)
