"""`CalendarPeriods`: which calendar week or month each bar belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stratkit.panel import NS_PER_DAY, IntArray, read_only

Every = Literal["week", "month"]


@dataclass(frozen=True)
class CalendarPeriods:
    """Q periods that hold at least one of T bars, in order of time.

    `code` (T,) is the period of each bar, `last_bar` (Q,) the bar that closes it; `labels` are ``2020-03`` for a
    month, the date of its Monday for a week.
    """

    code: IntArray
    last_bar: IntArray
    labels: tuple[str, ...]


def calendar_periods(times: IntArray, every: Every) -> CalendarPeriods:
    """Return the weeks (from Monday) or months of bars, by the UTC start of the bar.

    >>> calendar_periods(np.array([0, 4, 5]) * NS_PER_DAY, "week").labels
    ('1969-12-29', '1970-01-05')
    """
    days = times // NS_PER_DAY
    if every == "week":
        number = (days + 3) // 7  # 1970-01-01 was a Thursday
    else:
        number = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    ends = np.append(number[1:] != number[:-1], True)
    last_bar = np.flatnonzero(ends)
    code = np.cumsum(ends) - ends  # times ascend, so a sort is not needed
    numbers = number[last_bar]
    starts = numbers.astype("datetime64[M]") if every == "month" else (numbers * 7 - 3).astype("datetime64[D]")
    return CalendarPeriods(read_only(code), read_only(last_bar), tuple(str(start) for start in starts))
