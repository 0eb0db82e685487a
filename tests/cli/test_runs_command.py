"""`stratkit runs` on the command line: list, show, compare, tag, note, remove."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from command_line import Stratkit
from small_runs import asked, write_run

from stratkit.runs import database
from stratkit.runs.find import missing_files

ONE, TWO = "20240102-030405-aaaaaa", "20240102-030406-bbbbbb"


@pytest.fixture
def reports(stratkit: Stratkit, tmp_path: Path) -> Path:
    """Two runs below the folder in which the commands are run."""
    write_run(tmp_path / "reports", ONE, sharpe=0.5, params={"fast": 5})
    write_run(tmp_path / "reports", TWO, sharpe=1.5, params={"fast": 9}, digests={"ACME": "ff" * 32, "ZZ": "00" * 32})
    return tmp_path / "reports"


def test_the_list_has_the_newest_first_with_its_figures(stratkit: Stratkit, reports: Path) -> None:
    listed = stratkit("runs", "list")
    assert listed.code == 0
    lines = listed.out.splitlines()
    assert lines[0].split() == ["run", "strategy", "parameters", "data", "fills", "return", "Sharpe", "drawdown"]
    assert lines[1].split() == [TWO, "sma_cross", "fast", "9", "ACME", "and", "1", "more", "cons…",
                                "+10.00%", "1.50", "−10.00%"]  # fmt: skip
    assert lines[2].split()[:4] == [ONE, "sma_cross", "fast", "5"]
    assert "stratkit runs ledger counts the trials" in listed.err


def test_the_list_fits_80_columns(stratkit: Stratkit, reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratkit.cli.terminal.PLAIN_WIDTH", 80)
    stratkit("runs", "tag", TWO, "keep", "a-rather-long-tag")
    (reports / ONE / "equity.parquet").unlink()
    listed = stratkit("runs", "list")
    assert max(map(len, listed.out.splitlines())) <= 80
    assert TWO in listed.out
    assert "damaged" in listed.out


def test_runs_that_differ_in_their_fills_only_can_be_told_apart_at_80_columns(
    stratkit: Stratkit, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratkit.cli.terminal.PLAIN_WIDTH", 80)
    write_run(reports, "20240102-030407-cccccc", strategy="bollinger_reversion")
    path = reports / "20240102-030407-cccccc" / "metrics.json"
    path.write_text(path.read_text().replace('"conservative"', '"freqtrade"'))
    listed = stratkit("runs", "list")
    lines = listed.out.splitlines()
    assert lines[1].split()[:4] == ["20240102-030407-cccccc", "bollinger_reversion", "ACME", "freq…"]
    assert lines[-1].split()[:4] == [ONE, "sma_cross", "ACME", "cons…"]
    assert max(map(len, lines)) <= 80
    assert [run["fill_profile"] for run in stratkit("runs", "list", "--json").json["runs"]] == [
        "freqtrade", "conservative", "conservative"
    ]  # fmt: skip
    monkeypatch.setattr("stratkit.cli.terminal.PLAIN_WIDTH", 120)
    assert "freqtrade" in stratkit("runs", "list").out


def test_a_filter_a_sort_and_a_limit_change_the_list(stratkit: Stratkit, reports: Path) -> None:
    def ids(*options: str) -> list[str]:
        return [run["run_id"] for run in stratkit("runs", "list", "--json", *options).json["runs"]]

    assert ids() == [TWO, ONE]
    assert ids("--where", "sharpe>1") == [TWO]
    assert ids("--sort", "sharpe", "--reverse") == [ONE, TWO]
    assert ids("--limit", "1") == [TWO]
    assert ids("--symbol", "ZZ") == [TWO]
    assert ids("--strategy", "sma_cross", "--since", "2024-01-02") == [TWO, ONE]
    assert ids("--since", "2025-01-01") == []


def test_a_cut_list_says_how_many_there_are(stratkit: Stratkit, reports: Path) -> None:
    assert "1 of 2 runs; --limit 2 lists all" in stratkit("runs", "list", "--limit", "1").err


def test_an_unknown_metric_names_the_nearest(stratkit: Stratkit, reports: Path) -> None:
    failed = stratkit("runs", "list", "--where", "sharp>1")
    assert failed.code == 2
    assert "did you mean 'sharpe'?" in failed.err


def test_a_list_of_nothing_says_what_to_do(stratkit: Stratkit, tmp_path: Path) -> None:
    empty = stratkit("runs", "list")
    assert (empty.code, empty.out, empty.err) == (0, "", "no run in reports; stratkit backtest makes one\n")
    assert not (tmp_path / "reports").exists()


def test_a_filter_that_finds_nothing_says_so(stratkit: Stratkit, reports: Path) -> None:
    assert "no run like this in reports" in stratkit("runs", "list", "--where", "sharpe>9").err


def test_a_damaged_run_is_listed_as_such_with_a_warning(stratkit: Stratkit, reports: Path) -> None:
    path = reports / ONE / "equity.parquet"
    path.write_bytes(path.read_bytes()[:50])
    listed = stratkit("runs", "list")
    assert "damaged" in next(line for line in listed.out.splitlines() if ONE in line)
    assert (
        stratkit("runs", "list", "--json")
        .json["runs"][1]["problem"]
        .endswith(
            "Parquet magic bytes not found in footer. Either the file is corrupted or this is not a parquet file)"
        )
    )


def test_show_tells_what_ran_every_metric_and_the_files(stratkit: Stratkit, reports: Path) -> None:
    shown = stratkit("runs", "show", "latest")
    assert shown.code == 0
    for part in (f"run         {TWO}", "parameters  fast 9", "ACME, ZZ, 20 bars, 2020-01-01 to 2020-01-20",
                 "Sharpe ratio", "1.50  trials not counted", "Profit factor", "n/a", "equity.parquet"):  # fmt: skip
        assert part in shown.out
    record = stratkit("runs", "show", ONE, "--json").json
    assert (record["run_id"], record["config"]["costs"], len(record["metrics"])) == (ONE, {"commission_bps": 1.0}, 7)


def test_show_warns_of_a_damaged_file_and_shows_the_rest(stratkit: Stratkit, reports: Path) -> None:
    (reports / ONE / "trades.parquet").write_bytes(b"PAR1")
    shown = stratkit("runs", "show", ONE)
    assert shown.code == 0
    assert "warning: reports/20240102-030405-aaaaaa/trades.parquet cannot be read" in shown.err
    assert "Sharpe ratio" in shown.out


def test_show_of_a_damaged_manifest_is_bad_data(stratkit: Stratkit, reports: Path) -> None:
    (reports / ONE / "manifest.json").write_text('{"config"')
    failed = stratkit("runs", "show", ONE)
    assert failed.code == 3
    assert "manifest.json must be JSON" in failed.err


def test_show_of_no_run_is_a_usage_error(stratkit: Stratkit, reports: Path) -> None:
    assert stratkit("runs", "show", "20991231").code == 2
    (reports / ONE / "config.yaml").unlink()
    failed = stratkit("runs", "show", ONE)
    assert (failed.code, "has no config.yaml" in failed.err) == (2, True)


def test_compare_shows_only_what_differs_and_marks_the_better(stratkit: Stratkit, reports: Path) -> None:
    compared = stratkit("runs", "compare", ONE, TWO)
    assert compared.code == 0
    assert "strategy.params.fast  5  9" in compared.out
    assert "commission" not in compared.out
    assert "note: the runs saw different bars" in compared.out
    line = next(line for line in compared.out.splitlines() if line.startswith("Sharpe ratio"))
    assert line.split() == ["Sharpe", "ratio", "0.50", "*", "1.50"]
    record = stratkit("runs", "compare", ONE, TWO, "--json").json
    assert record["config"] == {"strategy.params.fast": [5, 9]}
    assert next(metric for metric in record["metrics"] if metric["name"] == "sharpe")["best"] == [1]


def test_compare_all_shows_more_metrics(stratkit: Stratkit, reports: Path) -> None:
    names = [line.split("  ")[0] for line in stratkit("runs", "compare", ONE, TWO, "--all").out.splitlines()]
    assert {"Win rate", "Volatility"} <= set(names)


def test_compare_writes_a_page_and_never_over_another_file(stratkit: Stratkit, reports: Path, tmp_path: Path) -> None:
    assert stratkit("runs", "compare", ONE, TWO, "--html", "both.html").code == 0
    assert "Equity together" in (tmp_path / "both.html").read_text("utf-8")
    failed = stratkit("runs", "compare", ONE, TWO, "--html", "both.html")
    assert (failed.code, "--overwrite" in failed.err) == (2, True)
    assert stratkit("runs", "compare", ONE, TWO, "--html", "both.html", "--overwrite").code == 0
    assert stratkit("runs", "compare", ONE, TWO, "--html", "nowhere/both.html").code == 4


def test_compare_needs_two(stratkit: Stratkit, reports: Path) -> None:
    failed = stratkit("runs", "compare", ONE, "aaaaaa")
    assert (failed.code, "two or more different runs" in failed.err) == (2, True)


def test_tags_and_notes_are_given_found_and_taken_away(stratkit: Stratkit, reports: Path) -> None:
    assert stratkit("runs", "tag", ONE, "good", "live").out == f"{ONE}  good, live\n"
    assert stratkit("runs", "note", ONE, "before the new costs").out == f"{ONE}  before the new costs\n"
    assert [run["tags"] for run in stratkit("runs", "list", "--tag", "good", "--json").json["runs"]] == [
        ["good", "live"]
    ]
    assert "before the new costs" in stratkit("runs", "show", ONE).out
    assert stratkit("runs", "tag", ONE, "good", "--remove").out == f"{ONE}  live\n"
    assert asked(reports, "SELECT tag FROM tags") == [("live",)]
    assert stratkit("runs", "note", ONE, "").out == f"{ONE}  no note\n"
    failed = stratkit("runs", "tag", ONE, "liv", "--remove")
    assert (failed.code, "did you mean 'live'?" in failed.err) == (2, True)


def test_remove_asks_for_a_yes_and_takes_folder_and_rows(stratkit: Stratkit, reports: Path) -> None:
    failed = stratkit("runs", "remove", ONE)
    assert (failed.code, f"would remove {ONE} from reports: add --yes" in failed.err) == (2, True)
    assert (reports / ONE).exists()
    removed = stratkit("runs", "remove", "aaaaaa", "--yes")
    assert (removed.code, removed.err) == (0, f"{ONE} removed\n")
    assert not (reports / ONE).exists()
    assert asked(reports, "SELECT id FROM backtest_results") == [(TWO,)]
    assert stratkit("runs", "remove", "latest", "--yes", "--json").json == {"removed": [TWO]}


@pytest.mark.parametrize("opens", [True, False])
def test_remove_frees_a_full_disk_and_the_next_command_repairs_the_list(
    opens: bool, stratkit: Stratkit, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stratkit("runs", "list")

    def full(connection: sqlite3.Connection, begin: str, work: Any) -> Any:
        if connection.execute("PRAGMA database_list").fetchone()[2] and (not opens or begin != "BEGIN"):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return real(connection, begin, work)

    real = database._within
    with monkeypatch.context() as patch:
        patch.setattr(database, "_within", full)
        removed = stratkit("runs", "remove", ONE, "--yes")
        assert removed.code == 0
        assert "disk is full" in removed.err
        assert "the next command that can write the list takes it off" in removed.err
        assert not (reports / ONE).exists()
        assert not list(reports.glob(f".{ONE}.removed/*"))
        assert stratkit("runs", "remove", TWO, "--yes").code == 0  # with the rest of the first still to be done
    assert "no run in reports" in stratkit("runs", "list").err
    assert asked(reports, "SELECT id FROM backtest_results") == []
    assert not list(reports.glob(".*.removed"))


def test_remove_on_a_terminal_asks(stratkit: Stratkit, reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, there in ((False, True), (True, False)):
        monkeypatch.setattr("typer.confirm", lambda *_text, answer=answer, **_more: answer)
        assert stratkit("runs", "remove", ONE).code == (0 if answer else 2)
        assert (reports / ONE).exists() is there


def test_remove_takes_nothing_when_one_of_several_is_unknown(stratkit: Stratkit, reports: Path) -> None:
    assert stratkit("runs", "remove", ONE, "20991231", "--yes").code == 2
    assert (reports / ONE).exists()


def test_remove_never_takes_a_namesake_of_another_folder(stratkit: Stratkit, reports: Path, tmp_path: Path) -> None:
    shutil.copytree(reports, tmp_path / "other")
    failed = stratkit("runs", "remove", str(tmp_path / "other" / ONE), "--yes")
    assert (failed.code, "name its own with --out" in failed.err) == (2, True)
    assert (reports / ONE).exists()
    assert stratkit("runs", "remove", ONE, "--yes", "--out", "other").code == 0
    assert (reports / ONE).exists()


def test_a_vanished_run_is_said_and_can_be_forgotten(stratkit: Stratkit, reports: Path) -> None:
    stratkit("runs", "list")
    shutil.rmtree(reports / ONE)
    assert f"{ONE}: its folder has vanished" in stratkit("runs", "list").err
    assert stratkit("runs", "remove", ONE, "--yes").code == 0
    assert ONE not in stratkit("runs", "list").out


def test_a_damaged_database_is_said_and_nothing_is_lost(stratkit: Stratkit, reports: Path) -> None:
    stratkit("runs", "tag", ONE, "good")
    (reports / "runs.sqlite3").write_bytes(b"x" * 5000)
    listed = stratkit("runs", "list", "--json")
    assert listed.code == 0
    assert "is damaged" in listed.err
    assert "set aside as runs.sqlite3.damaged-" in listed.err
    assert [run["tags"] for run in listed.json["runs"]] == [[], ["good"]]


def test_a_newer_database_is_an_error_that_says_what_to_do(stratkit: Stratkit, reports: Path) -> None:
    stratkit("runs", "list")
    connection = sqlite3.connect(reports / "runs.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    failed = stratkit("runs", "list")
    assert (failed.code, "upgrade stratkit" in failed.err) == (4, True)


def test_a_backtest_is_listed_at_once_with_its_family_and_parameters(stratkit: Stratkit, tmp_path: Path) -> None:
    assert stratkit("backtest", "--no-report", "--to", "2001-01-01").code == 0
    question = "SELECT strategy_type, implementation, json_extract(parameters, '$.fast') FROM strategies"
    assert asked(tmp_path / "reports", question) == [("trend", "sma_cross", 50)]
    assert stratkit("runs", "list", "--json").json["runs"][0]["symbols"] == ["SP500"]


def test_a_backtest_whose_database_is_busy_keeps_its_run_and_says_so(
    stratkit: Stratkit, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stratkit("runs", "list")
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    other = sqlite3.connect(reports / "runs.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    done = stratkit("backtest", "--no-report", "--to", "2001-01-01", "--json")
    other.close()
    assert done.code == 0
    assert any("this run is whole, but not on the list of runs yet" in warning for warning in done.json["warnings"])
    assert not missing_files(Path(done.json["folder"]))
    assert done.json["run_id"] in stratkit("runs", "list").out
