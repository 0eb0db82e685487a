"""`resample_calmar`: the compiled loop that walks two arms along the same resampled path to their Calmar ratios."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from stratkit.compiled import allocating_nothing
from stratkit.panel import FloatArray


@allocating_nothing
def resample_calmar(
    first: FloatArray,
    second: FloatArray,
    starts: npt.NDArray[np.int32],
    block: int,
    years: float,
    drawn: FloatArray,
) -> None:
    """Fill `drawn` (reps, 2) with the Calmar ratios of both arms' returns (n,) along block `starts` (reps, l).

    Blocks run in a circle and the last is cut at n. A ratio is growth a year over the deepest drawdown below the peak,
    the start included; NaN for a path without a drawdown, and -1 over it for one that loses everything.
    """
    n = len(first)
    for rep in range(len(starts)):
        a = a_peak = b = b_peak = 1.0
        a_deepest = b_deepest = 0.0
        place = 0
        for step in range(n):
            if step % block == 0:
                place = int(starts[rep, step // block])
            a *= 1.0 + first[place]
            b *= 1.0 + second[place]
            a_peak, b_peak = max(a_peak, a), max(b_peak, b)
            a_deepest, b_deepest = min(a_deepest, a / a_peak - 1.0), min(b_deepest, b / b_peak - 1.0)
            place += 1
            if place == n:
                place = 0
        drawn[rep, 0] = (math.pow(max(a, 0.0), 1.0 / years) - 1.0) / -a_deepest if a_deepest < 0.0 else math.nan
        drawn[rep, 1] = (math.pow(max(b, 0.0), 1.0 / years) - 1.0) / -b_deepest if b_deepest < 0.0 else math.nan
