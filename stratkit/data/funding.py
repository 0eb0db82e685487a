"""`load_funding`: a file of dated funding rates as a panel on the bars' axes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from stratkit.data.bars import Bars
from stratkit.errors import DataError, did_you_mean
from stratkit.panel import FloatArray, IntArray

_COLUMNS = ("timestamp", "funding_rate")


def load_funding(path: str, bars: Bars) -> FloatArray:
    """Return (T, N) funding rates: those stamped in (times[t-1], times[t]], summed; 0 where none.

    The file is Parquet or CSV with `timestamp` (with a time zone), `funding_rate` (fraction of the position's
    value, paid by longs when positive) and, for several symbols, `symbol`. Raises `DataError`.
    """
    import pandas as pd

    file = Path(path)
    if not file.is_file():
        raise DataError(f"costs.funding_path must name a file; found none at {path}")
    frame = pd.read_csv(file) if file.suffix.lower() == ".csv" else pd.read_parquet(file)
    for column in _COLUMNS:
        if column not in frame:
            raise DataError(f"{path} must have a column {column!r}; {did_you_mean(column, map(str, frame.columns))}")
    stamps = pd.to_datetime(frame["timestamp"])
    if stamps.dt.tz is None:
        raise DataError(f"the timestamps of {path} must have a time zone; found none: write them in UTC")
    times = stamps.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype(np.int64)
    rates = frame["funding_rate"].to_numpy(dtype=np.float64)
    if not np.isfinite(rates).all():
        raise DataError(f"funding rates must be finite; {path} has {int((~np.isfinite(rates)).sum())} that are not")
    if "symbol" not in frame:
        if len(bars.symbols) > 1:
            raise DataError(f"{path} must have a column 'symbol', for the bars hold {len(bars.symbols)} symbols")
        columns = np.zeros(len(frame), dtype=np.int64)
    else:
        columns = pd.Index(bars.symbols).get_indexer(pd.Index(frame["symbol"].astype(str)))
        if (columns < 0).all():
            raise DataError(f"{path} must hold rates of the symbols of the bars, {', '.join(bars.symbols[:5])} ...")
    return sum_on_bars(times, rates, columns, bars)


def sum_on_bars(times: IntArray, rates: FloatArray, columns: IntArray, bars: Bars) -> FloatArray:
    """Return dated rates summed into the bar whose gap (times[t-1], times[t]] holds them; others are dropped."""
    panel = np.zeros(bars.shape)
    bar = np.searchsorted(bars.times, times, side="left")
    inside = (columns >= 0) & (bar > 0) & (bar < len(bars.times))
    np.add.at(panel, (bar[inside], columns[inside]), rates[inside])
    return panel
