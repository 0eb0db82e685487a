"""`Playing`: a replay under way, and how the kernel plays its next bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stratkit.engine.book import Book, Logs, rows_needed
from stratkit.engine.kernel import advance
from stratkit.engine.layout import Market, Records
from stratkit.engine.packages import Packages
from stratkit.engine.tally import Tally, alone, tally_on
from stratkit.panel import FloatArray
from stratkit.risk.targets import Panels


class Record(NamedTuple):
    """What the kernel writes per bar; `carry` is (T, 3), or (0, 3) when nothing is charged.

    `by_strategy` is (T, S), or (0, S) for one strategy, whose P&L is that of the account.
    """

    equity: FloatArray
    cash: FloatArray
    gross: FloatArray
    net: FloatArray
    carry: FloatArray
    by_strategy: FloatArray


@dataclass
class Playing:
    """A replay under way: the next bar is `bar`. The arrays of its targets may be written beyond what was played.

    With a `tally` it is summed up there, and neither logs nor record are written.
    """

    market: Market
    panels: Panels
    rules: Records
    book: Book
    logs: Logs
    record: Record
    packages: Packages | None = None
    bar: int = 0
    tally: Tally | None = None


def play_bars(playing: Playing, stop: int) -> None:
    """Play all bars before `stop`, whatever the panels ask for."""
    if playing.tally is not None:
        asked = playing.panels.side[None], playing.panels.weight[None]
        tally_on(playing.tally, alone(playing.book), playing.market, playing.panels, asked, playing.rules, playing.bar,
                 stop)  # fmt: skip
        playing.bar = stop
        return
    while playing.bar < stop:
        playing.bar = advance(
            playing.book, playing.market, playing.panels, playing.rules, playing.logs, playing.record, playing.bar,
            stop,
        )  # fmt: skip
        if playing.bar < stop:
            playing.logs = grow(playing.logs, playing.book)


def grow(logs: Logs, book: Book) -> Logs:
    """Return logs with room for another bar, doubled where a log is nearly full."""
    account = book.account[0]
    used = (account.fill_rows, account.trade_rows, account.decision_rows)
    needed = rows_needed(len(book.slots))
    return Logs(
        *(
            rows if count + needed <= len(rows) else _doubled(rows, count + needed)
            for rows, count in zip(logs, used, strict=True)
        )
    )


def _doubled(rows: Records, needed: int) -> Records:
    larger = np.zeros(max(2 * len(rows), int(needed)), rows.dtype).view(np.recarray)
    larger[: len(rows)] = rows
    return larger
