"""`Interval`: where a figure lies, at a stated level and by a stated method."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A two-sided confidence interval around `estimate`, in the estimate's own unit.

    `level` is its coverage as a fraction. The bounds are NaN when it cannot be computed, and
    `reason` then says why.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    reason: str = ""

    @property
    def is_defined(self) -> bool:
        """Whether there are bounds."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def scaled(self, factor: float) -> Interval:
        """Return the interval of the estimate times a positive `factor`, such as sqrt(252)."""
        return Interval(
            self.estimate * factor, self.low * factor, self.high * factor, self.level, self.method, self.reason
        )
