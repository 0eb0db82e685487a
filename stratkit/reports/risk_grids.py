"""Tables of how strategies move together, whose risk the portfolio carries, and what became of proposals."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from stratkit.analytics.attribution import Attribution
from stratkit.analytics.footing import footed_cents
from stratkit.analytics.funnel import CAP_RULES, STEPS
from stratkit.panel import FloatArray
from stratkit.reports.grid import Cell, Grid, Head, Row, heads, largest, left_out, name_cell, others_name, strength
from stratkit.reports.wording import MISSING, number, percent

MOST_CORRELATED: Final = 12
_MOST_ROWS: Final = 40
_STEP_WORDS: Final = {
    "filled": ("Filled", "entered as asked"),
    "reduced": ("Reduced", "entered smaller than asked"),
    "deduplicated": ("Deduplicated", "another strategy proposed the same symbol with more confidence"),
    "outvoted": ("Outvoted", "the combined opinion was another one"),
    "below_floor": ("Below floor", "less confident than the floor"),
    "over_strategy_limit": ("Over its limit", "more proposals than the strategy may make in a cycle"),
    "over_total_limit": ("Over the total", "more proposals than all strategies may make in a cycle"),
    "refused": ("Refused", "by any other rule of the engine"),
    "expired": ("Expired", "waited for a price or a bar that did not come"),
}


def correlation_grid(attribution: Attribution) -> Grid:
    """Return the correlations of the strategies that move most, shaded."""
    risk = attribution.risk
    shown, others = largest(risk.sd[:-1], MOST_CORRELATED)
    labels = [f"{place}" for place in range(1, len(shown) + 1)]
    titles = [risk.names[at] for at in shown]
    rows = tuple(
        (
            _numbered(label, risk.names[at]),
            *(_correlation_cell(risk.correlation[at, other], int(risk.overlap[at, other]), risk.n) for other in shown),
        )
        for label, at in zip(labels, shown, strict=True)
    )
    ratio = risk.diversification_ratio
    spread = f" Diversification ratio {number(ratio)}: the sum of their volatilities over that of their sum."
    return Grid(
        name="correlation",
        title="How they move together",
        caption=(
            f"Pearson correlation of their returns over {risk.n:,} periods; below it, the periods in which both moved."
            f"{spread if math.isfinite(ratio) else ''}"
        ),
        heads=(
            Head("", number=False),
            *(Head(label, title=title) for label, title in zip(labels, titles, strict=True)),
        ),
        rows=rows,
        heat=True,
        note=left_out(shown, others, "strategies", "those that move most"),
    )


def risk_grid(attribution: Attribution) -> Grid:
    """Return what each strategy adds to volatility, VaR and CVaR; every column of shares is footed."""
    risk = attribution.risk
    shown, others = largest(risk.volatility[:-1], _MOST_ROWS)
    level = f"{risk.confidence * 100:g}%"
    columns = [
        _percents(risk.volatility, shown, others, 2),
        _percents(risk.var_gauss, shown, others, 3),
        _percents(risk.cvar_hist, shown, others, 3),
    ]
    names = [risk.names[at] for at in shown] + [others_name(len(others), "strategies")] * bool(others)
    spreads = [percent(risk.sd[at]) for at in shown] + [""] * bool(others) + [percent(risk.sd[-1])]
    rows = tuple(
        (name_cell(name), Cell(sd), *map(Cell, parts))
        for name, sd, *parts in zip(
            [*names, risk.names[-1]], spreads, *(column[:-1] for column in columns), strict=True
        )
    )
    return Grid(
        name="risk",
        title="Whose risk it is",
        caption=f"What each adds to the portfolio's risk of one period ({risk.n:,} of them); a negative share is a "
        "hedge.",
        heads=heads(
            "Strategy",
            ("Own volatility", "standard deviation of its return per period"),
            ("Share of variance", "cov(strategy, portfolio) / var(portfolio)"),
            (f"VaR {level}, Gaussian", "mean + z cov(strategy, portfolio) / sd(portfolio): sums to the metric"),
            (f"CVaR {level}", "its mean return over the portfolio's worst periods: sums to the historical CVaR"),
        ),
        rows=rows,
        foot=(Cell("Portfolio", number=False), Cell(""), *(Cell(column[-1]) for column in columns)),
        quiet=1 + bool(others),
        note=left_out(shown, others, "strategies", "those with the largest shares"),
    )


def funnel_grid(attribution: Attribution) -> Grid:
    """Return what became of each strategy's proposals: the steps at which any ended, and their sum."""
    funnel = attribution.funnel
    shown, others = largest(funnel.generated, _MOST_ROWS)
    used = [step for step in STEPS if step in ("filled", "reduced") or funnel.of(step).any()]
    columns = np.column_stack([funnel.generated, *(funnel.of(step) for step in used)])
    rows = [_counts(funnel.strategies[at], columns[at].tolist()) for at in shown]
    if others:
        rows.append(_counts(others_name(len(others), "strategies"), columns[others].sum(axis=0).tolist()))
    return Grid(
        name="funnel",
        title="From proposal to fill",
        caption=(
            "Each proposal to enter stands where it ended; the columns sum to those proposed. A signal "
            "that is refused anew at each bar counts anew. Exits are not counted."
        ),
        heads=heads("Strategy", "Proposed", *(_step_words(step) for step in used)),
        rows=tuple(rows),
        foot=_counts("Total", columns.sum(axis=0).tolist()),
        quiet=int(bool(others)),
        note=left_out(shown, others, "strategies", "those that proposed most"),
        empty="" if columns.any() else "Nothing was proposed.",
    )


def _step_words(step: str) -> tuple[str, str]:
    if step in CAP_RULES:
        words = step.removeprefix("max_").replace("_", " ").capitalize()
        return (f"{words} cap", f"refused by the rule {step}")
    return _STEP_WORDS[step]


def _counts(name: str, values: list[int]) -> Row:
    return (name_cell(name), *(Cell(f"{value:,}" if value else "0") for value in values))


def _numbered(label: str, name: str) -> Cell:
    cut = name_cell(name)
    return Cell(f"{label} {cut.text}", number=False, title=cut.title)


def _correlation_cell(value: float, overlap: int, n: int) -> Cell:
    if not math.isfinite(value):
        return Cell(MISSING, title="one of them never moved")
    return Cell(
        number(value),
        tone="plus" if value > 0 else "minus",
        note=f"{overlap:,}",
        title=f"both moved in {overlap:,} of {n:,} periods",
        strength=strength(value, 1.0),
    )


def _percents(values: FloatArray, shown: list[int], others: list[int], digits: int) -> list[str]:
    """Return the fractions of those shown, of all others, of the account and of the portfolio, as footed percent."""
    parts = [*values[shown], *([values[others].sum()] if others else []), values[-1]]
    if not np.isfinite(parts).all():
        return [MISSING] * (len(parts) + 1)
    unit = float(10**digits)  # of which the footing takes a hundredth
    footed = footed_cents(np.array(parts) * unit, float(values.sum()) * unit)
    return [percent(part / unit / 100, digits) for part in (*footed.tolist(), int(footed.sum()))]
