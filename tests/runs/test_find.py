"""A run is found by its id, the beginning of it, a path, or as the latest; what is none says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import FILES, MakeRun

from stratkit.errors import UsageError
from stratkit.runs.find import find_run, latest_run, read_record
from stratkit.runs.folder import new_run

OLD, NEW = "20240102-030405-aaaaaa", "20240102-030406-bbbbbb"


@pytest.fixture
def reports(make_run: MakeRun, tmp_path: Path) -> Path:
    make_run(OLD)
    make_run(NEW)
    return tmp_path / "reports"


@pytest.mark.parametrize("typed", [NEW, "20240102-030406", "bbbbbb", "bbb", "latest"])
def test_a_run_is_found_by_what_names_only_it(typed: str, reports: Path) -> None:
    record = find_run(typed, reports)
    assert (record.run_id, record.folder, record.files) == (NEW, reports / NEW, FILES)


@pytest.mark.parametrize("ending", ["", "/"])
def test_a_run_is_found_by_the_path_of_its_folder_wherever_that_is(ending: str, reports: Path, tmp_path: Path) -> None:
    assert find_run(f"{reports / OLD}{ending}", tmp_path / "elsewhere").run_id == OLD


def test_several_that_begin_alike_are_named(reports: Path) -> None:
    with pytest.raises(UsageError, match=rf"'2024' must name one run; 2 begin like this: {NEW}, {OLD}"):
        find_run("2024", reports)


def test_an_id_that_begins_another_is_itself(make_run: MakeRun, reports: Path) -> None:
    make_run(OLD)  # gets -2
    assert find_run(OLD, reports).run_id == OLD
    assert find_run(f"{OLD}-2", reports).run_id == f"{OLD}-2"


def test_an_unknown_run_names_the_nearest(reports: Path) -> None:
    with pytest.raises(UsageError, match=rf"no run .* did you mean {NEW}"):
        find_run("20240102-030406-bbbbbx", reports)


def test_an_unknown_run_that_is_near_none_names_the_newest(reports: Path) -> None:
    with pytest.raises(UsageError, match=rf"the newest are {NEW}, {OLD}; stratkit runs list"):
        find_run("sma", reports)


def test_no_runs_at_all_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no run in .*nowhere; stratkit backtest makes one"):
        find_run("latest", tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no run '2024'.*; none is"):
        find_run("2024", tmp_path / "nowhere")


def test_an_empty_name_is_refused(reports: Path) -> None:
    with pytest.raises(UsageError, match="found an empty name"):
        find_run("", reports)


@pytest.mark.parametrize("name", ["manifest.json", "metrics.json", "config.yaml"])
def test_a_folder_without_an_essential_file_is_no_run(name: str, reports: Path) -> None:
    (reports / OLD / name).unlink()
    with pytest.raises(UsageError, match=rf"{OLD} has no {name}: it is no run, or a copy that stopped half-way"):
        find_run(OLD, reports)


def test_a_run_that_is_being_written_is_called_half_written(reports: Path) -> None:
    with new_run(reports, "20240102-030407-cccccc"), pytest.raises(UsageError, match="only half-written"):
        find_run("20240102-030407-cccccc", reports)


def test_the_latest_is_the_one_that_was_started_last_whatever_its_name(make_run: MakeRun, reports: Path) -> None:
    make_run("copied", started="2024-01-02T03:04:07+00:00")
    make_run("ancient", started="2019-01-02T03:04:07+00:00")
    assert latest_run(reports) == "copied"


def test_of_two_that_started_in_one_second_the_latest_is_the_one_written_last(make_run: MakeRun, reports: Path) -> None:
    written = [make_run(NEW).run_id for _ in range(9)]
    assert written[-1] == f"{NEW}-10"
    assert latest_run(reports) == f"{NEW}-10"


def test_a_folder_without_system_json_is_dated_by_its_name(reports: Path) -> None:
    (reports / NEW / "system.json").unlink()
    assert latest_run(reports) == NEW


def test_a_damaged_run_is_not_the_latest(reports: Path) -> None:
    (reports / NEW / "manifest.json").unlink()
    assert latest_run(reports) == OLD


def test_files_in_folders_below_are_listed_and_hidden_ones_are_not(reports: Path) -> None:
    (reports / OLD / "more").mkdir()
    (reports / OLD / "more" / "a.txt").touch()
    (reports / OLD / ".notes.json").touch()
    assert read_record(reports / OLD).files == tuple(sorted((*FILES, "more/a.txt")))
