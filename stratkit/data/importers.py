"""`import_files`: foreign files of bars into a store, checked; the files of all symbols, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from stratkit.data import gate
from stratkit.data.arrow_arrays import fill_floats
from stratkit.data.bars import FIELDS
from stratkit.data.batches import Batch, read_batches
from stratkit.data.import_settings import ImportSettings
from stratkit.data.parquet import write_rows
from stratkit.data.rows import Rows
from stratkit.data.spill import Spill
from stratkit.data.stamps import Stamps, bar_starts, check_zone_known, read_stamps
from stratkit.data.store import refuse_existing
from stratkit.data.symbols import check_symbol, escape_symbol
from stratkit.errors import DataError, UsageError
from stratkit.frequency import frequency_ns, measure_frequency
from stratkit.panel import NS_PER_DAY

Progress = Callable[[int, int], None]
_SHOWN_ERRORS: Final = 3


@dataclass(frozen=True)
class ImportedSymbol:
    """One file of the store as written: what it holds, where it came from, what was done on the way."""

    symbol: str
    path: Path
    origin: Path
    frequency: str
    bars: int
    first: int
    last: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Finished:
    """A symbol ready to be moved into the store."""

    imported: ImportedSymbol
    staged: Path


def import_files(
    files: Sequence[str | Path], settings: ImportSettings, progress: Progress | None = None
) -> list[ImportedSymbol]:
    """Read `files`, check their bars and write ``<to>/<frequency>/<symbol>.parquet``.

    `progress` is called with what is done and in total, bytes or rows of the file at hand. Nothing is
    written unless every symbol of every file passes; raises `DataError`, `UsageError`, `OutputError`.
    """
    paths = [Path(file).expanduser() for file in files]
    if settings.symbol is not None and len(paths) > 1:
        raise UsageError(f"--symbol names one file; found {len(paths)} files: import them one by one")
    root = Path(settings.to).expanduser()
    finished: list[_Finished] = []
    with Spill(root) as outer:
        for number, path in enumerate(paths):
            with Spill(outer.folder) as spill:
                finished += _import_file(path, settings, spill, outer.folder / str(number), progress)
        _check_apart(finished)
        if not settings.overwrite:
            refuse_existing([one.imported.path for one in finished])
        for one in finished:
            one.imported.path.parent.mkdir(parents=True, exist_ok=True)
            one.staged.replace(one.imported.path)
    return [one.imported for one in finished]


def _import_file(
    path: Path, settings: ImportSettings, spill: Spill, stage: Path, progress: Progress | None
) -> list[_Finished]:
    zone = _fill(spill, path, settings, progress)
    if not spill.files:
        raise DataError(f"{path} must hold bars; it has a header but no row: make it again")
    frequency = _common_frequency(spill, settings, path)
    finished, errors = [], []
    for number, symbol in enumerate(sorted(spill.files)):
        try:
            finished.append(_finish(symbol, spill, zone, frequency, settings, path, stage / f"{number}.parquet"))
        except DataError as error:
            errors.append(str(error))
    if errors:
        more = f"\n... and {len(errors) - _SHOWN_ERRORS} more" if len(errors) > _SHOWN_ERRORS else ""
        head = "" if len(errors) == len(spill.files) == 1 else f"{len(errors)} of {len(spill.files)} symbols failed:\n"
        raise DataError(head + "\n".join(errors[:_SHOWN_ERRORS]) + more)
    return finished


def _fill(spill: Spill, path: Path, settings: ImportSettings, progress: Progress | None) -> Stamps:
    """Read a file into `spill` and return an example of its stamps: aware or not, and their zone."""
    kind: Stamps | None = None
    for batch in read_batches(path, settings):
        if not len(batch):
            continue
        stamps = read_stamps(batch, settings, str(path))
        check_zone_known(stamps, settings, str(path))
        if kind is not None and kind.aware != stamps.aware:
            raise DataError(
                f"{path}: all stamps must have a time zone, or none; from row {batch.first_row:,} on that changes"
            )
        kind = stamps
        _spill_batch(spill, batch, stamps, path, settings)
        if progress is not None:
            progress(batch.done, batch.total)
    return kind or Stamps(np.empty(0, dtype=np.int64), aware=True)


def _spill_batch(spill: Spill, batch: Batch, stamps: Stamps, path: Path, settings: ImportSettings) -> None:
    values = {
        name: fill_floats(np.empty(len(batch)), iter([pa.chunked_array([batch.columns[name]])]))
        if name in batch.columns
        else np.full(len(batch), np.nan)
        for name in FIELDS
    }
    if "symbol" not in batch.columns or settings.symbol is not None:
        if "symbol" in batch.columns and len(batch.columns["symbol"].unique()) > 1:
            raise UsageError(f"{path}: --symbol names a file of one symbol; its symbol column holds several")
        spill.append(settings.symbol or _stem(path), stamps.ns, values)
        return
    names = batch.columns["symbol"]
    if names.null_count or "" in (distinct := names.dictionary_encode()).dictionary.to_pylist():
        raise DataError(f"{path}: every row must name its symbol; found rows without: complete or remove them")
    codes = np.from_dlpack(distinct.indices)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(distinct.dictionary)))
    for symbol, own in zip(distinct.dictionary.to_pylist(), np.split(order, ends[:-1]), strict=True):
        rows = {name: array[own] for name, array in values.items()}
        spill.append(check_symbol(symbol), stamps.ns[own], rows)


def _stem(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return path.name[: name.rindex(".")].upper() if "." in name else path.name.upper()


def _common_frequency(spill: Spill, settings: ImportSettings, path: Path) -> str:
    """Return the commonest step over all symbols as a word, or the one that was asked for, if it fits."""
    steps: Counter[int] = Counter()
    for symbol in spill.files:
        lengths, counts = np.unique(np.diff(np.unique(spill.stamps(symbol))), return_counts=True)
        steps.update(dict(zip(lengths.tolist(), counts.tolist(), strict=True)))
    if not steps:
        return settings.frequency or "1d"  # one bar: the gate says so
    commonest = max(steps, key=lambda step: (steps[step], -step))
    measured = measure_frequency(np.array([0, commonest]))
    if settings.frequency is None:
        return measured
    asked_ns = frequency_ns(settings.frequency)
    wider = commonest > asked_ns and asked_ns in steps  # with holes, but the step is there
    if frequency_ns(measured) != asked_ns and not wider:
        raise DataError(
            f"{path}: bars must be {settings.frequency} apart, as asked for; found {measured}: "
            "leave --frequency out"
            + (", and make them coarser afterwards with `stratkit data resample`" if commonest < asked_ns else "")
        )
    return settings.frequency


def _finish(
    symbol: str, spill: Spill, kind: Stamps, frequency: str, settings: ImportSettings, path: Path, staged: Path
) -> _Finished:
    where = f"{path} ({symbol})" if len(spill.files) > 1 else str(path)
    times = bar_starts(Stamps(spill.stamps(symbol), kind.aware, kind.zone), frequency, settings, where)
    rows = Rows((symbol,), np.array([0, len(times)], dtype=np.int64), times, **spill.values(symbol))
    notes: list[str] = []
    rows = _without_blanks(rows, notes)
    rows = _sorted(rows, settings, notes)
    rows = _without_repeats(rows, settings, notes)
    gate.check_rows(rows, where, fewest=2 if len(spill.files) == 1 else 1)
    if np.isnan(rows.volume).all():
        notes.append("volume unknown")
    if frequency_ns(frequency) >= NS_PER_DAY and (rows.times % NS_PER_DAY).any():
        notes.append("daily stamps are not at 00:00 UTC; --tz with the exchange's zone makes them dates")
    write_rows(staged, rows.times, {name: getattr(rows, name) for name in FIELDS})
    target = Path(settings.to).expanduser() / frequency / f"{escape_symbol(symbol)}.parquet"
    count, first, last = len(rows.times), int(rows.times[0]), int(rows.times[-1])
    return _Finished(ImportedSymbol(symbol, target, path, frequency, count, first, last, tuple(notes)), staged)


def _without_blanks(rows: Rows, notes: list[str]) -> Rows:
    kept = rows.without_blanks()
    if len(kept.times) < len(rows.times):
        notes.append(f"{len(rows.times) - len(kept.times):,} rows without any price left out")
    return kept


def _sorted(rows: Rows, settings: ImportSettings, notes: list[str]) -> Rows:
    if not settings.sort or not (np.diff(rows.times) < 0).any():
        return rows
    notes.append("sorted")
    order = np.argsort(rows.times, kind="stable")
    return Rows(rows.symbols, rows.offsets, rows.times[order], **{n: getattr(rows, n)[order] for n in FIELDS})


def _without_repeats(rows: Rows, settings: ImportSettings, notes: list[str]) -> Rows:
    if settings.duplicates == "refuse" or (np.diff(rows.times) < 0).any():
        return rows
    again = np.diff(rows.times) == 0
    if not again.any():
        return rows
    notes.append(f"{int(again.sum()):,} repeated stamps: the {settings.duplicates} row of each stays")
    kept = np.append(True, ~again) if settings.duplicates == "first" else np.append(~again, True)
    return rows.take(kept)


def _check_apart(finished: list[_Finished]) -> None:
    origins: dict[Path, Path] = {}
    for one in finished:
        other = origins.setdefault(one.imported.path, one.imported.origin)
        if other != one.imported.origin:
            raise UsageError(
                f"{one.imported.symbol} must come from one file; found it in {other} and {one.imported.origin}: "
                "import them into two folders, or name one with --symbol"
            )
