"""The store is right after whatever happened to its folders and its database."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_runs import MakeRun, asked, states

from stratkit.errors import DataError, OutputError, UsageError
from stratkit.runs import database, store
from stratkit.runs.database import DATABASE
from stratkit.runs.folder import RunRecord, new_run
from stratkit.runs.remarks import Remarks, read_remarks
from stratkit.runs.signals import KEPT_SIGNALS
from stratkit.runs.store import RunStore, open_store, register_run, remark_run

ONE, TWO = "20240102-030405-aaaaaa", "20240102-030406-bbbbbb"


# ---- what is kept of a run


def test_a_registered_run_has_its_row(make_run: MakeRun, tmp_path: Path) -> None:
    assert register_run(make_run(ONE, sharpe=1.25, params={"fast": 3, "slow": 9})) == []
    question = "SELECT id, state, problem, started, seconds, symbols, start_time, end_time, bars, trades, signals, "
    question += "sharpe, total_return, max_drawdown, seed, engine_semantics, fill_profile FROM backtest_results"
    assert asked(tmp_path / "reports", question) == [
        (ONE, "whole", None, "2024-01-02T03:04:05+00:00", 1.5, '["ACME"]', "2020-01-01T00:00:00Z",
         "2020-01-20T00:00:00Z", 20, 2, 3, 1.25, 0.1, -0.1, 0, 1, "conservative"),
    ]  # fmt: skip
    question = "SELECT name, strategy_type, implementation, parameters, sharpe_ratio, max_drawdown, win_rate, "
    question += "profit_factor, status, created_at, last_optimized FROM strategies"
    assert asked(tmp_path / "reports", question) == [
        ("sma_cross", "trend", "sma_cross", '{"fast":3,"slow":9}', 1.25, -0.1, 0.5, None, "testing",
         "2024-01-02T03:04:05+00:00", None),
    ]  # fmt: skip


def test_accepted_decisions_are_signals_and_refused_ones_are_not(make_run: MakeRun, tmp_path: Path) -> None:
    register_run(make_run(ONE))  # long, exit, short at half the quantity, and a refusal
    question = "SELECT symbol, signal_type, strength, confidence, quantity, timestamp FROM signals ORDER BY id"
    assert asked(tmp_path / "reports", question) == [
        ("ACME", "buy", 0.5, 0.5, 5.0, "2020-01-01T00:00:00Z"),
        ("ACME", "exit", 0.5, 0.5, 5.0, "2020-01-02T00:00:00Z"),
        ("ACME", "sell", 0.5, 0.5, 5.0, "2020-01-03T00:00:00Z"),
    ]


def test_of_many_signals_the_newest_are_kept_and_all_are_counted(make_run: MakeRun, tmp_path: Path) -> None:
    register_run(make_run(ONE, decisions=4 * KEPT_SIGNALS, bars=4 * KEPT_SIGNALS))
    folder = tmp_path / "reports"
    assert asked(folder, "SELECT signals FROM backtest_results") == [(3 * KEPT_SIGNALS,)]
    rows = asked(folder, "SELECT count(*), min(id) > 0 FROM signals")
    assert rows == [(KEPT_SIGNALS, 1)]
    last = asked(folder, "SELECT max(timestamp) FROM signals")[0][0]
    assert last == str(np.datetime64(18_262 + 4 * KEPT_SIGNALS - 2, "D")) + "T00:00:00Z"


def test_a_run_is_registered_twice_with_the_same_rows(reports: Path, tmp_path: Path) -> None:
    before = asked(reports, "SELECT * FROM backtest_results"), asked(reports, "SELECT count(*) FROM signals")
    register_run(RunRecord(ONE, reports / ONE, ()))
    assert sorted(asked(reports, "SELECT * FROM backtest_results")) == sorted(before[0])
    assert asked(reports, "SELECT count(*) FROM signals") == before[1]


def test_runs_of_one_strategy_share_its_row_and_its_figures_are_those_of_the_newest(
    make_run: MakeRun, tmp_path: Path
) -> None:
    register_run(make_run(TWO, sharpe=2.0))
    register_run(make_run(ONE, sharpe=1.0))
    question = "SELECT count(*), max(sharpe_ratio), max(created_at) FROM strategies"
    assert asked(tmp_path / "reports", question) == [(1, 2.0, "2024-01-02T03:04:05+00:00")]
    with open_store(tmp_path / "reports") as opened:
        opened.remove(TWO)
    assert asked(tmp_path / "reports", question) == [(1, 1.0, "2024-01-02T03:04:05+00:00")]


def test_other_parameters_are_another_strategy_and_one_without_runs_is_forgotten(
    make_run: MakeRun, tmp_path: Path
) -> None:
    register_run(make_run(ONE, params={"fast": 1}))
    register_run(make_run(TWO, params={"fast": 2}))
    assert asked(tmp_path / "reports", "SELECT count(*) FROM strategies") == [(2,)]
    with open_store(tmp_path / "reports") as opened:
        opened.remove(TWO)
    assert asked(tmp_path / "reports", "SELECT parameters FROM strategies") == [('{"fast":1}',)]


def test_what_people_say_of_a_strategy_survives_another_run_of_it(make_run: MakeRun, tmp_path: Path) -> None:
    register_run(make_run(ONE))
    connection = sqlite3.connect(tmp_path / "reports" / DATABASE)
    connection.execute("UPDATE strategies SET status = 'active'")
    connection.commit()
    connection.close()
    register_run(make_run(TWO))
    assert asked(tmp_path / "reports", "SELECT status FROM strategies") == [("active",)]


# ---- what is put right


def test_a_run_killed_before_its_row_was_written_is_adopted(make_run: MakeRun, reports: Path) -> None:
    third = make_run("20240102-030407-cccccc").run_id
    assert states(reports) == ({ONE: "whole", TWO: "whole", third: "whole"}, [])


def test_a_folder_that_was_copied_in_is_adopted_under_its_new_name_with_its_tags(reports: Path, tmp_path: Path) -> None:
    remark_run(RunRecord(ONE, reports / ONE, ()), Remarks(("good",), "look again"))
    shutil.copytree(reports / ONE, tmp_path / "other" / "mine")
    assert states(tmp_path / "other") == ({"mine": "whole"}, [])
    assert asked(tmp_path / "other", "SELECT tag FROM tags") == [("good",)]
    assert asked(tmp_path / "other", "SELECT note FROM backtest_results") == [("look again",)]


def test_a_run_from_before_the_store_is_adopted_with_what_its_files_tell(make_run: MakeRun, tmp_path: Path) -> None:
    record = make_run(ONE, config={}, family=None)
    read = []

    def read_config(path: Path) -> dict[str, Any]:
        read.append(path)
        return {"strategies": {"sma_cross": {"type": "sma_cross", "params": {"fast": 7}}}}

    assert states(tmp_path / "reports", read_config=read_config) == ({ONE: "whole"}, [])
    assert read == [record.path("config.yaml")]
    question = "SELECT strategy_type, parameters FROM strategies"
    assert asked(tmp_path / "reports", question) == [("unknown", '{"fast":7}')]


def test_a_vanished_folder_is_marked_and_comes_back(reports: Path, tmp_path: Path) -> None:
    shutil.move(reports / ONE, tmp_path / "away")
    found, notices = states(reports)
    assert found == {ONE: "missing", TWO: "whole"}
    assert notices == [f"{ONE}: its folder has vanished; stratkit runs remove forgets it"]
    assert states(reports) == (found, [])
    shutil.move(tmp_path / "away", reports / ONE)
    assert states(reports) == ({ONE: "whole", TWO: "whole"}, [])


def test_a_run_that_lost_its_manifest_is_marked_and_mended(reports: Path) -> None:
    kept = (reports / ONE / "manifest.json").read_bytes()
    (reports / ONE / "manifest.json").unlink()
    assert states(reports) == ({ONE: "damaged", TWO: "whole"}, [f"{ONE}: it has no manifest.json"])
    (reports / ONE / "manifest.json").write_bytes(kept)
    assert states(reports) == ({ONE: "whole", TWO: "whole"}, [])


@pytest.mark.parametrize("table", ["trades", "fills", "equity", "decisions"])
def test_a_table_that_is_deleted_from_a_listed_run_is_said_once_and_mended(table: str, reports: Path) -> None:
    path = reports / ONE / f"{table}.parquet"
    kept = path.read_bytes()
    path.unlink()
    found = {ONE: "damaged", TWO: "whole"}
    assert states(reports) == (found, [f"{ONE}: it has no {table}.parquet"])
    assert states(reports) == (found, [])
    path.write_bytes(kept)
    assert states(reports) == ({ONE: "whole", TWO: "whole"}, [])


@pytest.mark.parametrize("name", ["manifest.json", "metrics.json"])
@pytest.mark.parametrize("text", ["{", "", "[]"])
def test_a_file_of_a_listed_run_that_is_cut_off_is_said(name: str, text: str, reports: Path) -> None:
    (reports / ONE / name).write_text(text)
    found, notices = states(reports)
    assert found == {ONE: "damaged", TWO: "whole"}
    assert notices == [f"{ONE}: {name} cannot be read or was cut off"]


@pytest.mark.parametrize("table", ["trades", "fills", "equity", "decisions"])
def test_a_truncated_table_marks_a_run_as_damaged_and_says_which_file(
    table: str, make_run: MakeRun, reports: Path
) -> None:
    record = make_run("20240102-030407-cccccc")
    path = record.path(f"{table}.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    found, _ = states(reports)
    assert found == {ONE: "whole", TWO: "whole", record.run_id: "damaged"}
    problem = asked(reports, "SELECT problem FROM backtest_results WHERE state = 'damaged'")[0][0]
    assert f"{table}.parquet cannot be read: it is damaged or was cut off" in problem
    assert asked(reports, "SELECT count(*) FROM backtest_results WHERE sharpe = 1")[0][0] == 3


@pytest.mark.parametrize("name", ["manifest.json", "metrics.json"])
@pytest.mark.parametrize("content", [b"", b'{"config": {', b"[]", b"\xff\xfe"])
def test_a_damaged_json_file_keeps_a_run_off_the_list_and_says_so(
    name: str, content: bytes, make_run: MakeRun, reports: Path
) -> None:
    record = make_run("20240102-030407-cccccc")
    record.path(name).write_bytes(content)
    found, notices = states(reports)
    assert found == {ONE: "whole", TWO: "whole"}
    assert len(notices) == 1
    assert f"{record.run_id} cannot be listed: {record.path(name)} must" in notices[0]


@pytest.mark.parametrize("value", ['"new"', "[1, 2]", str(2**70), '"\\udc80"'])
def test_values_that_fit_no_column_keep_a_run_off_the_list(value: str, make_run: MakeRun, reports: Path) -> None:
    record = make_run("20240102-030407-cccccc")
    path = record.path("manifest.json")
    path.write_text(path.read_text().replace('"engine_semantics": 1', f'"engine_semantics": {value}'))
    found, notices = states(reports)
    assert found == {ONE: "whole", TWO: "whole"}
    assert "its values do not fit the tables" in notices[0]
    with pytest.raises(DataError, match="do not fit"):
        register_run(record)


def test_a_seed_and_a_command_of_any_kind_are_listed(make_run: MakeRun, reports: Path) -> None:
    record = make_run("20240102-030407-cccccc")
    path = record.path("manifest.json")
    text = path.read_text().replace('"seed": 0,\n  "versions"', f'"seed": {2**70},\n  "versions"')
    path.write_text(text.replace('"backtest"', '"backtest", "caf\\udce9.yaml"'))
    assert register_run(record) == []
    question = f"SELECT seed, json_array_length(command) FROM backtest_results WHERE id = '{record.run_id}'"
    assert asked(reports, question) == [(None, 3)]


def test_half_of_a_copy_is_not_listed_and_other_folders_are_not_mentioned(reports: Path) -> None:
    shutil.copytree(reports / ONE, reports / "half")
    (reports / "half" / "manifest.json").unlink()
    (reports / "20240102-030409-dddddd").mkdir()
    (reports / "notebooks").mkdir()
    found, notices = states(reports)
    assert found == {ONE: "whole", TWO: "whole"}
    assert [notice.split(" is no whole run")[0] for notice in notices] == [
        str(reports / "20240102-030409-dddddd"),
        str(reports / "half"),
    ]


def test_a_draft_of_another_process_is_not_visible(reports: Path) -> None:
    with new_run(reports, "20240102-030407-cccccc"):
        assert states(reports) == ({ONE: "whole", TWO: "whole"}, [])


def test_a_folder_that_was_never_used_for_runs_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    assert states(tmp_path) == ({}, [])
    assert states(tmp_path / "nowhere") == ({}, [])
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


# ---- tags and notes


def test_tags_and_notes_are_in_the_folder_and_in_the_database(reports: Path) -> None:
    assert remark_run(RunRecord(ONE, reports / ONE, ()), Remarks(("a", "b"), "look")) == []
    assert read_remarks(reports / ONE) == Remarks(("a", "b"), "look")
    assert asked(reports, "SELECT run_id, tag FROM tags") == [(ONE, "a"), (ONE, "b")]


def test_tags_written_by_hand_are_read(reports: Path) -> None:
    (reports / ONE / "notes.json").write_text('{"tags": ["mine"], "note": ""}')
    states(reports)
    assert asked(reports, "SELECT run_id, tag FROM tags") == [(ONE, "mine")]


def test_damaged_notes_mark_the_run_and_lose_nothing_else(reports: Path) -> None:
    (reports / ONE / "notes.json").write_text('{"tags": [')
    assert states(reports)[0] == {ONE: "damaged", TWO: "whole"}
    with pytest.raises(DataError, match=r"notes\.json must hold the tags.*found '\{\"tags\": \['"):
        read_remarks(reports / ONE)


@pytest.mark.parametrize("tag", ["", "two words", "a,b", "x" * 65])
def test_a_tag_is_one_word(tag: str) -> None:
    with pytest.raises(UsageError, match="a tag must be 1 to 64 letters"):
        Remarks().tagged([tag])


def test_a_note_of_bytes_that_are_no_text_is_kept_as_escapes(reports: Path) -> None:
    remark_run(RunRecord(ONE, reports / ONE, ()), Remarks().noted(" caf\udce9 "))
    assert asked(reports, "SELECT note FROM backtest_results WHERE note != ''") == [("caf\\udce9",)]


def test_tags_outlive_the_database(reports: Path) -> None:
    remark_run(RunRecord(ONE, reports / ONE, ()), Remarks(("a",), ""))
    (reports / DATABASE).unlink()
    states(reports)
    assert asked(reports, "SELECT run_id, tag FROM tags") == [(ONE, "a")]


# ---- removal


class PowerCutError(BaseException):
    """The process is gone here."""


@pytest.mark.parametrize("step", ["rename", "empty", "write", "rmtree"])
@pytest.mark.parametrize("after", [False, True])
def test_a_removal_that_is_cut_short_is_all_or_nothing_when_the_store_is_next_opened(
    step: str, after: bool, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(real: Any) -> Any:
        def cutting(*arguments: Any, **more: Any) -> Any:
            if after:
                real(*arguments, **more)
            raise PowerCutError

        return cutting

    with open_store(reports) as opened, monkeypatch.context() as patch:
        if step == "rename":
            patch.setattr(store, "_rename", cut(store._rename))
        elif step == "empty":
            patch.setattr(store, "_empty", cut(store._empty))
        elif step == "write":
            patch.setattr(RunStore, "_write", cut(RunStore._write))
        else:
            hidden, real = reports / f".{ONE}.removed", shutil.rmtree
            cutting = cut(real)

            def only_what_is_hidden(path: Path, **more: Any) -> None:
                (cutting if hidden.exists() else real)(path, **more)

            patch.setattr(shutil, "rmtree", only_what_is_hidden)
        with pytest.raises(PowerCutError):
            opened.remove(ONE)
    untouched = step == "rename" and not after
    expected = {ONE: "whole", TWO: "whole"} if untouched else {TWO: "whole"}
    assert states(reports) == (expected, [])
    assert sorted(path.name for path in reports.iterdir() if path.is_dir()) == sorted(expected)


def test_a_vanished_run_can_be_forgotten(reports: Path) -> None:
    shutil.rmtree(reports / ONE)
    with open_store(reports) as opened:
        assert opened.match(ONE[:15]) == ONE
        opened.remove(ONE)
    assert states(reports) == ({TWO: "whole"}, [])


def test_a_run_whose_row_cannot_be_removed_is_gone_and_its_row_follows(
    reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(reports) as opened:
        monkeypatch.setattr(database, "BUSY_S", 0.1)
        other = sqlite3.connect(reports / DATABASE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        opened.database.close()
        (notice,) = opened.remove(ONE)
        assert "in use by another process for more than 0.1 s" in notice
        other.execute("ROLLBACK")
        other.close()
    assert not (reports / ONE).exists()
    assert states(reports) == ({TWO: "whole"}, [])


def test_a_run_that_is_registered_finishes_the_removal_of_another(make_run: MakeRun, reports: Path) -> None:
    (reports / ONE).rename(reports / f".{ONE}.removed")
    register_run(make_run("20240102-030407-cccccc"))
    assert asked(reports, "SELECT id FROM backtest_results ORDER BY id") == [(TWO,), ("20240102-030407-cccccc",)]
    assert not list(reports.glob(".*.removed"))


def test_the_row_of_a_vanished_run_that_cannot_be_written_is_an_error(
    reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(reports / ONE)
    with open_store(reports) as opened:
        monkeypatch.setattr(database, "BUSY_S", 0.1)
        other = sqlite3.connect(reports / DATABASE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        opened.database.close()
        with pytest.raises(OutputError, match="in use by another process"):
            opened.remove(ONE)
        other.close()
