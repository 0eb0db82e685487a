"""`difference_words`: a difference of Sharpe ratios in a sentence, with its interval and its p value."""

from __future__ import annotations

import math
from typing import Final

from stratkit.inference.averaged_difference import AveragedDifference
from stratkit.inference.comparison_words import shown_p
from stratkit.inference.figure_words import NO_FIGURE, plain_number

NO_INTERVAL: Final = (
    "interval n/a: in too many resamples an account hardly moves, so that the difference has no error there"
)


def difference_words(found: AveragedDifference) -> str:
    """Return the difference, the ends of its interval, n/a where there are none, and the p value among all."""
    ends = found.interval
    shown = f"{plain_number(ends.low)} to {plain_number(ends.high)}" if has_ends(found) else NO_FIGURE
    level = f"{100 * ends.level:g}% interval"
    return f"{plain_number(found.difference, signed=True)}, {level} {shown}, {shown_p(found.p_adjusted)}"


def has_ends(found: AveragedDifference) -> bool:
    """Return whether the interval has two ends."""
    return math.isfinite(found.interval.low) and math.isfinite(found.interval.high)
