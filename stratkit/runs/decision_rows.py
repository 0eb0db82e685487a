"""`DecisionRows`: what a run kept about one symbol on some bars: what strategies said, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stratkit.errors import DataError, UsageError, did_you_mean
from stratkit.panel import format_time, parse_span
from stratkit.runs.folder import RunRecord

Row = Mapping[str, Any]


@dataclass(frozen=True)
class DecisionRows:
    """Rows of opinions.parquet and decisions.parquet as plain values, for the bars [first, last] of one symbol.

    `times` are the stamps of those bars [UTC ns] by their number. `before` and `after` are the nearest bars with a
    decision on that symbol, None without one.
    """

    symbol: str
    times: Mapping[int, int]
    opinions: tuple[Row, ...]
    decisions: tuple[Row, ...]
    before: int | None
    after: int | None


def read_decision(record: RunRecord, when: str, symbol: str) -> DecisionRows:
    """Return what is known of `symbol` at `when`: the bar of that stamp, or every bar that starts on that date.

    Raises `UsageError` when there is no such bar or symbol, `DataError` when a table cannot be read.
    """
    stamps = [int(stamp) for stamp in _read(record, "equity", ["time"], {}, {"time"})["time"]]
    bars = _bars_at(stamps, when)
    known = _read(record, "decisions", ["symbol", "bar"], {}, set())
    symbols = sorted({name for name in known["symbol"] if name})
    if symbol not in symbols:
        raise UsageError(f"the run must have decided something on {symbol!r}; {did_you_mean(symbol, symbols)}")
    decided = sorted({bar for name, bar in zip(known["symbol"], known["bar"]) if name == symbol})
    return DecisionRows(
        symbol,
        {bar: stamps[bar] for bar in bars},
        tuple(_rows(record, "opinions", symbol, bars)) if record.path("opinions.parquet").is_file() else (),
        tuple(_rows(record, "decisions", symbol, bars)),
        max((stamps[bar] for bar in decided if bar < bars[0]), default=None),
        min((stamps[bar] for bar in decided if bar > bars[-1]), default=None),
    )


def _bars_at(stamps: list[int], when: str) -> list[int]:
    first, last = parse_span(when, "--decision")
    bars = [bar for bar, stamp in enumerate(stamps) if first <= stamp <= last]
    if not bars:
        near = min(stamps, key=lambda stamp: abs(stamp - first))
        raise UsageError(
            f"--decision must name a bar of the run; found none at {when}: the nearest is {format_time(near)}"
        )
    return bars


def _rows(record: RunRecord, table: str, symbol: str, bars: list[int]) -> list[Row]:
    columns = _read(record, table, None, {"symbol": [symbol], "bar": bars}, {"time"})
    names = list(columns)
    return [dict(zip(names, values)) for values in zip(*columns.values())]


def _read(
    record: RunRecord, table: str, columns: list[str] | None, only: Mapping[str, list[Any]], as_numbers: set[str]
) -> dict[str, list[Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path = record.path(f"{table}.parquet")
    try:
        with pq.ParquetFile(path) as file:
            found = file.read(columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read: {error}; run the backtest again") from error
    for name, values in only.items():
        column = found[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        found = found.filter(pc.is_in(column, pa.array(values, column.type)))
    # stamps as numbers: as values they would be pandas' and a second slower
    return {
        name: (found[name].cast(pa.int64()) if name in as_numbers else found[name]).to_pylist()
        for name in found.column_names
    }
