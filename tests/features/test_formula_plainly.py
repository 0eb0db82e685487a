"""Random formulas give what a plain evaluator gives, bar by bar and symbol by symbol, and never look ahead."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.data.bars import FIELDS, Bars
from stratkit.features.formula import parse_formula
from stratkit.features.source import IndicatorSource
from stratkit.panel import NS_PER_DAY, FloatArray

NAN = math.nan
BARS, SYMBOLS = 24, 2
FIRST_DAY = 19_997  # 2024-10-01, a Tuesday
BLOCKS = {"3d": 3, "1w": 7}
Node = tuple[Any, ...]

# formulas as trees, and as the text that is parsed

CONSTANTS: Final = (0.0, 1.0, 2.0, 2.5, 7.0)
ONE: Final = ("abs", "sqrt", "sign", "negative")
TWO: Final = ("+", "-", "*", "/", "min", "max")
WINDOWS: Final = ("highest", "lowest", "lag", "change", "sma")
COMPARED: Final = ("<", "<=", ">", ">=", "==", "!=", "crosses_above", "crosses_below")


@dataclass
class Grower:
    """Draws trees up to a depth; `given` is whether a part is on the bars of the run, which given names need."""

    draw: st.DrawFn

    def one_of(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def number(self, depth: int, given: bool = True) -> Node:
        """A number that is not the same on every bar."""
        kind = self.one_of("leaf", "one", "two", "window", "window", "choice") if depth else "leaf"
        if kind == "leaf":
            return ("given", "mood") if given and self.one_of(*range(6)) == 0 else ("price", self.one_of(*FIELDS))
        if kind == "one":
            return (self.one_of(*ONE), self.number(depth - 1, given))
        if kind == "two":
            return (self.one_of(*TWO), self.number(depth - 1, given), self.operand(depth - 1, given))
        if kind == "choice":
            first = self.one_of(("clip", self.number(depth - 1, given)), ("where", self.condition(depth - 1, given)))
            return (*first, self.operand(depth - 1, given), self.operand(depth - 1, given))
        return self.window(self.one_of(*WINDOWS, *(("coarse",) if given else ())), depth - 1, given)

    def window(self, name: str, depth: int, given: bool) -> Node:
        if name == "coarse":
            return (name, self.one_of(*BLOCKS), self.number(depth, given=False), self.one_of(2, 3))
        if name == "sma":  # of whole numbers, whose sums have no rounding
            return (name, ("price", self.one_of(*FIELDS)), self.one_of(1, 2, 3))
        return (
            name,
            self.number(depth, given),
            self.one_of(0, 1, 3) if name in ("lag", "change") else self.one_of(2, 4),
        )

    def operand(self, depth: int, given: bool) -> Node:
        is_constant = self.one_of(*range(3)) == 0
        return ("constant", self.one_of(*CONSTANTS)) if is_constant else self.number(depth, given)

    def condition(self, depth: int, given: bool = True) -> Node:
        name = self.one_of(*COMPARED, "chain", *(("not", "and", "or") * 3 if depth else ()))
        if name == "not":
            return (name, self.condition(depth - 1, given))
        if name in ("and", "or"):
            return (name, self.condition(depth - 1, given), self.condition(depth - 1, given))
        further = max(depth - 1, 0)
        more = (self.operand(further, given),) if name == "chain" else ()
        return (name, self.number(further, given), self.operand(further, given), *more)


@st.composite
def trees(draw: st.DrawFn) -> Node:
    grower = Grower(draw)
    return grower.number(3) if grower.one_of(True, False) else grower.condition(3)


def text_of(node: Node) -> str:
    name, *operands = node
    if name in ("price", "given"):
        return str(operands[0])
    if name == "constant":
        return repr(operands[0])
    if name == "coarse":
        return f'highest({operands[2]}, on={text_of(operands[1])}, timeframe="{operands[0]}")'
    if name in ("highest", "lowest", "sma"):
        return f"{name}({operands[1]}, on={text_of(operands[0])})"
    if name in ("lag", "change"):
        return f"{name}({text_of(operands[0])}, {operands[1]})"
    texts = [text_of(operand) for operand in operands]
    if name == "negative":
        return f"(-{texts[0]})"
    if name == "not":
        return f"(not {texts[0]})"
    if name == "chain":
        return f"({texts[0]} < {texts[1]} <= {texts[2]})"
    if name[0].isalpha() and name not in ("and", "or"):
        return f"{name}({', '.join(texts)})"
    return f"({texts[0]} {name} {texts[1]})"


# the plain evaluator: one symbol's own bars as a list of rows, floats, and `if`

Row = dict[str, float]


@dataclass
class Series:
    """One symbol's own bars, each with its day."""

    rows: list[Row]
    known: dict[tuple[Node, int], float] = field(default_factory=dict)

    def at(self, node: Node, bar: int) -> float:
        if (node, bar) not in self.known:
            value = self.value(node, bar)
            self.known[node, bar] = NAN if math.isinf(value) else value
        return self.known[node, bar]

    def value(self, node: Node, bar: int) -> float:
        name, *operands = node
        if name in ("price", "given"):
            return self.rows[bar][operands[0]]
        if name == "constant":
            return float(operands[0])
        if name == "coarse":
            return self.of_coarse(operands[0], ("highest", operands[1], operands[2]), bar)
        if name in ("lag", "change", "highest", "lowest", "sma"):
            return self.of_window(name, operands[0], operands[1], bar)
        if name in ("crosses_above", "crosses_below"):
            return self.crossed(operands, bar, above=name == "crosses_above")
        values = [self.at(operand, bar) for operand in operands]
        if name == "where":
            return NAN if math.isnan(values[0]) else values[1] if values[0] else values[2]
        return NAN if any(map(math.isnan, values)) else PLAIN[name](*values)

    def own(self, node: Node, bar: int) -> list[float]:
        """The values up to a bar, without the bars on which there is none; nothing where this bar has none."""
        values = [self.at(node, earlier) for earlier in range(bar + 1)]
        return [] if math.isnan(values[-1]) else [value for value in values if not math.isnan(value)]

    def of_window(self, name: str, node: Node, bars: int, bar: int) -> float:
        values = self.own(node, bar)
        if name in ("lag", "change"):
            if len(values) <= bars:
                return NAN
            return values[-1 - bars] if name == "lag" else values[-1] - values[-1 - bars]
        if len(values) < bars:
            return NAN
        if name == "sma":
            return sum(values[-bars:]) / bars
        return max(values[-bars:]) if name == "highest" else min(values[-bars:])

    def crossed(self, nodes: list[Node], bar: int, above: bool) -> float:
        pairs = [(self.at(nodes[0], each), self.at(nodes[1], each)) for each in range(bar + 1)]
        known = [fast - slow for fast, slow in pairs if not math.isnan(fast) and not math.isnan(slow)]
        if any(map(math.isnan, pairs[-1])) or len(known) < 2:
            return NAN
        return float(known[-2] < 0 < known[-1] if above else known[-2] > 0 > known[-1])

    def of_coarse(self, timeframe: str, node: Node, bar: int) -> float:
        """The value on the last coarse bar that is over when this bar is, made of the bars up to here only."""
        length, over = BLOCKS[timeframe], self.rows[bar]["day"] + 1
        origin = 4 if length == 7 else 0  # 1970-01-05 was the first Monday
        blocks: dict[float, Row] = {}
        for row in self.rows[: bar + 1]:
            start = (row["day"] - origin) // length * length + origin
            block = blocks.setdefault(start, {**row, "day": start, "volume": 0.0})
            block |= {"high": max(block["high"], row["high"]), "low": min(block["low"], row["low"])}
            block |= {"close": row["close"], "volume": block["volume"] + row["volume"]}
        complete = [block for start, block in blocks.items() if start + length <= over]
        return Series(complete).at(node, len(complete) - 1) if complete else NAN


def divided(left: float, right: float) -> float:
    return left / right if right else NAN


PLAIN: Final[dict[str, Callable[..., float]]] = {
    "abs": abs,
    "sqrt": lambda value: math.sqrt(value) if value >= 0 else NAN,
    "sign": lambda value: float((value > 0) - (value < 0)),
    "negative": lambda value: -value,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": divided,
    "min": min,
    "max": max,
    "clip": lambda value, low, high: min(max(value, low), high),
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "chain": lambda left, middle, right: float(left < middle and middle <= right),
    "and": lambda left, right: float(left != 0 and right != 0),
    "or": lambda left, right: float(left != 0 or right != 0),
    "not": lambda value: float(value == 0),
}


def market(seed: int) -> tuple[Bars, FloatArray]:
    """Whole-numbered bars of two symbols with holes and unknown volumes, and a given panel."""
    draw = np.random.default_rng(seed)
    shape = (BARS, SYMBOLS)
    open_, close = draw.integers(1, 9, shape) * 1.0, draw.integers(1, 9, shape) * 1.0
    high, low = np.maximum(open_, close) + draw.integers(0, 3, shape), np.minimum(open_, close)
    volume = np.where(draw.random(shape) < 0.1, NAN, draw.integers(0, 5, shape))
    missing = draw.random(shape) < draw.choice([0.0, 0.2, 0.6])
    missing[np.arange(BARS), np.arange(BARS) % SYMBOLS] = False
    panels = [np.where(missing, NAN, panel) for panel in (open_, high, low, close, volume)]
    days = FIRST_DAY + np.flatnonzero(draw.permutation([True] * BARS + [False] * 12))
    mood = np.where(draw.random(shape) < 0.2, NAN, draw.integers(-2, 3, shape) * 1.0)
    named: dict[str, Any] = dict(zip(FIELDS, panels, strict=True))
    return Bars(days * NS_PER_DAY, ("A", "B"), frequency="1d", **named), mood


def plainly(node: Node, bars: Bars, mood: FloatArray) -> FloatArray:
    expected = np.full(bars.shape, NAN)
    for column in range(SYMBOLS):
        own = np.flatnonzero(np.isfinite(bars.close[:, column])).tolist()
        rows = [
            {name: float(getattr(bars, name)[bar, column]) for name in FIELDS}
            | {"day": float(bars.times[bar] // NS_PER_DAY), "mood": float(mood[bar, column])}
            for bar in own
        ]
        series = Series(rows)
        for place, bar in enumerate(own):
            expected[bar, column] = series.at(node, place)
    return expected


@given(node=trees(), seed=st.integers(0, 50))
@settings(max_examples=300)
def test_a_formula_gives_what_a_plain_evaluator_gives(node: Node, seed: int) -> None:
    bars, mood = market(seed)
    formula = parse_formula(text_of(node), names=["mood"])
    found = formula.compute(IndicatorSource(bars), {"mood": mood})
    np.testing.assert_array_equal(found, plainly(node, bars, mood), text_of(node))


@given(node=trees(), seed=st.integers(0, 50))
@settings(max_examples=60)
def test_what_a_formula_gives_at_a_bar_does_not_change_with_later_bars(node: Node, seed: int) -> None:
    bars, mood = market(seed)
    formula = parse_formula(text_of(node), names=["mood"])
    whole = formula.compute(IndicatorSource(bars), {"mood": mood})
    for stop in range(1, BARS):
        shown = formula.compute(IndicatorSource(bars.slice(0, stop)), {"mood": mood[:stop]})
        np.testing.assert_array_equal(shown, whole[:stop], text_of(node))
