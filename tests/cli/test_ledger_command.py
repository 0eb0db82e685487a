"""Trials on the command line: every backtest counts, nothing resets the count, and runs ledger tells it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import Outcome, Stratkit, WriteBars, WriteStrategy

from stratkit.cli.main import run as run_command
from stratkit.runs.ledger import LEDGER

BASE = ("--no-report", "--strategy", "sma_cross")


def fast(number: int, slow: int = 40) -> tuple[str, str]:
    return "--set", f"strategies.sma_cross.params={{fast: {number}, slow: {slow}, direction: both}}"


def evidence(done: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = done.json["evidence"]
    assert found["trials"] == done.json["trials"]
    return found


def test_every_other_configuration_is_a_trial_and_the_same_once_more_is_none(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    data = write_bars()
    counts = [
        evidence(stratkit("backtest", "--data", data, *BASE, *options, "--json"))["trials"]
        for options in (fast(5), fast(6), fast(5), (*fast(6), "--to", "2020-09-01"), (*fast(6), "--set", "seed=1"))
    ]
    assert counts == [1, 2, 2, 3, 4]
    for name in [path.name for path in (tmp_path / "reports").iterdir() if path.is_dir()]:
        assert stratkit("runs", "remove", name, "--yes").code == 0
    assert evidence(stratkit("backtest", "--data", data, *BASE, *fast(7), "--json"))["trials"] == 5
    assert evidence(stratkit("backtest", "--data", data, *BASE, *fast(7), "--out", "new", "--json"))["trials"] == 1
    assert evidence(stratkit("backtest", "--data", write_bars(name="BETA"), *BASE, *fast(7), "--json"))["trials"] == 1


def test_a_run_that_was_removed_before_it_was_counted_is_counted(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    data = write_bars()
    name = stratkit("backtest", "--data", data, *BASE, *fast(5), "--json").json["run_id"]
    (tmp_path / "reports" / LEDGER).unlink()
    assert stratkit("runs", "remove", name, "--yes").code == 0
    assert evidence(stratkit("backtest", "--data", data, *BASE, *fast(6), "--json"))["trials"] == 2


def test_the_evidence_is_a_file_of_the_run_and_stands_beside_the_ratio(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    data = write_bars()
    done = [stratkit("backtest", "--data", data, *BASE, *fast(number), "--json") for number in range(5, 14)]
    found = evidence(done[-1])
    assert json.loads((tmp_path / done[-1].json["folder"] / "evidence.json").read_text()) == found
    metrics = {metric["name"]: metric["value"] for metric in done[-1].json["metrics"]}
    assert found["sharpe_ann"] == pytest.approx(metrics["sharpe"], rel=1e-9)
    assert found["psr"] == pytest.approx(metrics["psr"], rel=1e-9)
    assert (found["trials"], found["same_bars"], found["pbo_trials"], found["spa_trials"]) == (9, 9, 9, 9)
    assert found["pbo_splits"] == 12870
    assert 1 < found["effective_trials"] < 9
    assert 0 <= found["deflated_sharpe"] < found["psr"]
    assert found["luck_sharpe_ann"] > 0
    assert 0 <= found["pbo"] <= 1
    assert 0 < found["spa_p"] <= 1
    assert (found["kind"], found["reasons"]) == ("backtest", {})
    few = evidence(done[6])
    assert (few["pbo"], few["spa_p"], few["pbo_trials"]) == (None, None, None)
    assert few["reasons"] == dict.fromkeys(("pbo", "spa_p"), "fewer than 8 trials on the same bars")
    shown = stratkit("backtest", "--data", data, *BASE, *fast(14)).out
    line, below, last = shown[shown.index("Sharpe ratio") :].splitlines()[:3]
    assert line.endswith(", 10 trials")
    assert below.strip().startswith("effective ")
    assert "luck alone: " in below
    assert last.strip().startswith("PBO ")
    assert all(len(line) <= 100 for line in shown.splitlines())
    told = stratkit("runs", "show", "latest")
    assert below.strip() in " ".join(told.out.split())
    assert "In this share of the 12,870 ways to halve the bars" in " ".join(told.out.split())
    record = stratkit("runs", "show", "latest", "--json").json
    assert (record["trials"], record["evidence"]["trials"]) == (10, 10)
    first = done[0].json["run_id"]
    compared = stratkit("runs", "compare", first, "latest")
    assert "Sharpe ratios: A 1 trial, B 10 trials (effective" in compared.out
    assert stratkit("runs", "compare", first, "latest", "--json").json["evidence"][1]["trials"] == 10


def test_all_fill_profiles_are_trials(stratkit: Stratkit, write_bars: WriteBars) -> None:
    done = stratkit("backtest", "--data", write_bars(), "--no-report", "--strategy", "sma_cross", "--fills", "all")
    assert done.code == 0, done.err
    (group,) = stratkit("runs", "ledger", "--json").json["groups"]
    assert (group["trials"], group["kinds"]) == (5, {"backtest": 5})


def test_neither_a_new_name_nor_a_comment_resets_the_count_and_reproduce_adds_none(
    stratkit: Stratkit, write_bars: WriteBars, strategy_file: WriteStrategy, tmp_path: Path
) -> None:
    data = write_bars()
    path = strategy_file("return self.weights(context, np.full(context.shape, 0.5))")

    def trials(file: Path) -> int:
        done = stratkit("backtest", "--data", data, "--no-report", "--strategy", f"{file}:Own", "--json")
        assert done.code == 0, done.err
        return int(evidence(done)["trials"])

    assert trials(path) == 1
    assert trials(path) == 1
    path.write_text(path.read_text() + "# a comment\n")
    assert trials(path) == 2  # another source, which may be another strategy: the count goes on
    renamed = shutil.copy(path, tmp_path / "renamed.py")
    assert trials(Path(renamed)) == 3
    Path(renamed).write_text(path.read_text() + "# another\n")
    assert trials(Path(renamed)) == 4
    assert stratkit("reproduce", "latest").code == 0
    (group,) = stratkit("runs", "ledger", "--strategy", "Own", "--json").json["groups"]
    assert group["trials"] == 4
    assert sorted(group["strategies"]) == ["own.py:Own", "renamed.py:Own"]


def test_the_ledger_is_a_table_of_groups_and_one_of_them_is_listed_and_explained(
    stratkit: Stratkit, write_bars: WriteBars
) -> None:
    data = write_bars()
    for number in (5, 6, 7):
        stratkit("backtest", "--data", data, *BASE, *fast(number))
    stratkit("backtest", "--data", data, "--no-report", "--strategy", "buy_and_hold")
    table = stratkit("runs", "ledger")
    assert table.code == 0
    heading, first, second = table.out.splitlines()
    assert heading.split() == ["strategy", "symbols", "N", "effective", "best", "luck", "DSR", "PBO", "SPA", "p",
                               "made", "first,", "last"]  # fmt: skip
    assert first.split()[:3] == ["sma_cross", "ACME", "3"]
    assert "3 by hand" in first
    assert second.split()[:4] == ["buy_and_hold", "ACME", "1", "1.0"]
    assert "--strategy NAME lists the trials" in table.err
    one = stratkit("runs", "ledger", "--strategy", "sma_cross")
    assert one.out.startswith("sma_cross on ACME: 3 trials (effective ")
    listed = [line for line in one.out.splitlines() if " backtest " in line]
    assert ["fast 7" in listed[0], "fast 6" in listed[1], "fast 5" in listed[2]] == [True] * 3
    assert sum(" *" in line for line in listed) == 1
    assert "slow" not in listed[0], "what is the same in all is left out"
    assert "N never falls." in one.out
    assert all(len(line) <= 100 for line in (*table.out.splitlines(), *one.out.splitlines()))
    cut = stratkit("runs", "ledger", "--strategy", "sma_cross", "--limit", "2").out
    assert "2 of 3; --limit 3 shows all" in cut
    groups = stratkit("runs", "ledger", "--symbol", "ACME", "--json").json["groups"]
    assert [group["trials"] for group in groups] == [3, 1]
    assert "entries" not in groups[0]
    (named,) = stratkit("runs", "ledger", "--strategy", "buy_and_hold", "--json").json["groups"]
    assert len(named["entries"]) == 1
    assert named["evidence"]["trials"] == 1
    nothing = stratkit("runs", "ledger", "--symbol", "ZETA")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no trial like this in reports" in nothing.err


def test_an_empty_folder_has_no_trials(stratkit: Stratkit) -> None:
    done = stratkit("runs", "ledger", "--out", "nowhere")
    assert (done.code, done.err) == (0, "no trial in nowhere; stratkit backtest makes one\n")
    assert not Path("nowhere").exists()


def test_a_ledger_that_cannot_be_written_costs_no_run_and_the_next_use_catches_up(
    stratkit: Stratkit, write_bars: WriteBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stratkit.errors import OutputError
    from stratkit.runs.ledger import TrialLedger

    def full(*_: object) -> int:
        raise OutputError("reports/ledger.sqlite cannot be written: database or disk is full")

    data = write_bars()
    with monkeypatch.context() as disk:
        disk.setattr(TrialLedger, "add", full)
        done = stratkit("backtest", "--data", data, *BASE, *fast(5))
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if line.startswith("Sharpe ratio"))
    assert line.endswith("trials not counted")
    said = " ".join(done.out.split())
    assert said.count("this trial was not counted: reports/ledger.sqlite cannot be written: database or disk is") == 1
    assert "the next use of the ledger counts it from its folder" in said
    record = stratkit("runs", "show", "latest", "--json").json
    assert record["trials"] is None
    assert record["problems"] == []
    assert "trials not counted" in stratkit("runs", "show", "latest").out
    assert evidence(stratkit("backtest", "--data", data, *BASE, *fast(6), "--json"))["trials"] == 2


def test_a_damaged_ledger_is_told_and_made_again(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    data = write_bars()
    stratkit("backtest", "--data", data, *BASE, *fast(5))
    (tmp_path / "reports" / LEDGER).write_bytes(b"garbage" * 1000)
    done = stratkit("backtest", "--data", data, *BASE, *fast(6), "--json")
    assert evidence(done)["trials"] == 2
    assert "is made again from the run folders" in " ".join(done.json["warnings"])


def test_two_equal_runs_differ_in_no_file_that_says_what_came_out(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    data = write_bars()
    first = stratkit("backtest", "--data", data, *BASE, *fast(5), "--json").json
    stratkit("backtest", "--data", data, *BASE, *fast(6))
    last = stratkit("backtest", "--data", data, *BASE, *fast(5), "--json").json
    assert (first["trials"], last["trials"]) == (1, 2)
    one, other = (tmp_path / run["folder"] for run in (first, last))
    assert (one / "evidence.json").read_text() != (other / "evidence.json").read_text()
    for name in ("metrics.json", "manifest.json", "config.yaml"):
        assert (one / name).read_text() == (other / name).read_text()
    compared = stratkit("runs", "compare", first["run_id"], last["run_id"])
    assert "configuration: the same" in compared.out
    assert run_command(["reproduce", first["run_id"]]) == 0
