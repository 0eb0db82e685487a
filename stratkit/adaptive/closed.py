"""`ClosedTrades`: the trades that closed in the account and in the shadow book since the last update, as outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stratkit.adaptive.outcomes import Outcomes, no_outcomes
from stratkit.engine.layout import Records
from stratkit.engine.simulate import Stage
from stratkit.panel import IntArray
from stratkit.regimes.labels import LabelArray


@dataclass
class ClosedTrades:
    """Reads the trade logs of an `account` and a `shadow` book, None where there is none, on from where it stopped.

    `label` (T, N) are codes of regimes, `arms` the profiles that are chosen from, 0 = none; bars of outcomes are
    counted from `bars_before` bars before the first.
    """

    account: Stage
    shadow: Stage | None
    label: LabelArray
    arms: int
    bars_before: int
    read: list[int] = field(default_factory=lambda: [0, 0])

    def until(self, bar: int) -> Outcomes:
        """Return what has closed by the close of `bar` and was not returned before, by exit bar and slot."""
        books = [self._rows(book, stage, bar) for book, stage in enumerate((self.account, self.shadow)) if stage]
        parts = [part for part in books if part is not None]
        if not parts:
            return no_outcomes()
        order = np.lexsort(
            (
                np.concatenate([rows["slot"] for _, rows, _ in parts]),
                np.concatenate([np.full(len(rows), book) for book, rows, _ in parts]),
                np.concatenate([rows["exit_bar"] for _, rows, _ in parts]),
            )
        )
        found = [self._outcomes(book, rows, stage) for book, rows, stage in parts]
        names = Outcomes.__dataclass_fields__
        return Outcomes(*(np.concatenate([getattr(part, name) for part in found])[order] for name in names))

    def _rows(self, book: int, stage: Stage, bar: int) -> tuple[int, Records, Stage] | None:
        """Return the rows of one book, None without any: asked on every bar, of which few close a trade."""
        first, end = self.read[book], int(stage.playing.book.account[0].trade_rows)
        if first == end:
            return None
        rows = stage.playing.logs.trades[first:end]
        rows = rows[: int(np.searchsorted(rows["exit_bar"], bar, side="right"))]  # the log is in the order of exits
        self.read[book] = first + len(rows)
        return (book, rows, stage) if len(rows) else None

    def _outcomes(self, book: int, rows: Records, stage: Stage) -> Outcomes:
        symbol = stage.sheet.targets.slot_symbol[rows["slot"]]
        return Outcomes(
            _whole(rows["strategy"]), _whole(symbol), _whole(rows["side"]),
            regimes_at(self.label, rows["decision_bar"], symbol), profiles_of(rows, stage, self.arms),
            rows["decision_bar"] + self.bars_before, rows["exit_bar"] + self.bars_before,
            np.array(rows["r_multiple"]), rows["pnl"] / (rows["entry_price"] * rows["quantity"]),
            np.full(len(rows), book == 1),
        )  # fmt: skip


def regimes_at(label: LabelArray, bar: IntArray, symbol: IntArray) -> IntArray:
    """Return the codes of regimes at bars and symbols, -1 where the bar is none."""
    return np.where(bar >= 0, label[bar, symbol].astype(np.int64), -1)


def profiles_of(trades: Records, stage: Stage, arms: int) -> IntArray:
    """Return which of `arms` profiles each trade was opened with, -1 where none was chosen."""
    first = stage.sheet.table.first_profile
    if not arms or not first:
        return np.full(len(trades), -1)
    bar = trades["decision_bar"]
    number = stage.sheet.targets.plan[bar, trades["slot"]].astype(np.int64) - first
    arm = number % (arms + 1)  # behind the profiles of each strategy stands risk off
    return np.where((bar >= 0) & (number >= 0) & (arm < arms), arm, -1)


def _whole(values: Any) -> IntArray:
    return np.array(values, np.int64)
