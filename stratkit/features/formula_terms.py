"""`Term`: what a formula is made of: numbers, prices, given names, operations, earlier values, indicators."""

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
    """A field of the bars: open, high, low, close or volume."""

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
class Earlier:
    """The value of a term some own bars ago."""

    term: Term
    bars: int


@dataclass(frozen=True)
class Reading:
    """An indicator `on` terms, with every parameter: one output of it, on the bars or on those of a `timeframe`."""

    function: Callable[..., Any]
    params: tuple[tuple[str, Any], ...]
    on: tuple[Term, ...]
    output: str | None
    timeframe: str | None


Term = Number | Price | Given | Operation | Earlier | Reading


def parts(term: Term) -> tuple[Term, ...]:
    """Return the terms that a term is made of directly."""
    if isinstance(term, Operation):
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
