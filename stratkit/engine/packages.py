"""`Packages`: which target weights belong together, what the kernel is shown of them, and who must follow whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.engine.book import Book
from stratkit.engine.layout import NEXT_OPEN, Market, Records
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.risk.targets import Targets

_ROWS_AT_ONCE: Final = 256  # of the panel of legs, looked through for the next package
_KEYS_PER_STRATEGY: Final = 2**16
_KEYS: Final = 2**24  # of 127 strategies and more


@dataclass(frozen=True)
class Package:
    """The legs of one package on one bar: slots ascending, and what they are asked to weigh."""

    key: int
    slots: IntArray
    weight: FloatArray

    @property
    def leaves(self) -> bool:
        """Whether all that it asks is to leave."""
        return bool((self.weight == 0).all())


@dataclass
class Packages:
    """What is asked in packages, what the kernel is shown of it, and which positions stand in one.

    `legs`, `asked` and `shown` are (T, M). `held` (M,) is the package of one bar that a slot's position came from,
    0 = none; `leaving` (M,) whether it leaves as soon as all that is left of its package can.
    """

    legs: npt.NDArray[np.int16]
    asked: FloatArray
    shown: FloatArray
    strategy: IntArray
    symbol: IntArray
    prices: FloatArray  # (T, N) at which the intents of a row act
    close: FloatArray
    bars_later: int  # 1: in the bar after its row, 0: in its own
    held: IntArray
    leaving: BoolArray

    @staticmethod
    def of(market: Market, targets: Targets, rules: Records) -> Packages | None:
        """Return the packages of `targets`, None where nothing is asked in one."""
        if not len(targets.legs):
            return None
        next_open = rules[0].intents_fill_at == NEXT_OPEN
        slots = len(targets.slot_symbol)
        return Packages(
            targets.legs, targets.weight, np.full(targets.weight.shape, np.nan), targets.slot_strategy,
            targets.slot_symbol, market.open if next_open else market.close, market.close, int(next_open),
            np.zeros(slots, np.int64), np.zeros(slots, np.bool_),
        )  # fmt: skip

    def copy(self) -> Packages:
        """Return packages that can be played on alone; what is asked is shared."""
        return replace(self, shown=self.shown.copy(), held=self.held.copy(), leaving=self.leaving.copy())

    def show(self, start: int, stop: int) -> None:
        """Show the kernel the rows that act in bars [start, stop) as they were asked."""
        rows = slice(max(start - self.bars_later, 0), max(stop - self.bars_later, 0))
        self.shown[rows] = self.asked[rows]
        last = len(self.shown) - 1
        if stop == last + 1:  # what is asked on the last bar expires there
            self.shown[last] = self.asked[last]

    def next_bar(self, start: int, stop: int) -> int:
        """Return the first bar of [start, stop) in which a package acts, `stop` when none does."""
        if self.leaving.any():
            return start
        for first in range(start, stop, _ROWS_AT_ONCE):
            rows = np.arange(first, min(first + _ROWS_AT_ONCE, stop)) - self.bars_later
            found = (self.legs[np.maximum(rows, 0)] > 0).any(axis=1) & (rows >= 0)
            if found.any():
                return first + int(found.argmax())
        return stop

    def take_over(self, played: Sequence[Package], bar: int) -> None:
        """Note what went through: whose the positions are now, and who stayed behind of what they came from."""
        self.leaving |= self._of_the_same(played)
        for package in played:
            self.held[package.slots] = np.where(package.weight != 0, _held_since(package, bar), 0)
            self.leaving[package.slots] = False

    def _of_the_same(self, packages: Sequence[Package]) -> BoolArray:
        """Return (M,) what is held of the packages that the legs of these come from."""
        came_from = [self.held[package.slots] for package in packages]
        keys = np.unique(np.concatenate([np.zeros(0, np.int64), *came_from]))
        return (self.held > 0) & np.isin(self.held, keys)

    def follow(self, book: Book) -> None:
        """Let what is left of a package leave when a leg of it has left by itself."""
        side = np.asarray(book.slots["side"])
        left = (self.held > 0) & (side == 0)
        keys = np.unique(self.held[left])
        self.held[left] = 0
        self.leaving = (self.leaving | np.isin(self.held, keys)) & (side != 0)

    def asked_on(self, row: int) -> list[Package]:
        """Return the packages that are asked for on a row, by their keys.

        One that only leaves takes along what else is held of the packages that its legs came from.
        """
        if row < 0:
            return []
        keys = np.where(self.legs[row] > 0, self.strategy * _KEYS_PER_STRATEGY + self.legs[row], 0)
        asked = []
        for key in np.unique(keys[keys > 0]).tolist():
            slots = np.flatnonzero(keys == key)
            weight = self.asked[row, slots]
            if (weight == 0).all():
                came_from = self.held[slots]
                along = (keys == 0) & np.isin(self.held, came_from[came_from > 0])
                slots = np.flatnonzero((keys == key) | along)
                weight = np.zeros(len(slots))
            if not np.isnan(weight).all():  # else nobody listens on this bar
                asked.append(Package(key, slots, weight))
        return asked

    def following(self, kept: Sequence[Package], side: IntArray, row: int, bar: int) -> list[Package]:
        """Return what must leave, as far as no package that is `kept` says otherwise, and can trade as a whole.

        What is held of the packages that the kept ones come from must leave too.
        """
        spoken = np.zeros(len(self.held), np.bool_)
        for package in kept:
            spoken[package.slots] = True
        bound = (self.leaving | self._of_the_same(kept)) & ~spoken & (row >= 0)
        slots = [np.flatnonzero(bound & (self.held == key)) for key in np.unique(self.held[bound])]
        exits = [Package(int(self.held[mine[0]]), mine, np.zeros(len(mine))) for mine in slots]
        return [package for package in exits if self.can_trade(package, side, row, bar)]

    def wait_to_leave(self, package: Package, side: IntArray, bar: int) -> None:
        """Let a package leave as soon as all of it can."""
        self.leaving[package.slots] = side[package.slots] != 0
        self.held[package.slots] = np.where(side[package.slots] != 0, _held_since(package, bar), 0)

    def show_only(self, packages: Sequence[Package], row: int) -> None:
        """Show the kernel `packages` and no other of a row, beside the weights that stand in none."""
        if row < 0:
            return
        self.shown[row] = np.where((self.legs[row] > 0) | self.leaving, np.nan, self.asked[row])
        for package in packages:
            self.shown[row, package.slots] = package.weight

    def can_trade(self, package: Package, side: IntArray, row: int, bar: int) -> bool:
        """Whether every leg is heard, and those that have to trade have a price on its row and where it acts.

        `side` (M,) is what the slots hold.
        """
        if np.isnan(package.weight).any():
            return False
        symbol = self.symbol[package.slots]
        priced = np.isfinite(self.close[row, symbol]) & np.isfinite(self.prices[bar, symbol])
        return bool((priced | ((package.weight == 0) & (side[package.slots] == 0))).all())


def _held_since(package: Package, bar: int) -> int:
    """Return what tells a package from those of other bars that bear the same number."""
    return (bar + 1) * _KEYS + package.key
