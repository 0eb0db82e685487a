"""`TestResult`: one test's answer, with what it assumes and how exact its p value is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class TestResult:
    """A two-sided test of "no difference", unless its name says otherwise.

    `assumes` is what must hold for the p value to mean something, in a few words; `se` is the standard error of the
    difference in its own unit, NaN where the test has none. `p_error` is the Monte Carlo standard error of the p value,
    0 where it is computed and not drawn. A test that cannot be made has a NaN p value and a `reason`.

    >>> TestResult("sign flip", 1.2, 0.25, "symmetric differences", p_error=0.0061).is_defined
    True
    """

    __test__: ClassVar[bool] = False  # pytest would take a class of this name for a test

    name: str
    statistic: float
    p_value: float
    assumes: str
    se: float = math.nan
    p_error: float = 0.0
    reason: str = ""

    @property
    def is_defined(self) -> bool:
        """Whether there is a p value."""
        return not math.isnan(self.p_value)


def drawn_p_error(p_value: float, draws: int) -> float:
    """Return the Monte Carlo standard error ``sqrt(p (1 - p)/B)`` of a p value from B draws.

    >>> round(drawn_p_error(0.182, 4999), 4)
    0.0055
    """
    return math.sqrt(p_value * (1 - p_value) / draws)
