"""`OPERATIONS`: what a formula can do with values bar by bar, and what kinds of values that takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from stratkit.features.events import crossing
from stratkit.features.formula_terms import Chain, Earlier, Given, Operation, Term
from stratkit.panel import FloatArray

Kind = Literal["number", "condition", "unknown"]


@dataclass(frozen=True)
class Rule:
    """How an operation is computed: of panels (T, N) or plain numbers, NaN wherever an operand that matters is NaN.

    `takes` are the kinds of its operands; with `repeats` the last may come once or more. A condition, 1 or 0, may
    stand for a number, a number never for a condition. `needs_panels` wants plain numbers to be made panels first.
    """

    compute: Callable[..., Any]
    takes: tuple[Kind, ...]
    gives: Kind = "number"
    repeats: bool = False
    needs_panels: bool = False
    lookback_bars: int = 0


def kind_of(term: Term) -> Kind:
    """Return whether a term is a condition, a number, or a given name, of which that is not known."""
    if isinstance(term, Given):
        return "unknown"
    if isinstance(term, Chain):
        return "condition"
    if isinstance(term, Earlier):
        return "number" if term.is_change else kind_of(term.term)
    if not isinstance(term, Operation):
        return "number"
    if term.name == "where":
        branches = {kind_of(branch) for branch in term.operands[1:]}
        return branches.pop() if len(branches) == 1 else "number"
    return OPERATIONS[term.name].gives


def _compared(relation: Callable[[Any, Any], Any]) -> Rule:
    def compute(left: Any, right: Any) -> Any:
        return np.where(np.isnan(left) | np.isnan(right), np.nan, relation(left, right))

    return Rule(compute, ("number", "number"), "condition")


def _joined(join: Callable[[Any, Any], Any]) -> Rule:
    def compute(*conditions: Any) -> Any:
        found, unknown = conditions[0] != 0, np.isnan(conditions[0])
        for condition in conditions[1:]:
            found, unknown = join(found, condition != 0), unknown | np.isnan(condition)
        return np.where(unknown, np.nan, found)

    return Rule(compute, ("condition",), "condition", repeats=True)


def _crossed(side: int) -> Rule:
    def compute(fast: FloatArray, slow: FloatArray) -> FloatArray:
        known = ~(np.isnan(fast) | np.isnan(slow))
        is_first = np.cumsum(known, axis=0) == 1  # with nothing before it to compare
        return np.where(known & ~is_first, crossing(fast, slow) == side, np.nan)

    return Rule(compute, ("number", "number"), "condition", needs_panels=True, lookback_bars=1)


def _negated(condition: Any) -> Any:
    return np.where(np.isnan(condition), np.nan, condition == 0)


def _chosen(condition: Any, then: Any, otherwise: Any) -> Any:
    """Return one of two values; that of the other may be NaN."""
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, then, otherwise))


def _extreme(pair: Callable[[Any, Any], Any]) -> Rule:
    def compute(*values: Any) -> Any:
        found = values[0]
        for value in values[1:]:
            found = pair(found, value)
        return found

    return Rule(compute, ("number", "number"), repeats=True)


def _clipped(value: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(value, low), high)


_ONE: Final[tuple[Kind, ...]] = ("number",)
_TWO: Final[tuple[Kind, ...]] = ("number", "number")

FUNCTIONS: Final[dict[str, Rule]] = {
    "abs": Rule(np.abs, _ONE),
    "min": _extreme(np.minimum),
    "max": _extreme(np.maximum),
    "log": Rule(np.log, _ONE),
    "exp": Rule(np.exp, _ONE),
    "sqrt": Rule(np.sqrt, _ONE),
    "sign": Rule(np.sign, _ONE),
    "clip": Rule(_clipped, ("number", "number", "number")),
    "where": Rule(_chosen, ("condition", "number", "number")),
    "crosses_above": _crossed(1),
    "crosses_below": _crossed(-1),
}
OPERATIONS: Final[dict[str, Rule]] = {
    **FUNCTIONS,
    "+": Rule(np.add, _TWO),
    "-": Rule(np.subtract, _TWO),
    "*": Rule(np.multiply, _TWO),
    "/": Rule(np.divide, _TWO),
    "**": Rule(np.float_power, _TWO),
    "negative": Rule(np.negative, _ONE),
    "<": _compared(np.less),
    "<=": _compared(np.less_equal),
    ">": _compared(np.greater),
    ">=": _compared(np.greater_equal),
    "==": _compared(np.equal),
    "!=": _compared(np.not_equal),
    "and": _joined(np.logical_and),
    "or": _joined(np.logical_or),
    "not": Rule(_negated, ("condition",), "condition"),
}


def operate(name: str, *operands: Any) -> Any:
    """Return an operation of panels or plain numbers; what is no finite number, such as 1 / 0, is NaN."""
    with np.errstate(all="ignore"):
        found = OPERATIONS[name].compute(*operands)
    return np.where(np.isinf(found), np.nan, found)
