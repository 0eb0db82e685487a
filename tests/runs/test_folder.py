"""A run's folder is whole or not there at all."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pandas as pd
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


def test_a_table_is_the_same_bytes_each_time_and_has_no_index(tmp_path: Path) -> None:
    frame = pd.DataFrame({"symbol": ["A", "B"], "price": [1.5, float("nan")]}, index=[7, 3])
    content = []
    for name in ("one", "two"):
        with new_run(tmp_path, name) as draft:
            draft.write_table("t.parquet", frame.copy())
        content.append((tmp_path / name / "t.parquet").read_bytes())
    assert content[0] == content[1]
    table = pq.read_table(tmp_path / "one" / "t.parquet")
    assert table.column_names == ["symbol", "price"]
    assert not table.schema.metadata


def test_text_has_one_type_with_and_without_rows(tmp_path: Path) -> None:
    with new_run(tmp_path, "r") as draft:
        draft.write_table("t.parquet", pd.DataFrame({"symbol": ["A"], "price": [1.0]}))
    assert pq.read_schema(tmp_path / "r" / "t.parquet").field("symbol").type == pa.string()


def test_an_empty_table_keeps_its_text_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame({"symbol": pd.Series([], dtype=object), "price": pd.Series([], dtype=float)})
    with new_run(tmp_path, "r") as draft:
        draft.write_table("t.parquet", frame)
    schema = pq.read_schema(tmp_path / "r" / "t.parquet")
    assert [field.type for field in schema] == [pa.string(), pa.float64()]
