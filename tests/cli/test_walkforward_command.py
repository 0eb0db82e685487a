"""`stratkit walkforward`: what it prints and keeps, and that it can be stopped at any moment."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from command_line import COMMAND, ENVIRONMENT, Stratkit, WriteBars

BASE = ("--strategy", "sma_cross", "--train", "120", "--test", "60", "--trials", "6", "--no-report")
SPACE = "search.space={fast: {low: 3, high: 9, step: 1, log: false}, slow: {low: 12, high: 30, step: 1, log: false}}"
SMALL = ("--set", "search.fixed=[direction]", "--set", "search.batch=6", "--sampler", "random")
FAST = ("--set", SPACE, *SMALL)


def test_it_prints_folds_and_a_verdict_and_keeps_a_run(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    done = stratkit("walkforward", "--data", write_bars(bars=400), *BASE, *FAST)
    assert done.code == 0, done.err
    assert "trained on 120 before each test of 60; 6 trials a fold by random" in done.out
    assert "2020-04-30 .. 2020-06-28" in done.out  # bars 120 to 179
    for word in (
        "out of sample",
        "Sharpe",
        "efficiency",
        "profitable",
        "stability",
        "DSR",
        "PBO",
        "SPA",
        "verdict",
        "rule",
    ):
        assert f"\n{word}" in done.out, word
    folder = next((tmp_path / "reports").glob("2*"))
    kept = {file.name for file in folder.iterdir()}
    assert {"folds.json", "folds.parquet", "equity.parquet", "trades.parquet", "metrics.json", "manifest.json"} <= kept
    assert not (tmp_path / "reports" / ".studies").exists()
    record = json.loads((folder / "folds.json").read_text())
    table = pq.read_table(folder / "folds.parquet").to_pydict()
    assert len(record["folds"]) == 4 == len(table["number"])
    assert table["value.strategies.sma_cross.params.fast"] == [
        fold["values"]["strategies.sma_cross.params.fast"] for fold in record["folds"]
    ]
    assert table["test_first"][0].isoformat().startswith("2020-04-30")
    times = pq.read_table(folder / "equity.parquet")["time"].to_pylist()
    assert (times[0].isoformat()[:10], len(times)) == ("2020-04-30", 240)


def test_it_is_made_again_bit_by_bit_and_listed(stratkit: Stratkit, write_bars: WriteBars) -> None:
    record = stratkit("walkforward", "--data", write_bars(bars=400), *BASE, *FAST, "--json").json
    assert record["walk_forward"]["method"] == "rolling"
    assert record["data"]["bars"] == 240
    again = stratkit("reproduce", record["folder"], "--json")
    assert again.json["verdict"] == "identical", again.out
    assert record["run_id"] in stratkit("runs", "list").out
    evidence = json.loads((Path(record["folder"]) / "evidence.json").read_text())
    assert (evidence["kind"], evidence["trials"]) == ("walkforward", 1)  # its folds are no trials
    folds = Path(record["folder"]) / "folds.json"
    changed = json.loads(folds.read_text())
    changed["reigns"][1]["values"]["strategies.sma_cross.params.fast"] = 11
    folds.write_text(json.dumps(changed))
    changed = stratkit("reproduce", record["folder"], "--json").json
    assert changed["verdict"] == "different"
    assert [one["text"] for one in changed["changes"]] == ["input file changed: folds (folds.json)"]


@pytest.mark.parametrize(
    ("options", "method", "folds"),
    [
        (("--anchored",), "anchored", 4),
        (("--folds", "4"), "combinatorial", 6),
        (("--train", "6m", "--test", "3m"), "rolling", 2),
        (("--set", "walkforward.step=30"), "rolling", 8),
    ],
)
def test_options_divide_the_bars(
    stratkit: Stratkit, write_bars: WriteBars, options: tuple[str, ...], method: str, folds: int
) -> None:
    record = stratkit("walkforward", "--data", write_bars(bars=400), *BASE, *FAST, *options, "--json").json
    walk = record["walk_forward"]
    assert (walk["method"], len(walk["folds"])) == (method, folds)
    if method == "combinatorial":
        assert len(walk["paths"]["sharpes"]) == 3
        paths = pq.read_table(Path(record["folder"]) / "paths.parquet")
        assert (paths.num_rows, paths.num_columns) == (400, 4)
        assert stratkit("reproduce", record["folder"], "--json").json["verdict"] == "identical"


def test_options_change_the_search(stratkit: Stratkit, write_bars: WriteBars) -> None:
    data = write_bars(bars=400)
    walks = {
        name: stratkit("walkforward", "--data", data, *BASE, *FAST, *options, "--json").json["walk_forward"]
        for name, options in {
            "plain": (), "seed": ("--seed", "5"), "close": ("--on-switch", "close"), "workers": ("--workers", "2"),
            "objective": ("--objective", "calmar"), "trials": ("--trials", "3"), "pick": ("--pick", "robust"),
            "sampler": ("--sampler", "qmc"),
        }.items()
    }  # fmt: skip
    values = {name: [fold["values"] for fold in walk["folds"]] for name, walk in walks.items()}
    assert values["workers"] == values["plain"] == values["close"]
    assert walks["workers"]["sharpe"] == walks["plain"]["sharpe"] != walks["close"]["sharpe"]
    assert all(values[name] != values["plain"] for name in ("seed", "sampler", "pick"))
    assert [fold["trials"] for fold in walks["trials"]["folds"]] == [3] * 4
    assert all("calmar" in fold["out_of_sample"] for fold in walks["objective"]["folds"])


def test_pages_and_figures_are_written_beside_the_run(stratkit: Stratkit, write_bars: WriteBars) -> None:
    options = [word for word in (*BASE, *FAST) if word != "--no-report"]
    done = stratkit("walkforward", "--data", write_bars(bars=400), *options, "--folds", "4", "--json")
    assert done.code == 0, done.err
    folder = Path(done.json["folder"])
    page = (folder / "walk.html").read_text("utf-8")
    assert "4 parts, tested 2 at a time" in page
    assert done.json["evidence"]["walk_forward"]["verdict"] in page
    assert (folder / "report.html").is_file()
    assert len(list(folder.glob("*.png"))) > 5


def test_what_cannot_be_is_refused(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    data = write_bars(bars=400)
    both = stratkit("walkforward", "--data", data, "--anchored", "--folds", "4")
    assert (both.code, "--anchored and --folds divide the bars in two ways" in both.err) == (2, True)
    short = stratkit("walkforward", "--data", data, "--strategy", "sma_cross", "--train", "5y")
    assert short.code == 2
    assert "the bars must reach over training and one test, 5y and 1y" in short.err
    assert "a length must be" in stratkit("walkforward", "--data", data, "--train", "5 years").err
    gone = stratkit("walkforward", "--resume", "nothing")
    assert (gone.code, "--resume must name a search that was stopped" in gone.err) == (2, True)
    nobody = ("--set", "search.constraints.min_trades=900")
    failed = stratkit("walkforward", "--data", data, *BASE, *FAST, *nobody)
    assert failed.code == 4
    assert "at least one of 4 folds must find a trial" in failed.err
    assert not (tmp_path / "reports" / ".studies").exists()


def started(data: Path, folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [*COMMAND, "walkforward", "--data", str(data), *BASE, *FAST, "--trials", "40", *more]
    return subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)


def wait_for_folds(folder: Path, count: int, process: subprocess.Popen[str]) -> Path:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found = list(folder.glob("reports/.studies/*/fold-*.json"))
        if len(found) >= count:
            return found[0].parent
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.005)
    raise AssertionError("no fold was finished")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_one_goes_on_to_the_same_end(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path, number: signal.Signals
) -> None:
    data = write_bars(bars=400)
    whole = stratkit("walkforward", "--data", data, *BASE, *FAST, "--trials", "40", "--json").json
    process = started(data, tmp_path)
    study = wait_for_folds(tmp_path, 1, process)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    finished = {file.name: file.read_bytes() for file in study.glob("fold-*.json")}
    assert 1 <= len(finished) < 4
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert f"stratkit walkforward --resume {study.name}" in said
    with_other = stratkit("walkforward", "--resume", study.name, "--trials", "41")
    assert (with_other.code, "trials: 40 -> 41" in with_other.err) == (2, True)
    again = stratkit("walkforward", "--resume", study.name, "--json")
    assert f"{len(finished)} of 4 folds are done" in again.err
    assert again.json["run_id"] == study.name
    assert again.json["walk_forward"] == whole["walk_forward"]
    for name in ("equity.parquet", "trades.parquet", "folds.parquet", "fills.parquet"):
        assert (Path(again.json["folder"]) / name).read_bytes() == (Path(whole["folder"]) / name).read_bytes()
    assert not study.exists()


def test_the_verdict_counts_what_was_tried_before(stratkit: Stratkit, write_bars: WriteBars) -> None:
    command = ("walkforward", "--data", write_bars(bars=400), *BASE, *FAST)
    first = stratkit(*command, "--json").json
    alone = first["evidence"]
    assert (alone["trials"], alone["deflated_sharpe"]) == (1, alone["psr"])
    for seed in ("1", "2", "3"):
        stratkit(*command, "--seed", seed, "--quiet")
    again = stratkit(*command, "--json").json["evidence"]
    assert again["trials"] == 4, "the first one again is no new trial"
    assert again["psr"] == alone["psr"]
    assert again["luck_sharpe"] >= alone["luck_sharpe"] == 0.0
