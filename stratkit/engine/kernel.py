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

from stratkit.compiled import compiled
from stratkit.engine.book import ROWS_OF_ACCOUNT, ROWS_PER_SLOT
from stratkit.engine.breakers import judge_close
from stratkit.engine.candidates import panel_value
from stratkit.engine.entries import enter, sum_held
from stratkit.engine.exits import (
    delist,
    inside_bar,
    leave_at_close,
    leave_by_intent,
    leave_gapped,
    play_weight,
    refuse_exit,
)
from stratkit.engine.layout import (
    END,
    END_AT_CLOSE,
    END_AT_OPEN,
    END_OF_DATA,
    EXIT_SIDE,
    EXPIRED,
    LIQUIDATION,
    NO_PRICE,
    NO_SIDE,
    REFUSED,
    STAY_OPEN,
    THIS_CLOSE,
    TIME_STOP,
)
from stratkit.engine.positions import leave_at_market, log_decision, meet, move_levels
from stratkit.engine.stream import close_period, stream_bar, stream_carry

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


@compiled
def worth(slots: Any, cash: float, marks: Any) -> float:
    """Return cash plus every position at its mark, in slot order."""
    equity = cash
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side != 0:
            equity += (s.side * s.held) * marks[s.symbol]
    return equity


@compiled
def side_in_force(side: Any, row: int, slot: int) -> int:
    """Return the side intent that holds while something happens: row t - 1, or t at a trading close."""
    if row < 0 or side.shape[0] == 0:
        return NO_SIDE
    return np.int64(side[row, slot])


@compiled
def play_exits(
    slots: Any, account: Any, symbols: Any, strategies: Any, close: Any, volume: Any, volatility: Any, targets: Any,
    rules: Any, logs: Any, stream: Any, bar: int, row: int, prices: Any, equity: float,
) -> bool:  # fmt: skip
    """Play the intents of `row` that leave, and time stops, at `prices`; return whether any slot may enter."""
    wants = False
    for slot in range(slots.shape[0]):
        s = slots[slot]
        wish = np.int64(0)
        weight = math.nan
        if s.kind == 0:
            wish = np.int64(targets.side[row, slot])
            if wish != s.awaits_edge:
                s.awaits_edge = 0
            wants = wants or s.waiting > 0.0 or wish == 1 or wish == -1
            if s.side == 0 and wish != EXIT_SIDE:
                continue
        else:
            weight = targets.weight[row, slot]
        symbol = symbols[s.symbol]
        strategy = strategies[s.strategy]
        price = prices[s.symbol]
        priced = close[row, s.symbol] == close[row, s.symbol]
        vol, traded = panel_value(volatility, row, s.symbol), volume[bar, s.symbol]
        in_force = wish if s.kind == 0 else NO_SIDE
        confidence = 1.0
        if targets.confidence.shape[0] > 0:
            confidence = np.float64(targets.confidence[row, slot])
        if s.kind == 1:
            wants = play_weight(s, account, strategy, symbol, rules, logs, stream, bar, row, slot, weight, priced,
                                confidence, equity, price, vol, traded, in_force) or wants  # fmt: skip
        elif wish == EXIT_SIDE and not priced:
            refuse_exit(account, logs, row, slot, confidence)
        elif wish == EXIT_SIDE and s.side == 0:
            account.no_op += 1
        elif priced and (wish == EXIT_SIDE or wish == -s.side):
            leave_by_intent(s, account, strategy, symbol, rules, logs, stream, bar, row, slot, wish, confidence,
                            panel_value(targets.exit_fraction, row, slot), price, vol, traded, in_force)  # fmt: skip
        if s.side != 0 and price == price and s.time_stop > 0 and s.bars_held >= s.time_stop:
            meet(s, price)
            leave_at_market(s, account, strategy, symbol, rules, logs, stream, bar, slot, math.inf, price, TIME_STOP,
                            vol, traded, in_force)  # fmt: skip
    return wants


@compiled
def expire_last(slots: Any, account: Any, close: Any, targets: Any, rules: Any, logs: Any, bar: int) -> None:
    """Write the rows of what the end of the data left undone."""
    for slot in range(slots.shape[0]):
        s = slots[slot]
        if s.side != 0 and s.exit_bar >= 0:
            log_decision(account, logs, s.exit_bar, slot, EXIT_SIDE, 1.0, min(s.exit_wanted, s.held), 0.0,
                         EXPIRED, END_OF_DATA)  # fmt: skip
        if s.waiting > 0.0:
            log_decision(account, logs, bar, slot, s.waiting_side, s.waiting_confidence, s.waiting, 0.0,
                         EXPIRED, END_OF_DATA)  # fmt: skip
        if rules.intents_fill_at == THIS_CLOSE:
            continue
        confidence = 1.0
        if targets.confidence.shape[0] > 0:
            confidence = np.float64(targets.confidence[bar, slot])
        side = NO_SIDE
        spoken = False
        if s.kind == 0:
            side = np.int64(targets.side[bar, slot])
            spoken = side != 0
            asks = (side == EXIT_SIDE and s.side != 0) or ((side == 1 or side == -1) and s.side != side)
        else:
            weight = targets.weight[bar, slot]
            spoken = weight == weight
            asks = spoken and (weight != 0.0 or s.side != 0)
            side = np.int64(1 if weight > 0.0 else (-1 if weight < 0.0 else 0))
        if spoken and not close[bar, s.symbol] == close[bar, s.symbol]:
            log_decision(account, logs, bar, slot, side, confidence, math.nan, 0.0, REFUSED, NO_PRICE)
        elif asks:
            log_decision(account, logs, bar, slot, side, confidence, math.nan, 0.0, EXPIRED, END_OF_DATA)


@compiled
def has_room(account: Any, logs: Any, slots: int) -> bool:
    """Return whether the logs hold one more bar at its worst."""
    room = ROWS_PER_SLOT * slots + ROWS_OF_ACCOUNT
    return (
        account.fill_rows + room <= logs.fills.shape[0]
        and account.trade_rows + room <= logs.trades.shape[0]
        and account.decision_rows + room <= logs.decisions.shape[0]
    )


@compiled
def advance(
    book: Any, market: Any, targets: Any, rules_: Any, logs: Any, record: Any, stream: Any, start: int, stop: int
) -> int:
    """Play bars [start, stop); return the bar to go on with, before `stop` when a log is full.

    `record` (or None) takes equity, cash, gross, net and carry per bar; `stream` (or None) takes
    running sums; `logs` (or None) takes rows. What is None is compiled out.
    """
    rules = rules_[0]
    slots, account, symbols, strategies = book.slots, book.account[0], book.symbols, book.strategies
    candidates, order = book.candidates, book.order
    opens, highs, lows, close, volume = market.open, market.high, market.low, market.close, market.volume
    volatility, times, day = market.volatility, market.times, market.day
    side, weight = targets.side, targets.weight
    bars, n_symbols = close.shape
    n_slots = slots.shape[0]
    has_sides, has_weights = side.shape[0] > 0, weight.shape[0] > 0
    at_close = rules.intents_fill_at == THIS_CLOSE
    has_carry = rules.borrow_ann > 0.0 or rules.margin_rate_ann > 0.0 or market.funding.shape[0] > 0
    judged = rules.max_drawdown > 0.0 or rules.max_daily_loss > 0.0 or rules.max_consecutive_losses > 0
    timed = False
    for index in range(targets.plans.shape[0]):
        timed = timed or targets.plans[index].time_stop_bars > 0
    prices, marks, sums = np.empty(n_symbols), np.empty(n_symbols), np.empty(9)
    for bar in range(start, stop):
        if logs is not None and not has_room(account, logs, n_slots):
            return bar
        last = bar == bars - 1
        account.traded_bar = 0.0
        equity, gross, net = account.cash, 0.0, 0.0
        if account.bankrupt_bar < 0:
            # 1. carry
            if has_carry:
                account.interest_bar = 0.0
                account.borrow_bar = 0.0
                account.funding_bar = 0.0
                if bar > 0:
                    carry(slots, account, symbols, market.funding, rules, bar, times[bar] - times[bar - 1])
            # 2. the open: everything that was decided before it
            for column in range(n_symbols):
                y = symbols[column]
                y.used_volume = 0.0
                price = opens[bar, column]
                prices[column] = price
                if price == price:
                    y.missing = 0
                    marks[column] = price
                else:
                    y.missing += 1
                    marks[column] = y.mark
            row = bar - 1
            vol_row = max(row, 0)
            before = worth(slots, account.cash, marks) if has_weights and not at_close else 0.0
            for slot in range(n_slots):
                s = slots[slot]
                price = prices[s.symbol]
                if s.side == 0 or not price == price:
                    continue
                s.bars_held += 1
                gapped = s.side > 0 and (price <= s.active_stop or price >= s.next_target)
                gapped = gapped or (s.side < 0 and (price >= s.active_stop or price <= s.next_target))
                if gapped or s.exit_wanted > 0.0:
                    leave_gapped(
                        s, account, strategies[s.strategy], symbols[s.symbol], rules, targets.plans[s.plan], logs,
                        stream, bar, slot, price, panel_value(volatility, vol_row, s.symbol), volume[bar, s.symbol],
                        side_in_force(side, row, slot),
                    )  # fmt: skip
            # ... then the intents that leave, at the open or, below, at the close
            for turn in range(2):
                if turn == 1:
                    # 5. the close: marks first, for a profile that trades at it
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
                if (turn == 1) == at_close and row >= 0:
                    speaks = timed or account.waiting_weights > 0
                    if has_sides and not speaks:
                        idle = 0
                        for slot in range(n_slots):
                            s = slots[slot]
                            wish = side[row, slot]
                            if wish == 0:
                                if s.waiting > 0.0 or s.awaits_edge != 0:
                                    speaks = True
                            elif s.waiting > 0.0 or s.awaits_edge != 0 or rules.max_adds > 0:
                                speaks = True
                            elif not close[row, s.symbol] == close[row, s.symbol]:
                                speaks = True
                            elif wish == s.side or (wish == 2 and s.side == 0):
                                idle += 1
                            else:
                                speaks = True
                        if not speaks:
                            account.no_op += idle
                    if has_weights and not speaks:
                        for slot in range(n_slots):
                            if weight[row, slot] == weight[row, slot]:
                                speaks = True
                                break
                    wants = False
                    if speaks:
                        wants = play_exits(slots, account, symbols, strategies, close, volume, volatility, targets, rules,
                                           logs, stream, bar, row, prices, before)  # fmt: skip
                else:
                    wants = False
                if turn == 0:
                    ends = last and rules.close_at_end == END_AT_OPEN
                    for slot in range(n_slots):
                        s = slots[slot]
                        if s.side == 0:
                            continue
                        y = symbols[s.symbol]
                        price = prices[s.symbol]
                        if ends and price == price:
                            meet(s, price)
                            leave_at_market(
                                s, account, strategies[s.strategy], y, rules, logs, stream, bar, slot, math.inf, price,
                                END, panel_value(volatility, vol_row, s.symbol), volume[bar, s.symbol],
                                side_in_force(side, bar - 1, slot),
                            )  # fmt: skip
                        stale = rules.stale_after_bars > 0 and y.missing >= rules.stale_after_bars
                        if s.side != 0 and (stale or bar == y.delist_bar):
                            delist(s, account, strategies[s.strategy], rules, logs, stream, bar, slot, y.mark,
                                   side_in_force(side, bar - 1, slot))  # fmt: skip
                # 3. entries
                if wants:
                    ends = last and rules.close_at_end != STAY_OPEN
                    ends = ends and (at_close or rules.close_at_end == END_AT_OPEN)
                    one_equity = worth(slots, account.cash, marks)
                    if one_equity > 0.0:
                        sum_held(slots, symbols, rules, marks, one_equity, sums)
                        if has_sides:
                            enter(slots, account, symbols, strategies, candidates, order, close, volume, volatility,
                                  targets, rules, logs, stream, bar, row, day[row], ends, prices, marks, one_equity,
                                  sums, at_close, False)  # fmt: skip
                        if has_weights:
                            enter(slots, account, symbols, strategies, candidates, order, close, volume, volatility,
                                  targets, rules, logs, stream, bar, row, day[row], ends, prices, marks, one_equity,
                                  sums, at_close, True)  # fmt: skip
                    else:
                        account.is_bankrupt = 1
                # 4. inside the bar
                if turn == 0:
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
                                s, account, strategies[s.strategy], symbols[s.symbol], rules, targets.plans[s.plan],
                                logs, stream, bar, slot, opens[bar, s.symbol], high, low,
                                panel_value(volatility, vol_row, s.symbol), volume[bar, s.symbol],
                                side_in_force(side, bar - 1, slot),
                            )  # fmt: skip
                        elif s.side > 0:
                            s.worst = min(s.worst, low)
                            s.best = max(s.best, high)
                            if s.moves == 1:
                                s.extreme = max(s.extreme, high)
                                move_levels(s, targets.plans[s.plan], rules)
                        else:
                            s.worst = max(s.worst, high)
                            s.best = min(s.best, low)
                            if s.moves == 1:
                                s.extreme = min(s.extreme, low)
                                move_levels(s, targets.plans[s.plan], rules)
            # 5. the close
            bankrupt = False
            for attempt in range(2):
                if attempt == 0 and last and rules.close_at_end == END_AT_CLOSE:
                    leaving = True
                elif attempt == 1:
                    equity, gross, net = account.cash, 0.0, 0.0
                    for slot in range(n_slots):
                        s = slots[slot]
                        if s.side != 0:
                            value = s.held * marks[s.symbol]
                            equity += s.side * value
                            net += s.side * value
                            gross += value
                    bankrupt = equity <= 0.0 or account.is_bankrupt == 1
                    leaving = bankrupt
                else:
                    leaving = False
                if leaving:
                    for slot in range(n_slots):
                        s = slots[slot]
                        if s.side != 0 and (bankrupt or prices[s.symbol] == prices[s.symbol]):
                            leave_at_close(
                                s, account, strategies[s.strategy], symbols[s.symbol], rules, logs, stream, bar, slot,
                                bankrupt, panel_value(volatility, vol_row, s.symbol), volume[bar, s.symbol],
                                side_in_force(side, row, slot),
                            )  # fmt: skip
            if bankrupt:
                account.bankrupt_bar = bar
                equity, gross, net = account.cash, 0.0, 0.0
            else:
                if rules.maintenance_margin > 0.0 and rules.isolated == 0 and equity < rules.maintenance_margin * gross:
                    for slot in range(n_slots):
                        s = slots[slot]
                        if s.side != 0:
                            s.exit_wanted = math.inf
                            s.exit_reason = LIQUIDATION
                if judged:
                    judge_close(account, rules, logs, bar, day[bar], equity)
                if last:
                    expire_last(slots, account, close, targets, rules, logs, bar)
        account.equity = equity
        if record is not None:
            record.equity[bar] = equity
            record.cash[bar] = account.cash
            record.gross[bar] = gross
            record.net[bar] = net
            if record.carry.shape[0] > 0:
                record.carry[bar, 0] = account.borrow_bar
                record.carry[bar, 1] = account.funding_bar
                record.carry[bar, 2] = account.interest_bar
        if stream is not None:
            stream_bar(stream, bar, equity, gross)
            if has_carry:
                stream_carry(stream, account.borrow_bar, account.funding_bar, account.interest_bar)
            if market.period_end[bar]:
                close_period(stream, bar, equity)
    return stop
