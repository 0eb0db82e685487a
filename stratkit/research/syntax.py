"""`calls`, `reads` and what else the rules ask a syntax tree: which names hold bars, which pieces of the past."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

BAR_WORDS: Final = frozenset(("open", "high", "low", "close", "volume", "times", "has_bar"))
ROLLING: Final = frozenset(("rolling", "expanding", "ewm", "accumulate", "sliding_window_view"))


@dataclass(frozen=True)
class Found:
    """What a rule says of a node."""

    node: ast.expr | ast.stmt
    rule: str
    message: str


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def reads(tree: ast.AST) -> Iterator[ast.Subscript]:
    """Yield every subscript that is read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield node


def functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield each function, and the tree itself where there is none: names are followed inside one of them."""
    found: list[ast.AST] = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    yield from found or [tree]


def called(call: ast.Call) -> str:
    """Return the last word of what is called: `mean` of ``np.nan.mean(x)``."""
    return last_word(call.func)


def last_word(node: ast.AST) -> str:
    """Return the last word of a name, an attribute or a call, "" of anything else."""
    if isinstance(node, ast.Call):
        return last_word(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def attribute_of(node: ast.AST) -> str:
    """Return the attribute that an expression takes, "" when it takes none."""
    return node.attr if isinstance(node, ast.Attribute) else ""


def number_of(node: ast.AST | None) -> float | None:
    """Return the number that is written, None when something else is."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = number_of(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    return None


def keyword_of(call: ast.Call, name: str) -> object:
    """Return the constant given to a keyword, None when there is none."""
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return keyword.value.value
    return None


def has_negative(call: ast.Call) -> bool:
    """Return whether a call is given a written minus, by place or as the number of periods."""
    values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("periods", "shift", "bars"))]
    return any(isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub) for value in values)


def starts_late(node: ast.AST) -> bool:
    """Whether an expression reads x[n:] somewhere, n > 0."""
    return any(is_tail(read.slice) for read in reads(node))


def is_tail(index: ast.AST) -> bool:
    """Return whether an index is [n:], n > 0 or a name."""
    index = index.elts[0] if isinstance(index, ast.Tuple) and index.elts else index
    if not isinstance(index, ast.Slice) or index.upper is not None:
        return False
    return isinstance(index.lower, ast.Name) or (number_of(index.lower) or 0) > 0


def ends_early(node: ast.AST) -> bool:
    """Return whether an expression is x[:-n]."""
    if not isinstance(node, ast.Subscript):
        return False
    index = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
    if not isinstance(index, ast.Slice) or index.lower is not None:
        return False
    return isinstance(index.upper, ast.UnaryOp) and isinstance(index.upper.op, ast.USub)


def leads_with_later(call: ast.Call) -> bool:
    """Return whether the first thing joined together is x[n:]."""
    if not call.args:
        return False
    first = call.args[0]
    if isinstance(first, ast.Tuple | ast.List) and first.elts:
        first = first.elts[0]
    return starts_late(first)


def loop_names(node: ast.AST) -> Iterator[ast.Name]:
    """Yield the names that a loop or comprehension counts with."""
    if isinstance(node, ast.For | ast.comprehension):
        yield from (name for name in ast.walk(node.target) if isinstance(name, ast.Name))


def is_after(index: ast.AST, bars: set[str]) -> bool:
    """Whether an index is t + n, n > 0 or a name."""
    return (
        isinstance(index, ast.BinOp)
        and isinstance(index.op, ast.Add)
        and isinstance(index.left, ast.Name)
        and index.left.id in bars
        and (number_of(index.right) or 0) > 0
    )


def is_future_slice(index: ast.Slice, bars: set[str]) -> bool:
    """Whether a slice is t:, t + n:, t:t + n with n > 1."""
    starts = isinstance(index.lower, ast.Name) and index.lower.id in bars
    if index.upper is None:
        return starts or (index.lower is not None and is_after(index.lower, bars))
    beyond = is_after(index.upper, bars) and isinstance(index.upper, ast.BinOp) and number_of(index.upper.right) != 1
    return beyond


def bounded_names(scope: ast.AST) -> set[str]:
    """Names that hold a piece of the past: assigned from x[...:t] or from windows, or looped over."""
    names: set[str] = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and is_bounded(node.value, names):
            names |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.arg) and node.arg in ("window", "windows", "past", "history"):
            names.add(node.arg)
    return names


def is_bounded(node: ast.AST, bounded: set[str]) -> bool:
    """Whether an expression holds no more than a piece of the bars, as far as can be told."""
    for part in ast.walk(node):
        if isinstance(part, ast.Subscript) and any(
            isinstance(piece, ast.Slice) and piece.upper is not None and number_of(piece.upper) is None
            for piece in ast.walk(part.slice)
        ):
            return True
        if isinstance(part, ast.Name) and part.id in bounded:
            return True
        if isinstance(part, ast.Attribute | ast.Name) and last_word(part) in ROLLING:
            return True
    return False


def all_bounded(call: ast.Call, bounded: set[str]) -> bool:
    """Return whether everything a call is given is a piece of the past."""
    if is_bounded(call.func, bounded):
        return True
    values = [argument for argument in call.args if number_of(argument) is None]
    return bool(values) and all(is_bounded(value, bounded) for value in values)


def across(call: ast.Call) -> bool:
    """Whether a call works along another axis than time."""
    for keyword in call.keywords:
        if keyword.arg == "axis":
            number = number_of(keyword.value)
            return number not in (0, None) or (
                isinstance(keyword.value, ast.Constant) and keyword.value.value == "columns"
            )
    return False


def is_harmless(call: ast.Call, bounded: set[str]) -> bool:
    """Return whether a statistic is taken across symbols, of two numbers, or of a piece of the past."""
    if across(call):
        return True
    if isinstance(call.func, ast.Name):  # min(a, b), max(a, b) of Python
        return True
    return is_bounded(call, bounded)


def in_chain(call: ast.Call, names: frozenset[str]) -> bool:
    """Whether one of `names` is called in the chain that a call ends."""
    return any(last_word(part) in names for part in ast.walk(call.func) if isinstance(part, ast.Attribute))


def mentions_bars(node: ast.AST) -> bool:
    """Return whether an expression reads a field of the bars."""
    return any(isinstance(part, ast.Attribute) and part.attr in BAR_WORDS for part in ast.walk(node))


def names_in(node: ast.AST) -> set[str]:
    """Return all names of an expression."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def names_of_bars(scope: ast.AST) -> set[str]:
    """Names assigned from arrays of bars, directly or by way of other such names."""
    names: set[str] = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and (mentions_bars(node.value) or names_in(node.value) & names):
            names |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return names
