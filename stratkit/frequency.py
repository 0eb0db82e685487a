"""Bar frequency, session days, and the periods per year that annualise a ratio.

A frequency is a word such as ``1min``, ``1h``, ``1d``, ``1w``. It is measured from the stamps
(the commonest step), never taken on trust, and every annualised figure carries where its
periods per year came from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from stratkit.errors import DataError, UsageError
from stratkit.panel import NS_PER_DAY, NS_PER_SECOND, BoolArray, IntArray, read_only

_UNIT_NS = {
    "s": NS_PER_SECOND,
    "min": 60 * NS_PER_SECOND,
    "h": 3600 * NS_PER_SECOND,
    "d": NS_PER_DAY,
    "w": 7 * NS_PER_DAY,
}
_DAYS_PER_YEAR = 365.25  # the mean calendar year, for counting sessions in a span
_MONTH_NS = 28 * NS_PER_DAY  # the shortest month; steps from here on are called months


@dataclass(frozen=True)
class ReturnPeriods:
    """Which bars close a return period, and how many such periods make a year.

    `period_end` (T,) is True where a period closes: every bar of daily or slower series, the last
    bar of each session day of intraday ones. `unit` is what a period is, `source` says in words
    where `per_year` came from; `bars_per_year` annualises per-bar figures shown beside.
    """

    period_end: BoolArray
    per_year: float
    unit: str
    bars_per_year: float
    source: str


def frequency_ns(frequency: str) -> int:
    """Return the length of one bar in nanoseconds; a month (``1mo``) counts 30 days.

    >>> frequency_ns("5min")
    300000000000
    """
    count, unit = _count_and_unit(frequency)
    return count * (30 * NS_PER_DAY if unit == "mo" else _UNIT_NS[unit])


def frequency_word(frequency: str) -> str:
    """Return the one word that a frequency has here: minutes may be given as ``m``, and are ``min``.

    >>> frequency_word("5m"), frequency_word("1mo")
    ('5min', '1mo')
    """
    count, unit = _count_and_unit(frequency)
    return f"{count}{unit}"


def _count_and_unit(frequency: str) -> tuple[int, str]:
    match = re.fullmatch(r"(\d+)(s|min|m|h|d|w|mo)", frequency, re.ASCII)
    if match is None or int(match[1]) == 0:
        raise UsageError(
            f"a frequency must be a count and one of s, min, h, d, w, mo, such as 5min; found {frequency!r}"
        )
    return int(match[1]), "min" if match[2] == "m" else match[2]


def measure_frequency(times: IntArray) -> str:
    """Return the commonest step between stamps as a word.

    >>> measure_frequency(np.arange(5) * 60_000_000_000)
    '1min'
    """
    if len(times) < 2:
        raise DataError(f"at least two bars are needed to measure a frequency; found {len(times)}")
    steps, counts = np.unique(np.diff(times), return_counts=True)
    step = int(steps[counts.argmax()])
    if step >= _MONTH_NS:
        return f"{max(1, round(step / (30.4 * NS_PER_DAY)))}mo"
    for unit in ("w", "d", "h", "min", "s"):
        if step % _UNIT_NS[unit] == 0:
            return f"{step // _UNIT_NS[unit]}{unit}"
    raise DataError(
        f"bars must be whole seconds apart; the commonest step found is {step} ns: "
        "check the unit of the time stamps (s, ms, us or ns)"
    )


def session_days(times: IntArray) -> IntArray:
    """Return (T,) the UTC day number of each bar: the session date where no calendar is given."""
    return read_only(times // NS_PER_DAY)


def is_intraday(frequency: str) -> bool:
    """Whether several bars share a day.

    >>> is_intraday("1h"), is_intraday("1d")
    (True, False)
    """
    return frequency_ns(frequency) < NS_PER_DAY


def return_periods(times: IntArray, frequency: str, override: float | None = None) -> ReturnPeriods:
    """Return the return periods of a series of bars; `override` replaces the periods per year.

    Sessions per year are counted from the stamps: 252 or 365 when the count is within 3 % of
    one of them, else the count itself.
    """
    days = session_days(times)
    last_of_day = np.append(days[1:] != days[:-1], True)
    slow = frequency_ns(frequency) > NS_PER_DAY
    intraday = is_intraday(frequency)
    period_end = last_of_day if intraday else np.ones(len(times), dtype=np.bool_)
    periods = int(period_end.sum())
    per_year, source = _count_per_year(times, periods, frequency) if slow else _sessions(days, int(last_of_day.sum()))
    unit = "session day" if intraday else {"1d": "day", "1w": "week", "1mo": "month"}.get(frequency, "bar")
    if override is not None:
        per_year, source = override, "given by --periods"
    bars_per_year = per_year * len(times) / periods
    return ReturnPeriods(read_only(period_end), per_year, unit, bars_per_year, source)


def _sessions(days: IntArray, sessions: int) -> tuple[float, str]:
    span_days = int(days[-1] - days[0]) + 1
    if span_days < 14:  # too short to count: a weekend bar decides
        weekend = bool(np.isin((days + 3) % 7, (5, 6)).any())  # 1970-01-01 was a Thursday
        return (365.0, "bars on weekends") if weekend else (252.0, "no bar on a weekend")
    count = sessions / span_days * _DAYS_PER_YEAR
    for standard in (252.0, 365.0):
        if abs(count / standard - 1) <= 0.03:
            return standard, f"{sessions} sessions in {span_days / _DAYS_PER_YEAR:.1f} years"
    return round(count, 1), f"{sessions} sessions counted in {span_days / _DAYS_PER_YEAR:.1f} years"


def _count_per_year(times: IntArray, periods: int, frequency: str) -> tuple[float, str]:
    standard = {"1w": 52.0, "1mo": 12.0, "3mo": 4.0, "12mo": 1.0}.get(frequency)
    if standard is not None:
        return standard, f"{frequency} bars"
    step = frequency_ns(frequency)
    span = int(times[-1] - times[0]) + step
    return round(periods / span * _DAYS_PER_YEAR * NS_PER_DAY, 2), f"{periods} bars counted"
