"""`Term`: what a formula is made of: numbers, prices, given names, operations, earlier values, indicators.

Terms are a tree of the size of the text: none stands in two places, so that walking it takes no longer than reading it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Price:
    """A field of the bars: open, high, low, close or volume; for an indicator that reads it also times."""

    field: str


@dataclass(frozen=True)
class Given:
    """A panel that is handed in by name: an external series or another formula."""

    name: str


@dataclass(frozen=True)
class Operation:
    """An operator or a function of `operands`, one of those that `OPERATIONS` names."""

    name: str
    operands: tuple[Term, ...]


@dataclass(frozen=True)
class Chain:
    """Comparisons in a row, ``a < b <= c``: true where each of the `relations` between two neighbours is.

    A term of its own, for as two comparisons it would hold b twice, and chains within chains would double each time.
    """

    relations: tuple[str, ...]
    operands: tuple[Term, ...]


@dataclass(frozen=True)
class Earlier:
    """The value of a term some own bars ago; with `is_change`, the term less that value."""

    term: Term
    bars: int
    is_change: bool = False


@dataclass(frozen=True)
class Reading:
    """An indicator `on` terms, with every parameter: one output of it, on the bars or on those of a `timeframe`."""

    function: Callable[..., Any]
    params: tuple[tuple[str, Any], ...]
    on: tuple[Term, ...]
    output: str | None
    timeframe: str | None


Term = Number | Price | Given | Operation | Chain | Earlier | Reading


def parts(term: Term) -> tuple[Term, ...]:
    """Return the terms that a term is made of directly."""
    if isinstance(term, Operation | Chain):
        return term.operands
    if isinstance(term, Earlier):
        return (term.term,)
    return term.on if isinstance(term, Reading) else ()


def given_names(term: Term) -> Iterator[str]:
    """Yield each name that must be handed in, in the order of the text, as often as it stands there."""
    if isinstance(term, Given):
        yield term.name
    for part in parts(term):
        yield from given_names(part)
