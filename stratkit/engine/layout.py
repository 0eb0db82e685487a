"""The records and codes that the kernel, its plain twin and the result share.

Everything here is plain memory: structured arrays of 8-byte fields, so that a book can be copied,
compared and saved as bytes, and the same field names read alike in compiled and plain code.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from stratkit.panel import BoolArray, FloatArray, IntArray

ENGINE_SEMANTICS: Final = 1

Records: TypeAlias = npt.NDArray[Any]  # a structured array viewed as np.recarray


def _codes(count: int) -> tuple[np.int64, ...]:
    # np.int64, not int: numba compiles a callee once more for every literal int it is handed
    return tuple(np.int64(code) for code in range(count))


# ---- why a fill happened; the last one of a trade is its exit reason
(
    ENTRY, ADD, REBALANCE_IN, STOP, BREAK_EVEN, TRAILING, TARGET, EXIT_SIGNAL, REVERSE, TIME_STOP,
    REBALANCE_OUT, LIQUIDATION, BANKRUPT, DELISTED, END, SPLIT_CASH,
) = _codes(16)  # fmt: skip
FILL_REASONS: Final = (
    "entry", "add", "rebalance_in", "stop", "break_even", "trailing", "target", "exit_signal",
    "reverse", "time_stop", "rebalance_out", "liquidation", "bankrupt", "delisted", "end", "split_cash",
)  # fmt: skip

# ---- what became of an intent
FILLED, REDUCED, REFUSED, EXPIRED, BREAKER_CLOSED, BREAKER_OPENED, SKIPPED = _codes(7)
OUTCOMES: Final = ("filled", "reduced", "refused", "expired", "breaker_closed", "breaker_opened", "skipped")

# ---- the rule that decided
(
    NO_RULE, NO_PRICE, NO_BAR, NO_RISK_UNIT, STOP_BEYOND_ENTRY, TARGET_BEYOND_ENTRY, EXITED_THIS_BAR,
    EXIT_PENDING, SHORT_NOT_ALLOWED, COOLDOWN_RULE, BREAKER_DRAWDOWN, BREAKER_DAILY_LOSS,
    BREAKER_LOSSES, NO_EDGE, CAP_STRATEGY, CAP_TOTAL_AT_RISK, CAP_OPEN_POSITIONS, CAP_SYMBOL,
    CAP_GROSS, CAP_NET, CASH, LOT, MIN_NOTIONAL, VOLUME, END_OF_DATA, TARGET_ROUNDED_TO_ZERO,
    MIN_TRADE_WEIGHT, BANKRUPT_RULE, CANCELLED, NOT_REACHED, LEGS,
    QUALITY, SUSPENDED_RULE, RESTING_RULE, NOT_CHOSEN_RULE,
) = _codes(35)  # fmt: skip
RULES: Final = (
    "", "no_price", "no_bar", "no_risk_unit", "stop_beyond_entry", "target_beyond_entry", "exited_this_bar",
    "exit_pending", "short_not_allowed", "cooldown", "breaker_drawdown", "breaker_daily_loss",
    "breaker_consecutive_losses", "no_edge", "max_at_risk", "max_total_at_risk", "max_open_positions",
    "max_symbol", "max_gross_leverage", "max_net", "cash", "lot", "min_notional", "volume", "end_of_data",
    "target_rounded_to_zero", "min_trade_weight", "bankrupt", "cancelled", "not_reached",
    "legs", "quality", "suspended", "losing_streak", "not_chosen",
)  # fmt: skip
CAPS: Final = (CAP_STRATEGY, CAP_TOTAL_AT_RISK, CAP_OPEN_POSITIONS, CAP_SYMBOL, CAP_GROSS, CAP_NET)

# ---- sides as the decision log writes them, and the slot that stands for the account
NO_SIDE, EXIT_SIDE, ACCOUNT_SLOT, NO_STRATEGY = np.int64(0), np.int64(2), np.int64(-1), np.int64(-1)

# ---- yes and no for compiled code, which would be compiled once more for every literal
NO, YES = np.bool_(False), np.bool_(True)
ONE_SLOT = np.int64(1)

# ---- when something trades
AT_OPEN, AT_CLOSE = np.int64(0), np.int64(1)

# ---- options of the fill profile and of the account, as codes
NEXT_OPEN, THIS_CLOSE = 0, 1  # rules.intents_fill_at
GAP_AT_OPEN, GAP_AT_LEVEL = 0, 1  # rules.gapped_stop, rules.gapped_target
STOP_FIRST, TARGET_FIRST, ALONG_PATH, TRAILING_LAST = 0, 1, 2, 3  # rules.same_bar
STAY_OPEN, END_AT_OPEN, END_AT_CLOSE = 0, 1, 2  # rules.close_at_end
REJECT, SCALE = 0, 1  # rules.on_breach
BY_EXPOSURE, BY_STOP = 0, 1  # rules.risk_basis
WAIT, CANCEL = 0, 1  # rules.partial
NEXT_SIGNAL, NEW_EDGE = 0, 1  # rules.reenter

RULES_DTYPE = np.dtype(
    [
        # account
        ("initial_cash", "f8"),
        ("leverage", "f8"),  # buying power = equity x leverage - gross exposure
        ("maintenance_margin", "f8"),  # fraction of gross; 0 = off
        ("isolated", "i8"),  # 1: margin is tested per slot on low and high
        ("allow_short", "i8"),
        ("lot_size", "f8"),  # 0 = any fraction
        ("tick_size", "f8"),  # 0 = any price
        ("min_notional", "f8"),
        ("min_trade_weight", "f8"),
        ("max_adds", "i8"),
        ("reenter", "i8"),
        ("close_at_end", "i8"),
        # costs
        ("commission_frac", "f8"),  # of traded notional
        ("commission_per_share", "f8"),
        ("commission_per_order", "f8"),
        ("commission_minimum", "f8"),  # per fill
        ("spread_frac", "f8"),  # half spread plus fixed slippage, fraction of price
        ("volatility_multiple", "f8"),  # x Market.volatility of the decision bar
        ("impact_frac", "f8"),  # x sqrt(quantity / bar volume)
        ("borrow_ann", "f8"),
        ("margin_rate_ann", "f8"),
        ("max_volume_share", "f8"),  # 0 = off
        ("partial", "i8"),
        # fill profile
        ("intents_fill_at", "i8"),
        ("gapped_stop", "i8"),
        ("gapped_target", "i8"),
        ("same_bar", "i8"),  # which comes first when a bar holds both stop and target
        ("entry_bar_exits", "i8"),  # 1: stop and targets are tested in the entry bar
        ("trailing_first", "i8"),  # 1: the bar's own extreme moves the stop before it is tested
        ("opposite_in_bar", "i8"),  # 1: a resting order of the other side may fill after an exit inside the bar
        ("slippage_on_stops", "i8"),
        # sizing
        ("scale_by_confidence", "i8"),
        ("kelly_min_trades", "i8"),
        ("kelly_start", "f8"),  # Kelly fraction used until then
        # caps; 0 = off for all but max_net, which is off when negative
        ("risk_basis", "i8"),
        ("on_breach", "i8"),
        ("max_total_at_risk", "f8"),
        ("max_open_positions", "i8"),
        ("max_symbol", "f8"),
        ("max_gross_leverage", "f8"),
        ("max_net", "f8"),
        # breakers; 0 = off
        ("max_drawdown", "f8"),
        ("max_daily_loss", "f8"),
        ("max_consecutive_losses", "i8"),
        ("reopen_after_bars", "i8"),  # 0 = never
        ("cooldown_bars", "i8"),
        # data
        ("stale_after_bars", "i8"),  # 0 = off
        ("delisting_return", "f8"),
    ]
)

FILL_DTYPE = np.dtype(
    [
        ("bar", "i8"),
        ("slot", "i8"),
        ("direction", "i8"),  # +1 bought, -1 sold
        ("quantity", "f8"),
        ("price", "f8"),  # slippage and tick included
        ("base_price", "f8"),  # before slippage and tick
        ("commission", "f8"),
        ("slippage", "f8"),  # (price - base_price) x direction x quantity
        ("reason", "i8"),
        ("trade", "i8"),  # number of the trade it belongs to, in order of opening
        ("strategy", "i8"),  # that the position belongs to
    ]
)

TRADE_DTYPE = np.dtype(
    [
        ("trade", "i8"),
        ("slot", "i8"),
        ("side", "i8"),
        ("decision_bar", "i8"),
        ("entry_bar", "i8"),
        ("exit_bar", "i8"),  # -1 while open
        ("bars_held", "i8"),  # own bars from the entry bar to the exit bar
        ("quantity", "f8"),  # units opened in all
        ("entry_price", "f8"),  # quantity-weighted
        ("exit_price", "f8"),  # quantity-weighted; NaN while nothing has left
        ("risk_unit", "f8"),  # R in price units, NaN when none
        ("gross_pnl", "f8"),
        ("commission", "f8"),
        ("slippage", "f8"),  # already inside the prices; for information
        ("borrow", "f8"),
        ("funding", "f8"),
        ("dividend", "f8"),  # received; paid by a short when negative
        ("pnl", "f8"),  # gross - commission - borrow - funding + dividend
        ("r_multiple", "f8"),  # pnl / (risk_unit x quantity)
        ("worst_price", "f8"),  # most adverse price met while open
        ("best_price", "f8"),
        ("exit_reason", "i8"),
        ("ambiguous", "i8"),  # bars that held both the stop and the next target
        ("strategy", "i8"),  # that it belongs to
    ]
)

DECISION_DTYPE = np.dtype(
    [
        ("bar", "i8"),  # the bar whose close the intent was stamped on; for breakers the bar they moved
        ("slot", "i8"),  # -1 for the account
        ("side", "i8"),  # +1, -1, 2 exit; for weights the direction of the change; 0 for breakers
        ("confidence", "f8"),
        ("requested", "f8"),  # units; NaN when refused before it was sized
        ("granted", "f8"),  # units after caps, cash and lot
        ("outcome", "i8"),
        ("rule", "i8"),
        ("strategy", "i8"),  # whose intent it was, -1 for the account
    ]
)


_NO_PANEL: Final = np.zeros((0, 0))


class Market(NamedTuple):
    """What the kernel reads of the market; arrays not used are (0, 0)."""

    times: IntArray  # (T,)
    day: IntArray  # (T,) session day number
    period_end: BoolArray  # (T,) the bar closes a return period
    open: FloatArray  # (T, N)
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    funding: FloatArray  # (T, N) rates stamped in (times[t-1], times[t]], summed, or (0, 0)
    volatility: FloatArray  # (T, N) per-bar sd known at t, for slippage, or (0, 0)
    delist_bar: IntArray  # (N,) first bar at or after a dated delisting, -1 = none
    acts: BoolArray = np.zeros(0, np.bool_)  # (T,) some symbol splits or pays a dividend, or (0,)
    split: FloatArray = _NO_PANEL  # (T, N) new shares per old one, 1 = none, or (0, 0)
    dividend: FloatArray = _NO_PANEL  # (T, N) cash per share held before, 0 = none, or (0, 0)
    detail_rows: IntArray = np.zeros((0, 0), np.int64)  # (T, 2) pieces [first, end) of each bar, or (0, 0)
    detail_agrees: BoolArray = np.zeros((0, 0), np.bool_)  # (T, N) the pieces make up the bar, or (0, 0)
    detail_open: FloatArray = _NO_PANEL  # (F, N) finer bars, NaN = none, or (0, 0)
    detail_high: FloatArray = _NO_PANEL
    detail_low: FloatArray = _NO_PANEL
    detail_close: FloatArray = _NO_PANEL


class Quotes(NamedTuple):
    """The part of a market that trading at one price reads: a call pays for every array that it is handed."""

    day: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    volatility: FloatArray


class Pieces(NamedTuple):
    """The part of a market that is looked at only inside a bar: its finer bars."""

    rows: IntArray
    agrees: BoolArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
