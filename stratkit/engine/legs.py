"""`play_packages`: target weights that trade together or not at all, and legs that follow one that has left.

The kernel knows nothing of packages. It is shown the weights of a bar, and where one leg was refused or cut more than
the others the bar is taken back and played again without the package. Everything else is played in long stretches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from stratkit.engine.book import copy_book
from stratkit.engine.layout import LEGS, NO_RULE, REFUSED, VOLUME, Records
from stratkit.engine.packages import Package, Packages
from stratkit.engine.playing import Playing, grow, play_bars

# the shares that legs reach of what they should hold may differ by so much: where cash is short, the fees of the legs
# that come first are taken from those behind
_ALIKE: Final = 1.01


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
    causes: dict[int, tuple[int, float]] = {}
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
        held = before.slots
        broken = [package for package in kept if not package.leaves and _is_broken(package, mine, held, playing.rules)]
        if broken:
            playing.book, playing.bar = before, bar
            kept.remove(broken[-1])  # the last of them: what it took may be what the others lacked
            refused.append(broken[-1])
            causes |= _causes(broken[-1], mine)
    packages.take_over([*kept, *following], bar)
    for package in sorted(refused, key=lambda package: package.key):
        _log_refusal(playing, packages, package, side, row, causes)
    packages.follow(playing.book)


def _is_broken(package: Package, rows: Records, before: Records, rules: Records) -> bool:
    """Whether a leg was refused, or is farther from its weight than another, by the decision `rows` of a bar played.

    `before` are the slots before it. Each leg has a share of what it should hold; these may differ by what lots round
    off, and by what fees and small changes that nobody could pay come to.
    """
    lot = float(rules[0].lot_size)
    sides = dict(zip(package.slots.tolist(), np.sign(package.weight).tolist(), strict=True))
    entering = {slot for slot, side in sides.items() if side != 0 and before["side"][slot] != side}
    unchanged = {slot for slot, side in sides.items() if side != 0} - entering
    least, most = np.inf, 0.0
    for decided in rows:
        slot = int(decided["slot"])
        if sides.get(slot, 0.0) == 0 or (decided["side"] != sides[slot] and decided["rule"] == VOLUME):
            continue
        requested, granted = float(decided["requested"]), float(decided["granted"])
        if np.isnan(requested):  # refused before it was sized
            return True
        base = 0.0 if slot in entering else float(before["held"][slot])
        change = 1.0 if decided["side"] == sides[slot] else -1.0
        wanted, reached = base + change * requested, base + change * granted
        if reached > 0:
            entering.discard(slot)
        unchanged.discard(slot)
        if not wanted > 0:  # a weight so small that rounding leaves nothing of it
            continue
        least, most = min(least, (reached + lot) / wanted), max(most, reached / wanted)
    if unchanged:
        least, most = min(least, 1.0), max(most, 1.0)
    return bool(entering) or most > least * _ALIKE


def _causes(package: Package, rows: Records) -> dict[int, tuple[int, float]]:
    """Return by slot the rule that refused or cut a leg, and the units that it had asked for."""
    found = {}
    for row in rows[np.isin(rows["slot"], package.slots)]:
        rule = row["rule"] if row["rule"] != NO_RULE else LEGS
        found[int(row["slot"])] = (int(rule), float(row["requested"]))
    return found


def _log_refusal(
    playing: Playing, packages: Packages, package: Package, side: npt.NDArray[np.int64], row: int,
    causes: Mapping[int, tuple[int, float]],
) -> None:  # fmt: skip
    """Write the row of every leg that would have traded: the rule that broke the package, and `legs` for the others."""
    playing.logs = grow(playing.logs, playing.book)
    account, given = playing.book.account[0], playing.panels.confidence
    for slot, weight in zip(package.slots.tolist(), package.weight.tolist(), strict=True):
        if np.isnan(weight) or (weight == 0 and side[slot] == 0):
            continue
        direction = int(np.sign(weight)) if weight else -int(side[slot])
        confidence = float(given[row, slot]) if len(given) else 1.0
        rule, requested = causes.get(slot, (LEGS, np.nan))
        playing.logs.decisions[int(account.decision_rows)] = (
            row, slot, direction, confidence, requested, 0.0, REFUSED, rule, packages.strategy[slot],
        )  # fmt: skip
        account.decision_rows += 1
