"""Tables of how each strategy ran beside what it earned, and of how the machine coped."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.analytics.performance import Performance, StrategyPerformance, SystemPerformance
from stratkit.reports.grid import Cell, Grid, Head, Row, best_and_worst, heads, left_out, name_cell
from stratkit.reports.learned_grids import STATE_TONES
from stratkit.reports.performance_words import maybe_number, maybe_percent, ms_text, shadow_text, system_facts
from stratkit.reports.wording import capital

MOST: Final = 40


def ran_grid(performance: Performance, trials_note: str = "") -> Grid:
    """Return how each strategy ran; states, weights and shadow trades where something adapts."""
    all_of_them = performance.strategies
    adapts = any(one.state is not None for one in all_of_them)
    is_alone = len(all_of_them) == 1  # what became of the entries of several has a table of its own
    shown, others = best_and_worst(np.array([one.pnl for one in all_of_them]), MOST)
    return Grid(
        name="ran",
        title="How the strategies ran",
        caption=(
            "Signals are opinions other than flat, one for each bar and symbol. Uptime is the share of asks without a "
            "fault. Times are those of this run and differ from the next one."
            + (f" Sharpe ratios: {trials_note}." if trials_note else "")
        ),
        heads=_heads(adapts, is_alone),
        rows=tuple(_row(all_of_them[at], adapts, is_alone) for at in shown),
        note=left_out(shown, others, "strategies", "the best and the worst by P&L"),
    )


def system_grid(system: SystemPerformance) -> Grid:
    """Return how the machine coped with the replay."""
    facts = system_facts(system)
    return Grid(
        name="system",
        title="How the replay ran",
        caption="From the first question to a strategy to the last bar, without reading data, scores and reports.",
        heads=(Head("What", number=False), Head("Found", number=False)),
        rows=tuple((Cell(capital(name), number=False), Cell(said, number=False)) for name, said in facts),
    )


def _heads(adapts: bool, is_alone: bool) -> tuple[Head, ...]:
    entries = (("Asked", "proposals to enter"), ("Entered", "proposals that became entries")) if is_alone else ()
    stands = (
        Head("State", number=False, title="as the run ended"), Head("Weight", title="as the run ended"),
        Head("Share", title="of the weights of those that may trade"),
    )  # fmt: skip
    first, *rest = heads(
        "Strategy",
        "Signals",
        *entries,
        ("Sharpe", "of what it added to the return of each period, annualised; no risk-free rate is taken off"),
        ("Latency", "milliseconds per bar in the mean; below it the 95 % quantile and the most, where known"),
        "Uptime",
    )
    shadow = Head("Shadow won", title="of the closed trades of the shadow book; below it their mean R")
    last = Head("Last trade", number=False)
    return (first, *(stands if adapts else ()), *rest, *((shadow,) if adapts else ()), last)


def _row(one: StrategyPerformance, adapts: bool, is_alone: bool) -> Row:
    state = one.state or ""
    stands = (
        Cell(state, number=False, tone=STATE_TONES.get(state, "")), Cell(maybe_number(one.raw_weight)),
        Cell(maybe_percent(one.normalised_weight, 0)),
    )  # fmt: skip
    slowest = ""
    if one.latency_p95_ms is not None:
        slowest = f"{ms_text(one.latency_p95_ms)}, {ms_text(one.latency_max_ms)}"
    mean_r = "" if one.shadow_expectancy_r is None else f"{maybe_number(one.shadow_expectancy_r)} R"
    shadow = (Cell(shadow_text(one), note=mean_r),)
    return (
        name_cell(one.name),
        *(stands if adapts else ()),
        *(Cell(f"{count:,}") for count in (one.signals, *((one.entries_asked, one.entries_taken) if is_alone else ()))),
        Cell(maybe_number(one.sharpe)),
        Cell(ms_text(one.latency_ms), note=slowest),
        Cell(maybe_percent(one.uptime), note=_faults(one), tone="loss" if one.faults else ""),
        *(shadow if adapts else ()),
        Cell(one.last_trade or "never", number=False),
    )


def _faults(one: StrategyPerformance) -> str:
    return f"{one.faults:,} of {one.times_asked:,} asks failed" if one.faults else ""
