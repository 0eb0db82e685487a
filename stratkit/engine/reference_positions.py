"""`leave` and `market_price`: what trading one position costs and does, in plain Python.

All numbers are Python floats and every sum is written in the order of docs/execution.md, because the
compiled kernel must agree bit for bit.
"""

from __future__ import annotations

import math
from typing import Any

from stratkit.engine.layout import (
    BREAK_EVEN,
    CANCELLED,
    EXIT_SIDE,
    EXPIRED,
    MIN_NOTIONAL,
    MIN_TRADE_WEIGHT,
    NO_RULE,
    STOP,
    TRAILING,
)
from stratkit.engine.reference_book import Book, Moment
from stratkit.engine.reference_slot import INF, NAN, Code, Position, Slot

# ---- prices and rounding


def tick_up(price: float, tick: float) -> float:
    """Return the next price on the tick at or above `price`."""
    return math.ceil(price / tick - 1e-9) * tick if tick > 0 else price


def tick_down(price: float, tick: float) -> float:
    """Return the next price on the tick at or below `price`."""
    return math.floor(price / tick + 1e-9) * tick if tick > 0 else price


def lot_down(quantity: float, lot: float) -> float:
    """Return the largest whole number of lots in `quantity`."""
    return math.floor(quantity / lot + 1e-9) * lot if lot > 0 else quantity


def market_price(
    book: Book, when: Moment, symbol: int, base: float, direction: int, quantity: float, slips: bool = True
) -> float:
    """Return `base` with slippage if it `slips`, on the adverse tick; `quantity` 0 leaves out the impact."""
    rules, tape = book.rules, book.tape
    slip: float = rules.spread_frac
    if rules.volatility_multiple > 0 and when.decided >= 0:
        volatility = tape.volatility[when.decided][symbol]
        if math.isfinite(volatility):
            slip = slip + rules.volatility_multiple * volatility
    # without volume nothing can fill but a bankruptcy, which has no size to compare itself with
    if rules.impact_frac > 0 and quantity > 0 and tape.volume[when.bar][symbol] > 0:
        slip = slip + rules.impact_frac * math.sqrt(quantity / tape.volume[when.bar][symbol])
    price = base * (1 + direction * slip) if slips else base
    return tick_up(price, rules.tick_size) if direction > 0 else tick_down(price, rules.tick_size)


def fee(book: Book, quantity: float, price: float) -> float:
    """Return the commission of one fill."""
    rules = book.rules
    by_share = rules.commission_per_order + rules.commission_per_share * quantity
    return float(max(rules.commission_minimum, by_share + rules.commission_frac * (quantity * price)))


def worth(book: Book, marks: list[float]) -> tuple[float, float, float]:
    """Return equity, gross and net value, each summed slot by slot; equity starts from the cash."""
    equity, gross, net = book.cash, 0.0, 0.0
    for slot in book.slots:
        if slot.position.side:
            value = slot.position.held * marks[slot.symbol]
            equity += slot.position.side * value
            gross += value
            net += slot.position.side * value
    return equity, gross, net


def marks_at(book: Book, when: Moment) -> list[float]:
    """Return the price of each symbol at this moment, its last close where it has no bar."""
    has_bar = book.tape.has_bar[when.bar]
    return [price if there else last for price, there, last in zip(when.prices, has_bar, book.last_close)]


# ---- fills


def take_volume(book: Book, symbol: int, quantity: float) -> None:
    """Take a fill from what the bar has to give; a rounding error that is left counts as nothing."""
    book.volume_left[symbol] -= quantity
    if book.volume_left[symbol] <= 1e-12 * quantity:
        book.volume_left[symbol] = 0.0


def record_fill(
    book: Book,
    slot: Slot,
    bar: int,
    direction: int,
    quantity: float,
    price: float,
    base: float,
    paid: float,
    reason: Code,
) -> None:
    """Move the cash, and write the fill."""
    position = slot.position
    slippage = (price - base) * direction * quantity
    book.cash = book.cash - direction * (quantity * price) - paid
    position.commission += paid
    position.slippage += slippage
    position.last_reason = reason
    book.fills.append(
        (
            bar, slot.number, direction, quantity, price, base, paid, slippage, reason, position.trade,
            position.strategy,
        )
    )  # fmt: skip


def leave(
    book: Book,
    slot: Slot,
    when: Moment,
    quantity: float,
    base: float,
    reason: Code,
    *,
    at_level: bool = False,
    slips: bool = True,
    limited: bool = True,
    free: bool = False,
    met: tuple[float, float] | None = None,
) -> float:
    """Close up to `quantity` units of the slot and return how many left.

    `at_level`: a target, filled at `base` itself. `slips`: pays slippage. `limited`: the bar's volume
    holds it back. `free`: no commission. `met`: worst and best price (NaN = none) that the
    fill shows to the position.
    """
    position, lot = slot.position, book.rules.lot_size
    quantity = min(quantity, position.held)
    if limited and quantity > book.volume_left[slot.symbol]:
        quantity = lot_down(book.volume_left[slot.symbol], lot)
    if not quantity > 0:
        return 0.0
    direction, before = -position.side, position.held
    price = base if at_level else market_price(book, when, slot.symbol, base, direction, before, slips)
    paid = 0.0 if free else fee(book, quantity, price)
    record_fill(book, slot, when.bar, direction, quantity, price, base, paid, reason)
    if limited:
        take_volume(book, slot.symbol, quantity)
    position.exit_quantity += quantity
    position.exit_value += quantity * price
    position.held = position.held - quantity
    if position.held <= 1e-12 * position.entry_quantity:
        position.held = 0.0
    if reason in (STOP, BREAK_EVEN, TRAILING) and book.rules.cooldown_bars > 0:
        slot.barred_until = when.bar + book.rules.cooldown_bars
    if met:
        see(position, *met)
    if position.held == 0.0:
        go_flat(book, slot, when, before)
    return quantity


def leave_or_wait(
    book: Book, slot: Slot, when: Moment, quantity: float, base: float, reason: Code, **how: Any
) -> float:
    """Close `quantity` units (infinite = all); what the volume did not allow becomes a waiting exit."""
    left = leave(book, slot, when, quantity, base, reason, **how)
    if slot.position.side and left < quantity:
        wait_to_leave(book, slot, quantity - left, reason)
        if quantity == INF:
            cancel_waiting_entry(book, slot, when.bar)
    return left


def wait_to_leave(book: Book, slot: Slot, quantity: float, reason: Code, decided: int = -1) -> None:
    """Let an exit wait for a bar or for volume; an exit that waits already keeps its reason."""
    position = slot.position
    if position.exit_waiting == 0:
        position.exit_reason, position.exit_decided = reason, decided
    position.exit_waiting = max(position.exit_waiting, quantity)


def cancel_waiting_entry(book: Book, slot: Slot, bar: int) -> None:
    """Give up the rest of an entry that waited for volume."""
    position = slot.position
    if position.entry_waiting > 0:
        rest, position.entry_waiting = position.entry_waiting, 0.0
        confidence = position.entry_confidence
        book.log(bar, slot, position.side, confidence, rest, 0.0, EXPIRED, CANCELLED, of_owner=True)


def drop_kept_weight(book: Book, slot: Slot, requested: float, rule: Code) -> None:
    """Give up a weight that waited for a bar, with the row that it still owes."""
    position = slot.position
    if position.kept_owes_row:
        confidence = book.asked.at("confidence", position.kept_decided, slot)
        book.log(position.kept_decided, slot, -position.side, confidence, requested, 0.0, EXPIRED, rule)
    position.kept_weight, position.kept_decided, position.kept_owes_row = NAN, -1, False


def go_flat(book: Book, slot: Slot, when: Moment, before: float) -> None:
    """Close the trade; what waited on the position is cancelled. `before`: units held before the last fill."""
    position = slot.position
    if position.exit_waiting > 0 and position.exit_decided >= 0:
        confidence = book.asked.at("confidence", position.exit_decided, slot)
        requested = min(position.exit_waiting, before)
        book.log(position.exit_decided, slot, EXIT_SIDE, confidence, requested, 0.0, EXPIRED, CANCELLED)
    cancel_waiting_entry(book, slot, when.bar)
    drop_kept_weight(book, slot, NAN, CANCELLED)
    pnl = close_trade(book, slot, when.bar, NAN)
    book.losses_in_a_row = book.losses_in_a_row + 1 if pnl < 0 else 0
    book.earned[position.strategy] += pnl
    record, result = book.records[position.strategy], pnl / position.entry_value
    if pnl > 0:
        record.wins += 1
        record.win_sum += result
    else:
        record.losses += 1
        record.loss_sum += -result
    slot.left_side, slot.left_bar = position.side, when.bar
    slot.edge = position.side if book.asked.side(when.decided, slot) == position.side else 0
    slot.position = Position()


def close_trade(book: Book, slot: Slot, exit_bar: int, mark: float) -> float:
    """Write the trade, closed at `exit_bar` or open (-1) and marked, and return its net P&L."""
    position = slot.position
    gross, pnl = pnl_of(position, NAN if exit_bar >= 0 else mark)
    exit_price = position.exit_value / position.exit_quantity if position.exit_quantity > 0 else NAN
    book.trades.append(
        (
            position.trade, slot.number, position.side, position.decision_bar, position.entry_bar, exit_bar,
            position.own_bars, position.entry_quantity, position.average, exit_price, position.risk_unit, gross,
            position.commission, position.slippage, position.borrow, position.funding, position.dividend, pnl,
            pnl / (position.risk_unit * position.entry_quantity), position.worst, position.best, position.last_reason,
            position.ambiguous, position.strategy,
        )
    )  # fmt: skip
    return pnl


def pnl_of(position: Position, mark: float) -> tuple[float, float]:
    """Return gross and net P&L of a trade, what is still held at its mark; no mark = nothing is."""
    value = position.exit_value if math.isnan(mark) else position.exit_value + position.held * mark
    gross = position.side * (value - position.entry_value)
    return gross, gross - position.commission - position.borrow - position.funding + position.dividend


def see(position: Position, worst: float, best: float) -> None:
    """Remember the most adverse and the most favourable price met while open; NaN = nothing to add."""
    adverse, favourable = (min, max) if position.side > 0 else (max, min)
    if not math.isnan(worst):
        position.worst = adverse(position.worst, worst)
    if not math.isnan(best):
        position.best = favourable(position.best, best)


def too_small(book: Book, change: float, price: float, equity: float) -> Code:
    """Return the rule by which a change of weight is too small to trade."""
    if change * price / equity < book.rules.min_trade_weight:
        return MIN_TRADE_WEIGHT
    if change * price < book.rules.min_notional:
        return MIN_NOTIONAL
    return NO_RULE
