"""`meet`: a position meets high and low, and the order that rests against it; part of the plain-Python engine."""

from __future__ import annotations

from dataclasses import dataclass

from stratkit.engine.layout import ALONG_PATH, LIQUIDATION, TARGET_FIRST, TRAILING, TRAILING_LAST
from stratkit.engine.reference_book import Book, Moment
from stratkit.engine.reference_levels import (
    active_stop,
    begins_in,
    better,
    count_ambiguous,
    count_own_bar,
    extremes,
    fill_targets,
    is_own_bar,
    is_tested,
    move_levels,
    moves_now,
    seen,
    take_in,
    trail_in_entry_bar,
    worse,
)
from stratkit.engine.reference_orders import is_reached
from stratkit.engine.reference_path import walk
from stratkit.engine.reference_positions import leave_or_wait, see
from stratkit.engine.reference_resting import meet_after_exit, reverse_at_level
from stratkit.engine.reference_slot import INF, NAN, Code, Order, Position, Slot


@dataclass(frozen=True)
class Trial:
    """What a position is held against in one bar, decided before anything of it happens."""

    position: Position
    open: float
    adverse: float
    favourable: float
    stop: float
    reason: Code
    stop_base: float
    holds_stop: bool
    targets_first: bool
    order: Order | None  # of the other side, where the bar comes to it


def meet(book: Book, slot: Slot, when: Moment, equity: float) -> None:
    """Let what is held, or an order whose position has left, meet the bar or a piece of it; then the levels move."""
    position = slot.position
    if is_walked(book, position, when):
        walk(book, slot, when, equity)
    elif not position.side:
        if slot.resting and is_reached(slot.resting, seen(book, slot, when)):
            meet_after_exit(book, slot, when, slot.resting, equity)
    elif is_own_bar(position, when):
        meet_own_bar(book, slot, when)
    else:
        meet_bar(book, slot, when, equity)
    if slot.position is not position and slot.position.side and not is_walked(book, slot.position, when):
        meet_own_bar(book, slot, when)


def is_walked(book: Book, position: Position, when: Moment) -> bool:
    """Whether the position meets this bar leg by leg; one that nothing is tested of has no need to."""
    return bool(book.rules.same_bar == ALONG_PATH) and is_tested(book, position, when)


def meet_bar(book: Book, slot: Slot, when: Moment, equity: float) -> None:
    """Let a position from before this bar, or from its open, meet the bar."""
    position = slot.position
    adverse, favourable = extremes(book, slot, when)
    if is_tested(book, position, when):
        trial = trial_of(book, slot, when)
        if trial.targets_first:
            if meet_favourable(book, slot, when, trial, equity):
                meet_adverse(book, slot, when, trial, equity)
        elif not meet_adverse(book, slot, when, trial, equity):
            meet_favourable(book, slot, when, trial, equity)
        order_is_left = slot.resting is not None and trial.order is not None
        if trial.order and order_is_left and (slot.position is not position or position.stop_hit_bar == when.bar):
            meet_after_exit(book, slot, when, trial.order, equity)
    if slot.position is position:
        see(position, adverse, favourable)
        if moves_now(book, position, when):
            take_in(book, slot, favourable)


def trial_of(book: Book, slot: Slot, when: Moment) -> Trial:
    """Move the levels that move before the test, and return what the test is made with."""
    position, rules, price = slot.position, book.rules, seen(book, slot, when).open
    side = position.side
    adverse, favourable = extremes(book, slot, when)
    moved = False
    if rules.trailing_first:
        moved = (trail_in_entry_bar if begins_in(position, when) else take_in)(book, slot, favourable)
    stop, reason = active_stop(book, position)
    moved = moved and reason != LIQUIDATION  # the margin's level did not move
    holds_stop = side * (adverse - stop) <= 0
    count_ambiguous(book, slot, when, moved)
    order = slot.resting if slot.resting and is_reached(slot.resting, seen(book, slot, when)) else None
    targets_first = rules.same_bar == TARGET_FIRST or (rules.same_bar == TRAILING_LAST and reason == TRAILING)
    base = worse(side, stop, favourable if moved else price)
    return Trial(position, price, adverse, favourable, stop, reason, base, holds_stop, targets_first, order)


def meet_adverse(book: Book, slot: Slot, when: Moment, trial: Trial, equity: float) -> bool:
    """Let the position meet its stop, or a stop order that comes before it; return whether it met one."""
    order = trial.order
    if order and not order.is_limit and not trial.position.side * (trial.stop - order.level) >= 0:
        reverse_at_level(book, slot, when, order, equity, met=(order.level, order.level))
        return True
    if trial.holds_stop:
        trial.position.stop_hit_bar = when.bar
        slips, met = book.rules.slippage_on_stops == 1, (trial.stop_base, trial.stop_base)
        leave_or_wait(book, slot, when, INF, trial.stop_base, trial.reason, slips=slips, met=met)
    return trial.holds_stop


def meet_favourable(book: Book, slot: Slot, when: Moment, trial: Trial, equity: float) -> bool:
    """Let the position meet its targets, then a limit order behind them; return whether it is still to be tested."""
    order = trial.order if trial.order and trial.order.is_limit else None
    side = trial.position.side
    reached = worse(side, trial.favourable, order.level) if order else trial.favourable
    worst = NAN if trial.targets_first else trial.adverse
    fill_targets(book, slot, when, reached, lambda level: better(side, level, trial.open), met=(worst, NAN))
    if order and slot.position is trial.position:
        met = (order.level if trial.targets_first else trial.adverse, order.level)
        reverse_at_level(book, slot, when, order, equity, met)
        return False
    return slot.position is trial.position


def meet_own_bar(book: Book, slot: Slot, when: Moment) -> None:
    """Let a position that began at a level inside this bar meet its stop: nobody knows what came before it."""
    position = slot.position
    side = position.side
    adverse, favourable = extremes(book, slot, when)
    if is_tested(book, position, when):
        stop, reason = active_stop(book, position)
        count_own_bar(book, slot, when)
        if book.rules.same_bar == TARGET_FIRST:
            fill_targets(book, slot, when, favourable, lambda level: level)
        if slot.position is position and side * (adverse - stop) <= 0:
            base = worse(side, stop, position.rested_at)
            slips = book.rules.slippage_on_stops == 1
            leave_or_wait(book, slot, when, INF, base, reason, slips=slips, met=(base, base))
    if slot.position is position:
        see(position, adverse, NAN)
        if moves_now(book, position, when):
            move_levels(book, slot)
