"""`hold_stretch`: quiet bars of an account of one position, played in one loop that keeps everything in registers.

It does what `play_quiet_bar`, the record and the sums do bar by bar, in the same order and with the same bits, as long
as nothing but marking can happen; the bar that it hands back is played like any other.
"""

from __future__ import annotations

from typing import Any

from stratkit.compiled import inlined, inner
from stratkit.engine.levels import move_levels
from stratkit.engine.stream import end_period, take_bar
from stratkit.engine.sums import keep_depth, keep_returns, load_depth, load_returns, with_equity, with_return


@inner
def may_stretch(book: Any, market: Any, record: Any, rules: Any) -> bool:
    """Return whether an account is one slot on one symbol, and nothing but its marks is looked at in quiet bars."""
    if book.slots.shape[0] != 1 or book.symbols.shape[0] != 1 or market.acts.shape[0] > 0:
        return False
    if record is not None and record.by_strategy.shape[0] > 0:
        return False
    if rules.maintenance_margin > 0.0 and rules.isolated == 0:
        return False
    return book.slots[0].kind == 0 and rules.max_adds == 0


@inlined
def hold_stretch(
    book: Any, market: Any, side: Any, plans: Any, rules: Any, logs: Any, record: Any, stream: Any, buckets: Any,
    whole: Any, bar: int, stop: int,
) -> int:  # fmt: skip
    """Play quiet bars from `bar` on, at most up to `stop`; return the bar to go on with."""
    s, account, y = book.slots[0], book.account[0], book.symbols[0]
    opens, highs, lows, closes, period_end = market.open, market.high, market.low, market.close, market.period_end
    held_side, held, cash = s.side, 0.0, account.cash
    if held_side == 0:
        if book.busy[0] != 0:
            return bar
    else:
        held = s.held
        if s.exit_wanted > 0.0 or s.waiting > 0.0 or s.time_stop > 0 or s.flagged == 1 or s.awaits_edge != 0:
            return bar
        if closes[bar - 1, 0] != closes[bar - 1, 0]:  # what was asked there has no price
            return bar
    if y.delist_bar >= bar:
        stop = min(stop, y.delist_bar)
    stop_level, target = s.active_stop, s.next_target
    worst, best, moves = s.worst, s.best, held_side != 0 and s.moves == 1
    first, no_op, price, equity, gross, net = bar, 0, y.mark, account.equity, 0.0, 0.0
    if stream is not None and whole is None:
        t = stream[0]
        before, origin, mar, periods, sums = t.period_equity, t.origin, t.mar, t.periods, load_returns(t)
        if before <= 0.0 or periods == 0:
            return bar
        equity_sum, in_market, depth = t.equity_sum, 0, load_depth(t)
        place = t.bucket
        end, total, squares = buckets.ends[place], buckets.total[place], buckets.squares[place]
    while bar < stop:
        wish = side[bar - 1, 0]
        if held_side == 0:
            if wish == 1 or wish == -1:
                break
        elif wish != 0 and wish != held_side:
            break
        high, low, last = highs[bar, 0], lows[bar, 0], closes[bar, 0]
        if opens[bar, 0] != opens[bar, 0] or last != last:
            break
        if held_side > 0:
            if low <= stop_level or high >= target:
                break
        elif held_side < 0 and (high >= stop_level or low <= target):
            break
        value = held * last
        now = cash + held_side * value
        if now <= 0.0:
            break
        equity, gross, net, price = now, value, held_side * value, last
        no_op += 1 if wish != 0 else 0
        if logs is not None or moves:
            if held_side > 0:
                worst, best = min(worst, low), max(best, high)
            elif held_side < 0:
                worst, best = max(worst, high), min(best, low)
        if moves:
            s.extreme = max(s.extreme, high) if held_side > 0 else min(s.extreme, low)
            move_levels(s, plans[s.plan], rules)
            stop_level = s.active_stop
        if record is not None:
            record.equity[bar] = equity
            record.cash[bar] = cash
            record.gross[bar] = gross
            record.net[bar] = net
        if stream is not None:
            if whole is not None:
                take_bar(stream, whole, bar, equity, gross)
                if period_end[bar]:
                    end_period(stream, buckets, whole, bar, equity)
            else:
                equity_sum += equity
                in_market += 1 if gross > 0.0 else 0
                depth = with_equity(depth, bar, equity)
                if period_end[bar]:
                    change = equity / before - 1.0
                    before = equity
                    periods += 1
                    if bar > end:
                        buckets.total[place], buckets.squares[place] = total, squares
                        while bar > buckets.ends[place]:
                            place += 1
                        end, total, squares = buckets.ends[place], buckets.total[place], buckets.squares[place]
                    total += change
                    squares += change * change
                    sums = with_return(sums, origin, mar, change)
        bar += 1
    played = bar - first
    if played == 0:
        return bar
    y.mark, y.missing = price, 0
    book.marks[0] = price
    account.equity = equity
    account.no_op += no_op
    if held_side != 0:
        s.bars_held += played
        s.worst, s.best = worst, best
    if stream is not None and whole is None:
        t = stream[0]
        t.bars += played
        t.bars_in_market += in_market
        t.equity, t.equity_sum = equity, equity_sum
        keep_depth(t, depth)
        t.period_equity, t.periods, t.bucket = before, periods, place
        t.growth = before / t.initial
        keep_returns(t, sums)
        buckets.total[place], buckets.squares[place] = total, squares
    return bar
