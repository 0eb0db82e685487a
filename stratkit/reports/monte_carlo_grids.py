"""The tables of a Monte Carlo run: what each procedure tests and leaves open, and its figures beside the run's."""

from __future__ import annotations

import math
from collections.abc import Callable

from stratkit.reports.grid import Cell, Grid, Head, Row
from stratkit.reports.monte_carlo_words import made_words, stress_levels, unit_value
from stratkit.reports.wording import capital, p_error_words, p_words, sentence_of
from stratkit.research.monte_carlo_record import MonteCarlo, PathRow, Procedure


def overview_grid(run: MonteCarlo) -> Grid:
    """Return a row for each procedure: what it tests, what it leaves open, how many paths, and its least p value."""
    opens = any(one.not_answered for one in run.procedures)
    return Grid(
        "overview",
        "What each procedure tests",
        "No procedure says what the market will do. Read what a procedure tests before its figures.",
        (
            Head("Procedure", False),
            Head("Tests", False),
            *((Head("Does not answer", False),) if opens else ()),
            Head("What varies", False),
            Head("Paths", False),
            Head("p", title="of the first figure that is tested"),
        ),
        tuple(_overview_row(one, opens) for one in run.procedures),
        empty="" if run.procedures else "No procedure was asked for.",
    )


def figures_grid(procedure: Procedure, place: int) -> Grid:
    """Return the run's figures beside their distribution over the paths; columns that no figure has are left out."""
    if procedure.name == "cost_stress" and stress_levels(procedure)[1]:
        return _stress_grid(procedure, place)
    rows = procedure.rows
    spread = any(math.isfinite(row.q50) for row in rows)
    mean = any(math.isfinite(row.mean) for row in rows)
    tested = any(math.isfinite(row.p_value) for row in rows)
    bounded = [row.level for row in rows if math.isfinite(row.low)]
    observed = any(math.isfinite(row.observed) for row in rows)
    columns: list[tuple[bool, Head, Callable[[PathRow], Cell]]] = [
        (True, Head("Figure", False), lambda row: Cell(capital(row.name), False)),
        (observed, Head("The run"), lambda row: Cell(unit_value(row.unit, row.observed))),
        *((spread, Head(label), _quantile(name)) for label, name in (("5%", "q05"), ("Median", "q50"), ("95%", "q95"))),
        (
            mean,
            Head("Of the paths" if procedure.name == "ruin" else "Mean"),
            lambda row: Cell(unit_value(row.unit, row.mean), note=_mean_error(row)),
        ),
        (
            bool(bounded),
            Head(f"{bounded[0] if bounded else 0.95:.0%} interval", title="of the run's own figure"),
            _interval_cell,
        ),
        (tested, Head("p value", title="(1 + paths at least as good as the run) / (1 + paths)"), _p_cell),
    ]
    kept = [(head, cell) for keep, head, cell in columns if keep]
    return Grid(
        f"figures-{place}",
        "Figures",
        _made_sentence(procedure),
        tuple(head for head, _ in kept),
        tuple(tuple(cell(row) for _, cell in kept) for row in rows),
        note=_noted(procedure),
        empty="" if rows else sentence_of(f"could not be made: {procedure.reason}"),
    )


def _stress_grid(procedure: Procedure, place: int) -> Grid:
    """Return a row for each level of costs with its figures beside each other, and below them what has no level."""
    figures, levels, rest = stress_levels(procedure)
    rows = [
        (Cell(capital(level), False), *(_observed(found.get(figure)) for figure in figures))
        for level, found in levels.items()
    ]
    blank = (Cell("-"),) * (len(figures) - 1)
    rows += [(Cell(capital(row.name), False), _observed(row), *blank) for row in rest]
    return Grid(
        f"figures-{place}",
        "Figures",
        _made_sentence(procedure),
        (Head("Costs", False), *(Head(figure) for figure in figures)),
        tuple(rows),
        quiet=len(rest),
        note=_noted(procedure),
    )


def _overview_row(one: Procedure, opens: bool) -> Row:
    tested = next((row for row in one.rows if math.isfinite(row.p_value)), None)
    p = (
        Cell("-")
        if tested is None
        else Cell(p_words(tested.p_value), note=p_error_words(tested.p_error), title=tested.name)
    )
    return (
        Cell(one.title, False, note="" if one.rows else f"not made: {one.reason}"),
        Cell(one.tests, False),
        *((Cell(one.not_answered or "-", False),) if opens else ()),
        Cell(one.varies, False),
        Cell(made_words(one), False),
        p,
    )


def _made_sentence(procedure: Procedure) -> str:
    return f"{capital(made_words(procedure))}. What varies: {procedure.varies.rstrip('.')}." if procedure.paths else ""


def _noted(procedure: Procedure) -> str:
    return " ".join(sentence_of(note) for note in procedure.notes)


def _observed(row: PathRow | None) -> Cell:
    return Cell("-" if row is None else unit_value(row.unit, row.observed))


def _quantile(name: str) -> Callable[[PathRow], Cell]:
    return lambda row: Cell(unit_value(row.unit, getattr(row, name)))


def _interval_cell(row: PathRow) -> Cell:
    if not math.isfinite(row.low):
        return Cell("-")
    return Cell(f"{unit_value(row.unit, row.low)} to {unit_value(row.unit, row.high)}")


def _p_cell(row: PathRow) -> Cell:
    return Cell("-") if not math.isfinite(row.p_value) else Cell(p_words(row.p_value), note=p_error_words(row.p_error))


def _mean_error(row: PathRow) -> str:
    """Return the Monte Carlo error of a share of paths, which has no p value of its own."""
    if math.isfinite(row.p_value) or not row.p_error > 0:
        return ""
    return f"\N{PLUS-MINUS SIGN} {unit_value(row.unit, row.p_error)}"
