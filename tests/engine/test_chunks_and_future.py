"""A replay in one go is the replay in any chunks, and nothing that comes later changes what came before."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_markets import Case, cases, random_case, random_market, random_targets
from replays import assert_same_rows, assert_same_run, bits, frozen, played

from stratkit.engine.book import Book, Logs, copy_book, empty_logs, open_book, rows_needed
from stratkit.engine.kernel import advance
from stratkit.engine.layout import STAY_OPEN, Market
from stratkit.engine.playing import Record
from stratkit.engine.run import Replay, begin_sums, close_book, finish_sums, play, play_on
from stratkit.engine.tally import open_tally
from stratkit.panel import FloatArray
from stratkit.risk.targets import Targets
from stratkit.seeds import generator

FINER = ("detail_open", "detail_high", "detail_low", "detail_close")  # whose rows are not bars
CONFIDENCES = np.array([0.25, 0.5, 0.75, 1.0], np.float32)


class Midway(NamedTuple):
    """A replay that has been played for some bars and can go on."""

    book: Book
    logs: Logs
    record: Record

    def copy(self) -> Midway:
        logs = Logs(*(rows.copy() for rows in self.logs))
        return Midway(copy_book(self.book), logs, Record(*(array.copy() for array in self.record)))

    def bytes(self) -> list[bytes]:
        account = self.book.account[0]
        counts = (account.fill_rows, account.trade_rows, account.decision_rows)
        state = [self.book.slots, self.book.account, self.book.symbols, self.book.strategies]
        return [bits(part) for part in (*state, *(log[:n] for log, n in zip(self.logs, counts, strict=True)))]


def begin(case: Case) -> Midway:
    market, targets, rules = frozen(case)
    bars = len(market.times)
    room = rows_needed(len(targets.slot_symbol)) * (bars + 1)
    has_carry = bool(rules[0].borrow_ann > 0 or rules[0].margin_rate_ann > 0 or len(market.funding))
    equity, cash, gross, net = (np.empty(bars) for _ in range(4))
    strategies = len(targets.strategy_cap)
    by_strategy = np.zeros((bars if strategies > 1 else 0, strategies))
    record = Record(equity, cash, gross, net, np.zeros((bars if has_carry else 0, 3)), by_strategy)
    book = open_book(float(rules[0].initial_cash), targets, market.delist_bar)
    return Midway(book, empty_logs(room), record)


def go_on(case: Case, midway: Midway, start: int, stop: int) -> None:
    market, targets, rules = frozen(case)
    assert advance(midway.book, market, targets.panels(), rules, midway.logs, midway.record, start, stop) == stop


def finish(midway: Midway) -> Replay:
    return close_book(midway.book, midway.logs, midway.record)


# ---- chunks


@settings(max_examples=500)
@given(cases(), st.integers(1, 12))
def test_chunks_of_any_length_change_nothing(case: Case, stretch_bars: int) -> None:
    assert_same_run(played(case, stretch_bars), played(case))


@settings(max_examples=500)
@given(cases(), st.data())
def test_a_copied_book_goes_on_as_if_nothing_had_happened(case: Case, data: st.DataObject) -> None:
    bars = len(case.market.times)
    middle = data.draw(st.integers(0, bars))
    midway = begin(case)
    go_on(case, midway, 0, middle)
    copy, before = midway.copy(), midway.bytes()
    go_on(case, copy, middle, bars)
    assert midway.bytes() == before, "the copy is independent"
    go_on(case, midway, middle, bars)
    whole = played(case)
    assert_same_run(finish(copy), whole)
    assert_same_run(finish(midway), whole)


@settings(max_examples=500)
@given(cases(), st.integers(0, 40))
def test_logs_that_grow_on_the_way_change_nothing(case: Case, rows: int) -> None:
    whole = played(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stratkit.engine.run.empty_logs", lambda _: empty_logs(rows))
        small = played(case)
    assert_same_run(small, whole)


@settings(max_examples=500)
@given(cases(), st.integers(1, 12))
def test_running_sums_do_not_depend_on_chunks(case: Case, stretch_bars: int) -> None:
    market, targets, rules = frozen(case)
    bars, cash = len(market.times), float(rules[0].initial_cash)
    sums = []
    for step in (bars, stretch_bars):
        playing = begin_sums(market, targets, rules, open_tally(cash, 0.0, False, market.period_end, whole=True))
        for bar in range(step, bars + step, step):
            play_on(playing, min(bar, bars))
        sums.append(bits(finish_sums(playing).stream))
    assert sums[0] == sums[1]


def test_progress_is_told_up_to_the_last_bar_and_changes_nothing() -> None:
    case = random_case(5, bars=250)
    told: list[tuple[int, int]] = []
    market, targets, rules = frozen(case)
    assert_same_run(play(market, targets, rules, progress=lambda *done: told.append(done)), played(case))
    assert told[-1] == (250, 250)
    assert [bar for bar, _ in told] == list(range(2, 251, 2)), "in hundredths of the run"


def test_no_bar_writes_more_rows_than_the_logs_keep_room_for() -> None:
    for seed in range(400):
        case = random_case(seed)
        run, room = played(case), rows_needed(len(case.targets.slot_symbol))
        rows = [*run.fills["bar"], *run.decisions["bar"]]
        assert np.bincount(np.array(rows, np.int64), minlength=1).max() <= room, seed


# ---- the future


def other_future(case: Case, bar: int, seed: int) -> Case:
    """Return the case with all that is stamped after `bar` replaced at random: bars, orders, funding, delistings."""
    market, targets = case.market, case.targets
    on = frozenset(
        {"missing_bars", "zero_volume", "exits", "confidence", "own_size", "risk_unit", "stop_level", "target_level",
         "exit_fraction", "funding", "volatility_slippage", "weights", "resting_entries",
         "splits", "dividends"}
    )  # fmt: skip
    on |= {"detail"} if len(market.detail_rows) else frozenset()
    new = random_market(generator(seed, "future"), on, *market.close.shape)
    asked = random_targets(generator(seed, "wishes"), on | {"books"}, new, len(targets.strategy_cap))
    slots = len(targets.slot_symbol)
    random = generator(seed, "rest")

    def spliced(old: Any, later: Any) -> Any:
        if not len(old):
            return old
        return np.concatenate([old[: bar + 1], later[bar + 1 :]]).astype(old.dtype)

    def wished(name: str) -> Any:
        old = getattr(targets, name)
        later: Any = getattr(asked, name)
        if name == "side":
            later = random.choice([1, -1, 0, 2], (len(market.times), slots))
        elif name == "confidence":
            later = random.choice(CONFIDENCES, (len(market.times), slots))
        elif name == "plan":
            later = random.integers(-1, len(targets.plans), (len(market.times), slots))
        elif name == "weight" or later.shape[1] < slots:
            later = random.choice([0.0, 0.3, -0.4, 1.0, np.nan], (len(market.times), slots))
        return spliced(old, later[:, :slots])

    shift = int(new.times[bar] - market.times[bar])
    ends = random.integers(bar + 1, len(market.times) + 1, market.close.shape[1])
    later_end = np.where(ends == len(market.times), -1, ends)
    delist_bar = np.where((market.delist_bar >= 0) & (market.delist_bar <= bar), market.delist_bar, later_end)
    panels = (
        "side", "weight", "confidence", "size", "risk_unit", "stop_level", "target_level", "exit_fraction",
        "entry_level", "plan",
    )  # fmt: skip
    return Case(
        market._replace(
            times=np.concatenate([market.times[: bar + 1], new.times[bar + 1 :] - shift]),
            day=np.concatenate([market.day[: bar + 1], (new.times[bar + 1 :] - shift) // 86_400_000_000_000]),
            **{name: spliced(getattr(market, name), getattr(new, name)) for name in
               ("open", "high", "low", "close", "volume", "funding", "volatility", "acts", "split", "dividend")},
            delist_bar=delist_bar.astype(np.int64),
            **other_detail(market, new, bar),
        ),
        Targets(**{**targets._asdict(), **{name: wished(name) for name in panels}}),
        case.rules,
    )  # fmt: skip


def other_detail(market: Market, new: Market, bar: int) -> dict[str, Any]:
    """Return the finer bars up to those of `bar`, and new ones behind them."""
    if not len(market.detail_rows):
        return {}
    kept = int(market.detail_rows[bar, 1])
    joined = {name: np.concatenate([getattr(market, name)[:kept], getattr(new, name)]) for name in FINER}
    later = new.detail_rows[bar + 1 :] + kept
    return {
        **joined,
        "detail_rows": np.concatenate([market.detail_rows[: bar + 1], later]),
        "detail_agrees": np.concatenate([market.detail_agrees[: bar + 1], new.detail_agrees[bar + 1 :]]),
    }


def until(run: Replay, bar: int) -> list[FloatArray]:
    return [getattr(run, name)[: bar + 1] for name in ("equity", "cash", "gross", "net", "carry", "by_strategy")]


def assert_same_past(one: Replay, other: Replay, bar: int) -> None:
    """Assert that nothing at or before `bar` differs: account, fills, and the trades closed by then."""
    for mine, others in zip(until(one, bar), until(other, bar), strict=True):
        np.testing.assert_array_equal(mine, others)
    assert_same_rows(one.fills[one.fills["bar"] <= bar], other.fills[other.fills["bar"] <= bar])
    closed = [run.trades[(run.trades["exit_bar"] >= 0) & (run.trades["exit_bar"] <= bar)] for run in (one, other)]
    assert_same_rows(closed[0], closed[1])
    assert (one.bankrupt_bar if one.bankrupt_bar <= bar else -1) == (
        other.bankrupt_bar if other.bankrupt_bar <= bar else -1
    )


@settings(max_examples=500)
@given(cases(), st.integers(0, 2**32 - 1), st.data())
def test_another_future_changes_nothing_of_the_past(case: Case, seed: int, data: st.DataObject) -> None:
    bar = data.draw(st.integers(0, len(case.market.times) - 2))
    other = other_future(case, bar, seed)
    assert_same_past(played(case), played(other), bar)
    books = [begin(case), begin(other)]
    for one, midway in zip((case, other), books, strict=True):
        midway.book.symbols["delist_bar"] = np.where(
            one.market.delist_bar <= bar, one.market.delist_bar, -1
        )  # the only thing in a book that is about the future
        go_on(one, midway, 0, bar + 1)
    assert books[0].bytes() == books[1].bytes(), "the whole state at the close of the bar"


@settings(max_examples=500)
@given(cases(), st.data())
def test_bars_that_are_cut_off_change_nothing_of_the_past(case: Case, data: st.DataObject) -> None:
    bar = data.draw(st.integers(0, len(case.market.times) - 2))
    market, targets = case.market, case.targets
    rows = len(market.times)
    pieces = int(market.detail_rows[bar, 1]) if len(market.detail_rows) else 0

    def cut(panel: Any) -> Any:
        return panel[: bar + 1] if len(panel) == rows else panel

    kept = (
        "slot_symbol", "slot_strategy", "slot_kind", "slot_size", "slot_rule", "slot_plan", "slot_order",
        "strategy_cap", "strategy_multiplier", "plans",
    )  # fmt: skip
    short = Case(
        market._replace(
            **{name: cut(panel) for name, panel in market._asdict().items() if name not in ("delist_bar", *FINER)},
            **{name: getattr(market, name)[:pieces] for name in FINER},
            delist_bar=np.where(market.delist_bar <= bar, market.delist_bar, -1),
        ),
        targets._replace(**{name: cut(panel) for name, panel in targets._asdict().items() if name not in kept}),
        case.rules,
    )
    # what the last bar itself causes is not the past: `close_at_end` is switched off in both
    whole = played(case, close_at_end=STAY_OPEN)
    assert_same_past(played(short, close_at_end=STAY_OPEN), whole, bar)


def test_the_replaced_future_does_change_the_future() -> None:
    changed = 0
    for seed in range(60):
        case = random_case(seed, bars=40, features=["exits", "leverage", "missing_bars", "confidence"])
        one, other = played(case), played(other_future(case, 19, seed))
        changed += not np.array_equal(one.equity[20:], other.equity[20:])
    assert changed > 50
