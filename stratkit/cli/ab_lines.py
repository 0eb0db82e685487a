"""Lines of an A/B test on the terminal: the test that decides, its checks, power, looks and trials, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from rich.table import Table

from stratkit.inference.comparison import ComparedMetric, PairComparison, PrimaryTest, Sequential
from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.reports.evidence_words import figure, trials_words
from stratkit.reports.wording import number, p_error_words, p_words, percent
from stratkit.research.ab_record import shown_error
from stratkit.research.ab_test import ABTest, ArmFacts

_LEAST_ERROR: Final = 0.001
_LOOKS: Final = 6  # the last looks that are shown
_UNITS: Final = {"daily": "days", "weekly": "weeks", "monthly": "months", "quarterly": "quarters", "yearly": "years"}


def metric_text(metric: ComparedMetric, value: float, signed: bool = False) -> str:
    """Return a value or a difference of a metric in its unit.

    >>> metric_text("mean", 0.176, signed=True), metric_text("sharpe", 0.662)
    ('+17.6%', '0.662')
    """
    return percent(value, 1, signed) if metric in ("mean", "win_rate") else number(value, 3, signed)


def p_text(p_value: float, p_error: float) -> str:
    """Return a p value with its Monte Carlo error, where it was drawn.

    >>> p_text(0.182, 0.0055), p_text(0.0002, 0.0002), p_text(0.178, 0.0)
    ('p 0.182 (Monte Carlo error 0.005)', 'p < 0.001 (Monte Carlo error < 0.001)', 'p 0.178')
    """
    said = f"p {p_words(p_value)}"
    if not p_error > 0:
        return said
    error = "< 0.001" if p_error < _LEAST_ERROR else f"{p_error:.3f}"
    return f"{said} (Monte Carlo error {error})"


def primary_lines(pair: PairComparison) -> list[str]:
    """Return what the test that decides says, and whether the block length matters to it."""
    test = pair.primary
    if test is None:
        if pair.verdict.kind != "equivalent":
            return ["no test could be made"]
        return ["no test was run: the arms are the same, p = 1"]
    drawn = f"block {test.block} ({test.block_rule}), {test.reps:,} resamples, seed {test.seed}"
    return [
        f"H0: {test.hypothesis}",
        test.test,
        f"d = {number(test.statistic, 3)}, SE {number(shown_error(test), 3)} ({test.se_name}), "
        f"{p_text(test.p_value, test.p_error)}",
        drawn,
        *_sensitivity(test),
    ]


def equivalence_line(pair: PairComparison) -> list[str]:
    """Return whether the difference lies within the margin; nothing where equivalence was not asked for."""
    same = pair.equivalence
    if same is None or pair.primary is None:
        return []
    metric = pair.primary.metric
    ends = f"{metric_text(metric, same.interval.low)} .. {metric_text(metric, same.interval.high)}"
    found = "lies within" if same.holds else "does not lie within"
    margin = f"{same.margin:.4g}" if metric not in ("mean", "win_rate") else percent(same.margin, 1)
    return [
        f"the {100 * same.interval.level:g}% interval {ends} {found} \N{PLUS-MINUS SIGN}{margin}; "
        f"{p_text(same.p_value, same.p_error)}"
    ]


def power_lines(test: ABTest, pair: PairComparison) -> list[str]:
    """Return the smallest difference that could be found here, and how long the observed one would take."""
    facts = pair.power
    if facts is None or pair.primary is None:
        return []
    metric, unit = pair.primary.metric, period_words(test)
    found = f"{metric_text(metric, facts.detectable)}; observed {metric_text(metric, abs(facts.observed))}"
    lines = [f"smallest gap in {METRIC_WORDS[metric]} detectable here ({percent(facts.power, 0)}): {found}"]
    if math.isfinite(facts.needed):
        lines.append(
            f"{unit} needed to detect a gap of the observed size ({facts.needed_by}): {facts.needed:,.0f} "
            f"({facts.needed_years:,.1f} years)"
        )
    return lines


def sequential_lines(test: ABTest, found: Sequential) -> list[str]:
    """Return how a test that is looked at while it runs stands, with its last looks."""
    metric = test.comparison.question.metric
    lines = [f"{found.mode}: {found.words}"]
    for look in found.looks[-_LOOKS:]:
        ends = f"{metric_text(metric, look.low)} .. {metric_text(metric, look.high)}"
        bound = "" if math.isnan(look.boundary) else f", z {number(look.fixed_z)} of {number(look.boundary)}"
        lines.append(
            f"after {look.n:,}: {metric_text(metric, look.difference, signed=True)}, {ends}, "
            f"p {p_words(look.p_value)}{bound}"
        )
    if len(found.looks) > _LOOKS:
        lines.append(f"({_LOOKS} of {len(found.looks):,} looks)")
    return lines


def trial_lines(test: ABTest) -> list[str]:
    """Return how many comparisons were made, and how often each arm was tried before it was chosen for this one."""
    count = len(test.comparison.pairs)
    looks = "" if not test.looks else f"; looks at this experiment before: {test.looks:,}"
    return [f"{count} comparison{'s' if count > 1 else ''}{looks}", *(_trials(arm) for arm in test.arms)]


def period_words(test: ABTest) -> str:
    """Return what the periods are called: days, weeks, or periods."""
    return _UNITS.get(test.spacing, "periods")


def checks_table(pair: PairComparison) -> Table:
    """Return the checks with what each assumes."""
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=10)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for check in pair.checks:
        error = p_error_words(check.p_error) if check.is_defined else ""
        words = check.assumes if check.is_defined else check.reason
        table.add_row("", check.name, " ".join(filter(None, (p_words(check.p_value), error))), words)
    return table


def _trials(arm: ArmFacts) -> str:
    if not arm.evidence:
        return f"{arm.letter}: a file, of which nobody knows how many it was picked from"
    words = f"{arm.letter}: {trials_words(arm.evidence)}"
    if arm.evidence.get("trials") is None:
        return words
    return (
        f"{words}, DSR {figure(arm.evidence, 'deflated_sharpe')}, luck Sharpe {figure(arm.evidence, 'luck_sharpe_ann')}"
    )


def _sensitivity(test: PrimaryTest) -> Iterator[str]:
    if test.sensitivity:
        each = "   ".join(
            f"{one.block}: {p_words(one.p_value)} {p_error_words(one.p_error)}" for one in test.sensitivity
        )
        yield f"p with other blocks:   {each}"
