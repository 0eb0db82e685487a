"""`traded_bars`: the bars on which something may trade; those before them are history that is only looked at."""

from __future__ import annotations

import numpy as np

from stratkit.data.bars import Bars
from stratkit.data.settings import DataSettings
from stratkit.errors import DataError
from stratkit.panel import NS_PER_DAY, format_time, parse_time


def history_bars(data: DataSettings, bars: Bars) -> int:
    """Return how many of the first bars lie before ``trade_start``; 0 when it is not given.

    Raises `DataError` when no bar is left, or when it lies on a day before the first bar, where there is no history.
    """
    if data.trade_start is None:
        return 0
    start = parse_time(data.trade_start, "data.trade_start")
    first = _rows_before(bars, start)
    if first == len(bars.times) or start < int(bars.times[0]) // NS_PER_DAY * NS_PER_DAY:
        span = f"{format_time(int(bars.times[0]))} to {format_time(int(bars.times[-1]))}" if len(bars.times) else "none"
        raise DataError(
            f"data.trade_start must lie within the bars, {span}; found {data.trade_start}: "
            "change it, or load bars of other dates with data.start and data.end"
        )
    return first


def traded_bars(data: DataSettings, bars: Bars) -> Bars:
    """Return the bars from ``trade_start`` on; bars that are cut already stay as they are."""
    if data.trade_start is None:
        return bars
    first = _rows_before(bars, parse_time(data.trade_start, "data.trade_start"))
    return bars.slice(first, len(bars.times)) if first else bars


def _rows_before(bars: Bars, start_ns: int) -> int:
    return int(np.searchsorted(bars.times, start_ns))
