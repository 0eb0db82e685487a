"""Splits and dividends on bars: by hand, against a published example, and what holds for any events."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.data.actions import CorporateActions, adjusted, adjustment_factors, events_on_bars
from stratkit.data.bars import Bars
from stratkit.errors import DataError
from stratkit.panel import NS_PER_DAY, parse_time

MakeBars = Callable[..., Bars]


def events(*rows: tuple[int | str, str, str, float]) -> CorporateActions:
    """Events of (day number or date, symbol, kind, value)."""
    times = [parse_time(day) if isinstance(day, str) else day * NS_PER_DAY for day, *_ in rows]
    return CorporateActions(
        np.array(times, dtype=np.int64),
        tuple(symbol for _, symbol, *_ in rows),
        np.array([kind == "split" for *_, kind, _ in rows], dtype=np.bool_),
        np.array([value for *_, value in rows], dtype=np.float64),
        "the events",
    )


def daily(close: list[float], days: list[int] | list[str] | None = None, frequency: str = "1d") -> Bars:
    """Bars of one symbol, AAA, that open, peak and end at `close`."""
    price = np.array(close, dtype=np.float64)[:, None]
    place = list(range(len(close))) if days is None else days
    times = [parse_time(day) if isinstance(day, str) else day * NS_PER_DAY for day in place]
    volume = np.full_like(price, 1000.0)
    return Bars(np.array(times, dtype=np.int64), ("AAA",), price, price, price, price, volume, frequency)


def test_the_example_that_yahoo_publishes_comes_out_to_the_cent() -> None:
    # Yahoo Finance help, "What is the adjusted close?": a split of two for one, then a dividend of 0.08
    days = ["2003-02-13", "2003-02-14", "2003-02-18", "2003-02-19"]
    bars = daily([46.99, 48.30, 24.96, 24.53], days)
    actions = events(("2003-02-18", "AAA", "split", 2.0), ("2003-02-19", "AAA", "dividend", 0.08))
    assert adjusted(bars, actions, "total").close[:, 0].round(2).tolist() == [23.42, 24.07, 24.88, 24.53]


def test_splits_divide_earlier_prices_and_multiply_earlier_volumes() -> None:
    bars = daily([100.0, 100.0, 50.0, 5.0])
    actions = events((2, "AAA", "split", 2.0), (3, "AAA", "split", 10.0), (3, "AAA", "dividend", 1.0))
    after = adjusted(bars, actions, "splits")
    for field in ("open", "high", "low", "close"):
        assert getattr(after, field)[:, 0].tolist() == [5.0, 5.0, 5.0, 5.0]
    assert after.volume[:, 0].tolist() == [20000.0, 20000.0, 10000.0, 1000.0]
    assert after.digest != bars.digest
    assert "adjusted for splits (2 of 3 events of the events)" in after.source


def test_dividends_scale_prices_but_no_volumes() -> None:
    after = adjusted(daily([100.0, 98.0]), events((1, "AAA", "dividend", 2.0)), "total")
    assert after.close[:, 0].tolist() == [98.0, 98.0]
    assert after.volume[:, 0].tolist() == [1000.0, 1000.0]
    assert "adjusted for splits and dividends (1 of 1 events" in after.source


def test_a_reverse_split_raises_earlier_prices() -> None:
    factors = adjustment_factors(daily([1.0, 10.0]), events((1, "AAA", "split", 0.1)), "splits")
    assert factors[:, 0].tolist() == [10.0, 1.0]


def test_events_stand_on_the_first_bar_at_or_after_their_date() -> None:
    bars = daily([10.0, 10.0, 5.0, 5.0], [0, 1, 4, 5])
    ratio, cash = events_on_bars(bars, events((2, "AAA", "split", 2.0), (5, "AAA", "dividend", 0.5)))
    assert ratio[:, 0].tolist() == [1.0, 1.0, 2.0, 1.0]
    assert cash[:, 0].tolist() == [0.0, 0.0, 0.0, 0.5]


def test_a_bar_that_is_absent_hands_its_events_to_the_next() -> None:
    ratio, cash = events_on_bars(daily([10.0, np.nan, np.nan, 5.0]), events((1, "AAA", "split", 2.0)))
    assert ratio[:, 0].tolist() == [1.0, 1.0, 1.0, 2.0]
    assert np.isfinite(ratio).all()
    assert np.isfinite(cash).all()


def test_events_that_wait_for_one_bar_are_booked_in_their_order() -> None:
    # one share: 1.00, then it becomes three shares, then 0.10 on each of them
    actions = events((1, "AAA", "dividend", 1.0), (2, "AAA", "split", 3.0), (3, "AAA", "dividend", 0.1))
    ratio, cash = events_on_bars(daily([10.0, 3.0], [0, 4]), actions)
    assert (ratio[1, 0], cash[1, 0]) == (3.0, pytest.approx(1.3))


def test_a_dividend_on_the_date_of_a_split_is_per_share_held_before() -> None:
    actions = events((1, "AAA", "split", 2.0), (1, "AAA", "dividend", 1.0))
    ratio, cash = events_on_bars(daily([10.0, 4.5]), actions)
    assert (ratio[1, 0], cash[1, 0]) == (2.0, 1.0)
    assert adjusted(daily([10.0, 4.5]), actions, "total").close[0, 0] == 4.5  # (10 - 1) / 2


def test_events_outside_of_the_bars_change_nothing(make_bars: MakeBars) -> None:
    bars = make_bars(4)
    actions = events(
        (-5, "AAA", "split", 2.0), (0, "AAA", "split", 2.0), (4, "AAA", "split", 2.0), (2, "CCC", "split", 2.0)
    )
    ratio, cash = events_on_bars(bars, actions)
    assert (ratio == 1).all()
    assert (cash == 0).all()
    assert adjusted(bars, actions, "total").digest == bars.digest


def test_a_symbol_is_adjusted_by_its_own_events_only(make_bars: MakeBars) -> None:
    factors = adjustment_factors(make_bars(3), events((1, "BBB", "split", 4.0)), "splits")
    assert factors.tolist() == [[1.0, 0.25], [1.0, 1.0], [1.0, 1.0]]


def test_no_event_of_any_symbol_is_refused_with_the_nearest_name(make_bars: MakeBars) -> None:
    with pytest.raises(DataError, match=r"found none of AAA or another; did you mean 'aaa'\?"):
        adjusted(make_bars(3), events((1, "aaa", "split", 2.0)), "splits")


def test_a_dividend_as_large_as_the_price_is_refused() -> None:
    with pytest.raises(DataError, match="found 10 of AAA on 1970-01-02, 1 times that close"):
        adjustment_factors(daily([10.0, 5.0]), events((1, "AAA", "dividend", 10.0)), "total")


@pytest.mark.parametrize(
    ("frequency", "days", "ex_date", "advice"),
    [
        ("1w", [4, 11, 18], 13, "adjust finer bars, then make them coarser"),
        ("1mo", [0, 31, 59], 61, "adjust finer bars"),
        ("1d", [0, 1, 2], "1970-01-02T04:00", "stamp the event like the bars of its session"),
        ("1h", ["1970-01-02T00:00", "1970-01-02T01:00"], "1970-01-02T00:30", "stamp the event"),
    ],
)
def test_an_ex_date_inside_a_bar_is_refused(
    frequency: str, days: list[int] | list[str], ex_date: int | str, advice: str
) -> None:
    bars = daily([10.0] * len(days), days, frequency)
    with pytest.raises(DataError, match=advice):
        events_on_bars(bars, events((ex_date, "AAA", "split", 2.0)))


def test_an_ex_date_between_the_bars_of_two_sessions_is_on_the_first_of_the_second() -> None:
    days = ["2020-08-28T18:00", "2020-08-28T19:00", "2020-08-31T13:00", "2020-08-31T14:00"]
    ratio, _ = events_on_bars(
        daily([400.0, 400.0, 100.0, 100.0], days, "1h"), events(("2020-08-31", "AAA", "split", 4.0))
    )
    assert ratio[:, 0].tolist() == [1.0, 1.0, 4.0, 1.0]


def test_what_is_adjusted_already_is_not_booked_again() -> None:
    bars = daily([100.0, 50.0, 49.0])
    actions = events((1, "AAA", "dividend", 2.0), (1, "AAA", "split", 2.0), (2, "AAA", "dividend", 1.0))
    ratio, cash = events_on_bars(adjusted(bars, actions, "splits"), actions, "splits")
    assert (ratio == 1).all()
    assert cash[:, 0].tolist() == [0.0, 1.0, 1.0]  # the first was paid on shares twice as large
    ratio, cash = events_on_bars(adjusted(bars, actions, "total"), actions, "total")
    assert (ratio == 1).all()
    assert (cash == 0).all()


def test_the_digest_is_of_the_events_and_not_of_their_order_or_source() -> None:
    one, other = (1, "AAA", "split", 2.0), (2, "BBB", "dividend", 1.0)
    assert events(one, other).digest == events(other, one).digest
    for changed in ((1, "AAA", "split", 2.5), (1, "AAC", "split", 2.0), (3, "AAA", "split", 2.0)):
        assert events(changed, other).digest != events(one, other).digest
    assert events((1, "AAA", "dividend", 2.0)).digest != events((1, "AAA", "split", 2.0)).digest


def test_arrays_of_events_must_be_of_one_length() -> None:
    with pytest.raises(DataError, match="arrays of one length"):
        CorporateActions(np.zeros(2, dtype=np.int64), ("A",), np.zeros(2, dtype=np.bool_), np.ones(2))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Bars, CorporateActions]:
    """A year of a symbol with holes, and events on any of its days."""
    count = draw(st.integers(3, 25))
    cents = draw(st.lists(st.integers(500, 50_000), min_size=count, max_size=count))
    absent = draw(st.sets(st.integers(1, count - 2), max_size=count // 3))
    close = [np.nan if bar in absent else cent / 100 for bar, cent in enumerate(cents)]
    days = draw(st.lists(st.tuples(st.integers(-2, count + 2), st.booleans()), max_size=6, unique=True))
    values = draw(st.lists(st.sampled_from([0.1, 0.5, 1.5, 2.0, 7.0]), min_size=len(days), max_size=len(days)))
    rows = [
        (day, "AAA", "split" if is_split else "dividend", value if is_split else value / 100)
        for (day, is_split), value in zip(days, values, strict=True)
    ]
    return daily(close), events(*rows)


@given(histories())
def test_returns_of_adjusted_bars_are_those_of_a_holder(history: tuple[Bars, CorporateActions]) -> None:
    bars, actions = history
    ratio, cash = (panel[:, 0] for panel in events_on_bars(bars, actions))
    own = np.isfinite(bars.close[:, 0])
    raw, split = bars.close[own, 0], adjusted(bars, actions, "splits").close[own, 0]
    total = adjusted(bars, actions, "total").close[own, 0]
    ratio, cash = ratio[own][1:], cash[own][1:]
    assert split[1:] / split[:-1] == pytest.approx(raw[1:] * ratio / raw[:-1])
    assert total[1:] / total[:-1] == pytest.approx(raw[1:] * ratio / (raw[:-1] - cash))
    assert (split[-1], total[-1]) == (raw[-1], raw[-1])


@given(histories())
def test_a_holder_earns_the_same_on_raw_and_on_split_adjusted_prices(history: tuple[Bars, CorporateActions]) -> None:
    bars, actions = history
    own = np.isfinite(bars.close[:, 0])
    grown = []
    for prices, (ratio, cash) in (
        (bars, events_on_bars(bars, actions)),
        (adjusted(bars, actions, "splits"), events_on_bars(bars, actions, "splits")),
    ):
        close = prices.close[own, 0]
        grown.append((close[1:] * ratio[own, 0][1:] + cash[own, 0][1:]) / close[:-1])
    assert grown[0] == pytest.approx(grown[1])


@given(histories(), st.integers(0, 24))
def test_returns_up_to_a_day_do_not_depend_on_later_events(history: tuple[Bars, CorporateActions], last: int) -> None:
    bars, actions = history
    known = actions.times <= last * NS_PER_DAY
    earlier = CorporateActions(
        actions.times[known],
        tuple(symbol for symbol, kept in zip(actions.symbols, known, strict=True) if kept),
        actions.is_split[known],
        actions.value[known],
    )
    whole = adjusted(bars, actions, "total").close[: last + 1, 0]
    part = adjusted(bars, earlier, "total").close[: last + 1, 0]
    assert whole[1:] / whole[:-1] == pytest.approx(part[1:] / part[:-1], nan_ok=True)
