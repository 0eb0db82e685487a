"""Candidates: the intents of one bar that may enter, checked, priced and sized on one equity."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inlined, inner
from stratkit.engine.intents import asker, panel_value, plan_asked
from stratkit.engine.layout import (
    BANKRUPT_RULE,
    BREAKER_DAILY_LOSS,
    BREAKER_DRAWDOWN,
    BREAKER_LOSSES,
    CANCELLED,
    COOLDOWN_RULE,
    END_OF_DATA,
    EXIT_PENDING,
    EXITED_THIS_BAR,
    EXPIRED,
    LOT,
    MIN_NOTIONAL,
    MIN_TRADE_WEIGHT,
    NO_BAR,
    NO_EDGE,
    NO_PRICE,
    NO_RISK_UNIT,
    NO_RULE,
    NO_SIDE,
    NOT_REACHED,
    REFUSED,
    SHORT_NOT_ALLOWED,
    SKIPPED,
    STOP_BEYOND_ENTRY,
    TARGET_BEYOND_ENTRY,
    THIS_CLOSE,
    VOLUME,
)
from stratkit.engine.positions import log_decision
from stratkit.engine.prices import market_price
from stratkit.engine.resting import PLAYS_ALL, due_side, is_passed, level_of_order, slips_at
from stratkit.risk.sizing import kelly_fraction, requested_quantity
from stratkit.risk.targets import BASIS_LEVEL, BASIS_PERCENT, KELLY, RISK

# not a refusal but a no-op: the side has been shown without a break since its exit
STALE_EDGE = np.int64(-1)
# kinds of candidate: a new position, an add, the waiting rest of an entry, a weight's increase
NEW, MORE, REST, RAISE = np.int64(0), np.int64(1), np.int64(2), np.int64(3)
# batches of candidates: sides at a price of now, weights, orders that the bar comes to, one against a position
SIDES, WEIGHTS, RESTING, AGAINST = np.int64(0), np.int64(1), np.int64(2), np.int64(3)


@inner
def closed_breaker(account: Any, rules: Any, decision_day: int) -> int:
    """Return the rule of the first breaker that is closed, `NO_RULE` when all are open."""
    if account.drawdown_closed_at >= 0:
        return BREAKER_DRAWDOWN
    if rules.max_daily_loss > 0.0 and account.tripped_day == decision_day:
        return BREAKER_DAILY_LOSS
    if account.losses_closed_at >= 0:
        return BREAKER_LOSSES
    return NO_RULE


@inner
def refusal(s: Any, rules: Any, bar: int, side: int, has_bar: bool, ends: bool, breaker: int) -> int:
    """Return the rule that refuses an entry before it is sized (checks 3 to 9), `NO_RULE` for none."""
    if not has_bar:
        return NO_BAR
    if ends:
        return END_OF_DATA
    if s.side == -side:
        return EXIT_PENDING
    if s.left_bar == bar and s.left_side == side:
        return EXITED_THIS_BAR
    if s.awaits_edge == side:
        return STALE_EDGE
    if side < 0 and rules.allow_short == 0:
        return SHORT_NOT_ALLOWED
    if breaker != NO_RULE:
        return breaker
    if bar <= s.cooldown_until:
        return COOLDOWN_RULE
    return NO_RULE


@inner
def refusal_of_rest(s: Any, rules: Any, has_bar: bool, ends: bool, breaker: int) -> int:
    """Return the rule that ends a waiting rest, `NO_RULE` when it may be tried again."""
    if not has_bar:
        return NO_BAR
    if ends:
        return END_OF_DATA
    if s.waiting_side < 0 and rules.allow_short == 0:
        return SHORT_NOT_ALLOWED
    return breaker


@inner
def refusal_of_order(s: Any, side: int, level: float) -> int:
    """Return the rule that ends an order which may rest: not reached, or an add that its stop comes before."""
    if s.resting_due == 0:
        return NOT_REACHED
    if s.side == side and side * (level - s.active_stop) <= 0.0:
        return STOP_BEYOND_ENTRY
    return NO_RULE


@inner
def outcome_of(rule: int) -> int:
    """Return the outcome that goes with a rule that ends an entry."""
    return (
        EXPIRED
        if rule == NO_BAR or rule == END_OF_DATA or rule == VOLUME or rule == CANCELLED or rule == NOT_REACHED
        else REFUSED
    )


@inner
def drop(c: Any, s: Any, account: Any, logs: Any, row: int, rule: int) -> None:
    """Take a candidate out of the running and say why."""
    c.dropped = 1
    if c.kind == REST:
        s.waiting = 0.0
    log_decision(account, logs, row, c.slot, c.asker, c.side, c.confidence, c.requested, 0.0, outcome_of(rule),
                 rule)  # fmt: skip


@inlined
def gather(
    slots: Any, account: Any, candidates: Any, quotes: Any, orders: Any, targets: Any, rules: Any,
    logs: Any, bar: int, row: int, day: int, ends: bool, prices: Any, batch: int, plays: int, wanting: Any, wanted: int,
) -> int:  # fmt: skip
    """Collect the candidates of one batch among the first `wanted` slots of `wanting`; return their number.

    An order that rests against a position is noted in its slot instead.
    """
    close, volume, volatility = quotes.close, quotes.volume, quotes.volatility
    at_close = rules.intents_fill_at == THIS_CLOSE
    breaker = closed_breaker(account, rules, day)
    count = 0
    for asking in range(wanted):
        slot = wanting[asking]
        s = slots[slot]
        column = s.symbol
        kind, wish, weight, level = RAISE, NO_SIDE, math.nan, math.nan
        if batch == WEIGHTS:
            if s.kind == 1 and s.weight_acted != bar:
                weight = targets.weight[row, slot]
            wish = np.int64(1 if weight > 0.0 else (-1 if weight < 0.0 else 0))
            if weight == 0.0:
                account.no_op += 1
        elif s.kind == 0:
            wish = np.int64(targets.side[row, slot])
            level = level_of_order(orders, rules, s, row, slot, wish)
            if batch == SIDES:
                wish = due_side(orders, rules, s, row, slot, wish, prices[column], plays,
                                at_close and plays == PLAYS_ALL)  # fmt: skip
            elif batch == RESTING and (level != level or is_passed(s.order, wish, level, prices[column])):
                wish = NO_SIDE
            kind = MORE if s.side == wish else NEW
        asks = wish == 1 or wish == -1
        rests = batch == SIDES and plays == PLAYS_ALL and s.waiting > 0.0
        if not asks and not rests:
            continue
        confidence = 1.0
        if targets.confidence.shape[0] > 0:
            confidence = np.float64(targets.confidence[row, slot])
        has_bar = prices[column] == prices[column]
        by = asker(targets, s, row, slot)
        if asks and close[row, column] != close[row, column]:
            log_decision(account, logs, row, slot, by, wish, confidence, math.nan, 0.0, REFUSED, NO_PRICE)
            asks = False
        if asks and kind == MORE and (s.waiting > 0.0 or s.adds >= rules.max_adds):
            account.no_op += 1
            asks = False
        if asks:
            if batch == RESTING and s.side == -wish and s.exit_wanted <= 0.0 and has_bar and not ends:
                s.resting = wish
                s.resting_level = level
                continue
            rule = refusal(s, rules, bar, wish, has_bar, ends, breaker)
            if rule == NO_RULE and batch == RESTING:
                rule = refusal_of_order(s, wish, level)
            if rule == STALE_EDGE:
                account.no_op += 1
                continue
            if rule != NO_RULE:
                log_decision(account, logs, row, slot, by, wish, confidence, math.nan, 0.0, outcome_of(rule), rule)
                continue
        elif rests:
            kind, wish, confidence = REST, s.waiting_side, s.waiting_confidence
            rule = refusal_of_rest(s, rules, has_bar, ends, breaker)
            if rule != NO_RULE:
                log_decision(account, logs, row, slot, s.strategy, wish, confidence, s.waiting, 0.0, outcome_of(rule),
                             rule)  # fmt: skip
                s.waiting = 0.0
                continue
        else:
            continue
        c = candidates[count]
        count += 1
        c.slot = slot
        c.side = wish
        c.kind = kind
        keeps = kind == MORE or kind == REST or s.side == wish  # the position stays whose it is
        c.plan = s.plan if keeps else plan_asked(targets, s, row, slot)
        c.strategy = s.strategy if keeps else by
        c.asker = s.strategy if kind == REST else by
        c.confidence = confidence
        c.weight = weight
        size = panel_value(targets.size, row, slot)
        c.size = size if size == size else s.size
        c.given_risk_unit = panel_value(targets.risk_unit, row, slot)
        c.stop_level = panel_value(targets.stop_level, row, slot)
        c.target_level = panel_value(targets.target_level, row, slot)
        c.volatility = panel_value(volatility, row, column)
        c.volume = volume[bar, column]
        c.base = s.resting_level if batch == AGAINST or batch == RESTING else prices[column]
        c.slips = slips_at(s, level) if kind != REST else np.int64(1)
        c.inside = 1 if batch == RESTING or batch == AGAINST else 0
        c.rule = NO_RULE
        c.dropped = 0
    return count


@inner
def size_at(
    c: Any, s: Any, plan: Any, rules: Any, equity: float, kelly: float, multiplier: float, impact_of: float
) -> None:
    """Price a candidate for `impact_of` units, and set R, the distance to its stop and its quantity."""
    price = market_price(rules, c.base, c.side, impact_of, c.volatility, c.volume, c.slips == 1)
    c.price = price
    to_stop = abs(price - c.stop_level)
    if s.side == c.side:
        c.stop_distance = s.stop_distance
        c.distance = price if math.isnan(s.stop) else max(0.0, c.side * (price - s.stop))
    else:
        if plan.exists == 0:
            unit = c.given_risk_unit if c.given_risk_unit > 0.0 else to_stop
        elif c.stop_level == c.stop_level or plan.basis == BASIS_LEVEL:
            unit = to_stop
        else:
            unit = plan.risk * price if plan.basis == BASIS_PERCENT else c.given_risk_unit
        c.risk_unit = unit if unit > 0.0 else math.nan
        c.stop_distance = to_stop if to_stop == to_stop else c.risk_unit * plan.sl
        c.distance = price if math.isnan(c.stop_distance) else c.stop_distance
    if c.kind == RAISE:
        c.quantity = abs(c.weight) * equity / price - s.held
        return
    quantity = requested_quantity(s.rule, c.size, equity, price, c.stop_distance, kelly)
    if rules.scale_by_confidence == 1:
        quantity = quantity * c.confidence
    c.quantity = quantity * multiplier * plan.risk_multiplier


@inner
def refusal_of_size(c: Any, s: Any, plan: Any, kelly: float) -> int:
    """Return the rule that refuses a sized candidate, `NO_RULE` for none."""
    if s.side != c.side:  # a new position: its levels must make sense
        if c.side * (c.price - c.stop_level) <= 0.0:
            return STOP_BEYOND_ENTRY
        if c.side * (c.target_level - c.price) <= 0.0:
            return TARGET_BEYOND_ENTRY
        no_stop = s.rule == RISK and c.kind != RAISE and not c.stop_distance > 0.0
        if no_stop or (plan.needs_risk_unit == 1 and not c.risk_unit > 0.0):
            return NO_RISK_UNIT
    if s.rule == KELLY and c.kind != RAISE and kelly <= 0.0:
        return NO_EDGE
    return NO_RULE


@inlined
def size_candidate(
    c: Any, s: Any, account: Any, strategy: Any, plan: Any, rules: Any, logs: Any, row: int, equity: float
) -> None:
    """Size one candidate, or drop it with the rule that refuses it."""
    c.requested = s.waiting if c.kind == REST else math.nan
    if equity <= 0.0:
        account.is_bankrupt = 1
        drop(c, s, account, logs, row, BANKRUPT_RULE)
        return
    if c.kind == REST:
        c.quantity = s.waiting
        c.price = market_price(rules, c.base, c.side, c.quantity, c.volatility, c.volume, True)
        c.distance = c.price if math.isnan(s.stop) else max(0.0, c.side * (c.price - s.stop))
        return
    kelly = math.nan
    if s.rule == KELLY:
        kelly = kelly_fraction(
            strategy.trades, strategy.wins, strategy.win_sum, strategy.loss_sum,
            rules.kelly_min_trades, rules.kelly_start,
        )  # fmt: skip
    size_at(c, s, plan, rules, equity, kelly, strategy.multiplier, 0.0)
    rule = refusal_of_size(c, s, plan, kelly)
    if rule == NO_RULE and rules.impact_frac > 0.0 and c.quantity > 0.0:
        size_at(c, s, plan, rules, equity, kelly, strategy.multiplier, c.quantity)
        rule = refusal_of_size(c, s, plan, kelly)
    if rule == NO_RULE:
        c.requested = c.quantity
        if c.kind == RAISE and not c.quantity > 0.0:
            c.dropped = 1
            account.no_op += 1
            return
        rule = NO_RULE if c.quantity > 0.0 else LOT
    if rule != NO_RULE:
        drop(c, s, account, logs, row, rule)
    elif c.kind == RAISE:
        small = c.quantity * c.price / equity < rules.min_trade_weight
        if small or c.quantity * c.price < rules.min_notional:
            c.dropped = 1
            log_decision(account, logs, row, c.slot, c.asker, c.side, c.confidence, c.quantity, 0.0, SKIPPED,
                         MIN_TRADE_WEIGHT if small else MIN_NOTIONAL)  # fmt: skip


@inner
def rank(candidates: Any, order: Any, count: int) -> None:
    """Sort `order[:count]` by (-confidence, strategy, slot): shell sort, for the keys are unique."""
    for place in range(count):
        order[place] = place
    gap = count // 2
    while gap > 0:
        for place in range(gap, count):
            moving = order[place]
            key, owner = candidates[moving].confidence, candidates[moving].strategy
            at = place
            while at >= gap:
                other = order[at - gap]
                its, its_owner = candidates[other].confidence, candidates[other].strategy
                if its > key or (its == key and its_owner < owner):
                    break
                if its == key and its_owner == owner and candidates[other].slot < candidates[moving].slot:
                    break
                order[at] = other
                at -= gap
            order[at] = moving
        gap //= 2
