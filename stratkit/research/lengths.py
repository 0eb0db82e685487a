"""`Length`: how long a span of bars is: a number of bars, or a time by the calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from stratkit.errors import UsageError

Unit = Literal["bars", "d", "w", "m", "y"]
_PATTERN: Final = re.compile(r"([1-9]\d*)\s*(d|w|m|y|bars?)?")
_NS_PER_DAY: Final = 86_400 * 10**9


@dataclass(frozen=True)
class Length:
    """So many bars, days, weeks, calendar months or calendar years."""

    count: int
    unit: Unit

    @property
    def is_time(self) -> bool:
        """Whether it is measured by the calendar, and not in bars."""
        return self.unit != "bars"

    def after(self, time_ns: int, times: int = 1) -> int:
        """Return the UTC ns of so many lengths after a time; the 31st becomes the last day of a shorter month.

        >>> str(np.datetime64(Length(1, "m").after(int(np.datetime64("2020-01-31", "ns").astype(np.int64))), "ns"))[:10]
        '2020-02-29'
        """
        count = self.count * times
        if self.unit in ("d", "w"):
            return time_ns + count * _NS_PER_DAY * (7 if self.unit == "w" else 1)
        month = np.datetime64(time_ns, "ns").astype("datetime64[M]")
        day, rest = divmod(time_ns - _begin(month), _NS_PER_DAY)
        target = month + np.timedelta64(count * (12 if self.unit == "y" else 1), "M")
        days = (_begin(target + 1) - _begin(target)) // _NS_PER_DAY
        return _begin(target) + min(day, days - 1) * _NS_PER_DAY + rest


def length_of(text: str | int) -> Length:
    """Return the length that is meant: ``250`` and ``"250 bars"`` are bars, ``"3y"``, ``"6m"``, ``"90d"`` time.

    >>> length_of("6m"), length_of(250)
    (Length(count=6, unit='m'), Length(count=250, unit='bars'))
    """
    found = _PATTERN.fullmatch(str(text).strip())
    if found is None:
        raise UsageError(
            "a length must be a number of bars, such as 250, or a time in days, weeks, months or years, such as 90d, "
            f"8w, 6m or 3y; found {text!r}"
        )
    unit = found[2] or "bars"
    return Length(int(found[1]), "bars" if unit.startswith("bar") else unit)  # type: ignore[arg-type]  # one of the units: the pattern has no other


def _begin(month: np.datetime64) -> int:
    return int(month.astype("datetime64[ns]").astype(np.int64))
