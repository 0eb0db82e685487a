"""The kernel: plays bars [start, stop) on a book and leaves a book that can go on.

The steps stand in the order of the execution contract (docs/execution.md); `reference.py` plays
the same contract in plain Python. The loop over bars does the cheap work in line and calls a step
only for a slot that has something to do: an array that is handed to a function costs more than
the whole of a quiet bar.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import borrowed, compiled, inlined
from stratkit.engine.book import ROWS_OF_ACCOUNT, ROWS_PER_SLOT, Logs
from stratkit.engine.breakers import judge_close
from stratkit.engine.candidates import panel_value
from stratkit.engine.entries import enter, sum_held
from stratkit.engine.exits import (
    delist,
    inside_bar,
    leave_at_close,
    leave_by_side,
    leave_gapped,
    leave_whole,
    play_weight,
)
from stratkit.engine.layout import (
    END,
    END_AT_CLOSE,
    END_AT_OPEN,
    END_OF_DATA,
    EXIT_SIDE,
    EXPIRED,
    NO_PRICE,
    NO_SIDE,
    REFUSED,
    REVERSE,
    STAY_OPEN,
    THIS_CLOSE,
    TIME_STOP,
)
from stratkit.engine.positions import (
    SLIPS,
    cancel_rest,
    drop_waiting_weight,
    leave_at_market,
    log_decision,
    meet,
    move_levels,
)
from stratkit.engine.prices import volume_of_bar
from stratkit.engine.stream import close_period, stream_bar, stream_carry
from stratkit.risk.targets import Targets

YEAR_NS = 365.0 * 86_400.0 * 1e9


@compiled
def carry(
    slots: Any, account: Any, symbols: Any, funding: Any, rules: Any, bar: int, elapsed_ns: int
) -> None:
    """Charge what holding over the gap before `bar` costs, marked at the last close."""
    years = elapsed_ns / YEAR_NS
    if account.cash < 0.0 and rules.margin_rate_ann > 0.0:
        account.interest_bar = (-account.cash) * rules.margin_rate_ann * years
        account.interest += account.interest_bar
        account.cash = account.cash - account.interest_bar
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side == 0:
            continue
        mark = symbols[s.symbol].mark
        if s.side < 0 and rules.borrow_ann > 0.0:
            borrow = (s.held * mark) * rules.borrow_ann * years
            s.borrow += borrow
            account.borrow_bar += borrow
            account.cash = account.cash - borrow
        if funding.shape[0] > 0 and funding[bar, s.symbol] != 0.0:
            paid = ((s.side * s.held) * mark) * funding[bar, s.symbol]
            s.funding += paid
            account.funding_bar += paid
            account.cash = account.cash - paid


@inlined
def worth(slots: Any, cash: float, marks: Any) -> float:
    """Return cash plus every position at its mark, in slot order."""
    equity = cash
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side != 0:
            equity += (s.side * s.held) * marks[s.symbol]
    return equity


@inlined
def side_in_force(s: Any, side: Any, row: int, slot: int) -> int:
    """Return the side intent of `row`, none before the first bar and for a slot that trades weights."""
    if row < 0 or s.kind != 0:
        return NO_SIDE
    return np.int64(side[row, slot])


@compiled
def leave_all(
    slots: Any, account: Any, symbols: Any, strategies: Any, side: Any, volume: Any, volatility: Any, rules: Any,
    logs: Any, stream: Any, bar: int, row: int, vol_row: int, prices: Any, bankrupt: bool,
) -> None:  # fmt: skip
    """Take every position out at this close: bankruptcy (also without a bar), or the end of the data."""
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side != 0 and (bankrupt or prices[s.symbol] == prices[s.symbol]):
            leave_at_close(
                s, account, strategies[s.strategy], symbols[s.symbol], rules, logs, stream, bar, slot, bankrupt,
                panel_value(volatility, vol_row, s.symbol), volume[bar, s.symbol], side_in_force(s, side, row, slot),
            )  # fmt: skip


@compiled
def expire_last(slots: Any, account: Any, close: Any, targets: Any, rules: Any, logs: Any, bar: int) -> None:
    """Write the rows of what the end of the data left undone."""
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.exit_wanted > 0.0 and s.exit_bar >= 0:
            log_decision(account, logs, s.exit_bar, slot, EXIT_SIDE, s.exit_confidence, min(s.exit_wanted, s.held), 0.0,
                         EXPIRED, END_OF_DATA)  # fmt: skip
        drop_waiting_weight(s, account, logs, slot, END_OF_DATA)
        if s.waiting > 0.0:
            log_decision(account, logs, bar, slot, s.waiting_side, s.waiting_confidence, s.waiting, 0.0,
                         EXPIRED, END_OF_DATA)  # fmt: skip
        if rules.intents_fill_at == THIS_CLOSE:
            continue
        confidence = 1.0
        if targets.confidence.shape[0] > 0:
            confidence = np.float64(targets.confidence[bar, slot])
        priced = close[bar, s.symbol] == close[bar, s.symbol]
        if s.kind == 0:
            side = np.int64(targets.side[bar, slot])
            held = s.side == side and (s.waiting > 0.0 or s.adds >= rules.max_adds)
            asks = side != NO_SIDE and not (priced and (held or s.awaits_edge == side))
            if side == EXIT_SIDE:
                asks = s.side != 0 and s.exit_wanted != math.inf
        else:
            weight = targets.weight[bar, slot]
            asks = weight == weight
            side = np.int64(1 if weight > 0.0 else (-1 if weight < 0.0 else -s.side))
        if asks:
            log_decision(account, logs, bar, slot, side, confidence, math.nan, 0.0,
                         EXPIRED if priced else REFUSED, END_OF_DATA if priced else NO_PRICE)  # fmt: skip


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
def play_slot(
    s: Any, account: Any, symbols: Any, strategies: Any, close: Any, volume: Any, volatility: Any, targets: Any,
    rules: Any, logs: Any, stream: Any, bar: int, row: int, slot: int, wish: int, price: float, equity: float,
) -> None:  # fmt: skip
    """Play what the intent of `row` takes out of one slot at `price`, then its time stop."""
    symbol, strategy = symbols[s.symbol], strategies[s.strategy]
    priced = close[row, s.symbol] == close[row, s.symbol]
    vol, traded = panel_value(volatility, row, s.symbol), volume[bar, s.symbol]
    confidence = 1.0
    if targets.confidence.shape[0] > 0:
        confidence = np.float64(targets.confidence[row, slot])
    if s.kind == 1:
        play_weight(s, account, strategy, symbol, rules, logs, stream, bar, row, slot, targets.weight[row, slot], priced,
                    confidence, equity, price, vol, traded, wish)  # fmt: skip
    elif s.side != 0 and wish == EXIT_SIDE and not priced:
        log_decision(account, logs, row, slot, EXIT_SIDE, confidence, math.nan, 0.0, REFUSED, NO_PRICE)
    elif s.side != 0 and wish == EXIT_SIDE:
        leave_by_side(s, account, strategy, symbol, rules, logs, stream, bar, row, slot, confidence,
                      panel_value(targets.exit_fraction, row, slot), price, vol, traded, wish)  # fmt: skip
    elif s.side != 0 and wish == -s.side and priced:
        cancel_rest(s, account, logs, row, slot)
        leave_whole(s, account, strategy, symbol, rules, logs, stream, bar, slot, price, REVERSE, vol, traded, wish)
    if s.side != 0 and price == price and s.time_stop > 0 and s.bars_held >= s.time_stop:
        leave_whole(s, account, strategy, symbol, rules, logs, stream, bar, slot, price, TIME_STOP, vol, traded, wish)


@inlined
def has_work(s: Any, wish: int, weight: float) -> bool:
    """Return whether `play_slot` has anything to do for a slot."""
    if s.kind == 1:
        return weight == weight or s.weight_wanted == s.weight_wanted or s.time_stop > 0
    if wish == EXIT_SIDE:
        return s.side != 0
    return s.side != 0 and (wish == -s.side or (s.time_stop > 0 and s.bars_held >= s.time_stop))


@inlined
def wants_entry(s: Any, wish: int, weight: float, priced: bool, rules: Any) -> bool:
    """Return whether a slot has to be looked at when entries are gathered."""
    if s.waiting > 0.0:
        return True
    if s.kind == 1:
        return weight == weight
    return (wish == 1 or wish == -1) and (wish != s.side or rules.max_adds > 0 or not priced)


@inlined
def enter_all(
    slots: Any, account: Any, symbols: Any, strategies: Any, candidates: Any, order: Any, close: Any, volume: Any,
    volatility: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, row: int, day: int, last: bool,
    prices: Any, marks: Any, sums: Any,
) -> None:  # fmt: skip
    """Size all entries of a bar on one equity and make them, sides before weights."""
    at_close = rules.intents_fill_at == THIS_CLOSE
    ends = last and rules.close_at_end != STAY_OPEN and (at_close or rules.close_at_end == END_AT_OPEN)
    equity = worth(slots, account.cash, marks)
    sum_held(slots, symbols, rules, marks, equity, sums)
    for kind in range(2 if targets.weight.shape[0] > 0 else 1):
        enter(slots, account, symbols, strategies, candidates, order, close, volume, volatility, targets, rules, logs,
              stream, bar, row, day, ends, prices, marks, equity, sums, at_close, kind)  # fmt: skip


@inlined
def is_quiet(
    slots: Any, symbols: Any, side: Any, weight: Any, opens: Any, highs: Any, lows: Any, close: Any, rules: Any, bar: int
) -> bool:
    """Return whether nothing but marking can happen in a bar whose intents are those of the bar before."""
    row = bar - 1
    for slot in range(slots.shape[0]):
        s = slots[slot]
        column = s.symbol
        wish = 0
        if s.kind == 0:
            wish = side[row, slot]
        elif weight[row, slot] == weight[row, slot] or s.weight_wanted == s.weight_wanted:
            return False
        if s.side == 0:
            if wish == 1 or wish == -1:
                return False
            continue
        if wish != 0 and (wish != s.side or rules.max_adds > 0 or not close[row, column] == close[row, column]):
            return False
        if s.exit_wanted > 0.0 or s.waiting > 0.0 or s.time_stop > 0 or s.flagged == 1:
            return False
        if not opens[bar, column] == opens[bar, column] or symbols[column].delist_bar == bar:
            return False
        high, low = highs[bar, column], lows[bar, column]
        if s.side > 0 and (low <= s.active_stop or high >= s.next_target):
            return False
        if s.side < 0 and (high >= s.active_stop or low <= s.next_target):
            return False
    return True


@inlined
def play_quiet_bar(
    slots: Any, account: Any, symbols: Any, side: Any, highs: Any, lows: Any, close: Any, plans: Any, rules: Any,
    marks: Any, bar: int,
) -> None:  # fmt: skip
    """Hold through a quiet bar: count no-ops, meet its extremes, move levels and marks."""
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.kind == 0:
            wish = side[bar - 1, slot]
            if wish != s.awaits_edge:
                s.awaits_edge = 0
            if wish != 0:
                account.no_op += 1
        if s.side != 0:
            s.bars_held += 1
            hold_through(s, plans[s.plan], rules, highs[bar, s.symbol], lows[bar, s.symbol])
    for column in range(symbols.shape[0]):
        y = symbols[column]
        price = close[bar, column]
        if price == price:
            y.mark = price
            y.missing = 0
        else:
            y.missing += 1
        marks[column] = y.mark


@inlined
def hold_through(s: Any, plan: Any, rules: Any, high: float, low: float) -> None:
    """Let a position meet the extremes of a bar that touches none of its levels, and move them for the next."""
    if s.side > 0:
        s.worst = min(s.worst, low)
        s.best = max(s.best, high)
        if s.moves == 1:
            s.extreme = max(s.extreme, high)
            move_levels(s, plan, rules)
    else:
        s.worst = max(s.worst, high)
        s.best = min(s.best, low)
        if s.moves == 1:
            s.extreme = min(s.extreme, low)
            move_levels(s, plan, rules)


@compiled
def borrowed_targets(targets: Any) -> Any:
    """Return the targets as views that are not reference-counted."""
    return Targets(
        borrowed(targets.slot_symbol), borrowed(targets.slot_strategy), borrowed(targets.slot_kind),
        borrowed(targets.slot_size), borrowed(targets.slot_rule), borrowed(targets.slot_plan),
        borrowed(targets.strategy_cap), borrowed(targets.plans), borrowed(targets.side), borrowed(targets.weight),
        borrowed(targets.confidence), borrowed(targets.size), borrowed(targets.risk_unit),
        borrowed(targets.stop_level), borrowed(targets.target_level), borrowed(targets.exit_fraction),
    )  # fmt: skip


@compiled
def borrowed_logs(logs: Any) -> Any:
    """Return the logs as views that are not reference-counted; None stays None."""
    if logs is None:
        return None
    return Logs(borrowed(logs.fills), borrowed(logs.trades), borrowed(logs.decisions))


@compiled
def advance(
    book: Any, market: Any, targets_: Any, rules_: Any, logs_: Any, record: Any, stream: Any, start: int, stop: int
) -> int:
    """Play bars [start, stop); return the bar to go on with, before `stop` when a log is full.

    `record` (or None) takes equity, cash, gross, net and carry per bar; `stream` (or None) takes
    running sums; `logs_` (or None) takes rows. What is None is compiled out.
    """
    rules = rules_[0]
    account = book.account[0]
    slots, symbols, strategies = borrowed(book.slots), borrowed(book.symbols), borrowed(book.strategies)
    candidates, order = borrowed(book.candidates), borrowed(book.order)
    opens, highs, lows = borrowed(market.open), borrowed(market.high), borrowed(market.low)
    close, volume, volatility = borrowed(market.close), borrowed(market.volume), borrowed(market.volatility)
    times, day, period_end = borrowed(market.times), borrowed(market.day), borrowed(market.period_end)
    funding = borrowed(market.funding)
    targets = borrowed_targets(targets_)
    logs = borrowed_logs(logs_)
    if record is not None:
        equity_out, cash_out = borrowed(record.equity), borrowed(record.cash)
        gross_out, net_out, carry_out = borrowed(record.gross), borrowed(record.net), borrowed(record.carry)
    side, weight = targets.side, targets.weight
    bars, n_symbols = close.shape
    n_slots = slots.shape[0]
    has_weights = weight.shape[0] > 0
    at_close = rules.intents_fill_at == THIS_CLOSE
    has_carry = rules.borrow_ann > 0.0 or rules.margin_rate_ann > 0.0 or funding.shape[0] > 0
    free = rules.max_volume_share <= 0.0 and rules.impact_frac <= 0.0
    judged = rules.max_drawdown > 0.0 or rules.max_daily_loss > 0.0 or rules.max_consecutive_losses > 0
    prices, marks, sums = borrowed(book.prices), borrowed(book.marks), borrowed(book.sums)
    for bar in range(start, stop):
        last = bar == bars - 1
        equity, gross, net = account.cash, 0.0, 0.0
        if has_carry:
            account.interest_bar = 0.0
            account.borrow_bar = 0.0
            account.funding_bar = 0.0
        if account.bankrupt_bar < 0:
            row = bar - 1
            vol_row = max(row, 0)
            quiet = bar > 0 and not last and not at_close
            quiet = quiet and is_quiet(slots, symbols, side, weight, opens, highs, lows, close, rules, bar)
            if not (quiet and not judged) and not has_room(account, logs, n_slots):
                return bar
            # 1. carry
            if has_carry and bar > 0:
                carry(slots, account, symbols, funding, rules, bar, times[bar] - times[row])
            if quiet:
                play_quiet_bar(slots, account, symbols, side, highs, lows, close, targets.plans, rules, marks, bar)
            if not quiet:
                # 2. the open: everything that leaves
                for column in range(n_symbols):
                    y = symbols[column]
                    y.volume_left = math.inf if free else volume_of_bar(rules, volume[bar, column])
                    price = opens[bar, column]
                    prices[column] = price
                    if price == price:
                        y.missing = 0
                        marks[column] = price
                    else:
                        y.missing += 1
                        marks[column] = y.mark
                before = worth(slots, account.cash, marks) if has_weights and not at_close else 0.0
                ends = last and rules.close_at_end == END_AT_OPEN
                idle, wants = 0, False
                for slot in range(n_slots):
                    s = slots[slot]
                    price = prices[s.symbol]
                    if s.side != 0 and price == price:
                        s.bars_held += 1
                        gapped = s.side > 0 and (price <= s.active_stop or price >= s.next_target)
                        gapped = gapped or (s.side < 0 and (price >= s.active_stop or price <= s.next_target))
                        if gapped or s.exit_wanted > 0.0 or s.flagged == 1:
                            leave_gapped(
                                s, account, strategies[s.strategy], symbols[s.symbol], rules, targets.plans[s.plan], logs,
                                stream, bar, slot, price, panel_value(volatility, vol_row, s.symbol), volume[bar, s.symbol],
                                side_in_force(s, side, row, slot),
                            )  # fmt: skip
                    if row >= 0 and not at_close:
                        wish = side_in_force(s, side, row, slot)
                        asked = weight[row, slot] if s.kind == 1 else math.nan
                        priced = close[row, s.symbol] == close[row, s.symbol]
                        if wish != s.awaits_edge:
                            s.awaits_edge = 0
                        if has_work(s, wish, asked):
                            play_slot(s, account, symbols, strategies, close, volume, volatility, targets, rules, logs,
                                      stream, bar, row, slot, wish, price, before)  # fmt: skip
                        elif wish == EXIT_SIDE:
                            account.no_op += 1
                    else:
                        wish, asked, priced = NO_SIDE, math.nan, True
                    if s.side != 0:
                        y = symbols[s.symbol]
                        if ends and price == price:
                            leave_at_market(
                                s, account, strategies[s.strategy], y, rules, logs, stream, bar, slot, math.inf, price, END, SLIPS,
                                panel_value(volatility, vol_row, s.symbol), volume[bar, s.symbol],
                                side_in_force(s, side, row, slot),
                            )  # fmt: skip
                        stale = rules.stale_after_bars > 0 and y.missing >= rules.stale_after_bars
                        if s.side != 0 and (stale or bar == y.delist_bar):
                            delist(s, account, strategies[s.strategy], rules, logs, stream, bar, slot, y.mark,
                                   side_in_force(s, side, row, slot))  # fmt: skip
                    if not at_close and wants_entry(s, wish, asked, priced, rules):
                        wants = True
                    elif wish == 1 or wish == -1:
                        idle += 1
                # 3. the open: entries
                if wants:
                    enter_all(slots, account, symbols, strategies, candidates, order, close, volume, volatility, targets,
                              rules, logs, stream, bar, row, day[row], last, prices, marks, sums)  # fmt: skip
                else:
                    account.no_op += idle
                # 4. inside the bar
                for slot in range(n_slots):
                    s = slots[slot]
                    if s.side == 0:
                        continue
                    high, low = highs[bar, s.symbol], lows[bar, s.symbol]
                    if not high == high:
                        continue
                    touched = s.side > 0 and (low <= s.active_stop or high >= s.next_target)
                    touched = touched or (s.side < 0 and (high >= s.active_stop or low <= s.next_target))
                    if touched:
                        inside_bar(
                            s, account, strategies[s.strategy], symbols[s.symbol], rules, targets.plans[s.plan], logs,
                            stream, bar, slot, opens[bar, s.symbol], high, low, panel_value(volatility, vol_row, s.symbol),
                            volume[bar, s.symbol], side_in_force(s, side, row, slot),
                        )  # fmt: skip
                    else:
                        hold_through(s, targets.plans[s.plan], rules, high, low)
                # 5. the close
                for column in range(n_symbols):
                    price = close[bar, column]
                    prices[column] = price
                    if price == price:
                        symbols[column].mark = price
                    marks[column] = symbols[column].mark
                if at_close:
                    row = bar
                    vol_row = bar
                    before = worth(slots, account.cash, marks) if has_weights else 0.0
                    idle, wants = 0, False
                    for slot in range(n_slots):
                        s = slots[slot]
                        wish = side_in_force(s, side, row, slot)
                        asked = weight[row, slot] if s.kind == 1 else math.nan
                        price = prices[s.symbol]
                        priced = price == price
                        if wish != s.awaits_edge:
                            s.awaits_edge = 0
                        if has_work(s, wish, asked):
                            play_slot(s, account, symbols, strategies, close, volume, volatility, targets, rules, logs,
                                      stream, bar, row, slot, wish, price, before)  # fmt: skip
                        elif wish == EXIT_SIDE:
                            account.no_op += 1
                        if wants_entry(s, wish, asked, priced, rules):
                            wants = True
                        elif wish == 1 or wish == -1:
                            idle += 1
                    if wants:
                        enter_all(slots, account, symbols, strategies, candidates, order, close, volume, volatility,
                                  targets, rules, logs, stream, bar, row, day[row], last, prices, marks, sums)  # fmt: skip
                    else:
                        account.no_op += idle
                if last and rules.close_at_end == END_AT_CLOSE and account.is_bankrupt == 0:
                    if worth(slots, account.cash, marks) > 0.0:
                        leave_all(slots, account, symbols, strategies, side, volume, volatility, rules, logs, stream, bar,
                                  row, vol_row, prices, False)  # fmt: skip
            equity = account.cash
            for slot in range(n_slots):
                s = slots[slot]
                if s.side != 0:
                    value = s.held * marks[s.symbol]
                    equity += s.side * value
                    net += s.side * value
                    gross += value
            if equity <= 0.0 or account.is_bankrupt == 1:
                leave_all(slots, account, symbols, strategies, side, volume, volatility, rules, logs, stream, bar,
                          row, vol_row, prices, True)  # fmt: skip
                account.bankrupt_bar = bar
                equity, gross, net = account.cash, 0.0, 0.0
            else:
                if rules.maintenance_margin > 0.0 and rules.isolated == 0 and equity < rules.maintenance_margin * gross:
                    for slot in range(n_slots):
                        s = slots[slot]
                        s.flagged = 1 if s.side != 0 else 0
                if judged:
                    judge_close(account, rules, logs, bar, day[bar], equity)
                if last:
                    expire_last(slots, account, close, targets, rules, logs, bar)
        account.equity = equity
        if record is not None:
            equity_out[bar] = equity
            cash_out[bar] = account.cash
            gross_out[bar] = gross
            net_out[bar] = net
            if has_carry:
                carry_out[bar, 0] = account.borrow_bar
                carry_out[bar, 1] = account.funding_bar
                carry_out[bar, 2] = account.interest_bar
        if stream is not None:
            stream_bar(stream, bar, equity, gross)
            if has_carry:
                stream_carry(stream, account.borrow_bar, account.funding_bar, account.interest_bar)
            if period_end[bar]:
                close_period(stream, bar, equity)
    return stop
