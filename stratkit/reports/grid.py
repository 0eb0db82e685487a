"""`Grid`: a table as text, ready for the template: heads, rows, a foot, and what to say where there are no rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stratkit.panel import FloatArray, IntArray

Tone = Literal["", "gain", "loss", "plus", "minus"]
_LONGEST_NAME = 34


@dataclass(frozen=True)
class Cell:
    """One cell: `note` stands small below the text, `title` appears on hover; `strength` shades it, in percent."""

    text: str
    number: bool = True
    tone: Tone = ""
    note: str = ""
    title: str = ""
    strength: int = 0


@dataclass(frozen=True)
class Head:
    """The head of a column, and what it means on hover."""

    text: str
    number: bool = True
    title: str = ""


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A table called `name`; `heat` shades its cells, `note` says what was left out.

    `quiet` counts the rows at the end that are of another kind: the others together, the account. `empty` is
    said in place of a table without rows.
    """

    name: str
    title: str
    caption: str
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    foot: Row = ()
    heat: bool = False
    quiet: int = 0
    note: str = ""
    empty: str = ""


def heads(first: str, *others: str | tuple[str, str]) -> tuple[Head, ...]:
    """Return the heads of a table whose first column is words and whose others are numbers, some explained."""
    rest = (Head(head) if isinstance(head, str) else Head(head[0], title=head[1]) for head in others)
    return (Head(first, number=False), *rest)


def name_cell(name: str) -> Cell:
    """Return a name, cut when it is very long."""
    if len(name) <= _LONGEST_NAME:
        return Cell(name, number=False)
    return Cell(name[: _LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}", number=False, title=name)


def signed_tone(value: float) -> Tone:
    """Return the tone of what was won or lost."""
    return "gain" if value > 0 else "loss" if value < 0 else ""


def strength(value: float, deepest: float) -> int:
    """Return how deep the colour of a value is, in percent."""
    if not math.isfinite(value) or deepest <= 0:
        return 0
    return round(100 * min(1.0, abs(value) / deepest))


def deepest_of(values: FloatArray) -> float:
    """Return the 95th percentile of the size of what is not zero: a single large value shall not pale the rest."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.quantile(sizes, 0.95)) if len(sizes) else 0.0


def best_and_worst(values: FloatArray | IntArray, most: int) -> tuple[list[int], list[int]]:
    """Return the places to show, the largest value first, and those left out: half are the best, half the worst.

    >>> best_and_worst(np.array([1.0, 9.0, 5.0, -3.0]), 2)
    ([1, 3], [2, 0])
    """
    ranked = np.argsort(-np.asarray(values), kind="stable").tolist()
    if len(ranked) <= most:
        return ranked, []
    half = most // 2
    return ranked[: most - half] + ranked[len(ranked) - half :], ranked[most - half : len(ranked) - half]


def largest(values: FloatArray | IntArray, most: int) -> tuple[list[int], list[int]]:
    """Return the places of the `most` largest sizes in their order, and those left out."""
    ranked = np.argsort(-np.abs(np.nan_to_num(values)), kind="stable").tolist()
    return sorted(ranked[:most]), sorted(ranked[most:])


def others_name(count: int, nouns: str) -> str:
    """Return the name of the row that stands for those left out."""
    return f"{count:,} other {nouns}" if count > 1 else "1 other"


def left_out(shown: Sequence[int], others: Sequence[int], nouns: str, where: str) -> str:
    """Return the sentence about rows that are not shown, empty when all are."""
    if not others:
        return ""
    return f"{len(shown):,} of {len(shown) + len(others):,} {nouns} are shown, {where}."
