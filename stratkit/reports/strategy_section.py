"""`StrategySection`: the part of the page that says which strategy earned, proposed and risked what."""

from __future__ import annotations

from dataclasses import dataclass

from stratkit.analytics.attribution import Attribution
from stratkit.reports.content import ReportContent
from stratkit.reports.earned_grids import (
    contributed_grid,
    earned_grid,
    months_grid,
    reasons_grid,
    regimes_grid,
    symbols_grid,
)
from stratkit.reports.grid import Grid
from stratkit.reports.incident_grids import alerts_grid, caps_grid, faults_grid
from stratkit.reports.performance_grids import ran_grid, system_grid
from stratkit.reports.review_grids import review_grid
from stratkit.reports.risk_grids import correlation_grid, funnel_grid, risk_grid


@dataclass(frozen=True)
class StrategySection:
    """Rows of tables: one table takes the width, two share it. `has_lines`: the chart of cumulative P&L is drawn."""

    title: str
    has_lines: bool
    grids: tuple[tuple[Grid, ...], ...]


def strategy_section(content: ReportContent) -> StrategySection | None:
    """Return the section, None when there is nothing to say.

    A strategy that is alone has its symbols, months and exit reasons; several have everything; both have their regimes
    where bars are labelled.
    """
    attribution = content.attribution
    several = attribution is not None and len(attribution.strategies) > 1
    grids: list[tuple[Grid, ...]] = []
    if attribution is not None:
        grids += _of_several(attribution) if several else _of_one(attribution)
        if content.performance is not None:  # beside what they earned
            grids.insert(1, (ran_grid(content.performance, content.trials_note),))
        grids += [] if attribution.by_regime is None else [(regimes_grid(attribution),)]
    if content.performance is not None:
        grids.append((system_grid(content.performance.system),))
    if content.cap_effects:
        grids.append((caps_grid(content.cap_effects),))
    if content.faults:
        grids.append((faults_grid(content.faults),))
    if content.alerts:
        grids.append((alerts_grid(content.alerts),))
    return StrategySection("Strategies" if several else "Attribution", several, tuple(grids)) if grids else None


def _of_several(attribution: Attribution) -> list[tuple[Grid, ...]]:
    grids: list[tuple[Grid, ...]] = [
        (earned_grid(attribution),),
        (risk_grid(attribution), correlation_grid(attribution)),
        (funnel_grid(attribution),),
        (review_grid(attribution.months),),
        (review_grid(attribution.weeks),),
        (symbols_grid(attribution), reasons_grid(attribution)),
    ]
    return [*grids, (contributed_grid(attribution),)] if attribution.contributed is not None else grids


def _of_one(attribution: Attribution) -> list[tuple[Grid, ...]]:
    return [(symbols_grid(attribution), reasons_grid(attribution)), (months_grid(attribution),)]
