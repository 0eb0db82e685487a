"""`ManyArms`: more than two arms against the first, with what their number takes from each p value.

All pairs see the same resamples, so that the adjustment knows how the pairs depend on each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.comparable_arms import IDENTICAL
from stratkit.inference.comparison import Arm, ArmRow, ManyArms, Question
from stratkit.inference.comparison_rows import row_value
from stratkit.inference.model_confidence import model_confidence_set
from stratkit.inference.multiplicity import holm
from stratkit.inference.primary_comparison import Block, Measured
from stratkit.inference.smooth_metrics import metric_columns, smooth_metric
from stratkit.inference.step_down import romano_wolf
from stratkit.inference.studentized_bootstrap import influence
from stratkit.inference.superior import superior_ability
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import BoolArray, FloatArray
from stratkit.seeds import generator

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SET_REPS: Final = 999  # the set draws and eliminates once an arm; its p values are beside the point of the page

Tests = Sequence["Measured | str"]  # of each arm but the first: the primary test, or why there is none


def adjusted_p(tests: Tests, question: Question) -> FloatArray:
    """Return (K - 1,) Romano and Wolf's p values of the arms against the first; 1 for an identical arm, else NaN."""
    made = [test if isinstance(test, Measured) else None for test in tests]
    t = np.array([math.nan if test is None else test.statistic for test in made])
    drawn = np.column_stack([np.zeros(question.reps) if test is None else test.t_star for test in made])
    # of a Calmar ratio, whose own p value is of another kind, an adjusted one could lie below it
    adjusted = np.maximum(romano_wolf(t, drawn, question.alternative), [_raw_p(test) for test in tests])
    adjusted[[test == IDENTICAL for test in tests]] = 1.0
    return adjusted


def many_arms(arms: Sequence[Arm], question: Question, tests: Tests, block: Block) -> ManyArms:
    """Return the table against the first arm, the test for superior ability and the model confidence set.

    The last two work on pseudo-values of the metric, its difference plus its influence function: their mean is the
    difference and their variance its own. A Calmar ratio has none, and so neither test: NaN.
    """
    pseudo = None if question.metric == "calmar" else pseudo_differences(arms, question, tests)
    spa = _superior(pseudo, question, block)
    in_set, set_p = _confidence_set(pseudo, question, block, len(arms))
    raw = np.array([_raw_p(test) for test in tests])
    holm_p, stepped = holm(raw), adjusted_p(tests, question)
    rows = [ArmRow(arms[0].name, "A", row_value(question.metric, arms[0], question), 0.0, None, math.nan, math.nan,
                   math.nan, 0.0, bool(in_set[0]), float(set_p[0]))]  # fmt: skip
    for place, (arm, test) in enumerate(zip(arms[1:], tests, strict=True)):
        primary = test.primary if isinstance(test, Measured) else None
        value = row_value(question.metric, arm, question)
        rows.append(
            ArmRow(
                name=arm.name,
                letter=LETTERS[place + 1],
                value=value,
                difference=rows[0].value - value if primary is None else primary.difference,
                interval=None if primary is None else primary.interval,
                p_raw=float(raw[place]),
                p_holm=float(holm_p[place]),
                p_romano_wolf=float(stepped[place]),
                p_error=0.0 if primary is None else drawn_p_error(float(stepped[place]), question.reps),
                in_confidence_set=bool(in_set[place + 1]),
                set_p=float(set_p[place + 1]),
            )
        )
    lower, consistent, upper = spa
    error = math.nan if math.isnan(consistent) else drawn_p_error(consistent, question.reps)
    return ManyArms(tuple(rows), lower, consistent, upper, error, 1 - question.alpha, block.length, question.reps)


def pseudo_differences(arms: Sequence[Arm], question: Question, tests: Tests) -> FloatArray | None:
    """Return (n, K) pseudo-values of each arm's metric less the first arm's, None when an arm has no such metric.

    A difference that does not vary is exactly that in every period: its rounding would be taken for a risk.
    """
    smooth, risk_free = smooth_metric(question.metric), question.risk_free_ann / question.periods_per_year
    try:
        columns = [metric_columns(question.metric, arm, risk_free) for arm in arms]
    except UsageError:  # said by the arm's own pair, which is INVALID
        return None
    first = columns[0]
    found = [np.zeros(len(first))]
    for other, test in zip(columns[1:], tests, strict=True):
        if isinstance(test, str) or test.is_constant:
            known = 0.0 if isinstance(test, str) else -test.primary.difference_period
            found.append(np.full(len(first), known))
            continue
        scale = smooth.small_sample(len(first))
        gap = float(smooth.value(other.mean(axis=0)) - smooth.value(first.mean(axis=0))) * scale
        found.append(gap + influence(other, first, smooth))
    return np.column_stack(found)


def _raw_p(test: Measured | str) -> float:
    if isinstance(test, Measured):
        return test.primary.p_value
    return 1.0 if test == IDENTICAL else math.nan


def _superior(pseudo: FloatArray | None, question: Question, block: Block) -> tuple[float, float, float]:
    """Return the lower, consistent and upper p value of "no arm is better than the first"."""
    if pseudo is None or not (np.ptp(pseudo, axis=0) > 1e-12 * np.abs(pseudo).max()).any():
        return math.nan, math.nan, math.nan
    draw = generator(question.seed, "comparison", "superior")
    found = superior_ability(pseudo[:, 1:], draw, mean_block_bars=float(block.length), resamples=question.reps)
    return found.p_lower, found.p_value, found.p_upper


def _confidence_set(
    pseudo: FloatArray | None, question: Question, block: Block, count: int
) -> tuple[BoolArray, FloatArray]:
    if pseudo is None:
        return np.ones(count, np.bool_), np.full(count, math.nan)
    return model_confidence_set(-pseudo, size=question.alpha, block=block.length, reps=SET_REPS, seed=question.seed)
