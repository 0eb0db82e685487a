"""A run's relative paths lead to the same files from anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stratkit.runs.places import find_place, places_record, working_folders


def kept(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "system.json").write_text(json.dumps(places_record(folder)), "utf-8")
    return folder


def test_the_folder_that_a_run_was_made_in_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, other = tmp_path / "zu Hause", tmp_path / "other"
    other.mkdir()
    home.mkdir()
    monkeypatch.chdir(home)
    run = kept(Path("reports/run"))
    run = run.resolve()
    monkeypatch.chdir(other)
    assert working_folders(run) == (home, other)
    (home / "bars.parquet").touch()
    assert find_place("bars.parquet", working_folders(run)) == home / "bars.parquet"


def test_a_project_that_was_moved_is_found_from_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    monkeypatch.chdir(old)
    kept(Path("reports/run"))
    monkeypatch.chdir(tmp_path)
    old.rename(new)
    (new / "bars.parquet").touch()
    assert find_place("bars.parquet", working_folders(new / "reports/run")) == new / "bars.parquet"


@pytest.mark.parametrize("text", [None, "", "[]", '{"working_directory": 3}'])
def test_without_a_record_the_present_folder_is_meant(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "system.json").write_text(text)
    assert working_folders(tmp_path) == (tmp_path,)


def test_absolute_paths_and_the_home_folder_are_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert find_place("~/bars", (Path("/x"),)) == tmp_path / "bars"
    assert find_place(str(tmp_path / "a"), (Path("/x"),)) == tmp_path / "a"
    assert find_place("gone", (tmp_path, Path("/x"))) == tmp_path / "gone"
