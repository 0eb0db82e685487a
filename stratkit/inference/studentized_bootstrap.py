"""`StudentizedBootstrap`: the difference of a metric of two arms, with a p value and interval from resampled blocks.

O. Ledoit, M. Wolf, Robust performance hypothesis testing with the Sharpe ratio, Journal of Empirical Finance 15 (2008),
850-859, section 3.2: the difference over its prewhitened HAC standard error, against resamples in circular blocks over
their own block standard error. Here for every metric that is a smooth function of means.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.errors import UsageError
from stratkit.inference.block_resampling import circular_sums, resample_differences
from stratkit.inference.comparison import Alternative
from stratkit.inference.hac import difference_error
from stratkit.inference.smooth_metrics import SmoothMetric, check_columns
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import FloatArray

Starts = npt.NDArray[np.integer[Any]]

_FEWEST: Final = 10  # periods: a VAR(1) of four series and a factor n/(n - 4) mean nothing on fewer
_AT_ONCE: Final = 2_000_000  # block starts held at a time: 8 MB
# smaller than this share of what it is a difference of, a difference is rounding
_NOTHING: Final = 1e-12
# likewise what a period adds to it: a variance is a sum of squares, whose last digits leave half as many to its root
_STILL: Final = 1e-7


@dataclass(frozen=True)
class StudentizedBootstrap:
    """The difference first less second, per period, and what resamples say of it.

    `statistic` is signed, difference / se. `low` and `high` bound the difference at `level`, symmetric about it, so
    that they leave out zero exactly when a two-sided p value is at most 1 - level. `t_star` (reps,) are the signed
    (D* - D)/SE* of the resamples, `drawn` (reps,) their D*, not finite where a metric is undefined (no trade in the
    resample). Such a resample, and one in which the arms never differ, has t_star = inf: it counts against a
    difference. Where these are many the bounds are infinite.
    """

    difference: float
    se: float
    statistic: float
    p_value: float
    p_error: float
    low: float
    high: float
    level: float
    block: int
    reps: int
    t_star: FloatArray
    drawn: FloatArray


def studentized_difference(
    x: FloatArray,
    y: FloatArray,
    metric: SmoothMetric,
    *,
    block: int,
    reps: int,
    draw: np.random.Generator,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    starts: Starts | None = None,
) -> StudentizedBootstrap:
    """Test whether a metric of columns x differs from that of y, both (n, m) from `metric_columns`.

    Blocks of `block` periods are drawn in a circle, the last one cut so that a resample has n periods. `starts`
    (reps, ceil(n / block)), 0-based, are used in place of `draw` where several pairs must share their resamples. p is
    ``(1 + #{|t*| >= |t|})/(reps + 1)``; under "greater" ``#{t* >= t}``. A difference that is the same in every resample
    (equal up to a constant, mean compared; one a multiple of the other, Sharpe ratios compared) has se 0.

    Raises `UsageError` for identical columns, fewer than ten periods, values that are not finite, a block longer than
    half the sample, or starts of another shape.

    >>> from stratkit.inference.smooth_metrics import smooth_metric
    >>> draw = np.random.default_rng(0)
    >>> x, y = draw.normal(0.1, 1.0, (2, 200, 1))
    >>> found = studentized_difference(x + 1.0, y, smooth_metric("mean"), block=2, reps=199, draw=draw)
    >>> found.p_value, found.low > 0
    (0.005, True)
    """
    check_columns(x, y)
    n = len(x)
    check_sizes(n, block, reps, level)
    scale = metric.small_sample(n)
    first, second = (float(metric.value(columns.mean(axis=0))) * scale for columns in (x, y))
    difference = first - second
    if not math.isfinite(difference):
        raise UsageError(f"{metric.name} must be defined for both arms; found {first:g} and {second:g}")
    reach = _reach(x, y, metric)
    varies = float(np.ptp(influence(x, y, metric))) > _STILL * reach
    se = difference_error(x, y, metric, prewhiten=True) if varies else 0.0
    if se == 0:
        # a certain difference, or the rounding of none
        certain = difference if abs(difference) > _NOTHING * (abs(first) + abs(second)) else 0.0
        return _certain(certain, level, block, reps, alternative)
    drawn, variances = _resampled(x, y, metric, block, reps, draw, starts)
    drawn *= scale
    # a resample in which a metric is undefined or the arms never differ says nothing: it counts against a difference
    known = np.isfinite(drawn) & (variances > (_NOTHING * reach) ** 2)
    t_star = np.full(reps, math.inf)
    t_star[known] = (drawn[known] - difference) / np.sqrt(variances[known] / n)
    statistic = difference / se
    p_value = studentized_p(statistic, t_star, alternative)
    half = upper_quantile(np.abs(t_star), level) * se
    return StudentizedBootstrap(
        difference, se, statistic, p_value, drawn_p_error(p_value, reps), difference - half, difference + half,
        level, block, reps, t_star, drawn,
    )  # fmt: skip


def draw_starts(n: int, block: int, reps: int, draw: np.random.Generator) -> npt.NDArray[np.int32]:
    """Return (reps, ceil(n / block)) starts of circular blocks, 0-based, for pairs that share their resamples.

    >>> draw_starts(10, 4, 2, np.random.default_rng(0)).shape
    (2, 3)
    """
    return draw.integers(0, n, (reps, -(-n // block)), dtype=np.int32)  # half the time that wider numbers take


def influence(x: FloatArray, y: FloatArray, metric: SmoothMetric) -> FloatArray:
    """Return (n,) ``gradient' (V_t - mean)``: what each period adds to the difference of a metric of x and y (n, m).

    Its autocorrelation is what counts for the standard error, and so for the length of blocks.
    """
    check_columns(x, y)
    means = x.mean(axis=0), y.mean(axis=0)
    return np.asarray((x - means[0]) @ metric.gradient(means[0]) - (y - means[1]) @ metric.gradient(means[1]))


def start_batches(
    n: int, block: int, reps: int, draw: np.random.Generator, starts: Starts | None
) -> Iterator[tuple[slice, npt.NDArray[np.int32]]]:
    """Yield block starts of all resamples, some at a time, with their rows: the given ones, or drawn ones.

    What is drawn does not depend on how many are held at a time.
    """
    blocks = -(-n // block)
    if starts is not None:
        _check_starts(starts, n, (reps, blocks))
    at_once = max(1, _AT_ONCE // blocks)
    for begin in range(0, reps, at_once):
        rows = slice(begin, min(begin + at_once, reps))
        taken = starts[rows] if starts is not None else draw_starts(n, block, rows.stop - begin, draw)
        yield rows, np.ascontiguousarray(taken, dtype=np.int32)


def studentized_p(statistic: float, t_star: FloatArray, alternative: Alternative) -> float:
    """Return ``(1 + #{|t*| >= |t|})/(reps + 1)``; under "greater" ``#{t* >= t}``.

    >>> drawn = np.array([0.5, -2.0, 1.5])
    >>> studentized_p(1.0, drawn, "two-sided"), studentized_p(1.0, drawn, "greater")
    (0.75, 0.5)
    """
    beyond = t_star >= statistic if alternative == "greater" else np.abs(t_star) >= abs(statistic)
    return (1 + int(np.count_nonzero(beyond))) / (len(t_star) + 1)


def upper_quantile(sizes: FloatArray, level: float) -> float:
    """Return the order statistic that p <= 1 - level compares with, so that p and interval never contradict."""
    place = math.ceil(level * (len(sizes) + 1) - 1e-9)  # .95 x 500 may come out above 475 in the last digit
    return math.inf if place > len(sizes) else float(np.partition(sizes, place - 1)[place - 1])


def check_sizes(n: int, block: int, reps: int, level: float) -> None:
    """Refuse samples, blocks, resamples and levels that mean nothing."""
    if n < _FEWEST:
        raise UsageError(f"at least {_FEWEST} paired periods are needed; found {n}")
    if not 1 <= block <= n // 2:
        raise UsageError(f"a block must have between 1 and n / 2 = {n // 2} periods; found {block}")
    if reps < 1:
        raise UsageError(f"at least one resample must be drawn; found {reps}")
    if not 0 < level < 1:
        raise UsageError(f"a level must lie between 0 and 1, such as 0.95; found {level:g}")


def _resampled(
    x: FloatArray,
    y: FloatArray,
    metric: SmoothMetric,
    block: int,
    reps: int,
    draw: np.random.Generator,
    starts: Starts | None,
) -> tuple[FloatArray, FloatArray]:
    """Return (reps,) differences and (reps,) n x their variances."""
    n, m = x.shape
    columns = np.zeros((n, 4))
    columns[:, :m], columns[:, 2 : 2 + m] = x, y
    cut = n - (-(-n // block) - 1) * block
    sums = circular_sums(columns, block)
    last_sums = sums if cut == block else circular_sums(columns, cut)
    differences, variances = np.empty(reps), np.empty(reps)
    for rows, taken in start_batches(n, block, reps, draw, starts):
        out = differences[rows], variances[rows]
        with np.errstate(divide="ignore", invalid="ignore"):  # uncompiled, where a metric is undefined in a resample
            resample_differences(sums, last_sums, taken, (block, cut), metric.form, *out)
    return differences, variances * (n / (n - 2 * m))  # the factor T/(T - 4) of Ledoit and Wolf's two pairs of moments


def _reach(x: FloatArray, y: FloatArray, metric: SmoothMetric) -> float:
    """Return by how much one period can move the metric of one arm: what the rounding of a difference is a share of."""
    parts = [np.abs(metric.gradient(columns.mean(axis=0))) * np.ptp(columns, axis=0) for columns in (x, y)]
    return float(np.max(parts))


def _certain(difference: float, level: float, block: int, reps: int, alternative: Alternative) -> StudentizedBootstrap:
    statistic = math.copysign(math.inf, difference) if difference else 0.0
    found = statistic > 0 if alternative == "greater" else statistic != 0
    p_value = 1 / (reps + 1) if found else 1.0
    still, same = np.zeros(reps), np.full(reps, difference)
    error = drawn_p_error(p_value, reps)
    return StudentizedBootstrap(
        difference, 0.0, statistic, p_value, error, difference, difference, level, block, reps, still, same
    )


def _check_starts(starts: Starts, n: int, shape: tuple[int, int]) -> None:
    if starts.shape != shape:
        raise UsageError(f"starts must have the shape (reps, ceil(n / block)) = {shape}; found {starts.shape}")
    if starts.size and not (starts.min() >= 0 and starts.max() < n):
        raise UsageError(f"starts must lie between 0 and n - 1 = {n - 1}; found {starts.min()} to {starts.max()}")
