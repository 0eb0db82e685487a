"""`Book`: positions, cash and everything else that a replay must remember to go on."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from stratkit.engine.layout import DECISION_DTYPE, FILL_DTYPE, TRADE_DTYPE, Records
from stratkit.panel import FloatArray, IntArray
from stratkit.risk.targets import Targets

# fills, trades and decisions that one slot can cause in one bar, at most; the kernel hands back
# control when a log has less room than that
ROWS_PER_SLOT: Final = 24
ROWS_OF_ACCOUNT: Final = 16

SLOT_DTYPE = np.dtype(
    [
        # eight fields are a line of the cache: first what every bar looks at in every slot
        ("symbol", "i8"),  # what the slot stands for, set once
        ("kind", "i8"),  # 0 = side, 1 = weight
        ("side", "i8"),  # +1, -1, 0 flat
        ("waiting", "f8"),  # waiting rest of an entry, units
        ("exit_wanted", "f8"),  # waiting exit: units, inf = all, 0 = none
        ("weight_wanted", "f8"),  # a reduction that waits for a bar, NaN = none
        ("awaits_edge", "i8"),
        ("time_stop", "i8"),
        # then what it looks at in every position
        ("held", "f8"),  # units, >= 0
        ("active_stop", "f8"),  # the tighter of stop and isolated-margin level
        ("next_target", "f8"),  # the level waited for, NaN = none left
        ("flagged", "i8"),  # 1: liquidated at its next open
        ("bars_held", "i8"),
        ("moves", "i8"),  # break-even or trailing may move the stop
        ("plan", "i8"),
        ("strategy", "i8"),  # of its position: set again by every entry
        ("worst", "f8"),
        ("best", "f8"),
        ("extreme", "f8"),
        ("resting", "i8"),  # side of an order against it that rests in this bar, 0 = none
        ("resting_bar", "i8"),  # bar inside which its resting entry filled, else -1
        ("entry_strategy", "i8"),  # of intents that name none
        ("entry_plan", "i8"),  # of intents that name none
        ("adds", "i8"),
        ("entry", "f8"),  # price of the first fill: levels are measured from it
        ("average", "f8"),  # average entry price
        ("risk_unit", "f8"),  # R, NaN = none
        ("stop", "f8"),  # NaN = none
        ("stop_kind", "i8"),
        ("active_kind", "i8"),
        ("left_bar", "i8"),
        ("cooldown_until", "i8"),
        # what a position has earned and cost so far
        ("entry_value", "f8"),  # sum of quantity x price
        ("exit_value", "f8"),
        ("commission", "f8"),
        ("borrow", "f8"),
        ("funding", "f8"),
        ("dividend", "f8"),
        ("entry_quantity", "f8"),
        ("exit_quantity", "f8"),
        # the rest
        ("size", "f8"),  # default size
        ("rule", "i8"),  # sizing rule
        ("order", "i8"),  # how its entries with a level rest
        ("stop_distance", "f8"),  # from the first fill to its first stop, NaN = none
        ("target1", "f8"),
        ("target2", "f8"),
        ("target3", "f8"),
        ("fraction1", "f8"),
        ("takes_rest", "i8"),  # the last target closes all that is left
        ("last_target", "i8"),
        ("targets_done", "i8"),
        ("target_filled", "f8"),
        ("decision_bar", "i8"),
        ("entry_bar", "i8"),
        ("spent_bar", "i8"),  # bar in which its stop was hit and volume held a part back
        ("resting_level", "f8"),
        ("resting_piece", "i8"),  # finer bar that comes to it, -1 = the bar is not walked in pieces
        ("resting_due", "i8"),  # 1: the bar comes to it
        ("trade", "i8"),
        ("slippage", "f8"),
        ("ambiguous", "i8"),
        ("exit_reason", "i8"),
        ("exit_bar", "i8"),  # its decision bar while its row is not written, else -1
        ("exit_confidence", "f8"),
        ("exit_by", "i8"),  # strategy that asked for it
        ("last_reason", "i8"),  # of its last fill
        ("waiting_side", "i8"),
        ("waiting_confidence", "f8"),
        ("weight_bar", "i8"),  # its decision bar while its row is not written, else -1
        ("weight_confidence", "f8"),
        ("weight_by", "i8"),
        ("weight_acted", "i8"),  # bar in which step 2 reduced or skipped this slot's weight
        ("left_side", "i8"),
    ]
)

ACCOUNT_DTYPE = np.dtype(
    [
        ("cash", "f8"),
        ("equity", "f8"),  # at the last close
        ("peak", "f8"),
        ("day", "i8"),
        ("day_base", "f8"),
        ("tripped_day", "i8"),
        ("drawdown_closed_at", "i8"),  # -1 = open
        ("losses_closed_at", "i8"),
        ("loss_streak", "i8"),
        ("bankrupt_bar", "i8"),
        ("is_bankrupt", "i8"),  # equity was not positive when entries were sized
        ("interest", "f8"),  # paid so far: the line `account`
        ("interest_bar", "f8"),
        ("borrow_bar", "f8"),
        ("funding_bar", "f8"),
        ("no_op", "i8"),
        ("holding", "i8"),  # how many slots stand in Book.holding
        ("trades_opened", "i8"),
        ("fill_rows", "i8"),
        ("trade_rows", "i8"),
        ("decision_rows", "i8"),
    ]
)

SYMBOL_DTYPE = np.dtype(
    [
        ("mark", "f8"),  # last close, NaN before the first bar
        ("missing", "i8"),  # union bars since its last own bar
        ("volume_left", "f8"),  # what fills of this bar may still take, infinite without a limit
        ("gross", "f8"),  # of all its slots while entries are made
        ("delist_bar", "i8"),  # bar of a dated delisting, -1 = none
    ]
)

STRATEGY_DTYPE = np.dtype(
    [
        ("trades", "i8"),
        ("wins", "i8"),
        ("win_sum", "f8"),
        ("loss_sum", "f8"),
        ("cap", "f8"),  # max at-risk fraction of equity, NaN = off
        ("multiplier", "f8"),  # of its sizes
        ("realised", "f8"),  # net P&L of its closed trades
        ("asked", "f8"),  # work space of the per-strategy cap
        ("held", "f8"),
    ]
)

CANDIDATE_DTYPE = np.dtype(
    [
        ("slot", "i8"),
        ("side", "i8"),
        ("kind", "i8"),
        ("plan", "i8"),
        ("strategy", "i8"),  # that it is held to and that will own it
        ("asker", "i8"),  # that its row of the log names
        ("confidence", "f8"),
        ("size", "f8"),
        ("weight", "f8"),
        ("given_risk_unit", "f8"),
        ("stop_level", "f8"),
        ("target_level", "f8"),
        ("volatility", "f8"),
        ("volume", "f8"),
        ("base", "f8"),
        ("slips", "i8"),  # 0: a limit order, without slippage
        ("inside", "i8"),  # 1: fills inside the bar
        ("price", "f8"),
        ("quantity", "f8"),
        ("requested", "f8"),
        ("risk_unit", "f8"),
        ("stop_distance", "f8"),  # NaN without a stop
        ("distance", "f8"),  # to the stop, the price itself without one
        ("rule", "i8"),  # the last rule that cut it
        ("dropped", "i8"),
    ]
)


class Logs(NamedTuple):
    """Rows written so far and room for more; the counters stand in the account."""

    fills: Records
    trades: Records
    decisions: Records


class Book(NamedTuple):
    """All state of a replay: records of plain memory, so that copying the arrays copies the book."""

    slots: Records  # (M,)
    account: Records  # (1,)
    symbols: Records  # (N,)
    strategies: Records  # (S,)
    candidates: Records  # (M + 1,) work space
    busy: npt.NDArray[np.int8]  # (M,) 0: flat and without a memory, so that its record is not looked at
    holding: IntArray  # (M + 1,) ascending: every slot that holds a position, and some that have just left theirs
    wanting: IntArray  # (M + 1,) work space: slots whose intents may enter in this bar, as are the next four
    order: IntArray  # (M + 1,)
    prices: FloatArray  # (N,)
    marks: FloatArray  # (N,)
    sums: FloatArray  # (9,)


def open_book(initial_cash: float, targets: Targets, delist_bar: IntArray) -> Book:
    """Return the book of an account that has not traded yet."""
    slots = len(targets.slot_symbol)
    book = Book(
        slots=np.zeros(slots, SLOT_DTYPE).view(np.recarray),
        account=np.zeros(1, ACCOUNT_DTYPE).view(np.recarray),
        symbols=np.zeros(len(delist_bar), SYMBOL_DTYPE).view(np.recarray),
        strategies=np.zeros(len(targets.strategy_cap), STRATEGY_DTYPE).view(np.recarray),
        candidates=np.zeros(slots + 1, CANDIDATE_DTYPE).view(np.recarray),
        busy=(targets.slot_kind == 1).astype(np.int8),
        holding=np.zeros(slots + 1, np.int64),
        wanting=np.zeros(slots + 1, np.int64),
        order=np.zeros(slots + 1, np.int64),
        prices=np.zeros(len(delist_bar)),
        marks=np.zeros(len(delist_bar)),
        sums=np.zeros(9),
    )
    for name in ("symbol", "strategy", "kind", "size", "rule", "order"):
        book.slots[name] = getattr(targets, f"slot_{name}")
    book.slots["entry_strategy"] = targets.slot_strategy
    book.slots["entry_plan"] = targets.slot_plan
    book.strategies["cap"] = targets.strategy_cap
    book.strategies["multiplier"] = targets.strategy_multiplier
    book.symbols["delist_bar"] = delist_bar
    for name in ("active_stop", "stop", "stop_distance", "next_target", "weight_wanted", "risk_unit"):
        book.slots[name] = np.nan
    for name in ("left_bar", "cooldown_until", "exit_bar", "weight_acted", "weight_bar", "resting_bar", "spent_bar"):
        book.slots[name] = -1
    account = book.account
    for name in ("cash", "equity", "peak", "day_base"):
        account[name] = initial_cash
    for name in ("drawdown_closed_at", "losses_closed_at", "bankrupt_bar"):
        account[name] = -1
    for name in ("day", "tripped_day"):
        account[name] = np.iinfo(np.int64).min
    book.symbols["mark"] = np.nan
    return book


def copy_book(book: Book) -> Book:
    """Return an independent copy, from which a replay can go on."""
    copies: dict[str, Any] = {name: array.copy() for name, array in book._asdict().items()}
    return Book(**copies)


def empty_logs(rows: int) -> Logs:
    """Return logs with room for `rows` rows each."""
    return Logs(
        np.zeros(rows, FILL_DTYPE).view(np.recarray),
        np.zeros(rows, TRADE_DTYPE).view(np.recarray),
        np.zeros(rows, DECISION_DTYPE).view(np.recarray),
    )


def rows_needed(slots: int) -> int:
    """Return the room that a log must have before a bar is played."""
    return ROWS_PER_SLOT * slots + ROWS_OF_ACCOUNT
