"""`MonthlyTable`: the return of every calendar month, one row per year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import FloatArray, IntArray, read_only


@dataclass(frozen=True)
class MonthlyTable:
    """Returns as fractions: `years` (Y,), `values` (Y, 12) NaN where a month has no bar, `total` (Y,)."""

    years: IntArray
    values: FloatArray
    total: FloatArray


def monthly_returns(times: IntArray, equity: FloatArray, initial: float) -> MonthlyTable:
    """Return the monthly returns of an equity curve (T,), months by the UTC start of the bar.

    A month runs from the last close before it (the initial cash for the first) to its own last
    close; the total of a year likewise. Once equity is zero or less returns are 0.
    """
    if not len(times) or len(times) != len(equity):
        raise UsageError(f"times and equity must have one value per bar; found {len(times)} and {len(equity)}")
    months = times.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    month_ends = np.flatnonzero(np.append(months[1:] != months[:-1], True))
    month = months[month_ends]
    years = np.arange(month[0] // 12, month[-1] // 12 + 1)
    values = np.full((len(years), 12), np.nan)
    values[month // 12 - years[0], month % 12] = _changes(equity[month_ends], initial)
    year_ends = month_ends[np.append(month[1:] // 12 != month[:-1] // 12, True)]
    total = np.full(len(years), np.nan)
    total[months[year_ends] // 12 - years[0]] = _changes(equity[year_ends], initial)
    return MonthlyTable(read_only(years + 1970), read_only(values), read_only(total))


def _changes(closes: FloatArray, initial: float) -> FloatArray:
    before = np.concatenate(([initial], closes[:-1]))
    growth = np.ones_like(closes)
    np.divide(closes, before, out=growth, where=before > 0)
    return growth - 1.0
