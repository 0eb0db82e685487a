"""`play_packages`: target weights that trade together or not at all, and legs that follow one that has left.

The kernel knows nothing of packages. It is shown the weights of a bar, and where one leg was refused or cut more than
the others the bar is taken back and played again without the package. Everything else is played in long stretches.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.engine.book import copy_book
from stratkit.engine.layout import EXPIRED, FILLED, LEGS, REDUCED, REFUSED, SKIPPED, Records
from stratkit.engine.packages import Package, Packages
from stratkit.engine.playing import Playing, grow, play_bars

_ROUNDING: Final = 1e-9  # relative: increases that are shrunk by one factor, for want of cash, are cut alike


def play_packages(playing: Playing, packages: Packages, stop: int) -> None:
    """Play all bars before `stop`, the packages among what is asked together or not at all.

    A package needs a price for every leg that has to trade, on the bar of its row and where it acts. One that only
    leaves waits for that; another is refused whole, rule `legs`. It is also refused whole when any rule would refuse
    one of its entries or cut it more than the others. Volume may spread an exit over several bars. When stop, target,
    margin or delisting takes a leg out, the others leave at their next price.
    """
    while playing.bar < stop:
        until = packages.next_bar(playing.bar, stop)
        if until > playing.bar:
            _play_plainly(playing, packages, until)
        else:
            _play_package_bar(playing, packages)


def _play_plainly(playing: Playing, packages: Packages, stop: int) -> None:
    """Play bars in which no package acts, up to `stop` or through the first in which a leg leaves by itself."""
    start, before = playing.bar, copy_book(playing.book)
    packages.show(start, stop)
    play_bars(playing, stop)
    gone = np.flatnonzero((packages.held > 0) & (playing.book.slots["side"] == 0))
    if len(gone):
        rows = slice(int(before.account[0].trade_rows), int(playing.book.account[0].trade_rows))
        closed = playing.logs.trades[rows]
        first = int(closed["exit_bar"][np.isin(closed["slot"], gone)].min())
        if first + 1 < stop:
            playing.book, playing.bar = before, start
            play_bars(playing, first + 1)
    packages.follow(playing.book)


def _play_package_bar(playing: Playing, packages: Packages) -> None:
    bar = playing.bar
    row = bar - packages.bars_later
    packages.show(bar, bar + 1)
    if playing.book.account[0].bankrupt_bar >= 0:
        play_bars(playing, bar + 1)
        return
    side = playing.book.slots["side"].copy()
    kept: list[Package] = []
    refused: list[Package] = []
    for package in packages.asked_on(row):
        if packages.can_trade(package, side, row, bar):
            kept.append(package)
        elif package.leaves:
            packages.wait_to_leave(package, side, bar)
        else:
            refused.append(package)
    while playing.bar == bar:
        following = packages.following(kept, side, row, bar)
        packages.show_only([*kept, *following], row)
        before = copy_book(playing.book)
        play_bars(playing, bar + 1)
        rows = playing.logs.decisions[int(before.account[0].decision_rows) : playing.book.account[0].decision_rows]
        mine = rows[rows["bar"] == row]
        broken = [package for package in kept if not package.leaves and _is_broken(package, mine, side, playing.rules)]
        if broken:
            playing.book, playing.bar = before, bar
            kept.remove(broken[-1])  # the last of them: what it took may be what the others lacked
            refused.append(broken[-1])
    packages.take_over([*kept, *following], bar)
    for package in sorted(refused, key=lambda package: package.key):
        _log_refusal(playing, packages, package, side, row)
    packages.follow(playing.book)


def _is_broken(package: Package, rows: Records, side: npt.NDArray[np.int64], rules: Records) -> bool:
    """Whether a leg was refused, or cut more than another, by the decision `rows` of a bar that was played.

    `side` (M,) is what the slots held before it.
    """
    lot = float(rules[0].lot_size)
    enters = dict(zip(package.slots.tolist(), np.sign(package.weight).tolist(), strict=True))
    least, most = np.inf, 0.0
    missing = {slot for slot, direction in enters.items() if direction != 0 and side[slot] != direction}
    for decided in rows:
        slot = int(decided["slot"])
        if slot not in enters:
            continue
        if decided["outcome"] in (REFUSED, EXPIRED):
            return True
        if decided["outcome"] == SKIPPED or decided["side"] != enters[slot]:
            continue
        assert decided["outcome"] in (FILLED, REDUCED)
        missing.discard(slot)
        requested, granted = float(decided["requested"]), float(decided["granted"])
        least, most = min(least, (granted + lot) / requested), max(most, granted / requested)
    return bool(missing) or most > least * (1 + _ROUNDING)


def _log_refusal(playing: Playing, packages: Packages, package: Package, side: npt.NDArray[np.int64], row: int) -> None:
    """Write the row of every leg that would have traded."""
    playing.logs = grow(playing.logs, playing.book)
    account, given = playing.book.account[0], playing.panels.confidence
    for slot, weight in zip(package.slots.tolist(), package.weight.tolist(), strict=True):
        if np.isnan(weight) or (weight == 0 and side[slot] == 0):
            continue
        direction = int(np.sign(weight)) if weight else -int(side[slot])
        confidence = float(given[row, slot]) if len(given) else 1.0
        playing.logs.decisions[int(account.decision_rows)] = (
            row, slot, direction, confidence, np.nan, 0.0, REFUSED, LEGS, packages.strategy[slot],
        )  # fmt: skip
        account.decision_rows += 1
