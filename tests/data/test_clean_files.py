"""Cleaned files and their logs: whole or not at all, never over the source, and taken back bit for bit."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.data import clean_files
from stratkit.data.bars import FIELDS
from stratkit.data.clean_files import Source, clean_file, sources_at, undo_cleaning, write_cleaned
from stratkit.data.clean_log import CleanLog, lines_of, log_lines, rows_digest, runs_of, undone
from stratkit.data.clean_settings import CleanSettings
from stratkit.data.cleaning import clean_rows
from stratkit.data.findings import found
from stratkit.data.import_settings import ImportSettings
from stratkit.data.raw_rows import RawRows
from stratkit.data.rows import split_rows
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.errors import DataError, OutputError, UsageError
from stratkit.panel import NS_PER_DAY

MakeFrame = Callable[..., pd.DataFrame]
HEAD = "date,open,high,low,close,volume\n"
DIRTY = HEAD + (
    "2020-01-03,11,13,10,12,200\n"
    "2020-01-02,10,12,9,11,100\n"
    "date,open,high,low,close,volume\n"
    "2020-01-06,12,13,11,12,-5\n"
    "2020-01-02,10,12,9,11,100\n"
    "2020-01-07,0,0,0,0,0\n"
)


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    """Two good days in the wrong order, one of them twice, a header again, a volume below zero, a day of zeros."""
    path = tmp_path / "acme.csv"
    path.write_text(DIRTY)
    return path


def cleaned(path: Path, out: Path, *, overwrite: bool = False, **options: object) -> clean_files.CleanedFile:
    chosen = CleanSettings.model_validate(options)
    done = clean_file(Source(path, Path("x.parquet")), ImportSettings.model_validate({}), chosen)
    return write_cleaned(done, out, chosen, overwrite=overwrite)


def entries(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_cleaned_file_can_be_loaded_and_its_source_is_untouched(dirty: Path, tmp_path: Path) -> None:
    written = cleaned(dirty, tmp_path / "out" / "clean.parquet")
    bars = load_bars(DataSettings(path=str(written.path)))
    assert bars.symbols == ("ACME",)
    assert bars.close[:, 0].tolist() == [11.0, 12.0, 12.0]
    assert np.isnan(bars.volume[2, 0])
    assert dirty.read_text() == DIRTY
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clean.log.jsonl", "clean.parquet"]


def test_the_log_tells_each_row_what_was_done_to_it_and_why(dirty: Path, tmp_path: Path) -> None:
    head, *rest = entries(cleaned(dirty, tmp_path / "clean.parquet").log)
    assert head["source_sha256"] == clean_files.file_digest(dirty)
    assert head["result_sha256"] == clean_files.file_digest(tmp_path / "clean.parquet")
    assert (head["rows_read"], head["rows_written"], head["entries"]) == (5, 3, 4)
    assert [entry["repair"] for entry in rest] == [
        "drop_headers", "drop_equal", "drop_non_positive", "forget_negative_volume"
    ]  # fmt: skip
    assert (rest[0]["row"], rest[0]["old"], rest[0]["new"]) == (4, HEAD.strip(), None)
    assert (rest[1]["row"], rest[1]["symbol"], rest[1]["stamp"][:10], rest[1]["field"]) == (
        6,
        "ACME",
        "2020-01-02",
        "row",
    )
    assert rest[1]["old"] == {"timestamp": "2020-01-02T00:00:00.000000000", "open": 10.0, "high": 12.0, "low": 9.0,
                              "close": 11.0, "volume": 100.0}  # fmt: skip
    assert rest[1]["reason"] == "the row repeats an earlier one, value by value"
    assert (rest[3]["row"], rest[3]["field"], rest[3]["old"], rest[3]["new"]) == (5, "volume", -5.0, None)


def test_undoing_gives_the_rows_of_the_source_in_their_order(dirty: Path, tmp_path: Path) -> None:
    log = cleaned(dirty, tmp_path / "clean.parquet", price_scale=3.0).log
    back = undo_cleaning(log, tmp_path / "back.parquet")
    frame = pd.read_parquet(back.path)
    assert back.rows == 5
    assert frame["timestamp"].dt.day.tolist() == [3, 2, 6, 2, 7]
    assert frame["timestamp"].dt.tz is None  # the source said no zone
    assert frame["close"].tolist() == [12.0, 11.0, 12.0, 11.0, 0.0]
    assert frame["volume"].tolist() == [200.0, 100.0, -5.0, 100.0, 0.0]


@st.composite
def any_rows(draw: st.DrawFn) -> RawRows:
    """Rows of one or two symbols, in any order and with any defect."""
    count = draw(st.integers(1, 12))
    price = st.sampled_from([10.0, 10.001, 9.5, 1e-300, 123456.789, 0.0, -0.0, -3.0, np.nan, np.inf, -np.inf])
    values = {name: np.array(draw(st.lists(price, min_size=count, max_size=count))) for name in FIELDS}
    hour = st.integers(-5, 6).map(lambda hours: hours * 3_600_000_000_000 + 7)
    times = np.array(draw(st.lists(hour, min_size=count, max_size=count)), dtype=np.int64)
    codes = np.array(draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)), dtype=np.int32)
    line = np.cumsum(draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))).astype(np.int64)
    rows, order = split_rows(["B", "Ä"], codes, times, values), split_rows(["B", "Ä"], codes, line, values)
    aware = draw(st.booleans())
    return RawRows(Path("any.parquet"), rows, order.times, aware, "UTC" if aware else None, (), "row")


@st.composite
def any_settings(draw: st.DrawFn) -> CleanSettings:
    return CleanSettings.model_validate(
        {
            "tz": draw(st.sampled_from([None, "UTC", "America/New_York"])),
            "stamp": draw(st.sampled_from(["start", "end"])),
            "frequency": "1h",
            "keep": draw(st.sampled_from([None, "first", "last", "volume"])),
            "price_scale": draw(st.sampled_from([None, 3.0, 1e5])),
            "widen_bps": draw(st.sampled_from([0.0, 1.0, 1e6])),
            "repairs": draw(st.sampled_from([None, ("safe", "spike"), ("spike",), ("drop_crossed", "sort")])),
        }
    )


@settings(max_examples=200)
@given(any_rows(), any_settings(), st.sets(st.integers(1, 20)))
def test_any_cleaning_is_taken_back_bit_for_bit(raw: RawRows, chosen: CleanSettings, suspects: set[int]) -> None:
    spikes = found("spike", "", count=len(suspects), rows=np.array(sorted(suspects), dtype=np.int64))
    done = clean_rows(raw, [spikes], chosen)
    head, *rest = [json.loads(line) for line in log_lines(done, {})]
    assert head["entries"] == len(rest)
    written = done.after  # a result knows nothing of lines
    written = RawRows(written.path, written.rows, np.arange(len(written.line)), True, "UTC", (), "row")
    back = undone(CleanLog(head, rest), written)
    assert rows_digest(back) == rows_digest(raw)
    first, second = np.argsort(raw.line), np.argsort(back.line)
    for name in ("times", *FIELDS):
        was, now = getattr(raw.rows, name)[first], getattr(back.rows, name)[second]
        assert np.where(np.isnan(was), 0, was).tobytes() == np.where(np.isnan(now), 0, now).tobytes()


@given(st.lists(st.integers(-50, 50)))
def test_runs_hold_any_whole_numbers(numbers: list[int]) -> None:
    array = np.array(numbers, dtype=np.int64)
    assert lines_of(runs_of(array)).tolist() == numbers


def test_runs_of_a_reversed_file_are_one() -> None:
    assert runs_of(np.arange(1000, 0, -1)) == [[1000, -1, 1000]]


def test_a_result_or_a_log_that_was_changed_cannot_be_taken_back(dirty: Path, tmp_path: Path) -> None:
    written = cleaned(dirty, tmp_path / "clean.parquet")
    text = written.log.read_text()
    for broken, message in (
        (text.replace('"old": -5.0', '"old": -6.0'), "the log was changed"),
        ("".join(text.splitlines(keepends=True)[:-1]), "must have 4 entries; found 3"),
        (text[: len(text) // 2], "must be the log of a cleaning, JSON lines"),
        ("{}\n", "its first line says otherwise"),
    ):
        written.log.write_text(broken)
        with pytest.raises(DataError, match=message):
            undo_cleaning(written.log, tmp_path / "back.parquet")
    written.log.write_text(text)
    cleaned(dirty, tmp_path / "clean.parquet", price_scale=2.0, overwrite=True)
    written.log.write_text(text)
    with pytest.raises(DataError, match="it was changed, and cannot be undone"):
        undo_cleaning(written.log, tmp_path / "back.parquet")
    written.path.unlink()
    with pytest.raises(DataError, match="must stand beside its log"):
        undo_cleaning(written.log, tmp_path / "back.parquet")
    with pytest.raises(DataError, match="must be the log of a cleaning; there is none"):
        undo_cleaning(tmp_path / "no.jsonl", tmp_path / "back.parquet")
    assert not (tmp_path / "back.parquet").exists()


def test_a_source_is_never_written_over(dirty: Path, tmp_path: Path, make_frame: MakeFrame) -> None:
    source = tmp_path / "AAA.parquet"
    make_frame(5).to_parquet(source)
    with pytest.raises(UsageError, match="must be another file than the one that is read"):
        cleaned(source, source, overwrite=True)
    with pytest.raises(UsageError, match=r"--out must name a Parquet file; found .*clean.csv"):
        cleaned(dirty, tmp_path / "clean.csv")
    log = cleaned(dirty, tmp_path / "clean.parquet").log
    for out in ("clean.parquet", "clean.log.parquet"):
        assert (tmp_path / out).exists() == (out == "clean.parquet")
    with pytest.raises(UsageError, match="must be another file than the cleaned one"):
        undo_cleaning(log, tmp_path / "clean.parquet", overwrite=True)
    with pytest.raises(UsageError, match="must name a Parquet file"):
        undo_cleaning(log, tmp_path / "back.csv")


def test_files_that_are_there_are_kept_unless_asked(dirty: Path, tmp_path: Path) -> None:
    out = tmp_path / "clean.parquet"
    log = cleaned(dirty, out).log
    before = out.read_bytes()
    with pytest.raises(OutputError, match="add --overwrite to replace it"):
        cleaned(dirty, out, price_scale=2.0)
    assert out.read_bytes() == before
    undo_cleaning(log, tmp_path / "back.parquet")
    with pytest.raises(OutputError, match="add --overwrite"):
        undo_cleaning(log, tmp_path / "back.parquet")
    cleaned(dirty, out, price_scale=2.0, overwrite=True)
    assert out.read_bytes() != before


@pytest.mark.parametrize("failing", ["write_table", "log_lines", "_write_lines"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_nothing_behind(
    dirty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: BaseException
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(clean_files, failing, fail)
    expected = OutputError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        cleaned(dirty, tmp_path / "out" / "clean.parquet")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failed_overwrite_leaves_what_was_there(dirty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "clean.parquet"
    log = cleaned(dirty, out).log
    monkeypatch.setattr(clean_files, "log_lines", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OutputError, match="No space left"):
        cleaned(dirty, out, price_scale=2.0, overwrite=True)
    assert undo_cleaning(log, tmp_path / "back.parquet").rows == 5


def test_bars_without_a_zone_or_without_a_row_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEAD + "2020-01-02 10:00,1,1,1,1,1\n2020-01-02 11:00,1,1,1,1,1\n")
    with pytest.raises(DataError, match="must have a time zone; found none, first 2020-01-02 10:00"):
        cleaned(path, tmp_path / "out.parquet")
    assert cleaned(path, tmp_path / "out.parquet", tz="America/New_York").rows == 2
    path.write_text(HEAD + "2020-01-02,0,0,0,0,1\n2020-01-03,0,0,0,0,1\n")
    with pytest.raises(DataError, match="a row must be left to write; the repairs took all 2"):
        cleaned(path, tmp_path / "none.parquet")


def test_a_compressed_text_file_is_cleaned_like_a_plain_one(dirty: Path, tmp_path: Path) -> None:
    packed = tmp_path / "acme.csv.gz"
    packed.write_bytes(gzip.compress(DIRTY.encode()))
    plain, other = cleaned(dirty, tmp_path / "a.parquet"), cleaned(packed, tmp_path / "b.parquet")
    assert entries(plain.log)[1:] == entries(other.log)[1:]
    assert plain.path.read_bytes() == other.path.read_bytes()


def test_the_files_of_a_store_keep_their_places_and_their_symbols(store: Path, tmp_path: Path) -> None:
    sources = sources_at([store])
    assert [(str(source.place), source.symbol) for source in sources] == [
        ("1h/AAA.parquet", "AAA"), ("1d/AAA.parquet", "AAA"), ("1d/BBB.parquet", "BBB")
    ]  # fmt: skip
    for source in sources:
        chosen = CleanSettings.model_validate({})
        done = clean_file(source, ImportSettings.model_validate({}), chosen)
        write_cleaned(done, tmp_path / "new" / source.place, chosen)
    before, after = (load_bars(DataSettings(path=str(root), frequency="1d")) for root in (store, tmp_path / "new"))
    assert after.digest == before.digest


def test_the_files_of_a_folder_are_named_after_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    folder.mkdir()
    for name in ("b.csv.gz", "BRK.B.csv", "notes.md"):
        (folder / name).write_text(HEAD)
    assert [str(source.place) for source in sources_at([folder])] == ["BRK.B.parquet", "b.parquet"]
    with pytest.raises(UsageError, match="must have different names"):
        sources_at([folder / "b.csv.gz", tmp_path / "b.csv"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="must hold files of bars"):
        sources_at([tmp_path / "empty"])


def test_rows_of_both_halves_of_a_day_survive_a_shift(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEAD + "2020-01-02 23:00,1,1,1,1,1\n2020-01-03 00:00,1,1,1,1,1\n")
    written = cleaned(path, tmp_path / "out.parquet", tz="UTC", stamp="end")
    times = load_bars(DataSettings(path=str(written.path))).times
    assert (times % NS_PER_DAY // 3_600_000_000_000).tolist() == [22, 23]
