"""Quiet bars, which only mark what is held and are played in one pass, and positions that rest in other bars."""

from __future__ import annotations

from typing import Any

from stratkit.compiled import inlined, inner
from stratkit.engine.layout import ALONG_PATH, NO_SIDE
from stratkit.engine.levels import move_levels


@inner
def moves_inside_bars(rules: Any, plans: Any) -> bool:
    """Return whether a stop may move before its bar has tested it: then no bar of a position can be quiet."""
    moves = False
    for index in range(plans.shape[0]):
        plan = plans[index]
        moves = moves or plan.be == plan.be or plan.trail_by == plan.trail_by
    return moves and (rules.trailing_first == 1 or rules.same_bar == ALONG_PATH)


@inlined
def is_quiet(
    slots: Any,
    busy: Any,
    symbols: Any,
    side: Any,
    weight: Any,
    opens: Any,
    highs: Any,
    lows: Any,
    close: Any,
    rules: Any,
    bar: int,
) -> bool:
    """Return whether nothing but marking can happen in a bar whose intents are those of the bar before."""
    row = bar - 1
    for slot in range(slots.shape[0]):
        if busy[slot] == 0:
            if side[row, slot] == 1 or side[row, slot] == -1:
                return False
            continue
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
        if wish != 0 and (wish != s.side or rules.max_adds > 0 or close[row, column] != close[row, column]):
            return False
        if s.exit_wanted > 0.0 or s.waiting > 0.0 or s.time_stop > 0 or s.flagged == 1:
            return False
        if opens[bar, column] != opens[bar, column] or symbols[column].delist_bar == bar:
            return False
        high, low = highs[bar, column], lows[bar, column]
        if s.side > 0 and (low <= s.active_stop or high >= s.next_target):
            return False
        if s.side < 0 and (high >= s.active_stop or low <= s.next_target):
            return False
    return True


@inlined
def rests_quietly(
    s: Any, symbols: Any, orders: Any, quotes: Any, rules: Any, bar: int, row: int, wish: int, price: float
) -> bool:
    """Return whether a position only goes on at an open: nothing takes it out, and nothing new is asked."""
    if s.side == 0 or s.kind != 0 or price != price or (wish != NO_SIDE and (wish != s.side or orders is not None)):
        return False
    if s.exit_wanted > 0.0 or s.waiting > 0.0 or s.flagged == 1 or s.time_stop > 0:
        return False
    if wish != NO_SIDE and (rules.max_adds > 0 or quotes.close[row, s.symbol] != quotes.close[row, s.symbol]):
        return False
    if s.side > 0 and (price <= s.active_stop or price >= s.next_target):
        return False
    if s.side < 0 and (price >= s.active_stop or price <= s.next_target):
        return False
    return symbols[s.symbol].delist_bar != bar


@inlined
def play_quiet_bar(
    slots: Any, busy: Any, account: Any, symbols: Any, side: Any, highs: Any, lows: Any, close: Any, plans: Any,
    rules: Any, marks: Any, bar: int,
) -> Any:  # fmt: skip
    """Hold through a quiet bar: marks, no-ops, extremes, levels; return equity, gross and net at its close."""
    for column in range(symbols.shape[0]):
        y = symbols[column]
        price = close[bar, column]
        if price == price:
            y.mark = price
            y.missing = 0
        else:
            y.missing += 1
        marks[column] = y.mark
    equity, gross, net = account.cash, 0.0, 0.0
    for slot in range(slots.shape[0]):
        if busy[slot] == 0:
            account.no_op += 1 if side[bar - 1, slot] != 0 else 0
            continue
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
            value = s.held * marks[s.symbol]
            equity += s.side * value
            net += s.side * value
            gross += value
    return equity, gross, net


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
