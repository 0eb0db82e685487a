"""`check_bars_at`: every check on every set of bars at a path, as one `CheckReport` each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from stratkit.data.actions_file import load_actions
from stratkit.data.calendars import AUTO, choose_calendar
from stratkit.data.check_calendar import check_calendar
from stratkit.data.check_prices import check_prices
from stratkit.data.check_report import CheckReport, make_report
from stratkit.data.check_returns import check_returns
from stratkit.data.check_stamps import order_rows
from stratkit.data.findings import Finding
from stratkit.data.import_settings import ImportSettings
from stratkit.data.raw_rows import FEATHER, PARQUET, TEXT, RawRows, read_raw
from stratkit.data.rows import join_rows
from stratkit.data.store import list_store
from stratkit.data.symbols import nearest_symbol
from stratkit.errors import DataError, did_you_mean
from stratkit.frequency import frequency_ns
from stratkit.panel import IntArray

Progress = Callable[[int, int], None]
_Files = list[tuple[str | None, Path]]


def check_bars_at(
    path: str | Path,
    settings: ImportSettings | None = None,
    *,
    calendar: str = AUTO,
    symbols: Collection[str] | None = None,
    actions: str | Path | None = None,
    progress: Progress | None = None,
) -> list[CheckReport]:
    """Return a report for each set of bars at `path`: one for a file, one for each frequency of a store.

    `settings` say what a file does not (zone, stamp side, columns); nothing is written. Jumps at splits of the
    file `actions` are explained. `progress` is told (done, total) steps. Raises `DataError` when there are no
    rows to check, `UsageError` for an unknown calendar.
    """
    settings = settings or ImportSettings()
    root = Path(path).expanduser()
    sets = [(_asked_for(files, symbols, name), frequency, name) for files, frequency, name in _sets(root, settings)]
    splits = {} if actions is None else load_actions(actions).split_dates()
    done, total = 0, sum(len(files) for files, _, _ in sets) + 4 * len(sets)
    reports = []
    for files, frequency, name in sets:
        parts = []
        for symbol, file in files:
            parts.append(_read(file, symbol, settings, symbols))
            done += 1
            if progress is not None:
                progress(done, total)
        raw = replace(_joined(parts), path=Path(name), frequency=frequency)
        _check_found(raw)
        for step in _checked(raw, settings, calendar, splits):
            done += 1
            if progress is not None:
                progress(done, total)
            if isinstance(step, CheckReport):
                reports.append(step)
    return reports


def _checked(
    raw: RawRows, settings: ImportSettings, calendar: str, splits: Mapping[str, IntArray]
) -> Iterator[CheckReport | None]:
    ordered, notes = order_rows(raw, settings)
    yield None
    chosen = choose_calendar(calendar, ordered, raw.aware or settings.tz is not None)
    findings = [*raw.notes, *notes, *check_calendar(ordered, chosen)]
    yield None
    findings += check_prices(ordered)
    yield None
    findings += check_returns(ordered, splits)
    yield make_report(str(raw.path), raw.unit, len(raw.line), ordered, chosen, findings)


def _sets(root: Path, settings: ImportSettings) -> list[tuple[_Files, str | None, str]]:
    """Return the files of each set of bars, its frequency where a folder says it, and its name."""
    if not root.is_dir():
        return [([(None, root)], None, str(root))]
    folders = list_store(root)
    if folders and settings.frequency is not None:
        wanted = frequency_ns(settings.frequency)
        named = [folder for folder in folders if folder.frequency and frequency_ns(folder.frequency) == wanted]
        if not named and any(folder.frequency for folder in folders):
            known = [folder.frequency for folder in folders if folder.frequency]
            raise DataError(f"{root} has no folder {settings.frequency!r}; {did_you_mean(settings.frequency, known)}")
        folders = named or folders
    if folders:
        return [(list(folder.files.items()), folder.frequency, str(folder.path)) for folder in folders]
    files = sorted(file for file in root.iterdir() if file.name.lower().endswith((*TEXT, *FEATHER, *PARQUET)))
    if not files:
        raise DataError(f"{root} must hold files of bars; found no CSV, Parquet or Feather file there: check the path")
    return [([(None, file)], None, str(file)) for file in files]


def _asked_for(files: _Files, symbols: Collection[str] | None, name: str) -> _Files:
    """Return the files of `symbols` in a folder that has a file for each; all files where the names stand inside."""
    known = [symbol for symbol, _ in files if symbol is not None]
    missing = [symbol for symbol in symbols or () if known and symbol not in known]
    if missing:
        raise DataError(f"{name} holds no symbol {missing[0]!r}; {nearest_symbol(missing[0], known)}")
    return [(symbol, file) for symbol, file in files if symbol is None or symbols is None or symbol in symbols]


def _read(file: Path, symbol: str | None, settings: ImportSettings, symbols: Collection[str] | None) -> RawRows:
    if symbol is None:
        return read_raw(file, settings, symbols)
    raw = read_raw(file, settings, None)
    if len(raw.rows.symbols) != 1:
        return raw
    named: tuple[Finding, ...] = tuple(replace(note, symbol=symbol) for note in raw.notes)
    return replace(raw, rows=replace(raw.rows, symbols=(symbol,)), notes=named)


def _joined(parts: list[RawRows]) -> RawRows:
    if len(parts) == 1:
        return parts[0]
    lines = join_rows([replace(part.rows, times=part.line) for part in parts]).times
    return replace(
        parts[0],
        rows=join_rows([part.rows for part in parts]),
        line=lines,
        aware=all(part.aware for part in parts),
        notes=tuple(note for part in parts for note in part.notes),
    )


def _check_found(raw: RawRows) -> None:
    if not np.diff(raw.rows.offsets).any():
        reasons = [f"{note.message}: {note.todo}" for note in raw.notes if note.code in ("no_symbol_name", "bad_stamp")]
        if reasons:
            raise DataError(f"{raw.path} must hold bars; no row of it can be read as one: {'; '.join(reasons)}")
        raise DataError(f"{raw.path} must hold bars; no row of it can be read as one: check its columns and stamps")
