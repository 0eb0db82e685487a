"""The tables of an A/B test: metrics, checks, blocks, all arms against the first, looks, where arms come from."""

from __future__ import annotations

import math
from typing import Final

from stratkit.inference.comparison import ROW_LABELS, ArmRow, ComparedRow, ManyArms, PairComparison, Sequential
from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.inference.many_comparison import SET_REPS
from stratkit.inference.test_result import TestResult, drawn_p_error
from stratkit.panel import format_time
from stratkit.reports.ab_content import ABContent
from stratkit.reports.ab_words import interval_ends, metric_value, pair_words
from stratkit.reports.evidence_words import figure, trials_words
from stratkit.reports.grid import Cell, Grid, Head, Row, heads, name_cell
from stratkit.reports.key_names import short_keys, value_words
from stratkit.reports.wording import MISSING, capital, number, p_error_words, p_words, percent
from stratkit.research.ab_test import ArmFacts

_LARGE: Final = 1_000.0
_SMALL: Final = 0.1
_LOOKS: Final = 40  # rows; more are thinned evenly, the last always shown


def metrics_grid(pair: PairComparison) -> Grid:
    """Return the metrics of both arms; the primary one is marked, what has no interval is described and not tested."""
    one, other = pair.letters
    return Grid(
        "metrics",
        f"{one} and {other} side by side",
        "One metric was declared before anything was looked at; the others describe, and no p value is made of them.",
        heads("Metric", one, other, f"{one} \N{MINUS SIGN} {other}", "Interval", ("", "which one decides")),
        tuple(_metric_row(row) for row in pair.rows),
        empty="" if pair.rows else "No metric is known.",
    )


def checks_grid(pair: PairComparison, alpha: float) -> Grid:
    """Return the primary test and the panel of checks, each with what it assumes."""
    primary = pair.primary
    rows: list[Row] = []
    if primary is not None:
        rows.append(
            (
                Cell(primary.test, False, note="the primary test: it alone decides"),
                Cell(_statistic(primary.statistic)),
                p_cell(primary.p_value, primary.p_error, alpha),
                Cell("stationary returns; dependence shorter than a few blocks", False),
            )
        )
    rows += [_check_row(check, alpha) for check in pair.checks]
    return Grid(
        "checks",
        f"Panel of checks, {pair_words(pair)}",
        "What other tests say, by what each assumes. They may ask another question: a check never overrules the "
        "primary test.",
        (Head("Test", False), Head("Statistic"), Head("p value"), Head("Assumes", False)),
        tuple(rows),
        empty="" if rows else "No test was run.",
    )


def blocks_grid(pair: PairComparison, alpha: float) -> Grid:
    """Return the p value of the primary test at half and twice the block length."""
    test = pair.primary
    rows = (
        ()
        if test is None
        else tuple(
            (
                Cell(f"{one.block:,}", note="used" if one.block == test.block else ""),
                p_cell(one.p_value, one.p_error, alpha),
            )
            for one in test.sensitivity
        )
    )
    rule = "" if test is None else f"Block length: {test.block_rule}. "
    return Grid(
        "blocks",
        "How much hangs on the block length",
        rule + "A p value that crosses the level at half or twice the length is not to be leaned on.",
        (Head("Block"), Head("p value")),
        rows,
        empty="" if rows else "No other length was tried.",
    )


def arms_grid(content: ABContent, many: ManyArms) -> Grid:
    """Return every arm against the first, with raw and adjusted p values and the confidence set."""
    question = content.comparison.question
    name, first = METRIC_WORDS[question.metric], many.rows[0].letter
    return Grid(
        "arms",
        "All arms against the first",
        f"The difference is {first} minus the arm. Of several p values some are small by luck: Holm's and Romano and "
        f"Wolf's allow "
        f"for that, the latter for how alike the arms are as well. It decides.",
        (
            Head("Arm", False),
            Head(capital(name), title="a year"),
            Head(f"{first} \N{MINUS SIGN} arm"),
            Head("Interval", title="of one pair by itself"),
            Head("p raw", title="of one pair by itself"),
            Head("p Holm"),
            Head("p Romano-Wolf"),
            Head(
                "In the set", title=f"the model confidence set holds the best arm with probability {many.set_level:.0%}"
            ),
            Head("p of the set"),
        ),
        tuple(_arm_row(content, row, question.alpha) for row in many.rows),
        note=_spa_words(many),
    )


def looks_grid(content: ABContent, found: Sequential) -> Grid:
    """Return the looks of a sequential comparison, thinned where there are many."""
    metric, spends = content.comparison.question.metric, any(math.isfinite(look.boundary) for look in found.looks)
    every = max(1, -(-len(found.looks) // _LOOKS))
    kept = found.looks[::-1][::every][::-1]
    stopped = found.stopped_at
    rows = tuple(
        (
            Cell(f"{look.n:,}", note="stop" if stopped == look.n else ""),
            Cell(metric_value(metric, look.difference, signed=True)),
            Cell(f"{metric_value(metric, look.low)} to {metric_value(metric, look.high)}"),
            *((Cell(number(look.fixed_z)), Cell(number(look.boundary))) if spends else ()),
            Cell(p_words(look.p_value)),
        )
        for look in kept
    )
    return Grid(
        "looks",
        "Looks",
        "",
        (
            Head("Periods"),
            Head("Difference"),
            Head("Bounds"),
            *((Head("Statistic"), Head("Boundary")) if spends else ()),
            Head("p, always valid", title="may be looked at whenever"),
        ),
        rows,
        note=f"Every {every}th of {len(found.looks):,} looks is shown." if every > 1 else "",
        empty="" if rows else "There was no look.",
    )


def sources_grid(content: ABContent) -> Grid:
    """Return where each arm comes from, and what the ledger says of it."""
    return Grid(
        "sources",
        "Where the arms come from",
        "Arms that were replayed are trials: the ledger counts them, and says what the best of as many shows by luck "
        "alone.",
        (
            Head("Arm", False),
            Head("Source, as it was typed", False),
            Head("Values", False),
            Head("Periods", title="before pairing"),
            Head("Unmatched"),
            Head("Ledger", False),
            Head("Luck", title="Sharpe ratio a year of luck alone"),
            Head("DSR", title="deflated Sharpe ratio"),
        ),
        tuple(_source_row(arm) for arm in content.test.arms),
    )


def p_cell(p_value: float, p_error: float, alpha: float) -> Cell:
    """Return a p value with its Monte Carlo error below it, coloured where it is below the level."""
    return Cell(p_words(p_value), tone="gain" if p_value < alpha else "", note=p_error_words(p_error))


def _metric_row(row: ComparedRow) -> Row:
    def text(value: float, signed: bool = False) -> str:
        return percent(value, 1, signed) if row.unit == "fraction" else number(value, 3, signed)

    ends = "" if row.interval is None else f"{text(row.interval.low)} to {text(row.interval.high)}"
    if row.interval is not None and not row.interval.is_defined:
        ends = row.interval.reason or MISSING
    name = ROW_LABELS.get(row.metric, row.metric)
    label = Cell(capital(name), False)
    role = "primary" if row.is_primary else "unadjusted" if row.interval else "described"
    return (
        label,
        Cell(text(row.a)),
        Cell(text(row.b)),
        Cell(text(row.difference, signed=True)),
        Cell(ends or "-"),
        Cell(role),
    )


def _check_row(check: TestResult, alpha: float) -> Row:
    if not check.is_defined:
        return (
            Cell(capital(check.name), False),
            Cell(MISSING),
            Cell(MISSING),
            Cell(check.assumes, False, note=check.reason),
        )
    return (
        Cell(capital(check.name), False),
        Cell(_statistic(check.statistic)),
        p_cell(check.p_value, check.p_error, alpha),
        Cell(check.assumes, False),
    )


def _statistic(value: float) -> str:
    """Return a statistic with as many digits as say something: those of tests differ in size by many powers of ten."""
    if abs(value) >= _LARGE:
        return number(value, 0)
    return number(value, 2) if abs(value) >= _SMALL or value == 0 else number(value, 5)


def _arm_row(content: ABContent, row: ArmRow, alpha: float) -> Row:
    metric = content.comparison.question.metric
    against = row.letter != content.test.arms[0].letter
    raw = next((pair.primary for pair in content.comparison.pairs if pair.letters[1] == row.letter), None)
    errors = (0.0 if raw is None else raw.p_error, 0.0, row.p_error)
    return (
        name_cell(f"{row.letter} {row.name}"),
        Cell(metric_value(metric, row.value)),
        Cell(metric_value(metric, row.difference, signed=True) if against else "-"),
        Cell(interval_ends(metric, row.interval) if against else "-"),
        *(
            p_cell(p, error, alpha) if against else Cell("-")
            for p, error in zip((row.p_raw, row.p_holm, row.p_romano_wolf), errors)
        ),
        Cell("yes" if row.in_confidence_set else "no"),
        p_cell(row.set_p, drawn_p_error(row.set_p, SET_REPS), 0.0),
    )


def _spa_words(many: ManyArms) -> str:
    ps = ", ".join(
        f"{name} {p_words(p)}"
        for name, p in (("lower", many.spa_lower), ("consistent", many.spa_consistent), ("upper", many.spa_upper))
    )
    error = p_error_words(many.spa_error)
    return (
        f"Superior predictive ability, could the best of the others be no better than the first: p "
        f"{ps}{f' ({error})' if error else ''}. "
        f"The confidence set holds the best arm with probability {many.set_level:.0%}. {many.reps:,} resamples in "
        f"blocks of {many.block}."
    )


def _source_row(arm: ArmFacts) -> Row:
    names = short_keys(list(arm.values))
    values = ", ".join(f"{names[key]} {value_words(value)}" for key, value in arm.values.items()) or "-"
    known = bool(arm.evidence)
    return (
        name_cell(f"{arm.letter} {arm.name}"),
        Cell(arm.source, False, note=arm.kind + (f", run {arm.run_id}" if arm.run_id else "")),
        Cell(values, False),
        Cell(f"{arm.n:,}", note=f"{format_time(arm.first_ns)} to {format_time(arm.last_ns)}"),
        Cell(f"{arm.unmatched:,}"),
        Cell(trials_words(arm.evidence) if known else "not in the ledger", False),
        Cell(figure(arm.evidence, "luck_sharpe_ann") if known else "-"),
        Cell(figure(arm.evidence, "deflated_sharpe") if known else "-"),
    )
