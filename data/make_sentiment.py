"""Make a series of sentiment that nobody measured: ``python data/make_sentiment.py``.

THE NUMBERS ARE MADE UP. They are drawn, seeded, around the bundled S&P 500 bars: people are taken to grow confident
after a rise, fearful after a fall, and to change their minds for no reason besides. A value of a date depends on closes
up to that date and on nothing later. They show how an external series is configured and traded; what a strategy earns
on them says nothing about any market.

Writes ``series/MADE_UP_SENTIMENT.parquet``: `timestamp` (00:00 UTC of the session date) and `value`, 0 (fear) to
100 (greed), one value a session. It is known when the session is over: a publication lag of one day.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from stratkit.data.arrow_arrays import arrow_column
from stratkit.data.parquet import write_table
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.seeds import generator

NAME: Final = "MADE_UP_SENTIMENT"
SEED: Final = 0
MEMORY: Final = 0.9  # share of yesterday's mood that is left today
HERD: Final = 20.0  # how much a return of one adds to the mood: one percent adds a fifth
NOISE: Final = 0.25  # deviation of what changes minds for no reason


def sentiment(seed: int = SEED) -> pa.Table:
    """Return the made-up series as `timestamp` and `value`."""
    bars = load_bars(DataSettings(symbols=("SP500",)))
    returns = np.diff(np.log(bars.close[:, 0]), prepend=np.log(bars.close[0, 0]))
    whims = NOISE * generator(seed, "data", NAME).standard_normal(len(returns))
    mood = np.zeros(len(returns))
    for day in range(1, len(returns)):
        mood[day] = MEMORY * mood[day - 1] + HERD * returns[day] + whims[day]
    values = np.round(50.0 + 50.0 * np.tanh(mood), 1)
    times = arrow_column(bars.times, pa.timestamp("ns", tz="UTC"))
    return pa.table({"timestamp": times, "value": arrow_column(values, pa.float64())})


def main() -> None:
    """Write the file below the folder given (default: this script's)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    path = given.to / "series" / f"{NAME}.parquet"
    table = sentiment(given.seed)
    write_table(path, table)
    print(f"{path}: {table.num_rows} values, made up with seed {given.seed}")


if __name__ == "__main__":
    main()
