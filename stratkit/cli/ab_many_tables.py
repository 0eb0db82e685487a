"""More than two arms on the terminal: each against the first, with what their number takes from every p value."""

from __future__ import annotations

import math

from rich.table import Table

from stratkit.cli.ab_lines import metric_text, p_text
from stratkit.inference.comparison import ManyArms
from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.inference.many_comparison import SET_REPS
from stratkit.inference.test_result import drawn_p_error
from stratkit.reports.wording import MISSING, p_error_words, p_words, percent
from stratkit.research.ab_test import ABTest


def arms_table(test: ABTest, many: ManyArms) -> Table:
    """Return a line for each arm: its difference to the first one, raw and adjusted p values, the confidence set."""
    metric, discovery = test.comparison.question.metric, (math.nan, *test.false_discovery)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", no_wrap=True)
    level = f"{100 * (1 - test.comparison.question.alpha):g}%"
    headings = [f"A less it ({METRIC_WORDS[metric]})", f"{level} interval", "p", "Holm", "Romano-Wolf"]
    for heading in [*headings, *(["BH"] if test.false_discovery else []), f"{percent(many.set_level, 0)} set"]:
        table.add_column(heading, justify="right", no_wrap=heading == "p")
    for place, row in enumerate(many.rows):
        interval = MISSING if row.interval is None else (
            f"{metric_text(metric, row.interval.low)} .. {metric_text(metric, row.interval.high)}"
        )  # fmt: skip
        against = [metric_text(metric, row.difference, signed=True), interval, *map(p_words, (row.p_raw, row.p_holm))]
        cells = [*against, p_words(row.p_romano_wolf)] if place else ["the first arm", "", "", "", ""]
        if test.false_discovery:
            cells.append(p_words(discovery[place]) if place else "")
        inside = f"{'in' if row.in_confidence_set else 'out'} ({p_words(row.set_p)})"
        table.add_row(row.letter, *cells, inside)
    return table


def largest_error(many: ManyArms) -> float:
    """Return the largest Monte Carlo error of a p value in the table; 0 where none was drawn."""
    drawn = [
        *(
            drawn_p_error(p, many.reps)
            for row in many.rows
            for p in (row.p_raw, row.p_romano_wolf)
            if not math.isnan(p)
        ),
        *(drawn_p_error(row.set_p, SET_REPS) for row in many.rows if not math.isnan(row.set_p)),
    ]
    return max(drawn, default=0.0)


def many_rows(test: ABTest, many: ManyArms) -> list[tuple[str, str]]:
    """Return what is said of all arms together."""
    primary = next((pair.primary for pair in test.comparison.pairs if pair.primary is not None), None)
    inside = ", ".join(row.letter for row in many.rows if row.in_confidence_set)
    rows = []
    if primary is not None:
        rows.append(("primary", f"{primary.test}, each arm against A"))
        drawn = f"block {many.block} ({primary.block_rule}), {many.reps:,} resamples, seed {primary.seed}"
        rows.append(("", f"{drawn}; the verdict goes by Romano-Wolf"))
    if error := largest_error(many):
        rows.append(("", f"Monte Carlo error of p, Romano-Wolf and the set: {p_error_words(error)} at most"))
    if not math.isnan(many.spa_consistent):
        rows.append(
            ("SPA", f"is the best of the others better than A? {p_text(many.spa_consistent, many.spa_error)}, between "
                    f"{p_words(many.spa_lower)} and {p_words(many.spa_upper)} (Hansen)")
        )  # fmt: skip
    rows.append(
        ("set", f"{inside} cannot be told apart from the best (model confidence set at {percent(many.set_level, 0)})")
    )
    return rows
