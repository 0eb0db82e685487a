"""`monte_carlo_record`: a Monte Carlo run as plain values, and what its procedures say together in a few lines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from stratkit.inference.figure_words import plain_number
from stratkit.panel import format_time
from stratkit.research.monte_carlo_record import MonteCarlo, PathRow, ProcedureName

SCHEMA: Final = 1
_CHANCE: Final = 0.05
_LEAST: Final = 0.001  # three decimals show no smaller p value


def monte_carlo_record(study: MonteCarlo) -> dict[str, Any]:
    """Return what montecarlo.json says; NaN where a figure does not apply, arrays as they are."""
    plain = asdict(study)
    del plain["procedures"], plain["warnings"], plain["facts"]
    return {
        "schema": SCHEMA,
        **plain,
        "first": format_time(study.first_ns),
        "last": format_time(study.last_ns),
        "facts": dict(study.facts),
        "warnings": [{"code": code, "text": text} for code, text in study.warnings],
        "summary": [{"about": about, "text": text} for about, text in summary(study)],
        "procedures": {one.name: asdict(one) for one in study.procedures},
    }


def summary(study: MonteCarlo) -> Iterator[tuple[str, str]]:
    """Yield (name, sentence) of what the procedures say together: edge, uncertainty, path risk, costs."""
    tested = [
        (one, row) for one in study.procedures if one.name in ("random_entries", "bar_permutation")
        for row in one.rows[:1]
    ]  # fmt: skip
    for one, row in tested:
        yield "edge", f"{one.title.lower()}, {row.name}: {_p(row)}, {_judged(row.p_value)}"
    sharpe = _row(study, "returns_bootstrap", "Sharpe ratio")
    if sharpe is not None and not math.isnan(sharpe.low):
        inside = "0 lies within" if sharpe.low <= 0 <= sharpe.high else "0 lies outside"
        interval = f"{sharpe.level:.0%} interval {plain_number(sharpe.low)} to {plain_number(sharpe.high)}"
        yield "Sharpe", f"{plain_number(sharpe.observed)}, {interval}: {inside}"
    deep = _row(study, "drawdowns", "Maximum drawdown")
    if deep is not None:
        yield "drawdown", f"one path in 20 falls by {-deep.q05:.1%} and more; the run fell by {-deep.observed:.1%}"
    cost = _row(study, "cost_stress", "Break-even cost")
    paid = _row(study, "cost_stress", "Paid on average")
    if cost is not None and paid is not None and not math.isnan(cost.observed):
        yield "costs", f"nothing is left at {cost.observed:.1f} bps of each trade; the run paid {paid.observed:.1f}"


def _row(study: MonteCarlo, procedure: ProcedureName, name: str) -> PathRow | None:
    found = study.procedure(procedure)
    return None if found is None else next((row for row in found.rows if row.name == name), None)


def _p(row: PathRow) -> str:
    return "p < 0.001" if row.p_value < _LEAST else f"p {row.p_value:.3f}"


def _judged(p_value: float) -> str:
    return "hardly chance" if p_value < _CHANCE else "not told apart from chance"
