"""Figures of a Monte Carlo run in words: values by their unit, the way a procedure's paths came about."""

from __future__ import annotations

import math
from typing import Final

from stratkit.panel import format_time
from stratkit.reports.monte_carlo_content import MonteCarloContent
from stratkit.reports.wording import MISSING, money, number, percent
from stratkit.research.monte_carlo_record import PathRow, Procedure, Unit

_MINUS: Final = "\N{MINUS SIGN}"
_SHAPES: Final[dict[Unit, str]] = {
    "fraction": ".0%",
    "ratio": ".2~f",
    "bars": ",.0f",
    "money": "~s",
    "count": ",.0f",
    "bps": ".1~f",
}


_MARKS: Final = 5  # of an axis


def unit_value(unit: Unit, value: float) -> str:
    """Return a figure in the words of its unit.

    >>> unit_value("fraction", -0.1234), unit_value("bars", 311.0), unit_value("bps", 5.0)
    ('−12.3%', '311', '5.0 bps')
    """
    if not math.isfinite(value):
        return MISSING
    if unit == "fraction":
        return percent(value, 2 if abs(value) < _FINE else 1)
    if unit == "money":
        return money(value)
    if unit in ("bars", "count"):
        return number(value, 0 if float(value).is_integer() or abs(value) >= _COARSE else 1)
    return number(value, 1) + " bps" if unit == "bps" else number(value, 2)


def unit_shape(unit: Unit, span: float = 1.0) -> str:
    """Return how the chart library writes a figure of a unit on an axis that spans so much.

    >>> unit_shape("fraction"), unit_shape("fraction", 0.006)
    ('.0%', '.1%')
    """
    return f".{_decimals(span)}%" if unit == "fraction" else _SHAPES[unit]


def unit_tick(unit: Unit, value: float, span: float = 1.0) -> str:
    """Return a figure of a unit as an axis that spans so much has it.

    >>> unit_tick("fraction", -0.1), unit_tick("ratio", 0.5), unit_tick("bars", 1200.0)
    ('−10%', '0.5', '1,200')
    """
    if unit == "fraction":
        return percent(value, _decimals(span))
    if unit == "money":
        return money(value)
    return number(value, 0) if unit in ("bars", "count") else f"{value:g}".replace("-", _MINUS)


def _decimals(span: float) -> int:
    """Return so many decimals of a percentage that the marks of an axis differ."""
    return min(4, max(0, math.ceil(-math.log10(span / _MARKS)) - 2)) if span > 0 else 2


def made_words(procedure: Procedure) -> str:
    """Return whether all cases were enumerated or some were drawn, and how many."""
    if not procedure.paths:
        return MISSING
    return f"all {procedure.paths:,} cases" if procedure.is_exact else f"{procedure.paths:,} drawn"


def stress_levels(procedure: Procedure) -> tuple[list[str], dict[str, dict[str, PathRow]], list[PathRow]]:
    """Return the figures of a cost stress, them by the level of costs, and the rows that belong to no level.

    A row of a level is called "Sharpe ratio, costs x2".
    """
    levels: dict[str, dict[str, PathRow]] = {}
    rest = []
    for row in procedure.rows:
        figure, _, level = row.name.partition(", ")
        if level:
            levels.setdefault(level, {})[figure] = row
        else:
            rest.append(row)
    return list(dict.fromkeys(figure for own in levels.values() for figure in own)), levels, rest


def run_facts(content: MonteCarloContent) -> list[tuple[str, str]]:
    """Return what stands under the title: the run, its span, how much was drawn, the seed."""
    run = content.run
    return [
        ("Run", run.run_id),
        ("Periods", f"{run.n:,}"),
        ("Trades", f"{run.trades:,}"),
        ("Dates", f"{format_time(run.first_ns)} to {format_time(run.last_ns)}"),
        ("Paths", f"{run.paths:,}"),
        ("Seed", str(run.seed)),
        ("Periods a year", f"{run.periods_per_year:g}"),
        *((name, _plain(value)) for name, value in run.facts),
    ]


_FINE: Final = 0.01  # smaller fractions have a digit more
_COARSE: Final = 100.0  # larger counts have no digit behind the point


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
