"""The running sums of a replay that stores nothing per bar: all that most metrics need.

One record, `new_stream`, is fed bar by bar by compiled functions, and analytics turns it into a
scorecard. A recorded run is scored by feeding its arrays through the same functions, so that both
give the same figures. A sum whose terms differ in sign carries what its rounding lost (Knuth's
two-sum), and powers are taken around the first observation, so that a million bars cost no digit;
sums of positive terms per bar need no such care and go without it, for speed.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.compiled import allocating_nothing
from stratkit.engine.layout import Records


def _sum(name: str) -> list[tuple[str, str]]:
    return [(name, "f8"), (f"{name}_lost", "f8")]


STREAM_DTYPE: Final = np.dtype(
    [
        # given at the start
        ("initial", "f8"),  # cash before the first bar
        ("mar", "f8"),  # minimum acceptable return of a period
        ("intraday", "i8"),  # 1: the first period counts whatever the first bar did
        # per bar
        ("bars", "i8"),
        ("baseline", "i8"),  # 1: bar 0 is the baseline, no bar with a return or a drawdown
        ("bars_in_market", "i8"),
        ("ruined", "i8"),  # bars whose equity was zero or less
        ("equity", "f8"),  # of the last bar
        ("peak", "f8"),
        ("peak_bar", "i8"),  # -1 is the initial cash
        ("max_drawdown", "f8"),
        ("longest_bars", "i8"),  # of the longest drawdown that is over
        ("drawdown_square", "f8"),
        ("equity_sum", "f8"),
        ("exposure", "f8"),
        *_sum("bar_return"),
        ("bar_square", "f8"),
        # per return period
        ("periods", "i8"),
        ("period_equity", "f8"),  # at the end of the last period
        ("growth", "f8"),  # period_equity / initial
        ("ruined_periods", "i8"),
        ("origin", "f8"),  # first return: powers are taken around it
        *_sum("return_sum"),
        *_sum("power1"),
        *_sum("power2"),
        *_sum("power3"),
        *_sum("power4"),
        *_sum("shortfall_square"),
        *_sum("gain"),
        *_sum("loss"),
        *_sum("log_sum"),
        *_sum("log_square"),
        *_sum("log_time"),
        # per fill and per bar of carry
        ("fills", "i8"),
        *_sum("traded"),
        *_sum("commission"),
        *_sum("slippage"),
        *_sum("borrow"),
        *_sum("funding"),
        *_sum("interest"),
        # per closed trade
        ("trades", "i8"),
        ("wins", "i8"),
        ("losses", "i8"),
        ("bars_held", "i8"),
        ("ambiguous", "i8"),
        *_sum("profit"),
        *_sum("shortfall"),
        ("pnl_origin", "f8"),
        *_sum("pnl"),
        *_sum("pnl1"),
        *_sum("pnl2"),
        ("trades_with_r", "i8"),
        ("r_origin", "f8"),
        *_sum("r"),
        *_sum("r1"),
        *_sum("r2"),
        ("open_trades", "i8"),
    ]
)


def new_stream(initial: float, mar: float = 0.0, intraday: bool = False) -> Records:
    """Return an empty (1,) stream of an account that starts with `initial` cash.

    `mar` is the minimum acceptable return of one return period; `intraday` says that periods are
    session days of several bars.
    """
    stream = np.zeros(1, dtype=STREAM_DTYPE).view(np.recarray)
    first = stream[0]
    first.initial, first.equity, first.peak, first.period_equity = initial, initial, initial, initial
    first.peak_bar, first.growth, first.mar, first.intraday = -1, 1.0, mar, int(intraday)
    return stream


@allocating_nothing
def _add(total: float, lost: float, value: float) -> tuple[float, float]:
    """Return total + value and all that rounding has lost so far (Knuth, TAOCP 2, 4.2.2)."""
    grown = total + value
    added = grown - total
    return grown, lost + ((total - (grown - added)) + (value - added))


@allocating_nothing
def stream_bar(stream: Records, bar: int, equity: float, gross: float) -> None:
    """Take in the close of one bar: equity and gross exposure, in account currency.

    Bar 0 is the baseline when its equity is the initial cash: then it has no return and does not
    count in the mean of drawdowns. After equity has reached zero returns are 0.
    """
    s = stream[0]
    before = s.equity
    s.equity = equity
    s.bars += 1
    s.equity_sum += equity
    if gross > 0.0:
        s.bars_in_market += 1
        if equity > 0.0:
            s.exposure += gross / equity
    if equity <= 0.0:
        s.ruined += 1
    if bar == 0 and equity == s.initial:
        s.baseline = 1
        s.peak_bar = 0
        return
    if equity != before and before > 0.0:
        change = equity / before - 1.0
        s.bar_return, s.bar_return_lost = _add(s.bar_return, s.bar_return_lost, change)
        s.bar_square += change * change
    if equity >= s.peak:
        if bar - s.peak_bar > 1:  # bars at the peak are no drawdown
            s.longest_bars = max(s.longest_bars, bar - s.peak_bar)
        s.peak = equity
        s.peak_bar = bar
        return
    drawdown = equity / s.peak - 1.0
    if drawdown < s.max_drawdown:
        s.max_drawdown = drawdown
    s.drawdown_square += drawdown * drawdown


@allocating_nothing
def close_period(stream: Records, bar: int, equity: float) -> None:
    """Take in the end of a return period, at the close of `bar`.

    On daily and slower bars the first bar counts only when its equity is not the initial cash.
    """
    s = stream[0]
    before = s.period_equity
    if bar == 0 and s.intraday == 0 and equity == s.initial:
        return
    s.period_equity = equity
    stream_period(stream, equity / before - 1.0 if before > 0.0 else 0.0, equity / s.initial)


@allocating_nothing
def stream_period(stream: Records, period_return: float, growth: float) -> None:
    """Take in the return of one period and `growth`, equity over initial cash at its end."""
    s = stream[0]
    time = s.periods
    if time == 0:
        s.origin = period_return
    s.periods += 1
    s.growth = growth
    s.return_sum, s.return_sum_lost = _add(s.return_sum, s.return_sum_lost, period_return)
    away = period_return - s.origin
    square = away * away
    s.power1, s.power1_lost = _add(s.power1, s.power1_lost, away)
    s.power2, s.power2_lost = _add(s.power2, s.power2_lost, square)
    s.power3, s.power3_lost = _add(s.power3, s.power3_lost, square * away)
    s.power4, s.power4_lost = _add(s.power4, s.power4_lost, square * square)
    excess = period_return - s.mar
    if excess > 0.0:
        s.gain, s.gain_lost = _add(s.gain, s.gain_lost, excess)
    else:
        s.loss, s.loss_lost = _add(s.loss, s.loss_lost, -excess)
        s.shortfall_square, s.shortfall_square_lost = _add(s.shortfall_square, s.shortfall_square_lost, excess * excess)
    if growth > 0.0:
        level = np.log(growth)
        s.log_sum, s.log_sum_lost = _add(s.log_sum, s.log_sum_lost, level)
        s.log_square, s.log_square_lost = _add(s.log_square, s.log_square_lost, level * level)
        s.log_time, s.log_time_lost = _add(s.log_time, s.log_time_lost, level * time)
    else:
        s.ruined_periods += 1


@allocating_nothing
def stream_fill(stream: Records, quantity: float, price: float, commission: float, slippage: float) -> None:
    """Take in one fill: its notional and what it cost, in account currency."""
    s = stream[0]
    s.fills += 1
    s.traded, s.traded_lost = _add(s.traded, s.traded_lost, quantity * price)
    s.commission, s.commission_lost = _add(s.commission, s.commission_lost, commission)
    s.slippage, s.slippage_lost = _add(s.slippage, s.slippage_lost, slippage)


@allocating_nothing
def stream_carry(stream: Records, borrow: float, funding: float, interest: float) -> None:
    """Take in what holding cost in one bar: borrow, funding and margin interest paid."""
    s = stream[0]
    s.borrow, s.borrow_lost = _add(s.borrow, s.borrow_lost, borrow)
    s.funding, s.funding_lost = _add(s.funding, s.funding_lost, funding)
    s.interest, s.interest_lost = _add(s.interest, s.interest_lost, interest)


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
        s.profit, s.profit_lost = _add(s.profit, s.profit_lost, pnl)
    elif pnl < 0.0:
        s.losses += 1
        s.shortfall, s.shortfall_lost = _add(s.shortfall, s.shortfall_lost, -pnl)
    away = pnl - s.pnl_origin
    s.pnl, s.pnl_lost = _add(s.pnl, s.pnl_lost, pnl)
    s.pnl1, s.pnl1_lost = _add(s.pnl1, s.pnl1_lost, away)
    s.pnl2, s.pnl2_lost = _add(s.pnl2, s.pnl2_lost, away * away)
    if not np.isnan(r_multiple):
        if s.trades_with_r == 0:
            s.r_origin = r_multiple
        s.trades_with_r += 1
        away = r_multiple - s.r_origin
        s.r, s.r_lost = _add(s.r, s.r_lost, r_multiple)
        s.r1, s.r1_lost = _add(s.r1, s.r1_lost, away)
        s.r2, s.r2_lost = _add(s.r2, s.r2_lost, away * away)
