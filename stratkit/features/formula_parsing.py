"""`parse_term`: the term that a formula's text stands for.

Only the constructs named here are taken out of the syntax tree; any other is refused with its column. There is no
attribute but an indicator's own output, no text but a timeframe, and every number is a float.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Collection
from typing import Any, Final, cast

from stratkit.data.bars import FIELDS
from stratkit.errors import did_you_mean
from stratkit.features.formula_calls import Call, bound_parameters
from stratkit.features.formula_operations import FUNCTIONS, OPERATIONS, kind_of, operate
from stratkit.features.formula_terms import Chain, Earlier, Given, Number, Operation, Price, Reading, Term, given_names
from stratkit.features.formula_text import FormulaText
from stratkit.features.specs import IndicatorSpec, indicators_by_name

_ARITHMETIC: Final = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARISONS: Final = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_HELD: Final = "may hold numbers, prices, indicators, functions, + - * / **, comparisons, and, or, not"
_SHIFTS: Final = ("lag", "change")
_MOST_BARS: Final = 10_000_000  # back: more than there are, and sums of it stay whole numbers


def parse_term(text: FormulaText, names: Collection[str]) -> Term:
    """Return the term of a formula that may use `names`; raise `UsageError` for anything that it may not hold."""
    return _Reader(text, names).term(text.tree())


class _Reader:
    """Reads the nodes of one tree."""

    def __init__(self, text: FormulaText, names: Collection[str]) -> None:
        self._text = text
        self._names = names
        self._indicators = indicators_by_name()
        self._readers: dict[type[ast.expr], Callable[[Any], Term]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.BinOp: self._arithmetic,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._joined,
            ast.Compare: self._comparison,
            ast.Call: self._call,
            ast.Attribute: self._output,
        }

    def term(self, node: ast.expr) -> Term:
        read = self._readers.get(type(node))
        if read is None:
            self._text.refuse(node, _HELD, _INSTEAD.get(type(node), "write it with those"))
        return read(node)

    def _constant(self, node: ast.Constant) -> Term:
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            do = "only timeframe= takes text" if isinstance(node.value, str) else "leave it out"
            self._text.refuse(node, _HELD, do)
        try:
            value = float(node.value)
        except OverflowError:
            value = math.inf
        return self._finite(node, value)

    def _finite(self, node: ast.expr, value: float) -> Number:
        if not math.isfinite(value):
            self._text.refuse(node, "must be made of finite numbers", "write one that is not beyond 1e308 and defined")
        return Number(value)

    def _name(self, node: ast.Name) -> Term:
        if node.id in self._names:
            return Given(node.id)
        if node.id in FIELDS:
            return Price(node.id)
        if node.id in self._indicators or node.id in FUNCTIONS or node.id in _SHIFTS:
            self._text.refuse(node, "calls indicators and functions", f"write {node.id}(...)")
        known = [*FIELDS, *self._names, *FUNCTIONS, *_SHIFTS, *self._indicators]
        self._text.refuse(node, "must use known names", did_you_mean(node.id, known))

    def _arithmetic(self, node: ast.BinOp) -> Term:
        name = _ARITHMETIC.get(type(node.op))
        if name is None:
            is_bitwise = isinstance(node.op, ast.BitAnd | ast.BitOr)
            do = "write and, or" if is_bitwise else "use those"
            self._text.refuse(node, "may calculate with + - * / **", do)
        return self._operation(node, name, (node.left, node.right))

    def _unary(self, node: ast.UnaryOp) -> Term:
        if isinstance(node.op, ast.UAdd):
            return self.term(node.operand)
        name = {ast.USub: "negative", ast.Not: "not"}.get(type(node.op))
        if name is None:
            self._text.refuse(node, "may negate with - and not", "use those")
        return self._operation(node, name, (node.operand,))

    def _joined(self, node: ast.BoolOp) -> Term:
        return self._operation(node, "and" if isinstance(node.op, ast.And) else "or", node.values)

    def _comparison(self, node: ast.Compare) -> Term:
        names = [_COMPARISONS.get(type(operator), "") for operator in node.ops]
        if not all(names):
            self._text.refuse(node, "may compare with < <= > >= == !=", "use those")
        sides = tuple(self.term(side) for side in (node.left, *node.comparators))
        return Operation(names[0], sides) if len(names) == 1 else Chain(tuple(names), sides)

    def _operation(self, node: ast.expr, name: str, operands: Any) -> Term:
        """Return an operation whose operands are of the right number and kind, worked out if they are plain numbers."""
        rule, found = OPERATIONS[name], tuple(self.term(operand) for operand in operands)
        few = len(rule.takes)
        if len(found) < few or (len(found) > few and not rule.repeats):
            many = " or more" if rule.repeats else ""
            self._text.refuse(node, f"gives {name} {few}{many} operands", "give it that many", f"{len(found)}")
        takes = rule.takes + rule.takes[-1:] * (len(found) - few)
        for operand, term, kind in zip(operands, found, takes):
            if kind == "condition" and kind_of(term) == "number":
                self._text.refuse(operand, f"takes conditions for {name}", "compare it with something")
        if rule.gives == "number" and not rule.needs_panels and all(isinstance(term, Number) for term in found):
            return self._finite(node, float(operate(name, *(cast(Number, term).value for term in found))))
        return Operation(name, found)

    def _call(self, node: ast.Call) -> Term:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name is None:
            self._text.refuse(node, "may call indicators and functions by name only", "write it as name(...)")
        spec = self._indicators.get(name)
        if name in FUNCTIONS or name in _SHIFTS:
            self._check_plain(node, name)
            return self._shift(node, name) if name in _SHIFTS else self._operation(node, name, node.args)
        if spec is None:
            self._text.refuse(node.func, "must call known names", self._nearest(name))
        if spec.outputs:
            self._text.refuse(node, "must say which output of an indicator it reads", _outputs(spec))
        return self._reading(node, spec, None)

    def _nearest(self, name: str) -> str:
        if name in FIELDS or name in self._names:
            return f"write {name} without brackets; lag({name}, 1) is its value one bar ago"
        return did_you_mean(name, [*FUNCTIONS, *_SHIFTS, *self._indicators])

    def _check_plain(self, node: ast.Call, name: str) -> None:
        if node.keywords:
            self._text.refuse(node.keywords[0], f"gives {name} its operands in their order", "leave the name out")

    def _shift(self, node: ast.Call, name: str) -> Term:
        if len(node.args) != 2:
            self._text.refuse(node, f"gives {name} a value and a number of bars", f"write {name}(close, 1)")
        term, bars = self.term(node.args[0]), self.term(node.args[1])
        is_whole = isinstance(bars, Number) and bars.value.is_integer()
        if not is_whole or not 0 <= cast(Number, bars).value <= _MOST_BARS:
            do = f"write a whole number from 0 to {_MOST_BARS}: it may not look ahead"
            self._text.refuse(node.args[1], f"must give {name} a number of bars that have been", do)
        return Earlier(term, int(cast(Number, bars).value), is_change=name == "change")

    def _output(self, node: ast.Attribute) -> Term:
        call = node.value
        called = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
        spec = self._indicators.get(called)
        if not isinstance(call, ast.Call) or spec is None:
            do = "write it as in macd(12, 26, 9).histogram, or leave it out"
            self._text.refuse(node, "has no attribute but the outputs of an indicator", do)
        if not spec.outputs:
            self._text.refuse(node, f"takes {spec.name} as it is, for it has one output", f"leave .{node.attr} out")
        if node.attr not in spec.outputs:
            self._text.refuse(node, "must name an output that there is", did_you_mean(node.attr, spec.outputs))
        return self._reading(call, spec, node.attr)

    def _reading(self, node: ast.Call, spec: IndicatorSpec, output: str | None) -> Term:
        call = Call.of(node, self._text)
        numbers = [(name, self._number(value), value) for name, value in call.numbers]
        params = bound_parameters(spec, numbers, node, self._text)
        on = self._on(node, spec, call.on)
        if call.timeframe is not None and any(name for term in on for name in given_names(term)):
            self._text.refuse(node, "has a given name on the bars of the run only", "leave its timeframe out")
        return Reading(spec.function, params, on, output, call.timeframe)

    def _on(self, node: ast.Call, spec: IndicatorSpec, given: tuple[ast.expr, ...] | None) -> tuple[Term, ...]:
        """Return what an indicator reads; its stamps are always those of the bars."""
        panels = [field for field in spec.inputs if field in FIELDS]
        if given is None:
            return tuple(map(Price, spec.inputs))
        if len(given) != len(panels):
            do = f"give on= {len(panels)}: as a rule {', '.join(panels)}"
            self._text.refuse(node, f"gives {spec.name} what it is computed of", do, f"{len(given)}")
        terms = dict(zip(panels, map(self.term, given), strict=True))
        return tuple(terms.get(field, Price(field)) for field in spec.inputs)

    def _number(self, node: ast.expr) -> float:
        term = self.term(node)
        if not isinstance(term, Number):
            self._text.refuse(node, "must give the parameters of an indicator as numbers", "write a number")
        return term.value


def _outputs(spec: IndicatorSpec) -> str:
    return "write one of " + ", ".join(f"{spec.name}(...).{name}" for name in spec.outputs)


_INSTEAD: Final[dict[type[ast.expr], str]] = {
    ast.Subscript: "lag(close, 1) is the close one bar ago",
    ast.IfExp: "write where(condition, a, b)",
    ast.Tuple: "only on= takes several values",
}
