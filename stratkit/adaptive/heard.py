"""`Heard`: what strategies say, row by row as far as it is to be heard; the rest goes to the shadow book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from stratkit.combine.blend import directions
from stratkit.combine.sieve import FateArray, Sieve, fresh_sieve, sift
from stratkit.engine.layout import (
    DECISION_DTYPE,
    NOT_CHOSEN_RULE,
    QUALITY,
    REFUSED,
    RESTING_RULE,
    SUSPENDED_RULE,
    Records,
)
from stratkit.panel import BoolArray, IntArray, SideArray
from stratkit.strategies.signals import EXIT, Signals

_RULES = np.array([0, QUALITY, SUSPENDED_RULE, RESTING_RULE, NOT_CHOSEN_RULE])  # by what became of an entry


@dataclass
class Heard:
    """The signals of S strategies as they are combined, in panels of their own, filled after what was `said`.

    `shadow` (T, N) per strategy are the sides that the shadow book plays. `floor` and `every_bars` (S,) are those of
    combining: what it would not hear is not played in the shadow either. `legs` (T, N) are those of a strategy that
    trades packages, None for others: a package is kept away whole, and where one of its legs leaves what was entered
    before, it becomes one that only leaves. The shadow book plays its legs each by itself.
    """

    said: Sequence[Signals]
    floor: np.float32
    every_bars: IntArray
    signals: list[Signals]
    panels: list[npt.NDArray[Any]]
    legs: list[npt.NDArray[np.int16] | None]
    shadow: list[SideArray]
    sieve: Sieve
    kept: list[Records]
    is_shadowing: bool = False  # something was shown to the shadow book

    def sides(self, start: int, stop: int) -> SideArray:
        """Return (S, R, N) what is said on rows [start, stop), as sides."""
        return np.stack(
            [
                directions(one.weight[start:stop]) if one.weight is not None else np.asarray(one.side)[start:stop]
                for one in self.said
            ]
        )

    def confidences(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Return (S, R, N) how sure strategies are of it."""
        shape = (stop - start, self.said[0].shape[1])
        ones = np.ones(shape, np.float32)
        return np.stack([ones if one.confidence is None else one.confidence[start:stop] for one in self.said])

    def fill(self, start: int, said: SideArray, sure: npt.NDArray[np.float32], fate: FateArray) -> None:
        """Let through what `fate` does not keep away, on the rows from `start` on that `said` holds."""
        stop = start + said.shape[1]
        on_schedule: BoolArray = np.arange(start, stop) % self.every_bars[:, None] == 0
        sifted = sift(self.sieve, said, fate, (sure >= self.floor) & on_schedule[:, :, None])
        for place, one in enumerate(self.said):
            self._write(place, one, start, stop, said[place], sifted.heard[place])
            self.shadow[place][start:stop] = sifted.shadow[place]
        self.is_shadowing = self.is_shadowing or bool(sifted.shadow.any())
        if sifted.told.any():
            self.kept.append(_refusals(sifted.told, said, sure, start))

    def copy(self, start: int, stop: int) -> None:
        """Let everything through."""
        for one, panel, legs in zip(self.said, self.panels, self.legs, strict=True):
            panel[start:stop] = np.asarray(one.side if one.weight is None else one.weight)[start:stop]
            if legs is not None and one.legs is not None:
                legs[start:stop] = one.legs[start:stop]

    def _write(self, place: int, one: Signals, start: int, stop: int, said: SideArray, heard: SideArray) -> None:
        panel, legs = self.panels[place], self.legs[place]
        if one.weight is None:
            panel[start:stop] = heard
            return
        left = np.where(heard == EXIT, 0.0, np.nan)
        panel[start:stop] = np.where(heard == said, one.weight[start:stop], left)
        if legs is not None and one.legs is not None:
            legs[start:stop] = np.where((heard == said) | (heard == EXIT), one.legs[start:stop], 0)


def open_heard(said: Sequence[Signals], floor: float, every_bars: Sequence[int]) -> Heard:
    """Return signals of which no row is filled; `floor` and `every_bars` are what combining asks of an entry."""
    panels = [_panel(one) for one in said]
    legs = [None if one.legs is None else np.zeros(one.shape, np.int16) for one in said]
    signals = [
        replace(one, side=panel) if one.weight is None else replace(one, weight=panel, legs=own)
        for one, panel, own in zip(said, panels, legs, strict=True)
    ]
    shadow: list[SideArray] = [np.zeros(one.shape, np.int8) for one in said]
    sieve = fresh_sieve(len(said), said[0].shape[1])
    return Heard(said, np.float32(floor), np.array(every_bars), signals, panels, legs, shadow, sieve, [])


def with_kept(decisions: Records, kept: Sequence[Records], slot_symbol: IntArray, strategies: int) -> Records:
    """Return the decision log with the entries that were kept away, each before what was decided on later bars.

    `slot_symbol` (M,) are the columns of the account's slots: one per symbol, or those of each strategy in turn.
    """
    if not kept:
        return decisions
    rows = np.concatenate(kept)
    symbols = int(slot_symbol.max()) + 1
    if len(slot_symbol) == symbols * strategies:
        rows["slot"] += rows["strategy"] * symbols
    place = np.searchsorted(np.maximum.accumulate(decisions["bar"]), rows["bar"], side="right")
    return np.insert(decisions, place, rows).view(np.recarray)


def _panel(one: Signals) -> npt.NDArray[Any]:
    return np.zeros(one.shape, np.int8) if one.weight is None else np.full(one.shape, np.nan)


def _refusals(told: FateArray, said: SideArray, sure: npt.NDArray[np.float32], start: int) -> Records:
    row, strategy, symbol = np.nonzero(told.transpose(1, 0, 2))
    cells = (strategy, row, symbol)
    rows = np.zeros(len(row), DECISION_DTYPE).view(np.recarray)
    rows["bar"], rows["slot"], rows["strategy"] = row + start, symbol, strategy
    rows["side"], rows["confidence"] = said[cells], sure[cells]
    rows["requested"] = np.nan
    rows["outcome"], rows["rule"] = REFUSED, _RULES[told[cells]]
    return rows
