"""`Condition`: a comparison of named numbers, such as ``fast * 2 < slow``, and by how much values miss it.

The text is read by Python's own parser within the limits of a formula, and never compiled or run.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stratkit.errors import did_you_mean
from stratkit.features.formula_text import FormulaText
from stratkit.research.search_space import full_key

_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b if b else math.nan,
}
_SMALLEST: Final = 1e-9  # by how much a strict comparison of equal numbers is missed


@dataclass(frozen=True)
class Condition:
    """A comparison as it was written, its tree, and the full name of each name in it."""

    text: str
    tree: ast.Compare
    names: Mapping[str, str]

    def violation(self, values: Mapping[str, Any]) -> float:
        """Return by how much `values`, by full name, miss it: 0 = they keep it.

        The distance of the two sides, as a fraction of the larger one; of a chain of comparisons the sum. Where a side
        is not a number it is missed by 1.
        """
        sides = [self._number(side, values) for side in (self.tree.left, *self.tree.comparators)]
        return sum(
            _missed(type(operator), left, right) for operator, left, right in zip(self.tree.ops, sides, sides[1:])
        )

    def _number(self, node: ast.expr, values: Mapping[str, Any]) -> float:
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, int | float)  # read so
            return float(node.value)
        if isinstance(node, ast.UnaryOp):
            return -self._number(node.operand, values)
        if isinstance(node, ast.BinOp):
            left, right = self._number(node.left, values), self._number(node.right, values)
            return _ARITHMETIC[type(node.op)](left, right)
        value = values[self.names[ast.unparse(node)]]
        return math.nan if value is None or isinstance(value, str) else float(value)


def condition(text: str, known: Iterable[str]) -> Condition:
    """Return the comparison in `text`, of names among `known`; a name may be the end of one that is the only such.

    Raises `UsageError` with the column of whatever is no comparison of those with + - * / and numbers.

    >>> condition("fast * 2 < slow", ["a.fast", "a.slow"]).violation({"a.fast": 30, "a.slow": 50})
    0.16666666666666666
    """
    written = FormulaText(text)
    tree = written.tree()
    if not isinstance(tree, ast.Compare):
        written.refuse(tree, "must be a comparison to be a constraint", "write it as in fast < slow")
    names: dict[str, str] = {}
    for operator in tree.ops:
        if not isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.Eq | ast.NotEq):
            written.refuse(tree, "may compare with < <= > >= == !=", "use those")
    for side in (tree.left, *tree.comparators):
        _read(side, written, list(known), names)
    return Condition(written.plain, tree, names)


def _read(node: ast.expr, written: FormulaText, known: list[str], names: dict[str, str]) -> None:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            written.refuse(node, "of a constraint holds names and numbers", "write a number")
        if not math.isfinite(node.value):
            written.refuse(node, "must be made of finite numbers", "write one that is not beyond 1e308")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _read(node.operand, written, known, names)
    elif isinstance(node, ast.BinOp):
        if type(node.op) not in _ARITHMETIC:
            written.refuse(node, "of a constraint may calculate with + - * /", "use those")
        _read(node.left, written, known, names)
        _read(node.right, written, known, names)
    elif isinstance(node, ast.Name | ast.Attribute):
        name = ast.unparse(node)
        full = full_key(name, known)
        if full not in known:
            near = did_you_mean(name.rpartition(".")[2], [key.rpartition(".")[2] for key in known])
            written.refuse(node, "of a constraint must use known names", near)
        names[name] = full
    else:
        written.refuse(node, "of a constraint holds names, numbers, + - * / and one comparison", "write it with those")


def _missed(operator: type[ast.cmpop], left: float, right: float) -> float:
    if math.isnan(left) or math.isnan(right):
        return 1.0
    if left in (math.inf, -math.inf) or right in (math.inf, -math.inf):
        return 0.0 if _holds(operator, left, right) else 1.0
    if _holds(operator, left, right):
        return 0.0
    scale = max(abs(left), abs(right), _SMALLEST)
    return max(abs(left - right) / scale, _SMALLEST)


def _holds(operator: type[ast.cmpop], left: float, right: float) -> bool:
    return {
        ast.Lt: left < right,
        ast.LtE: left <= right,
        ast.Gt: left > right,
        ast.GtE: left >= right,
        ast.Eq: left == right,
        ast.NotEq: left != right,
    }[operator]
