"""Make the bundled Parquet files from the data sets inside the `arch` package.

Run ``python data/make_bundled.py`` with `arch` installed. Daily bars go to ``1d/``, series that have
no open, high and low to ``series/``. Nothing is repaired: a row that breaks a rule of the quality
gate stops the script, and what is merely odd is printed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import arch.data.nasdaq
import arch.data.sp500
import arch.data.vix
import arch.data.wti
import numpy as np
import pandas as pd
import pyarrow as pa

from stratkit.data.bars import FIELDS, Bars
from stratkit.data.gate import check_bars
from stratkit.data.parquet import write_table
from stratkit.data.store import write_bars

BARS: Final = {"SP500": arch.data.sp500, "NASDAQ": arch.data.nasdaq}
SERIES: Final = {"VIX": (arch.data.vix, "vix"), "WTI": (arch.data.wti, "DCOILWTICO")}


def daily_bars(symbol: str) -> Bars:
    """Return the checked bars of an index, stamped 00:00 UTC of the session date."""
    frame = BARS[symbol].load()
    if not np.array_equal(frame["Adj Close"], frame["Close"]):
        raise SystemExit(f"{symbol}: Adj Close differs from Close; decide which one to bundle")
    columns = {name: frame[name.capitalize()].to_numpy(dtype=np.float64).reshape(-1, 1) for name in FIELDS}
    times = pd.DatetimeIndex(frame.index).as_unit("ns").asi8
    return check_bars(Bars(times, (symbol,), frequency="1d", source=f"arch {symbol}", **columns))


def external_series(name: str) -> pa.Table:
    """Return a close-only series as `timestamp` and `value`; days without a value (holidays) have no row."""
    module, column = SERIES[name]
    frame: pd.Series = module.load()[column].dropna()
    times = pa.array(pd.DatetimeIndex(frame.index).as_unit("ns").asi8).cast(pa.timestamp("ns", tz="UTC"))
    return pa.table({"timestamp": times, "value": pa.array(frame.to_numpy(dtype=np.float64))})


def oddities(bars: Bars) -> str:
    """Return what a user of these bars should know, counted."""
    same_open = int((bars.open[1:, 0] == bars.close[:-1, 0]).sum())
    no_volume = int((bars.volume[:, 0] == 0).sum())
    return f"{same_open} opens equal the close before; {no_volume} days of zero volume"


def main() -> None:
    """Write all files below the folder given (default: this script's)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=Path(__file__).resolve().parent)
    root = parser.parse_args().to
    for symbol in BARS:
        bars = daily_bars(symbol)
        write_bars(bars, root, overwrite=True)
        print(f"{symbol}: {bars!r}; {oddities(bars)}")
    for name, (module, column) in SERIES.items():
        table = external_series(name)
        write_table(root / "series" / f"{name}.parquet", table)
        print(f"{name}: {table.num_rows} values; {int(module.load()[column].isna().sum())} days without one left out")


if __name__ == "__main__":
    main()
