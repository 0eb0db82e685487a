"""Which of many trials are better, from draws that all of them share: Romano-Wolf p values, StepM, the reality check.

Draws in common know how the tests depend on each other, so less is given away than by `multiplicity`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.comparison import Alternative
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class RealityCheck:
    """White's answer: is the best of K trials better than the benchmark, their differences as they are.

    `statistic` is ``max sqrt(T) mean`` of the differences, `best` the trial it belongs to, `exceeded` how many of the
    `reps` resamples reach it. `p_value` is ``(1 + exceeded)/(reps + 1)``.
    """

    statistic: float
    best: int
    p_value: float
    p_error: float
    exceeded: int
    reps: int


def romano_wolf(t: FloatArray, t_star: FloatArray, alternative: Alternative = "two-sided") -> FloatArray:
    """Return (K,) adjusted p values of K studentized differences `t` from their common resamples `t_star` (reps, K).

    `t_star` is centred: (D* - D)/SE*, in each row all K from the same resample. The largest statistic is judged by the
    largest of each row, the next one by the largest of the rest, and no p value falls below the one before it. Signs
    do not count unless `alternative` is "greater". A `t` that is NaN has a NaN p value and takes no part. Source: J. P.
    Romano, M. Wolf, Statistics & Probability Letters 113 (2016), algorithm 3.1.

    >>> drawn = np.array([[0.1, 2.0], [1.0, 0.5], [3.0, 0.2]])
    >>> romano_wolf(np.array([2.5, 1.0]), drawn).tolist()
    [0.5, 0.5]
    """
    if t.ndim != 1 or t_star.ndim != 2 or t_star.shape[1] != len(t) or not len(t_star):
        raise UsageError(f"resamples (reps, K) must belong to K statistics; found {t_star.shape} and {t.shape}")
    made = np.flatnonzero(~np.isnan(t))
    sizes, drawn = (t, t_star) if alternative == "greater" else (np.abs(t), np.abs(t_star))
    order = made[np.argsort(-sizes[made], kind="stable")]
    # in column j the largest of those from the j-th place on
    largest = np.maximum.accumulate(drawn[:, order[::-1]], axis=1)[:, ::-1]
    p_values = (1 + (largest >= sizes[order]).sum(axis=0)) / (len(t_star) + 1)
    adjusted = np.full(len(t), np.nan)
    adjusted[order] = np.maximum.accumulate(p_values)
    return adjusted


def step_m(t: FloatArray, t_star: FloatArray, alpha: float = 0.05) -> BoolArray:
    """Return (K,) which trials are better than the benchmark, with a chance of at most `alpha` that any of them is not.

    It is Romano and Wolf's StepM (Econometrica 73, 2005), studentized; arguments as of `romano_wolf`.

    >>> drawn = np.random.default_rng(0).standard_normal((999, 3))
    >>> step_m(np.array([5.0, 0.3, -5.0]), drawn).tolist()
    [True, False, False]
    """
    return np.asarray(romano_wolf(t, t_star, "greater") <= alpha)


def reality_check(difference: FloatArray, resampled: FloatArray) -> RealityCheck:
    """Test whether the best of K trials beats the benchmark, from (T, K) differences and the (reps, K) resampled means.

    Nothing is studentized: a volatile trial drowns the others, `superior_ability` does not let it. Source: H. White,
    A Reality Check for Data Snooping, Econometrica 68 (2000), proposition 2.2.

    >>> data = np.random.default_rng(0).standard_normal((50, 2))
    >>> rows = np.random.default_rng(1).integers(0, 50, (99, 50))
    >>> 0.01 <= reality_check(data, resampled_means(data, rows)).p_value <= 1
    True
    """
    if difference.ndim != 2 or resampled.shape[1:] != difference.shape[1:] or not resampled.size:
        raise UsageError(
            f"resampled means (reps, K) must belong to differences (T, K); found {resampled.shape}, {difference.shape}"
        )
    mean, root = difference.mean(axis=0), len(difference) ** 0.5
    statistic, reps = float(root * mean.max()), len(resampled)
    exceeded = int((root * (resampled - mean).max(axis=1) >= statistic).sum())
    p_value = (1 + exceeded) / (reps + 1)
    return RealityCheck(statistic, int(mean.argmax()), p_value, drawn_p_error(p_value, reps), exceeded, reps)


def resampled_means(series: FloatArray, rows: IntArray) -> FloatArray:
    """Return (reps, K) the means of a series (T, K) over the rows (reps, n) that each resample takes.

    >>> resampled_means(np.array([[1.0], [2.0], [6.0]]), np.array([[0, 0, 2], [1, 1, 1]])).ravel().round(3).tolist()
    [2.667, 2.0]
    """
    return np.array([series[taken].mean(axis=0) for taken in rows])
