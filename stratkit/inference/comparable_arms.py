"""What stands in the way of a comparison: wrong questions and arrays are refused, hopeless arms named with a reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from stratkit.errors import DataError, UsageError
from stratkit.inference.comparison import Arm, ComparedMetric, Question
from stratkit.inference.comparison_rows import row_value
from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.inference.sharpe import ROUNDING
from stratkit.inference.smooth_metrics import metric_columns
from stratkit.panel import FloatArray

LEAST_PERIODS: Final = 20  # below, a HAC variance and blocks have nothing to stand on
LEAST_TRADES: Final = 10  # closed trades of each arm, for a metric of trades
LEAST_REPS: Final = 99  # (1 + #)/(B + 1) then reaches 0.01
MOST_REPS: Final = 1_000_000  # the Monte Carlo error is then below 0.0005; more fill the memory and say the same
IDENTICAL: Final = "identical"  # the state of an arm that is the same as the one it is compared with
METRICS_OF_TRADES: Final[tuple[ComparedMetric, ...]] = ("win_rate", "profit_factor")


def check_question(question: Question) -> None:
    """Raise `UsageError` for a question that has no answer."""
    _hold(0 < question.alpha < 0.5, f"alpha must lie between 0 and 0.5, such as 0.05; found {question.alpha:g}")
    _hold(0 < question.power < 1, f"power must lie between 0 and 1, such as 0.8; found {question.power:g}")
    _hold(question.reps >= LEAST_REPS, f"at least {LEAST_REPS} resamples must be drawn; found {question.reps}")
    _hold(question.reps <= MOST_REPS, f"at most {MOST_REPS:,} resamples can be drawn; found {question.reps:,}")
    _hold(question.seed >= 0, f"a seed must be 0 or more; found {question.seed}")
    rate = question.risk_free_ann
    _hold(math.isfinite(rate), f"the risk-free rate must be a fraction a year, such as 0.02; found {rate:g}")
    year = question.periods_per_year
    _hold(0 < year < math.inf, f"a year must have a positive number of periods, such as 252; found {year:g}")
    if question.margin is not None:
        margin = question.margin
        _hold(0 < margin < math.inf, f"a margin must be positive and finite, such as 0.1; found {margin:g}")
    if question.block is not None:
        _hold(question.block >= 1, f"a block must hold at least one period; found {question.block}")


def check_arms(arms: Sequence[Arm], question: Question) -> None:
    """Raise `DataError` unless all arms have finite returns above -1 on the same periods, and blocks fit into them."""
    if len(arms) < 2:
        raise UsageError(f"at least two arms must be given; found {len(arms)}")
    n = len(arms[0].returns)
    for arm in arms:
        if arm.returns.shape != (n,):
            raise DataError(
                f"all arms must stand on the same periods: {arms[0].name} has {n}, {arm.name} has {arm.returns.shape}; "
                "pair them by time first"
            )
        if not np.isfinite(arm.returns).all():
            raise DataError(f"the returns of {arm.name} must be finite; drop or fill what is missing before comparing")
        if (arm.returns < -1).any():
            raise DataError(f"a simple return cannot be below -100%; {arm.name} has {arm.returns.min():g}")
        if question.metric in METRICS_OF_TRADES and arm.flows is None:
            raise UsageError(
                f"the {METRIC_WORDS[question.metric]} needs the trades of each arm; those of {arm.name} are not known: "
                "give a run or a file of trades, or choose another metric"
            )
    if question.block is not None and n >= LEAST_PERIODS and question.block > n // 2:
        raise UsageError(f"a block must not be longer than half the {n} periods; found {question.block}")


def obstacle(a: Arm, b: Arm, question: Question, letters: tuple[str, str]) -> str:
    """Return why the two arms cannot be compared, empty when they can."""
    n = len(a.returns)
    if n < LEAST_PERIODS:
        return f"{n} periods, at least {LEAST_PERIODS} are needed"
    for letter, arm in zip(letters, (a, b), strict=True):
        if np.ptp(arm.returns) <= ROUNDING:
            return f"the returns of {letter} do not vary"
        if question.metric in METRICS_OF_TRADES and arm.flows is not None and arm.flows.closed.sum() < LEAST_TRADES:
            closed = int(arm.flows.closed.sum())
            return f"{letter} closed {closed} trade{'' if closed == 1 else 's'}, at least {LEAST_TRADES} are needed"
        if math.isnan(row_value(question.metric, arm, question)):
            return f"{letter} has no {METRIC_WORDS[question.metric]}"
    return ""


def identical_in(a: Arm, b: Arm, question: Question) -> str:
    """Return what both arms have alike, "returns" or "trades", empty when they differ in what the metric is made of.

    Returns that differ by no more than the rounding of a quotient are alike.
    """
    if question.metric not in METRICS_OF_TRADES:
        return "returns" if not differing(a, b).any() else ""
    first, second = (metric_columns(question.metric, arm, 0.0) for arm in (a, b))
    return "trades" if np.array_equal(first, second) else ""


def differing(a: Arm, b: Arm) -> FloatArray:
    """Return (n,) 1 where the returns of the arms differ by more than rounding, else 0."""
    return (np.abs(a.returns - b.returns) > ROUNDING).astype(np.float64)


def _hold(holds: bool, sentence: str) -> None:
    if not holds:
        raise UsageError(sentence)
