"""`active_stop`, `move_levels` and `fill_targets`: the levels of an exit plan; part of the plain-Python engine."""

from __future__ import annotations

import math
from collections.abc import Callable

from stratkit.engine.layout import (
    ALONG_PATH,
    BREAK_EVEN,
    EXIT_SIDE,
    LIQUIDATION,
    SKIPPED,
    TARGET,
    TARGET_ROUNDED_TO_ZERO,
    TRAILING,
)
from stratkit.engine.reference_book import Book, Moment, Prices
from stratkit.engine.reference_positions import leave, lot_down, tick_down, tick_up
from stratkit.engine.reference_slot import NAN, Code, Position, Slot


def stop_on_tick(level: float, side: int, tick: float) -> float:
    """Return a stop on the tick, away from the position: it is reached later and fills worse."""
    return tick_down(level, tick) if side > 0 else tick_up(level, tick)


def target_on_tick(level: float, side: int, tick: float) -> float:
    """Return a target on the tick, on the harder side."""
    return tick_up(level, tick) if side > 0 else tick_down(level, tick)


def distance_to(level: float, side: int, price: float) -> float:
    """Return how far `price` is from a stop level, at least 0, the whole price without a level."""
    return price if math.isnan(level) else max(side * (price - level), 0.0)


def worse(side: int, one: float, other: float) -> float:
    """Return the price of two at which a position of this side would rather not leave."""
    return min(one, other) if side > 0 else max(one, other)


def better(side: int, one: float, other: float) -> float:
    """Return the price of two at which a position of this side would rather leave."""
    return max(one, other) if side > 0 else min(one, other)


def active_stop(book: Book, position: Position) -> tuple[float, Code]:
    """Return the level that closes the position and the reason it gives; NaN = no level."""
    rules, side = book.rules, position.side
    if not rules.isolated:
        return position.stop, position.stop_kind
    margin_gone = position.average * (1 - side * (1 / rules.leverage)) / (1 - side * rules.maintenance_margin)
    if side > 0 and margin_gone <= 0:
        return position.stop, position.stop_kind
    if math.isnan(position.stop) or side * (margin_gone - position.stop) > 0:
        return margin_gone, LIQUIDATION
    return position.stop, position.stop_kind


def next_target(position: Position) -> float:
    """Return the level of the next target, NaN when there is none."""
    done = position.targets_done
    return position.targets[done] if done < len(position.targets) else NAN


# ---- a position and its bar


def seen(book: Book, slot: Slot, when: Moment) -> Prices:
    """Return what the slot meets now: a piece of the bar, or the bar as one."""
    return when.piece or book.tape.whole(when.bar, slot.symbol)


def extremes(book: Book, slot: Slot, when: Moment) -> tuple[float, float]:
    """Return the adverse and favourable extreme of the bar or piece, as the slot's position sees them."""
    now = seen(book, slot, when)
    return (now.low, now.high) if slot.position.side > 0 else (now.high, now.low)


def is_tested(book: Book, position: Position, when: Moment) -> bool:
    """Whether stop and targets are tested in this bar."""
    return bool(book.rules.entry_bar_exits) or position.entry_bar != when.bar


def begins_in(position: Position, when: Moment) -> bool:
    """Whether the position began in this bar, or in this piece of it."""
    return position.entry_bar == when.bar and position.entry_piece == when.number


def is_own_bar(position: Position, when: Moment) -> bool:
    """Whether the position began at a level inside this bar or piece."""
    return begins_in(position, when) and not math.isnan(position.rested_at)


def moves_now(book: Book, position: Position, when: Moment) -> bool:
    """Whether extreme and levels move at the end of what is met; if not, only at the end of the whole bar."""
    moves_inside = book.rules.trailing_first or book.rules.same_bar == ALONG_PATH
    return when.piece is None or bool(moves_inside and is_tested(book, position, when))


def count_ambiguous(book: Book, slot: Slot, when: Moment, moved: bool = False) -> None:
    """Count a bar that holds stop and next target, its open past neither; `moved`: it could not pass the stop."""
    position, price = slot.position, seen(book, slot, when).open
    adverse, favourable = extremes(book, slot, when)
    side, target, (stop, _) = position.side, next_target(position), active_stop(book, position)
    holds_stop = side * (adverse - stop) <= 0 and (moved or side * (price - stop) > 0)
    holds_target = side * (favourable - target) >= 0 and side * (price - target) < 0
    position.ambiguous += holds_stop and holds_target


def count_own_bar(book: Book, slot: Slot, when: Moment) -> None:
    """Count the bar in which a position began at a level, if it holds stop or next target: before or after?"""
    position = slot.position
    adverse, favourable = extremes(book, slot, when)
    stop, _ = active_stop(book, position)
    holds_stop = position.side * (adverse - stop) <= 0
    position.ambiguous += holds_stop or position.side * (favourable - next_target(position)) >= 0


# ---- the stop moves


def take_in(book: Book, slot: Slot, price: float) -> bool:
    """Let the extreme take in a price, and the levels move with it; return whether the stop moved."""
    position = slot.position
    position.extreme = better(position.side, position.extreme, price)
    return move_levels(book, slot)


def move_levels(book: Book, slot: Slot) -> bool:
    """Tighten the stop by what the extreme has reached, break-even first, then trailing; return whether it moved."""
    position, plan, side = slot.position, slot.position.plan, slot.position.side
    unit, extreme = position.risk_unit, position.extreme
    moved = False
    if not math.isnan(plan.be) and side * (extreme - (position.entry + side * (plan.be * unit))) >= 0:
        moved = _tighten(book, position, position.average, BREAK_EVEN)
    if not math.isnan(plan.trail_by) and side * (extreme - _trailing_begins(slot)) >= 0:
        moved = _tighten(book, position, extreme - side * (plan.trail_by * unit), TRAILING) or moved
    return moved


def trail_in_entry_bar(book: Book, slot: Slot, favourable: float) -> bool:
    """Assume the worst path of an entry bar: just far enough for trailing to begin; return whether the stop moved."""
    position, plan, side = slot.position, slot.position.plan, slot.position.side
    begins = _trailing_begins(slot)
    if math.isnan(plan.trail_by) or not side * (favourable - begins) >= 0:
        return False
    return _tighten(book, position, begins - side * (plan.trail_by * position.risk_unit), TRAILING)


def _trailing_begins(slot: Slot) -> float:
    position, trail_at = slot.position, slot.position.plan.trail_at
    return position.entry + position.side * ((0.0 if math.isnan(trail_at) else trail_at) * position.risk_unit)


def _tighten(book: Book, position: Position, candidate: float, kind: Code) -> bool:
    level = stop_on_tick(candidate, position.side, book.rules.tick_size)
    if math.isnan(position.stop) or position.side * (level - position.stop) > 0:
        position.stop, position.stop_kind = level, kind
        return True
    return False


# ---- targets


def fill_targets(
    book: Book,
    slot: Slot,
    when: Moment,
    reached: float,
    price_at: Callable[[float], float],
    met: tuple[float, float] | None = None,
) -> None:
    """Fill the targets up to the price `reached` in order, each at `price_at(level)`.

    `met`: worst and best price that the fills show to the position; without it only what it leaves at.
    """
    while slot.position.side and slot.position.targets_done < len(slot.position.targets):
        position = slot.position
        number = position.targets_done
        level, fraction = position.targets[number], position.fractions[number]
        if not position.side * (reached - level) >= 0:
            return
        asked = fraction * position.entry_quantity
        wanted = lot_down(asked, book.rules.lot_size) - position.target_filled
        if position.last_takes_rest and number == len(position.targets) - 1:
            wanted = position.held
        if wanted > 0:
            price = price_at(level)
            worst, best = met or (NAN, NAN)
            best = price if math.isnan(best) else best
            left = leave(book, slot, when, wanted, price, TARGET, at_level=True, met=(worst, best))
            if slot.position.side and left < wanted:  # the rest stays at the level
                position.target_filled += left
                return
        else:
            rule = TARGET_ROUNDED_TO_ZERO
            book.log(when.bar, slot, EXIT_SIDE, NAN, asked, 0.0, SKIPPED, rule, of_owner=True)
        position.targets_done, position.target_filled = number + 1, 0.0
