"""`sift`: which opinions are heard, which are kept from the account and why, and what a shadow book plays of them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from stratkit.compiled import allocating_nothing
from stratkit.panel import SideArray
from stratkit.strategies.signals import EXIT, FLAT

FateArray = npt.NDArray[np.uint8]

# ---- what becomes of an entry: heard, or kept away
LET, LOW_QUALITY, SUSPENDED, RESTING, NOT_CHOSEN = (np.uint8(code) for code in range(5))
SHADOWED: Final = (LOW_QUALITY, SUSPENDED, NOT_CHOSEN)  # those that a shadow book plays
FATES: Final = ("", "quality", "suspended", "losing_streak", "not_chosen")  # their names, as rules of the decision log


class Sieve(NamedTuple):
    """What must be remembered between rows, (S, N) int8 each: 0 = nothing.

    `entered` is the last entry that was heard, `shadowed` the last one that the shadow book was shown, `kept` the
    entry that is being kept away, so that each is told of once.
    """

    entered: SideArray
    shadowed: SideArray
    kept: SideArray


class Sifted(NamedTuple):
    """R rows of S strategies, (S, R, N) each.

    `heard` and `shadow` are sides (+1, -1, 2 exit, 0 nothing); `told` is the reason where an entry begins to be kept
    away, else 0.
    """

    heard: SideArray
    shadow: SideArray
    told: FateArray


def fresh_sieve(strategies: int, symbols: int) -> Sieve:
    """Return a sieve through which nothing has passed."""
    return Sieve(*(np.zeros((strategies, symbols), np.int8) for _ in Sieve._fields))


def sift(sieve: Sieve, said: SideArray, fate: FateArray, voiced: npt.NDArray[np.bool_]) -> Sifted:
    """Return what is left of rows that were said, (S, R, N), in their order; the sieve remembers.

    `fate` says what becomes of each entry, and `voiced` whether combining would have heard it. Exits are never kept
    away. An entry that is kept away still ends a position on the other side that the strategy has entered.
    """
    sifted = Sifted(np.zeros_like(said), np.zeros_like(said), np.zeros(said.shape, np.uint8))
    _sift(sieve.entered, sieve.shadowed, sieve.kept, said, fate, voiced, *sifted)
    return sifted


@allocating_nothing
def _sift(
    entered: Any, shadowed: Any, kept: Any, said: Any, fate: Any, voiced: Any, heard: Any, shadow: Any, told: Any
) -> None:  # fmt: skip
    for s in range(said.shape[0]):
        for row in range(said.shape[1]):
            for n in range(said.shape[2]):
                what, why = said[s, row, n], fate[s, row, n]
                enters = what == 1 or what == -1
                plays = enters and why != LET and why != RESTING and voiced[s, row, n]
                if plays:
                    shadow[s, row, n] = shadowed[s, n] = what
                elif shadowed[s, n] != 0 and (what == EXIT or (enters and what == -shadowed[s, n])):
                    shadow[s, row, n], shadowed[s, n] = EXIT, 0
                if not enters or why == LET:
                    heard[s, row, n], kept[s, n] = what, 0
                    if what != FLAT:
                        entered[s, n] = what if enters else 0
                    continue
                if entered[s, n] == -what:
                    heard[s, row, n], entered[s, n] = EXIT, 0
                if kept[s, n] != what:
                    kept[s, n] = what
                    told[s, row, n] = why
