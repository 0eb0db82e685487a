"""A run's folder is whole or not there at all."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stratkit.errors import OutputError
from stratkit.runs.folder import RunDraft, new_run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_kept_run_has_its_files_and_nothing_hidden_is_left(tmp_path: Path) -> None:
    with new_run(tmp_path / "reports", "r1") as draft:
        draft.write_text("a.txt", "line\n")
        draft.write_json("b.json", {"x": float("nan")})
        assert names(tmp_path / "reports") == [".r1.partial"]
    assert draft.record is not None
    assert draft.record.files == ("a.txt", "b.json")
    assert draft.record.path("a.txt").read_bytes() == b"line\n"
    assert names(tmp_path / "reports") == ["r1"]


def test_a_second_run_of_the_same_name_gets_a_number(tmp_path: Path) -> None:
    ids = []
    for _ in range(3):
        with new_run(tmp_path, "r") as draft:
            pass
        ids.append(draft.run_id)
    assert ids == ["r", "r-2", "r-3"]


def test_a_run_that_is_being_written_holds_its_name(tmp_path: Path) -> None:
    with new_run(tmp_path, "r") as first, new_run(tmp_path, "r") as second:
        first.write_text("a", "1")
        second.write_text("a", "2")
    assert (tmp_path / "r" / "a").read_text() == "1"
    assert (tmp_path / "r-2" / "a").read_text() == "2"


def _write_one(parent: Path) -> str:
    with new_run(parent, "r") as draft:
        draft.write_text("id", draft.run_id)
    return draft.run_id


def test_runs_of_several_processes_at_once_never_share_a_folder(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        ids = pool.map(_write_one, [tmp_path] * 24, chunksize=1)
    assert len(set(ids)) == 24
    assert all((tmp_path / run_id / "id").read_text() == run_id for run_id in ids)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_run_that_fails_or_is_interrupted_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def write(draft: RunDraft) -> None:
        draft.write_text("a.txt", "half")
        raise error

    with pytest.raises(error), new_run(tmp_path / "new" / "reports", "r") as draft:
        write(draft)
    assert names(tmp_path) == []


def test_a_failed_run_leaves_earlier_runs_alone(tmp_path: Path) -> None:
    with new_run(tmp_path, "first"):
        pass
    with pytest.raises(ValueError), new_run(tmp_path, "second"):
        raise ValueError
    assert names(tmp_path) == ["first"]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with (
        pytest.raises(OutputError, match=r"results must be writable; .*No space left.*; free some space"),
        new_run(tmp_path, "r") as draft,
    ):
        draft.write_text("a.txt", "x")
    assert names(tmp_path) == []


def test_a_parent_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("I am a file")
    with (
        pytest.raises(OutputError, match=r"results must be writable; .*reports.*--out"),
        new_run(tmp_path / "reports", "r"),
    ):
        pass
    assert (tmp_path / "reports").read_text() == "I am a file"


COLUMNS: dict[str, npt.NDArray[Any] | tuple[npt.NDArray[np.int64], tuple[str, ...]]] = {
    "time": np.array(["2020-01-02", "NaT", "2020-01-03"], dtype="datetime64[ns]"),
    "symbol": (np.array([1, 0, 1]), ("A", "BB")),
    "price": np.array([1.5, np.nan, -2.0]),
    "bar": np.array([3, -1, 4]),
    "ambiguous": np.array([True, False, True]),
}


def test_a_table_is_the_same_bytes_each_time_and_holds_its_columns(tmp_path: Path) -> None:
    content = []
    for name in ("one", "two"):
        with new_run(tmp_path, name) as draft:
            draft.write_table("t.parquet", COLUMNS)
        content.append((tmp_path / name / "t.parquet").read_bytes())
    assert content[0] == content[1]
    table = pq.read_table(tmp_path / "one" / "t.parquet")
    assert not table.schema.metadata
    assert table.to_pydict() == {
        "time": [datetime(2020, 1, 2, tzinfo=UTC), None, datetime(2020, 1, 3, tzinfo=UTC)],
        "symbol": ["BB", "A", "BB"],
        "price": [1.5, None, -2.0],
        "bar": [3, -1, 4],
        "ambiguous": [True, False, True],
    }


@pytest.mark.parametrize("rows", [0, 3])
def test_a_table_has_the_same_types_with_and_without_rows(tmp_path: Path, rows: int) -> None:
    cut = {
        name: (values[0][:rows], values[1]) if isinstance(values, tuple) else values[:rows]
        for name, values in COLUMNS.items()
    }
    with new_run(tmp_path, "r") as draft:
        draft.write_table("t.parquet", cut)
    schema = pq.read_schema(tmp_path / "r" / "t.parquet")
    assert schema.names == list(COLUMNS)
    assert schema.types == [pa.timestamp("ns", tz="UTC"), pa.string(), pa.float64(), pa.int64(), pa.bool_()]


def test_text_is_written_with_a_dictionary_and_numbers_without(tmp_path: Path) -> None:
    with new_run(tmp_path, "r") as draft:
        draft.write_table("t.parquet", COLUMNS)
    group = pq.read_metadata(tmp_path / "r" / "t.parquet").row_group(0)
    stored = [group.column(place) for place in range(len(COLUMNS))]
    assert [column.path_in_schema for column in stored if column.has_dictionary_page] == ["symbol"]
    assert {column.compression for column in stored} == {"ZSTD"}
