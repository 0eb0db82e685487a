"""The running sums of a replay that stores nothing per bar: all that most metrics need.

One record, `new_stream`, is fed bar by bar by compiled functions, and analytics turns it into a scorecard. A recorded
run is scored by feeding its arrays through the same functions, so that both give the same figures. A sweep takes in
the head of the record only (`whole` is None, compiled out): its fields have the same bits either way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.compiled import allocating_nothing, inlined
from stratkit.engine.layout import YES, Records
from stratkit.engine.sums import (
    STREAM_DTYPE,
    add,
    keep_depth,
    keep_returns,
    load_depth,
    load_returns,
    with_equity,
    with_return,
)


def new_stream(initial: float, mar: float = 0.0, intraday: bool = False) -> Records:
    """Return an empty (1,) stream of an account that starts with `initial` cash.

    `mar` is the minimum acceptable return of one return period; `intraday` says that periods are
    session days of several bars.
    """
    stream = np.zeros(1, dtype=STREAM_DTYPE).view(np.recarray)
    first = stream[0]
    for name in ("initial", "equity", "peak", "trough", "period_equity"):
        first[name] = initial
    first.peak_bar, first.growth, first.mar, first.intraday = -1, 1.0, mar, int(intraday)
    return stream


@allocating_nothing
def stream_bar(stream: Records, bar: int, equity: float, gross: float) -> None:
    """Take in the close of one bar: equity and gross exposure, in account currency.

    Bar 0 is the baseline when its equity is the initial cash: then it has no return and does not
    count in the mean of drawdowns. After equity has reached zero returns are 0.
    """
    take_bar(stream, YES, bar, equity, gross)


@inlined
def take_bar(stream: Any, whole: Any, bar: int, equity: float, gross: float) -> None:
    """Take in the close of one bar; with `whole` None only what a sweep keeps."""
    s = stream[0]
    before = s.equity
    s.equity = equity
    s.bars += 1
    s.equity_sum += equity
    if gross > 0.0:
        s.bars_in_market += 1
        if whole is not None and equity > 0.0:
            s.exposure += gross / equity
    if equity <= 0.0:
        s.ruined += 1
    if bar == 0 and equity == s.initial:
        s.baseline = 1
        s.peak_bar = 0
        return
    if whole is not None and equity != before and before > 0.0:
        change = equity / before - 1.0
        s.bar_return, s.bar_return_lost = add(s.bar_return, s.bar_return_lost, change)
        s.bar_square += change * change
    keep_depth(s, with_equity(load_depth(s), bar, equity))
    if whole is not None and equity < s.peak:
        drawdown = equity / s.peak - 1.0
        s.drawdown_square += drawdown * drawdown


@allocating_nothing
def close_period(stream: Records, bar: int, equity: float) -> None:
    """Take in the end of a return period, at the close of `bar`.

    On daily and slower bars the first bar counts only when its equity is not the initial cash.
    """
    end_period(stream, None, YES, bar, equity)


@inlined
def end_period(stream: Any, buckets: Any, whole: Any, bar: int, equity: float) -> None:
    """Take in the end of a return period, also in its bucket; with `whole` None only what a sweep keeps."""
    s = stream[0]
    before = s.period_equity
    if bar == 0 and s.intraday == 0 and equity == s.initial:
        return
    s.period_equity = equity
    period_return = equity / before - 1.0 if before > 0.0 else 0.0
    if buckets is not None:
        place = s.bucket
        while bar > buckets.ends[place]:
            place += 1
        s.bucket = place
        buckets.total[place] += period_return
        buckets.squares[place] += period_return * period_return
    take_period(stream, whole, period_return, equity / s.initial)


@allocating_nothing
def stream_period(stream: Records, period_return: float, growth: float) -> None:
    """Take in the return of one period and `growth`, equity over initial cash at its end."""
    take_period(stream, YES, period_return, growth)


@inlined
def take_period(stream: Any, whole: Any, period_return: float, growth: float) -> None:
    """Take in the return of one period; with `whole` None only what a sweep keeps."""
    s = stream[0]
    time = s.periods
    if time == 0:
        s.origin = period_return
    s.periods += 1
    s.growth = growth
    keep_returns(s, with_return(load_returns(s), s.origin, s.mar, period_return))
    if growth <= 0.0:
        s.ruined_periods += 1
    if whole is not None:
        away = period_return - s.origin
        square = away * away
        s.power3, s.power3_lost = add(s.power3, s.power3_lost, square * away)
        s.power4, s.power4_lost = add(s.power4, s.power4_lost, square * square)
        excess = period_return - s.mar
        if excess > 0.0:
            s.gain, s.gain_lost = add(s.gain, s.gain_lost, excess)
        else:
            s.loss, s.loss_lost = add(s.loss, s.loss_lost, -excess)
        if growth > 0.0:
            level = np.log(growth)
            s.log_sum, s.log_sum_lost = add(s.log_sum, s.log_sum_lost, level)
            s.log_square, s.log_square_lost = add(s.log_square, s.log_square_lost, level * level)
            s.log_time, s.log_time_lost = add(s.log_time, s.log_time_lost, level * time)


@allocating_nothing
def stream_fill(stream: Records, quantity: float, price: float, commission: float, slippage: float) -> None:
    """Take in one fill: its notional and what it cost, in account currency."""
    s = stream[0]
    s.fills += 1
    s.traded, s.traded_lost = add(s.traded, s.traded_lost, quantity * price)
    s.commission, s.commission_lost = add(s.commission, s.commission_lost, commission)
    s.slippage, s.slippage_lost = add(s.slippage, s.slippage_lost, slippage)


@allocating_nothing
def stream_carry(stream: Records, borrow: float, funding: float, interest: float) -> None:
    """Take in what holding cost in one bar: borrow, funding and margin interest paid."""
    s = stream[0]
    s.borrow, s.borrow_lost = add(s.borrow, s.borrow_lost, borrow)
    s.funding, s.funding_lost = add(s.funding, s.funding_lost, funding)
    s.interest, s.interest_lost = add(s.interest, s.interest_lost, interest)


@allocating_nothing
def stream_trade(stream: Records, pnl: float, r_multiple: float, bars_held: int, ambiguous: int) -> None:
    """Take in one closed trade; `r_multiple` is NaN when its initial risk is unknown."""
    s = stream[0]
    if s.trades == 0:
        s.pnl_origin = pnl
    s.trades += 1
    s.bars_held += bars_held
    if ambiguous > 0:
        s.ambiguous += 1
    if pnl > 0.0:
        s.wins += 1
        s.profit, s.profit_lost = add(s.profit, s.profit_lost, pnl)
    elif pnl < 0.0:
        s.losses += 1
        s.shortfall, s.shortfall_lost = add(s.shortfall, s.shortfall_lost, -pnl)
    away = pnl - s.pnl_origin
    s.pnl, s.pnl_lost = add(s.pnl, s.pnl_lost, pnl)
    s.pnl1, s.pnl1_lost = add(s.pnl1, s.pnl1_lost, away)
    s.pnl2, s.pnl2_lost = add(s.pnl2, s.pnl2_lost, away * away)
    if not np.isnan(r_multiple):
        if s.trades_with_r == 0:
            s.r_origin = r_multiple
        s.trades_with_r += 1
        away = r_multiple - s.r_origin
        s.r, s.r_lost = add(s.r, s.r_lost, r_multiple)
        s.r1, s.r1_lost = add(s.r1, s.r1_lost, away)
        s.r2, s.r2_lost = add(s.r2, s.r2_lost, away * away)
