"""Corporate actions on what is held: dividends pay cash, splits change quantities and price levels."""

from __future__ import annotations

import math
from typing import Any

from stratkit.compiled import inner
from stratkit.engine.layout import SPLIT_CASH
from stratkit.engine.positions import leave, meet
from stratkit.engine.worth import side_in_force
from stratkit.risk.sizing import lot_down


@inner
def split_levels(s: Any, ratio: float) -> None:
    """Divide everything that is a price of a position by the split ratio."""
    s.average = s.average / ratio
    s.entry = s.entry / ratio
    s.risk_unit = s.risk_unit / ratio
    s.stop = s.stop / ratio
    s.active_stop = s.active_stop / ratio
    s.stop_distance = s.stop_distance / ratio
    s.target1 = s.target1 / ratio
    s.target2 = s.target2 / ratio
    s.target3 = s.target3 / ratio
    s.next_target = s.next_target / ratio
    s.extreme = s.extreme / ratio
    s.worst = s.worst / ratio
    s.best = s.best / ratio


@inner
def split_position(
    s: Any, account: Any, strategy: Any, rules: Any, logs: Any, stream: Any, bar: int, slot: int, ratio: float,
    mark: float, in_force: int,
) -> None:  # fmt: skip
    """Split one position; with a lot size what is no whole lot leaves in cash at the new mark."""
    s.held = s.held * ratio
    s.entry_quantity = s.entry_quantity * ratio
    s.exit_quantity = s.exit_quantity * ratio
    s.target_filled = s.target_filled * ratio
    s.waiting = s.waiting * ratio
    if s.exit_wanted < math.inf:
        s.exit_wanted = s.exit_wanted * ratio
    split_levels(s, ratio)
    broken = s.held - lot_down(s.held, rules.lot_size)
    if rules.lot_size > 0.0 and broken > 0.0:
        if broken == s.held:  # all of it leaves in a bar that is its own
            s.bars_held += 1
        meet(s, mark)
        leave(s, account, strategy, rules, logs, stream, bar, slot, broken, mark, mark, 0.0, SPLIT_CASH, in_force)


@inner
def act_on_shares(book: Any, market: Any, targets: Any, rules: Any, logs: Any, stream: Any, bar: int) -> None:
    """Pay the dividends and make the splits that stand on `bar`, before its open."""
    slots, account = book.slots, book.account[0]
    for column in range(book.symbols.shape[0]):
        ratio, dividend = market.split[bar, column], market.dividend[bar, column]
        if ratio == 1.0 and dividend == 0.0:
            continue
        symbol = book.symbols[column]
        symbol.mark = symbol.mark / ratio
        for slot in range(slots.shape[0]):
            s = slots[slot]
            if s.symbol != column or s.side == 0:
                continue
            income = s.side * (s.held * dividend)
            account.cash = account.cash + income
            s.dividend += income
            if ratio != 1.0:
                split_position(s, account, book.strategies[s.strategy], rules, logs, stream, bar, slot, ratio,
                               symbol.mark, side_in_force(s, targets.side, bar - 1, slot))  # fmt: skip
