"""The kernel: plays bars [start, stop) on a book and leaves a book that can go on.

The steps stand in the order of the execution contract (docs/execution.md); `reference.py` plays
the same contract in plain Python.
"""

from __future__ import annotations

from typing import Any

from stratkit.compiled import allocating_nothing, inlined, inner
from stratkit.engine.book import ROWS_OF_ACCOUNT, ROWS_PER_SLOT, Book
from stratkit.engine.breakers import judge_close
from stratkit.engine.layout import (
    ALONG_PATH,
    AT_CLOSE,
    AT_OPEN,
    BANKRUPT,
    END,
    END_AT_CLOSE,
    THIS_CLOSE,
    YES,
    Pieces,
    Quotes,
)
from stratkit.engine.meeting import meet_closely
from stratkit.engine.quiet import hold_through, is_quiet, moves_inside_bars, play_quiet_bar
from stratkit.engine.resting import PLAYS_ALL, PLAYS_NOTHING, PLAYS_PASSED
from stratkit.engine.shares import act_on_shares
from stratkit.engine.steps import (
    carry,
    expire_last,
    leave_all,
    mark_close,
    mark_open,
    place_resting,
    trade,
)
from stratkit.engine.stream import end_period, stream_carry, take_bar
from stratkit.engine.stretch import hold_stretch, may_stretch
from stratkit.engine.sums import Buckets
from stratkit.engine.worth import worth
from stratkit.risk.targets import Panels


@inlined
def has_room(account: Any, logs: Any, slots: int) -> bool:
    """Return whether the logs hold one more bar at its worst."""
    if logs is None:
        return True
    room = ROWS_PER_SLOT * slots + ROWS_OF_ACCOUNT
    return (
        account.fill_rows + room <= logs.fills.shape[0]
        and account.trade_rows + room <= logs.trades.shape[0]
        and account.decision_rows + room <= logs.decisions.shape[0]
    )


@inlined
def valued(slots: Any, account: Any, holding: Any, marks: Any) -> Any:
    """Return equity, gross and net exposure at the marks, added up in slot order from the cash."""
    equity, gross, net = account.cash, 0.0, 0.0
    for place in range(account.holding):
        s = slots[holding[place]]
        if s.side != 0:
            value = s.held * marks[s.symbol]
            equity += s.side * value
            net += s.side * value
            gross += value
    return equity, gross, net


@inlined
def flag_liquidation(slots: Any, rules: Any, equity: float, gross: float) -> None:
    """Flag every position for liquidation at its next open when equity no longer covers the margin."""
    if rules.maintenance_margin > 0.0 and rules.isolated == 0 and equity < rules.maintenance_margin * gross:
        for slot in range(slots.shape[0]):
            s = slots[slot]
            s.flagged = 1 if s.side != 0 else 0


@inner
def share_out(by_strategy: Any, slots: Any, account: Any, holding: Any, strategies: Any, marks: Any, bar: int) -> None:
    """Write the net P&L of each strategy so far: its closed trades, then its open ones at the marks, in slot order."""
    for index in range(strategies.shape[0]):
        by_strategy[bar, index] = strategies[index].realised
    for place in range(account.holding):
        s = slots[holding[place]]
        if s.side != 0:
            gross = s.side * (s.exit_value + s.held * marks[s.symbol] - s.entry_value)
            by_strategy[bar, s.strategy] += gross - s.commission - s.borrow - s.funding + s.dividend


@inner
def play_bar(
    book: Any, quotes: Any, pieces: Any, orders: Any, path: Any, targets: Any, rules: Any, logs: Any, stream: Any,
    bar: int,
) -> None:  # fmt: skip
    """Play a bar in which something may trade, from its open to its close."""
    account, row = book.account[0], bar - 1
    last = bar == quotes.close.shape[0] - 1
    at_close = rules.intents_fill_at == THIS_CLOSE
    # 2. and 3. the open: everything that leaves, then the entries
    mark_open(book.symbols, quotes.open, quotes.volume, rules, book.prices, book.marks, bar)
    plays = PLAYS_ALL if bar > 0 and not at_close else PLAYS_NOTHING
    if orders is not None:
        plays = PLAYS_PASSED if bar > 0 and at_close else plays
    equity = trade(book, quotes, orders, targets, rules, logs, stream, bar, row, last, AT_OPEN, plays)
    if orders is not None and bar > 0:
        equity = place_resting(book, quotes, pieces, orders, targets, rules, logs, stream, bar, last, equity)
    # 4. inside the bar
    slots = book.slots
    moves_inside = rules.trailing_first == 1 or rules.same_bar == ALONG_PATH
    for place in range(account.holding):
        slot = book.holding[place]
        s = slots[slot]
        if s.side == 0:
            continue
        high, low = quotes.high[bar, s.symbol], quotes.low[bar, s.symbol]
        if high != high:  # no bar
            continue
        touched = s.side > 0 and (low <= s.active_stop or high >= s.next_target)
        touched = touched or (s.side < 0 and (high >= s.active_stop or low <= s.next_target))
        if touched or s.resting != 0 or s.resting_bar == bar or (moves_inside and s.moves == 1):
            meet_closely(book, quotes, pieces, orders, path, targets, rules, logs, stream, bar, slot, equity)
        else:
            hold_through(s, targets.plans[s.plan], rules, high, low)
    # 5. the close
    mark_close(book.symbols, quotes.close, book.prices, book.marks, bar)
    if at_close:
        trade(book, quotes, orders, targets, rules, logs, stream, bar, bar, last, AT_CLOSE, PLAYS_ALL)
    ends = last and rules.close_at_end == END_AT_CLOSE and account.is_bankrupt == 0
    if ends and worth(book.slots, account, book.holding, book.marks) > 0.0:
        leave_all(book.slots, account, book.symbols, book.strategies, targets.side, quotes.volume, quotes.volatility,
                  rules, logs, stream, bar, bar if at_close else row, book.prices, END)  # fmt: skip


def advance(book: Any, market: Any, targets: Any, rules: Any, logs: Any, record: Any, start: int, stop: int) -> int:
    """Play bars [start, stop) with recording; return the bar to go on with, before `stop` when a log is full.

    `record` takes equity, cash, gross, net and carry per bar; `logs` take rows. What a run does not use is compiled
    out: sums, resting orders, finer bars, paths.
    """
    pieces, orders, path = _used(market, targets, rules)
    return int(
        advance_book(book, market, pieces, orders, path, targets, rules, logs, record, None, None, None, start, stop)
    )


def advance_many(
    books: Any, market: Any, targets: Any, side: Any, weight: Any, rules: Any, streams: Any, buckets: Any, whole: Any,
    active: Any, start: int, stop: int,
) -> None:  # fmt: skip
    """Play bars [start, stop) of K replays that differ in `side` and `weight` (K, T, M), into sums alone.

    `books`, `streams` and the sums of `buckets` have a first axis of K; those that are not `active` (K,) stay as they
    are. With `whole` None only what a sweep keeps is summed up. Everything else is as in `advance`.
    """
    pieces, orders, path = _used(market, targets, rules)
    advance_books(books, market, pieces, orders, path, targets, side, weight, rules, streams, buckets, whole, active,
                  start, stop)  # fmt: skip


def _used(market: Any, targets: Any, rules: Any) -> Any:
    """Return the pieces, orders and path of a replay, None where it has none."""
    orders = targets.entry_level if len(targets.entry_level) else None
    pieces = (
        Pieces(*(getattr(market, f"detail_{name}") for name in Pieces._fields)) if len(market.detail_rows) else None
    )
    return pieces, orders, YES if rules[0].same_bar == ALONG_PATH else None


@allocating_nothing
def advance_books(
    books: Any, market: Any, pieces: Any, orders: Any, path: Any, targets: Any, side: Any, weight: Any, rules: Any,
    streams: Any, buckets: Any, whole: Any, active: Any, start: int, stop: int,
) -> None:  # fmt: skip
    """Play bars [start, stop) of K replays as `advance_many` says, one after the other."""
    for k in range(active.shape[0]):
        if active[k]:
            book = Book(
                books.slots[k], books.account[k], books.symbols[k], books.strategies[k], books.candidates[k],
                books.busy[k], books.holding[k], books.wanting[k], books.order[k], books.prices[k], books.marks[k],
                books.sums[k],
            )  # fmt: skip
            asked = Panels(
                targets.plans, side[k], weight[k], targets.confidence, targets.size, targets.risk_unit,
                targets.stop_level, targets.target_level, targets.exit_fraction, targets.entry_level, targets.plan,
            )  # fmt: skip
            own = Buckets(buckets.ends, buckets.total[k], buckets.squares[k])
            advance_book(book, market, pieces, orders, path, asked, rules, None, None, streams[k], own, whole, start,
                         stop)  # fmt: skip


@allocating_nothing
def advance_book(
    book: Any, market: Any, pieces: Any, orders: Any, path: Any, targets: Any, rules_: Any, logs: Any, record: Any,
    stream: Any, buckets: Any, whole: Any, start: int, stop: int,
) -> int:  # fmt: skip
    """Play bars [start, stop) as `advance` says; `pieces`, `orders` and `path` are None when a run has none.

    `buckets` (or None) take returns per period; with `whole` None only what a sweep keeps is summed up.
    """
    rules = rules_[0]
    slots, account, symbols, strategies = book.slots, book.account[0], book.symbols, book.strategies
    prices, marks = book.prices, book.marks
    opens, highs, lows, close, volume = market.open, market.high, market.low, market.close, market.volume
    volatility, funding, times, day = market.volatility, market.funding, market.times, market.day
    side, weight, plans = targets.side, targets.weight, targets.plans
    quotes = Quotes(day, opens, highs, lows, close, volume, volatility)
    bars = close.shape[0]
    at_close = rules.intents_fill_at == THIS_CLOSE
    has_actions = market.acts.shape[0] > 0
    may_be_quiet = not at_close and not moves_inside_bars(rules, plans)
    has_carry = rules.borrow_ann > 0.0 or rules.margin_rate_ann > 0.0 or funding.shape[0] > 0
    judged = rules.max_drawdown > 0.0 or rules.max_daily_loss > 0.0 or rules.max_consecutive_losses > 0
    quiet_end = bars - 1 if may_be_quiet else 0
    stretches = may_be_quiet and not has_carry and not judged and may_stretch(book, market, record, rules)
    bar = start
    while bar < stop:
        if stretches and bar > 0 and account.bankrupt_bar < 0:
            bar = hold_stretch(book, market, side, plans, rules, logs, record, stream, buckets, whole, bar,
                               min(stop, quiet_end))  # fmt: skip
            if bar >= stop:
                break
        last = bar == bars - 1
        equity, gross, net = account.cash, 0.0, 0.0
        if has_carry:
            account.interest_bar = 0.0
            account.borrow_bar = 0.0
            account.funding_bar = 0.0
        if account.bankrupt_bar < 0:
            row = bar if at_close else bar - 1  # the bar whose intents are played
            acts = has_actions and market.acts[bar]
            quiet = bar > 0 and bar < quiet_end and not acts
            quiet = quiet and is_quiet(slots, book.busy, symbols, side, weight, opens, highs, lows, close, rules, bar)
            if (judged or not quiet) and not has_room(account, logs, slots.shape[0]):
                return bar
            # 1. carry
            if has_carry and bar > 0:
                carry(slots, account, symbols, funding, rules, bar, times[bar] - times[bar - 1])
            if acts:
                act_on_shares(book, market, targets, rules, logs, stream, bar)
            if quiet:
                equity, gross, net = play_quiet_bar(
                    slots, book.busy, account, symbols, side, highs, lows, close, plans, rules, marks, bar
                )  # fmt: skip
            else:
                play_bar(book, quotes, pieces, orders, path, targets, rules, logs, stream, bar)
                equity, gross, net = valued(slots, account, book.holding, marks)
            if equity <= 0.0 or account.is_bankrupt == 1:
                leave_all(slots, account, symbols, strategies, side, volume, volatility, rules, logs, stream, bar, row,
                          prices, BANKRUPT)  # fmt: skip
                account.bankrupt_bar = bar
                equity, gross, net = account.cash, 0.0, 0.0
            else:
                flag_liquidation(slots, rules, equity, gross)
                if judged:
                    judge_close(account, rules, logs, bar, day[bar], equity)
                if last:
                    expire_last(slots, account, close, orders, targets, rules, logs, bar)
        account.equity = equity
        if record is not None:
            record.equity[bar] = equity
            record.cash[bar] = account.cash
            record.gross[bar] = gross
            record.net[bar] = net
            if has_carry:
                record.carry[bar, 0] = account.borrow_bar
                record.carry[bar, 1] = account.funding_bar
                record.carry[bar, 2] = account.interest_bar
            if record.by_strategy.shape[0] > 0:
                share_out(record.by_strategy, slots, account, book.holding, strategies, marks, bar)
        if stream is not None:
            take_bar(stream, whole, bar, equity, gross)
            if has_carry:
                stream_carry(stream, account.borrow_bar, account.funding_bar, account.interest_bar)
            if market.period_end[bar]:
                end_period(stream, buckets, whole, bar, equity)
        bar += 1
    return stop
