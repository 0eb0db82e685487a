"""Positions, and the orders that rest against them, meet a bar: as a whole, along a path, or piece by piece."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inner
from stratkit.engine.candidates import AGAINST
from stratkit.engine.entries import enter, sum_held
from stratkit.engine.exits import leave_passed
from stratkit.engine.inside import inside_bar, mark_ambiguous_entry, move_at_end, own_bar
from stratkit.engine.intents import asker, panel_value
from stratkit.engine.layout import ALONG_PATH, EXITED_THIS_BAR, EXPIRED, NO, NOT_REACHED, ONE_SLOT, REFUSED, YES
from stratkit.engine.levels import move_levels, touches_stop, touches_target
from stratkit.engine.path import LATE, LEGS, TURNED, UNREACHED, leg_of_level, turn, walk
from stratkit.engine.positions import log_decision, meet
from stratkit.engine.quiet import hold_through
from stratkit.engine.resting import PLAYS_ALL, is_passed, is_reached, rises_to
from stratkit.engine.worth import side_in_force, worth


@inner
def settle_order(
    book: Any, quotes: Any, orders: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    equity: float,
    fate: int,
) -> bool:  # fmt: skip
    """Enter by the order that rested against the position of a slot, or say why not; return whether it entered."""
    s, account, row = book.slots[slot], book.account[0], bar - 1
    wish = s.resting
    s.resting = 0
    if fate == UNREACHED or (fate == LATE and s.side == 0 and rules.opposite_in_bar == 0):
        confidence = 1.0
        if targets.confidence.shape[0] > 0:
            confidence = np.float64(targets.confidence[row, slot])
        log_decision(account, logs, row, slot, asker(targets, s, row, slot), wish, confidence, math.nan, 0.0,
                     EXPIRED if fate == UNREACHED else REFUSED,
                     NOT_REACHED if fate == UNREACHED else EXITED_THIS_BAR)  # fmt: skip
        return False
    now = worth(book.slots, account, book.holding, book.marks)
    sum_held(book.slots, account, book.holding, book.symbols, rules, book.marks, now, book.sums)
    book.wanting[0] = slot
    enter(book, quotes, orders, targets, rules, logs, stream, bar, row, NO, equity, NO, AGAINST, PLAYS_ALL,
          ONE_SLOT)  # fmt: skip
    return s.side == wish


@inner
def mark_ambiguous(s: Any, open_: float, high: float, low: float) -> None:
    """Count a bar that holds the stop and the next target, after an open that passed neither."""
    adverse, favourable = (low, high) if s.side > 0 else (high, low)
    passed = touches_stop(s, open_) or touches_target(s, open_)
    if touches_stop(s, adverse) and touches_target(s, favourable) and not passed:
        s.ambiguous += 1


@inner
def walk_through(
    book: Any, quotes: Any, orders: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    equity: float,
    leg: int, at: float, open_: float, high: float, low: float, close: float, volatility: float, volume: float,
    in_force: int,
) -> None:  # fmt: skip
    """Walk a slot from price `at` on `leg` to the close, through the fill of the order that rests against it."""
    s, account = book.slots[slot], book.account[0]
    symbol = book.symbols[s.symbol]
    while leg < LEGS:
        # an order that fills may hand the slot to another strategy
        strategy = book.strategies[s.strategy]
        fate, leg, at = walk(s, account, strategy, symbol, rules, targets.plans[s.plan], logs, stream, bar, slot, leg,
                             at, open_, high, low, close, volatility, volume, in_force)  # fmt: skip
        if fate == UNREACHED:
            return
        if orders is not None and settle_order(
            book, quotes, orders, targets, rules, logs, stream, bar, slot, equity, fate
        ):
            s.spent_bar = np.int64(-1)  # the new position is tested along the rest of the way
            if rules.entry_bar_exits == 0:
                return
            mark_ambiguous_entry(s, high, low)


@inner
def meet_piece(
    book: Any, quotes: Any, orders: Any, path: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int,
    slot: int, equity: float, open_: float, high: float, low: float, close: float, own: bool, fresh: bool, whole: bool,
    volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Let a slot meet a bar, or a piece of it, inside which its resting entry filled (`own`) or not.

    `path` is None when bars are not walked along one: what only that needs is then compiled out.
    """
    s, account = book.slots[slot], book.account[0]
    symbol, strategy = book.symbols[s.symbol], book.strategies[s.strategy]
    entered = own
    if path is not None:
        if not (own and rules.entry_bar_exits == 0):
            leg, at = np.int64(0), open_
            if own:
                at = s.resting_level
                leg = np.int64(leg_of_level(rises_to(s.order, s.side), at, open_, high, low, close))
                mark_ambiguous_entry(s, high, low)
            elif s.side != 0:
                if s.spent_bar != bar:
                    mark_ambiguous(s, open_, high, low)
                meet(s, open_)
                move_at_end(s, targets.plans[s.plan], rules, open_, open_)
            walk_through(book, quotes, orders, targets, rules, logs, stream, bar, slot, equity, leg, at, open_, high,
                         low, close, volatility, volume, in_force)  # fmt: skip
            entered = s.resting_bar == bar and rules.entry_bar_exits == 0
    elif not own:
        fate = LATE if s.side == 0 and is_reached(s.order, s.resting, s.resting_level, high, low) else UNREACHED
        if s.side != 0:
            fate = inside_bar(s, account, strategy, symbol, rules, targets.plans[s.plan], logs, stream, bar, slot,
                              open_, high, low, fresh, whole or rules.trailing_first == 1, volatility, volume,
                              in_force)  # fmt: skip
        if orders is not None and fate != UNREACHED:
            entered = settle_order(book, quotes, orders, targets, rules, logs, stream, bar, slot, equity, fate)
    if orders is not None and entered:
        s.spent_bar = np.int64(-1)
        moves = whole or (rules.trailing_first == 1 and rules.entry_bar_exits == 1)
        own_bar(s, account, book.strategies[s.strategy], symbol, rules, targets.plans[s.plan], logs, stream, bar, slot,
                high, low, moves, volatility, volume, in_force)  # fmt: skip


@inner
def meet_pieces(
    book: Any, quotes: Any, pieces: Any, orders: Any, path: Any, targets: Any, rules: Any, logs: Any, stream: Any,
    bar: int, slot: int, equity: float, volatility: float, volume: float, in_force: int,
) -> None:  # fmt: skip
    """Let a slot meet the finer bars inside a bar, in order, then move its levels for the next bar."""
    s, account = book.slots[slot], book.account[0]
    symbol = book.symbols[s.symbol]
    column, first = s.symbol, pieces.rows[bar, 0]
    own = s.resting_bar == bar
    begin = s.resting_piece if own else first
    fresh = s.entry_bar == bar and not own  # entered at the open of the piece that comes
    later = False
    for piece in range(begin, pieces.rows[bar, 1]):
        open_, close = pieces.open[piece, column], pieces.close[piece, column]
        high, low = pieces.high[piece, column], pieces.low[piece, column]
        if close != close or (s.side == 0 and s.resting == 0):
            continue
        filled = own and piece == begin
        if filled and s.resting_level == open_:
            filled, fresh = False, True
        untested = s.resting_bar == bar and rules.entry_bar_exits == 0
        if later and not untested and s.side != 0 and s.spent_bar != bar:
            leave_passed(s, account, book.strategies[s.strategy], symbol, rules, targets.plans[s.plan], logs, stream,
                         bar, slot, open_, high, low, volatility, volume, in_force)  # fmt: skip
        if orders is not None and later and s.resting != 0 and is_passed(s.order, s.resting, s.resting_level, open_):
            s.resting_level = open_
            fate = LATE
            if s.side != 0 and s.spent_bar != bar:
                turn(s, account, book.strategies[s.strategy], symbol, rules, logs, stream, bar, slot, volatility,
                     volume, in_force)  # fmt: skip
                s.spent_bar = bar
                fate = TURNED
            if settle_order(book, quotes, orders, targets, rules, logs, stream, bar, slot, equity, fate):
                s.spent_bar = np.int64(-1)
                fresh = True
        later = True
        if s.side != 0 and s.resting_bar == bar and rules.entry_bar_exits == 0:  # nothing is tested: the bar as one
            own_bar(s, account, book.strategies[s.strategy], symbol, rules, targets.plans[s.plan], logs, stream, bar,
                    slot, quotes.high[bar, column], quotes.low[bar, column], YES, volatility, volume,
                    in_force)  # fmt: skip
            return
        if s.side != 0 and s.spent_bar == bar and rules.same_bar != ALONG_PATH:
            pass_over(book, quotes, orders, targets, rules, logs, stream, bar, slot, equity, high, low)
        elif s.side != 0 or s.resting != 0:
            meet_piece(book, quotes, orders, path, targets, rules, logs, stream, bar, slot, equity, open_, high, low,
                       close, filled, fresh, NO, volatility, volume, in_force)  # fmt: skip
        fresh = NO
    new = s.resting_bar == bar
    moved = rules.trailing_first == 1 or rules.same_bar == ALONG_PATH
    if s.side == 0 or (moved and not (new and rules.entry_bar_exits == 0)):
        return
    if new:
        if s.moves == 1:
            move_levels(s, targets.plans[s.plan], rules)
    else:
        move_at_end(s, targets.plans[s.plan], rules, quotes.high[bar, column], quotes.low[bar, column])


@inner
def pass_over(
    book: Any, quotes: Any, orders: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int,
    equity: float, high: float, low: float,
) -> None:  # fmt: skip
    """Let a piece pass over what volume held back of a stop of this bar: nothing of it is tested any more."""
    s = book.slots[slot]
    if orders is not None and s.resting != 0 and is_reached(s.order, s.resting, s.resting_level, high, low):
        settle_order(book, quotes, orders, targets, rules, logs, stream, bar, slot, equity, LATE)
    meet(s, low)
    meet(s, high)
    if rules.trailing_first == 1:
        move_at_end(s, targets.plans[s.plan], rules, high, low)


@inner
def meet_closely(
    book: Any, quotes: Any, pieces: Any, orders: Any, path: Any, targets: Any, rules: Any, logs: Any, stream: Any,
    bar: int, slot: int, equity: float,
) -> None:  # fmt: skip
    """Let a slot meet a bar that touches its levels, moves them before it tests them, or holds a resting order."""
    row = bar - 1
    s = book.slots[slot]
    open_, close = quotes.open[bar, s.symbol], quotes.close[bar, s.symbol]
    high, low = quotes.high[bar, s.symbol], quotes.low[bar, s.symbol]
    volatility, volume = panel_value(quotes.volatility, max(row, 0), s.symbol), quotes.volume[bar, s.symbol]
    in_force = side_in_force(s, targets.side, row, slot)
    own = s.resting_bar == bar
    enters = s.entry_bar == bar
    if enters and rules.entry_bar_exits == 0 and not own:
        hold_through(s, targets.plans[s.plan], rules, high, low)
        return
    whole = True
    if pieces is not None and pieces.agrees[bar, s.symbol] and not (own and rules.entry_bar_exits == 0):
        whole = False
        meet_pieces(book, quotes, pieces, orders, path, targets, rules, logs, stream, bar, slot, equity, volatility,
                    volume, in_force)  # fmt: skip
    if whole:
        meet_piece(book, quotes, orders, path, targets, rules, logs, stream, bar, slot, equity, open_, high, low, close,
                   own, enters, YES, volatility, volume, in_force)  # fmt: skip
    if orders is not None and s.resting != 0:
        settle_order(book, quotes, orders, targets, rules, logs, stream, bar, slot, equity, UNREACHED)
