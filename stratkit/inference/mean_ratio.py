"""`ratio_of_means`: how many times as large the mean of one sample is as that of another one."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

from stratkit.inference.interval import Interval
from stratkit.panel import FloatArray

_METHOD: Final = "ratio of means, delta method on its logarithm"


def ratio_of_means(first: FloatArray, second: FloatArray, level: float = 0.95) -> Interval:
    """Return mean(first) / mean(second) of two independent samples of positive figures.

    The interval is ratio x exp(+-z s), with s^2 = (sd_1 / m_1)^2 / n_1 + (sd_2 / m_2)^2 / n_2 (the delta method, as in
    G. Casella, R. Berger, Statistical Inference, 2nd ed., 5.5.4). NaN without a mean above 0 in both; no interval
    with fewer than two figures in one of them.
    """
    if not (len(first) and len(second)) or not (first.mean() > 0 and second.mean() > 0):
        return Interval(math.nan, math.nan, math.nan, level, _METHOD, "both samples need a mean above 0")
    ratio = float(first.mean() / second.mean())
    if min(len(first), len(second)) < 2:
        return Interval(ratio, math.nan, math.nan, level, _METHOD, "both samples need two figures")
    spread = math.sqrt(sum(float(one.var(ddof=1) / one.mean() ** 2) / len(one) for one in (first, second)))
    factor = math.exp(NormalDist().inv_cdf(0.5 + level / 2.0) * spread)
    return Interval(ratio, ratio / factor, ratio * factor, level, _METHOD)
