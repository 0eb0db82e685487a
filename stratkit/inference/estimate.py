"""`Estimate`: one figure, or NaN and the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A figure; when it is undefined `value` is NaN and `reason` says why.

    >>> float(Estimate(1.5)), Estimate.undefined("no trade").reason
    (1.5, 'no trade')
    """

    value: float
    reason: str = ""

    @staticmethod
    def undefined(reason: str) -> Estimate:
        """Return NaN with its reason."""
        return Estimate(math.nan, reason)

    @property
    def is_defined(self) -> bool:
        """Whether there is a figure."""
        return not math.isnan(self.value)

    def __float__(self) -> float:
        return self.value
