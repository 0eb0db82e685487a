"""`SignalRow`: an accepted decision of a run, as a row of the table `signals`."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from stratkit.data.arrow_arrays import arrow_text
from stratkit.errors import DataError
from stratkit.runs.folder import RunRecord
from stratkit.runs.stamps import iso

KEPT_SIGNALS: Final = 1_000  # about 10 ms and 170 kB a run; all of a million would be 170 MB
_ACCEPTED: Final = ("filled", "reduced")
_TYPES: Final = {"long": "buy", "short": "sell", "exit": "exit"}
_COLUMNS: Final = ("symbol", "side", "confidence", "requested", "granted")


class SignalRow(NamedTuple):
    """One signal: `signal_type` is buy, sell, exit or hold, `quantity` what was granted [units].

    `strength` is the part of the requested quantity that was granted, in [0, 1].
    """

    symbol: str
    signal_type: str
    strength: float | None
    confidence: float | None
    quantity: float | None
    timestamp: str


def signal_rows(record: RunRecord) -> tuple[int, list[SignalRow]]:
    """Return how many decisions of a run were accepted, and the newest `KEPT_SIGNALS` of them, oldest first.

    Raises `DataError` when the log cannot be read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path = record.path("decisions.parquet")
    try:
        with pq.ParquetFile(path) as file:
            log = file.read(columns=["time", "outcome", *_COLUMNS])
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read, so that no signals of this run are listed: {error}") from error
    if missing := {"time", "outcome", *_COLUMNS} - set(log.column_names):
        raise DataError(f"{path} has no {', '.join(sorted(missing))}, so that no signals of this run are listed")
    accepted = log.filter(pc.is_in(log["outcome"], arrow_text(np.arange(len(_ACCEPTED)), _ACCEPTED)))
    newest = accepted.slice(max(0, len(accepted) - KEPT_SIGNALS))
    # as numbers: as values, stamps would become pandas' and a second slower
    stamps = newest["time"].cast(pa.int64()).to_pylist()
    columns = [newest[name].to_pylist() for name in _COLUMNS]
    return len(accepted), [_row(iso(stamp), *values) for stamp, *values in zip(stamps, *columns)]


def _row(
    timestamp: str, symbol: str, side: str, confidence: float | None, requested: float | None, granted: float | None
) -> SignalRow:
    strength = min(1.0, abs(granted / requested)) if granted is not None and requested else None
    return SignalRow(symbol, _TYPES.get(side, "hold"), strength, confidence, granted, timestamp)
