"""`walk`: a bar walked as a path from its open over high and low to its close; part of the plain-Python engine."""

from __future__ import annotations

from itertools import pairwise

from stratkit.engine.reference_book import Book, Moment, Prices
from stratkit.engine.reference_levels import (
    active_stop,
    better,
    count_ambiguous,
    count_own_bar,
    fill_targets,
    is_own_bar,
    is_tested,
    seen,
    take_in,
    worse,
)
from stratkit.engine.reference_orders import order_of
from stratkit.engine.reference_positions import leave_or_wait, see
from stratkit.engine.reference_resting import meet_after_exit, reverse_at_level
from stratkit.engine.reference_slot import INF, Order, Slot


def points(prices: Prices) -> list[float]:
    """Return open, high, low and close in the order in which they are assumed: the nearer extreme first."""
    first, high, low, last = prices
    return [first, high, low, last] if high - first < first - low else [first, low, high, last]


def walk(book: Book, slot: Slot, when: Moment, equity: float) -> None:
    """Let a position meet the bar leg by leg; one that begins at a level begins on the first leg that reaches it."""
    position = slot.position
    path = points(seen(book, slot, when))
    begins = None
    if is_own_bar(position, when):
        begins = order_of(book, slot, when.decided)
        count_own_bar(book, slot, when)
    elif position.side:
        if position.stop_hit_bar != when.bar:
            count_ambiguous(book, slot, when)
        see(position, path[0], path[0])
        take_in(book, slot, path[0])
    for start, end in pairwise(path):
        way = (end > start) - (end < start)
        if begins is None:
            go_along(book, slot, when, equity, start, end, way)
        elif begins.way == way and begins.reached_by(end):
            go_along(book, slot, when, equity, begins.level, end, way)
            begins = None
        if slot.position.side and not is_tested(book, slot.position, when):
            return


def go_along(book: Book, slot: Slot, when: Moment, equity: float, start: float, end: float, way: int) -> None:
    """Let what is held, and the order that rests against it, meet one leg or the rest of one."""
    position, order = slot.position, slot.resting
    if start == end:
        if position.side:
            see(position, end, end)  # nothing is tested and nothing moves, yet the price was there
        return
    here = order if order and order.way == way and order.reached_by(end) else None
    if position.side == way:
        go_with(book, slot, when, equity, start, end, here)
    elif position.side:
        go_against(book, slot, when, equity, start, end, here)
    has_met = not position.side or slot.position is not position or position.stop_hit_bar == when.bar
    if here and slot.resting and has_met:
        meet_after_exit(book, slot, when, here, equity)
    if slot.position is position:
        if position.side:
            see(position, end, end)
            if position.side == way:
                take_in(book, slot, end)
    elif slot.position.side and here and is_tested(book, slot.position, when):
        count_own_bar(book, slot, when)
        go_along(book, slot, when, equity, here.level, end, way)


def go_with(book: Book, slot: Slot, when: Moment, equity: float, start: float, end: float, here: Order | None) -> None:
    """Let a position meet its targets on a leg that is good for it, and a limit order behind them."""
    position = slot.position
    if position.stop_hit_bar != when.bar:
        reached = here.level if here else end
        fill_targets(book, slot, when, reached, lambda level: better(position.side, level, start))
    if here and slot.position is position:
        reverse_at_level(book, slot, when, here, equity, met=(here.level, here.level))


def go_against(
    book: Book, slot: Slot, when: Moment, equity: float, start: float, end: float, here: Order | None
) -> None:
    """Let a position meet its stop on a leg that is bad for it, or a stop order that comes before."""
    position = slot.position
    stop, reason = active_stop(book, position)
    if here and not position.side * (stop - here.level) >= 0:
        reverse_at_level(book, slot, when, here, equity, met=(here.level, here.level))
        return
    if position.stop_hit_bar != when.bar and position.side * (end - stop) <= 0:
        position.stop_hit_bar = when.bar
        base = worse(position.side, stop, start)
        slips = book.rules.slippage_on_stops == 1
        leave_or_wait(book, slot, when, INF, base, reason, slips=slips, met=(base, base))
