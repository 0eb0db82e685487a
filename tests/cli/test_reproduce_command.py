"""`stratkit reproduce`: a run made again is identical, or it says where and why not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from command_line import COMMAND, ENVIRONMENT, Outcome, Stratkit, WriteBars, price_frame

FAST = ("--set", "strategies.sma_cross.params={fast: 5, slow: 20, direction: both}", "--no-report")
OWN = """
import numpy as np
from stratkit.strategies.strategy import Strategy
from levels import LEVEL

class Own(Strategy):
    "Long above a level."
    def signals(self, context):
        above = np.asarray(context.bars.close) > LEVEL
        return self.sides(context, long=above, exit=~above)
"""


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Go to another working directory and return it."""

    def go() -> Path:
        folder = tmp_path / "anderswo ü"
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        return folder

    return go


def run_of(stratkit: Stratkit, *arguments: str | Path) -> Path:
    done = stratkit("backtest", *arguments, "--json")
    assert done.code == 0, done.err
    return Path(done.json["folder"]).resolve()


def again(stratkit: Stratkit, run: Path | str, *options: str | Path) -> Outcome:
    return stratkit("reproduce", run, *options, "--json")


def changes(done: Outcome) -> list[str]:
    return [change["text"] for change in done.json["changes"]]


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def edit(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**read(path), **values}), "utf-8")


def set_close(path: Path, bar: int, close: float | None = None) -> None:
    """Change one close, by one unit in its last place unless told."""
    frame = pd.read_parquet(path)
    old = float(frame["close"].iloc[bar])
    frame.loc[frame.index[bar], "close"] = np.nextafter(old, 0) if close is None else close
    frame.to_parquet(path, index=False)


def test_a_run_is_identical_and_says_so(stratkit: Stratkit, write_bars: WriteBars) -> None:
    run = run_of(stratkit, "--data", write_bars(), *FAST)
    done = stratkit("reproduce", "latest")
    assert done.code == 0, done.err
    assert done.out.startswith(f"{run.name}  identical\n")
    for name in ("decisions", "fills", "trades", "equity"):
        assert f"\n{name}" in done.out
    assert "changed" not in done.out
    assert all(len(line) <= 100 for line in done.out.splitlines())


@pytest.mark.parametrize(
    "options",
    [
        ("--from", "2020-03-01", "--to", "2020-09-30"),
        ("--set", "costs.commission_bps=7", "--set", "account.initial_cash=5e4", "--seed", "9"),
        ("--fills", "close", "--periods", "365"),
        ("--strategy", "donchian_breakout"),
        ("--set", "risk.sizing.rule=equal_weight"),
    ],
)
def test_every_way_of_asking_is_repeated_from_another_folder(
    options: tuple[str, ...], stratkit: Stratkit, write_bars: WriteBars, elsewhere: Callable[[], Path]
) -> None:
    strategy = () if "--strategy" in options else FAST[:2]
    path = write_bars()
    run = run_of(stratkit, "--data", path.name, *strategy, *options, "--no-report")
    elsewhere()
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"], done.json["notes"]) == (0, "identical", []), done.err


def test_variables_of_the_environment_are_in_the_run_and_not_read_again(
    stratkit: Stratkit, write_bars: WriteBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_STRATEGY_ENABLED", "yes")
    monkeypatch.setenv("DEFAULT_STRATEGY", "scalp")
    labelled = ("--set", "regimes.method=rules", "--data", write_bars(), *FAST)
    done = stratkit("backtest", *labelled)
    assert "from the environment: META_STRATEGY_ENABLED=yes, DEFAULT_STRATEGY=scalp\n" in done.err
    assert "from the environment" not in stratkit("backtest", *labelled, "--quiet").err
    monkeypatch.setenv("DEFAULT_STRATEGY", "no such profile")
    monkeypatch.setenv("META_STRATEGY_EPSILON", "x")
    done = stratkit("reproduce", "latest")
    assert done.code == 0, done.err
    assert "from the environment" not in done.err


def test_a_strategy_file_and_several_configurations_are_found_from_another_folder(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    folder = tmp_path / "stratégies"
    folder.mkdir()
    (folder / "own.py").write_text(OWN, "utf-8")
    (folder / "levels.py").write_text("LEVEL = 104.0\n")
    (tmp_path / "funding.csv").write_text("timestamp,funding_rate\n2020-03-01T00:00:00Z,0.001\n")
    (tmp_path / "one.yaml").write_text(
        f"data: {{path: {write_bars().name}}}\n"
        "costs: {commission_bps: 2, funding_path: funding.csv}\n"
        "strategies:\n"
        "  mine: {enabled: true, type: 'stratégies/own.py:Own'}\n"
        "  other: {enabled: true, type: buy_and_hold}\n",
        "utf-8",
    )
    (tmp_path / "two.yaml").write_text("costs: {commission_bps: 3}\n")
    run = run_of(stratkit, "one.yaml", "two.yaml", "--only", "mine", "--no-report")
    elsewhere()
    done = again(stratkit, run)
    assert done.code == 0, done.err
    assert done.json["tables"][1]["rows_now"] > 2
    manifest = read(run / "manifest.json")
    assert list(manifest["strategy_files"]["mine"]) == ["own.py", "levels.py"]
    assert manifest["inputs"]["funding"]["path"] == "funding.csv"
    assert manifest["versions"].keys() >= {"python", "numpy"}

    (folder / "levels.py").write_text("LEVEL = 103.125\n")
    done = again(stratkit, run)
    assert done.code == 5
    assert done.json["verdict"] == "different"
    assert changes(done) == ["strategy source changed: mine (levels.py)"]
    assert "strategy source changed: mine (levels.py)" in done.err
    (folder / "levels.py").write_text("LEVEL = 104.0\n")

    (tmp_path / "funding.csv").write_text("timestamp,funding_rate\n2020-03-01T00:00:00Z,0.002\n")
    done = again(stratkit, run)
    assert done.code == 5
    assert changes(done) == ["input file changed: funding (funding.csv)"]
    (tmp_path / "funding.csv").unlink()
    done = again(stratkit, run)
    assert done.code == 3
    assert f"must name a file; found none at {tmp_path / 'funding.csv'}" in done.err


def test_a_missing_strategy_file_is_told(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, "utf-8")
    (tmp_path / "levels.py").write_text("LEVEL = 104.0\n")
    run = run_of(stratkit, "--data", write_bars(), "--strategy", "own.py:Own", "--no-report")
    (tmp_path / "own.py").rename(tmp_path / "moved.py")
    done = again(stratkit, run)
    assert done.code == 2
    assert f"must be where it was; found none at {tmp_path / 'own.py'}: bring it back" in done.err


def test_what_a_strategy_prints_stays_out_of_the_json(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    body = OWN.replace("from levels import LEVEL", "LEVEL = 100.0\nprint('loading')")
    (tmp_path / "own.py").write_text(body.replace("        above", "        print('calling')\n        above"))
    run = run_of(stratkit, "--data", write_bars(), "--strategy", "own.py", "--no-report")
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"]) == (0, "identical")
    assert "calling\n" in done.err


def test_one_close_that_moved_by_one_bit_is_found(stratkit: Stratkit, write_bars: WriteBars) -> None:
    path = write_bars()
    run = run_of(stratkit, "--data", path, *FAST)
    held = int(pd.read_parquet(run / "trades.parquet")["entry_bar"].iloc[0]) + 1
    set_close(path, held)
    done = again(stratkit, run)
    day = f"{pd.read_parquet(path)['timestamp'].iloc[held]:%Y-%m-%d}"
    assert done.code == 5
    assert done.json["verdict"] == "different"
    assert changes(done) == [f"data changed: ACME: the first change is the bar of {day}"]
    first = done.json["first_difference"]
    assert (first["table"], first["column"], first["row"], first["time"]) == ("equity", "equity", held, day)
    assert first["then"] != first["now"]
    told = stratkit("reproduce", run)
    assert f"equity, row {held + 1} ({day}), equity: {first['then']!r} then, {first['now']!r} now" in told.out
    assert f"error: {run.name} must come out identical; equity differs; data changed: ACME" in told.err


def test_changed_bars_of_which_nothing_came_are_still_changed_bars(stratkit: Stratkit, write_bars: WriteBars) -> None:
    path = write_bars()
    run = run_of(stratkit, "--data", path, *FAST)
    frame = pd.read_parquet(path)
    frame.loc[0, "volume"] = 2e6
    frame.to_parquet(path, index=False)
    done = again(stratkit, run)
    assert done.code == 5
    assert (done.json["verdict"], done.json["said"]) == ("another run", "the same came out, but of other inputs")
    assert done.json["first_difference"] is None
    assert changes(done) == ["data changed: ACME: the first change is the bar of 2020-01-01"]


def test_symbols_that_come_and_go_are_named(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    folder = tmp_path / "bars"
    folder.mkdir()
    for name in ("ACME", "BOLT"):
        write_bars(name=name).rename(folder / f"{name}.parquet")
    run = run_of(stratkit, "--data", folder, "--strategy", "buy_and_hold", "--no-report")
    (folder / "BOLT.parquet").rename(folder / "CORP.parquet")
    done = again(stratkit, run)
    assert done.code == 5
    assert changes(done) == ["data: BOLT is missing", "data: CORP is added"]


def test_bars_that_were_added_are_told_from_bars_that_changed(stratkit: Stratkit, write_bars: WriteBars) -> None:
    run = run_of(stratkit, "--data", write_bars(), *FAST)
    write_bars(bars=305)
    done = again(stratkit, run)
    assert done.code == 5
    assert changes(done) == [
        "data changed: ACME: 300 bars then, 305 now: 5 were added after 2020-10-26, all others are the same"
    ]
    equity = done.json["tables"][3]
    assert (equity["rows_then"], equity["rows_now"], equity["difference"]["rows"]) == (300, 305, 5)
    assert equity["difference"]["what"] == "only in the new run"
    told = stratkit("reproduce", run).out
    assert "5 rows differ" in told
    assert "300 rows then, 305 now" in told


@pytest.mark.parametrize("settings", [{"compression": "gzip"}, {"row_group_size": 7}, {"use_dictionary": False}])
def test_how_the_bars_are_stored_does_not_matter(
    settings: dict[str, Any], stratkit: Stratkit, write_bars: WriteBars
) -> None:
    path = write_bars()
    run = run_of(stratkit, "--data", path, *FAST)
    pq.write_table(pq.read_table(path), path, **settings)
    assert again(stratkit, run).code == 0


def test_in_which_order_one_file_holds_its_symbols_does_not_matter(stratkit: Stratkit, tmp_path: Path) -> None:
    frames = [price_frame(drift=drift).assign(symbol=name) for name, drift in (("ACME", 0.0005), ("BOLT", 0.001))]
    path = tmp_path / "all.parquet"
    pd.concat(frames).to_parquet(path, index=False)
    run = run_of(stratkit, "--data", path, *FAST)
    pd.concat(frames[::-1])[["symbol", *frames[0].columns[:-1]]].to_parquet(path, index=False)
    assert again(stratkit, run).code == 0


def test_bars_that_are_gone_are_named_anew(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    path = write_bars()
    run = run_of(stratkit, "--data", path, *FAST)
    moved = tmp_path / "moved" / path.name
    moved.parent.mkdir()
    path.rename(moved)
    done = again(stratkit, run)
    assert done.code == 3
    assert f"found none at {path}: name their new place with --data PATH" in done.err
    done = again(stratkit, run, "--data", "moved/ACME.parquet")
    assert (done.code, done.json["notes"]) == (0, [f"bars read from {moved}"])


def test_a_run_and_its_project_may_be_moved(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    write_bars().rename(project / "ACME.parquet")
    monkeypatch.chdir(project)
    run = run_of(stratkit, "--data", "ACME.parquet", *FAST)
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "kopië" / "run"
    shutil.copytree(run, copy)
    assert again(stratkit, copy).code == 0
    project.rename(tmp_path / "renamed")
    done = again(stratkit, tmp_path / "renamed" / "reports" / run.name)
    assert done.code == 0, done.err
    assert done.json["notes"] == [f"bars read from {tmp_path / 'renamed' / 'ACME.parquet'}"]


def test_two_runs_in_two_places_have_one_manifest(
    stratkit: Stratkit, write_bars: WriteBars, elsewhere: Callable[[], Path]
) -> None:
    path = write_bars()
    one = run_of(stratkit, "--data", path.name, *FAST)
    shutil.copy(path, elsewhere() / path.name)
    two = run_of(stratkit, "--data", path.name, *FAST)
    assert one.parent != two.parent
    assert (one / "manifest.json").read_bytes() == (two / "manifest.json").read_bytes()


def test_a_changed_configuration_is_named(stratkit: Stratkit, write_bars: WriteBars) -> None:
    run = run_of(stratkit, "--data", write_bars(), *FAST)
    config = run / "config.yaml"
    text = config.read_text("utf-8")
    config.write_text(
        text.replace("commission_bps: 1.0\n", "commission_bps: 2.0\n").replace("fast: 5", "fast: 6"), "utf-8"
    )
    done = again(stratkit, run)
    assert done.code == 5
    assert changes(done) == [
        "config changed: strategies.sma_cross.params.fast: 5 -> 6",
        "config changed: costs.commission_bps: 1.0 -> 2.0",
    ]
    config.write_text(text.replace("html: ", "html:  "), "utf-8")
    assert again(stratkit, run).code == 0
    config.write_text(text + "nonsense: 1\n", "utf-8")
    done = again(stratkit, run)
    assert done.code == 2
    assert "nonsense" in done.err


def test_other_versions_that_give_the_same_are_a_remark(stratkit: Stratkit, write_bars: WriteBars) -> None:
    run = run_of(stratkit, "--data", write_bars(), *FAST)
    manifest = read(run / "manifest.json")
    versions = {**manifest["versions"], "numpy": "1.0.0"}
    source = {**manifest["kernel_source"], "engine": "0" * 16}
    edit(run / "manifest.json", versions=versions, kernel_source=source, engine_semantics=0)
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"]) == (0, "identical")
    now = read(run / "manifest.json")["versions"]["numpy"]
    assert now == "1.0.0"
    assert changes(done) == [
        f"engine semantics changed: 0 -> {manifest['engine_semantics']}",
        "kernel source changed: stratkit's engine",
        f"versions changed: numpy 1.0.0 -> {np.__version__}",
    ]
    assert "versions changed: numpy 1.0.0" in stratkit("reproduce", run).out


def test_a_stored_table_that_was_changed_is_noticed(stratkit: Stratkit, write_bars: WriteBars) -> None:
    run = run_of(stratkit, "--data", write_bars(), *FAST)
    path = run / "trades.parquet"
    frame = pd.read_parquet(path)
    frame["pnl"] *= 2
    frame.to_parquet(path, index=False)
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"]) == (5, "damaged")
    assert done.json["notes"] == ["the stored table trades.parquet no longer matches its manifest: it was changed"]
    path.write_bytes(path.read_bytes()[:100])
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"]) == (5, "damaged")
    assert "trades.parquet cannot be read" in done.err


def test_tables_that_are_gone_are_compared_by_their_digests(stratkit: Stratkit, write_bars: WriteBars) -> None:
    path = write_bars()
    run = run_of(stratkit, "--data", path, *FAST)
    for table in run.glob("*.parquet"):
        table.unlink()
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"], len(done.json["notes"])) == (0, "identical", 4)
    set_close(path, 150, float(pd.read_parquet(path)["close"].iloc[150]) * 0.9999)
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"], done.json["first_difference"]) == (5, "different", None)
    assert "differs" in stratkit("reproduce", run).out


def test_a_run_of_an_older_version_is_compared_with_its_tables(stratkit: Stratkit, write_bars: WriteBars) -> None:
    path = write_bars()
    run = run_of(stratkit, "--data", path, *FAST)
    manifest = read(run / "manifest.json")
    older = ("config_digest", "data_digests", "strategy_digests", "engine_semantics", "seed", "versions", "command")
    (run / "manifest.json").write_text(json.dumps({key: manifest[key] for key in older}))
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"]) == (0, "identical"), done.err
    assert "older version" in done.json["notes"][0]
    set_close(path, 150)
    assert changes(again(stratkit, run)) == ["data changed: ACME"]
    (run / "trades.parquet").unlink()
    done = again(stratkit, run)
    assert done.code == 3
    assert "nothing to compare with" in done.err


def test_a_manifest_that_cannot_be_read_is_refused(stratkit: Stratkit, write_bars: WriteBars) -> None:
    run = run_of(stratkit, "--data", write_bars(), *FAST)
    text = (run / "manifest.json").read_text()
    edit(run / "manifest.json", manifest_version=99)
    done = again(stratkit, run)
    assert done.code == 2
    assert "a newer stratkit wrote it" in done.err
    (run / "manifest.json").write_text(text[:50])
    assert again(stratkit, run).code == 3
    (run / "manifest.json").write_text("{}")
    assert "it is damaged, or no manifest of a run" in again(stratkit, run).err


def test_a_run_that_fails_says_what_changed(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, "utf-8")
    (tmp_path / "levels.py").write_text("LEVEL = 104.0\n")
    run = run_of(stratkit, "--data", write_bars(), "--strategy", "own.py:Own", "--no-report")
    (tmp_path / "levels.py").write_text("LEVEL = 'a word'\n")
    done = again(stratkit, run)
    assert done.code == 4
    assert "since that run: strategy source changed: Own (levels.py)" in done.err


def test_all_runs_are_gone_through(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    path = write_bars()
    runs = [run_of(stratkit, "--data", path, *FAST, "--seed", str(seed)).name for seed in range(2)]
    done = stratkit("reproduce", "--all")
    assert done.code == 0, done.err
    assert [line.split()[:2] for line in done.out.splitlines()[1:]] == [[name, "identical"] for name in sorted(runs)]
    other = write_bars(name="BOLT")
    lost = run_of(stratkit, "--data", other, *FAST).name
    other.unlink()
    done = stratkit("reproduce", "--all", "--json")
    assert done.code == 3
    assert (done.json["found"], done.json["identical"]) == (3, 2)
    (failed,) = [run for run in done.json["runs"] if run["run_id"] == lost]
    assert "name their new place with --data" in failed["error"]
    set_close(path, 150)
    done = stratkit("reproduce", "--all")
    assert done.code == 5
    assert "every run must come out identical; 3 of 3 did not" in done.err
    assert "could not run" in done.out
    assert "data changed: ACME" in done.out


@pytest.mark.parametrize("arguments", [(), ("latest", "--all")])
def test_one_run_or_all_must_be_asked_for(arguments: tuple[str, ...], stratkit: Stratkit) -> None:
    done = stratkit("reproduce", *arguments)
    assert done.code == 2
    assert "name one RUN to reproduce, or --all of them" in done.err


def test_without_runs_it_says_how_to_make_one(stratkit: Stratkit) -> None:
    for arguments in (("--all",), ("latest",), ("latest", "--out", "elsewhere")):
        done = stratkit("reproduce", *arguments)
        assert done.code == 2
        assert "stratkit backtest makes one" in done.err


def test_finer_bars_count_by_their_content(stratkit: Stratkit, tmp_path: Path, elsewhere: Callable[[], Path]) -> None:
    days, fine = price_frame(), tmp_path / "fein" / "ACME.parquet"
    days.to_parquet(tmp_path / "ACME.parquet", index=False)
    halves = pd.concat([days.assign(volume=5e5), days.assign(open=days["close"], volume=5e5)])
    halves["timestamp"] = [*days["timestamp"], *(days["timestamp"] + pd.Timedelta(hours=12))]
    fine.parent.mkdir()
    halves.sort_values("timestamp").to_parquet(fine, index=False)
    finer = ("--set", "data.detail_path=fein/ACME.parquet")
    run = run_of(stratkit, "--data", "ACME.parquet", *FAST, *finer)
    elsewhere()
    pq.write_table(pq.read_table(fine), fine, compression="gzip")
    done = again(stratkit, run)
    assert (done.code, changes(done)) == (0, []), done.err
    set_close(fine, 300)
    done = again(stratkit, run)
    assert done.code == 5
    assert changes(done) == ["input file changed: detail (fein/ACME.parquet)"]


def test_a_changed_file_of_splits_is_named(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    actions = tmp_path / "actions.csv"
    actions.write_text("timestamp,symbol,action,value\n2020-05-01,ACME,dividend,0.5\n")
    run = run_of(stratkit, "--data", write_bars(), *FAST, "--set", "data.actions_path=actions.csv")
    assert again(stratkit, run).code == 0
    actions.write_text("timestamp,symbol,action,value\n2020-05-01,ACME,dividend,0.25\n")
    done = again(stratkit, run)
    assert done.code == 5
    assert "input file changed: actions (actions.csv)" in changes(done)


@pytest.mark.timeout(300)  # two fresh processes, each of which may compile
def test_fresh_processes_with_other_hash_seeds_and_threads_give_the_same(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    write_bars()
    write_bars(name="BOLT", drift=0.001)
    bars = tmp_path / "both"
    bars.mkdir()
    for name in ("ACME", "BOLT"):
        (tmp_path / f"{name}.parquet").rename(bars / f"{name}.parquet")
    outputs = []
    for seed, threads in (("0", "1"), ("12345", "4")):
        names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {**ENVIRONMENT, "PYTHONHASHSEED": seed, **dict.fromkeys(names, threads)}
        command = [*COMMAND, "backtest", "--data", "both", *FAST, "--out", f"out{seed}", "--quiet"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        (run,) = [folder for folder in (tmp_path / f"out{seed}").iterdir() if (folder / "manifest.json").is_file()]
        outputs.append(read(run / "manifest.json"))
    assert outputs[0]["outputs"] == outputs[1]["outputs"]
    assert outputs[0]["outputs"]["trades"]["rows"] > 0
    assert {key: outputs[0][key] for key in outputs[0] if key != "command"} == {
        key: outputs[1][key] for key in outputs[1] if key != "command"
    }
    same = stratkit("reproduce", "latest", "--out", "out12345")
    assert same.code == 0, same.out + same.err


def test_python_m_stratkit_is_the_command(checkout: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-m", "stratkit", "--version"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("stratkit ")
    done = subprocess.run(
        [*command[:3], "nonsense"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "No such command 'nonsense'" in done.stderr


MOOD = "timestamp,value\n2020-01-01T00:00:00Z,1\n2020-03-02T00:00:00Z,{last}\n"
MOODY = """
from stratkit.strategies.strategy import Strategy

class Moody(Strategy):
    "Long while the mood is above 2."
    def signals(self, context):
        mood = context.series("mood")
        return self.sides(context, long=mood > 2, exit=mood < 2)
"""


def moody_run(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> Path:
    (tmp_path / "mood.csv").write_text(MOOD.format(last=3))
    (tmp_path / "moody.py").write_text(MOODY)
    series = "{mood: {path: mood.csv, publication_lag: 1d}, vix: {path: 'bundled:VIX', publication_lag: 1d}}"
    own = ("--strategy", "moody.py", "--set", f"data.series={series}", "--no-report")
    return run_of(stratkit, "--data", write_bars(), *own)


def test_a_series_is_found_again_from_elsewhere_and_a_changed_one_is_noticed(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    run = moody_run(stratkit, write_bars, tmp_path)
    inputs = read(run / "manifest.json")["inputs"]
    assert inputs["series mood"]["path"] == "mood.csv"
    assert inputs["series vix"]["path"] == "bundled:VIX"
    assert all(len(inputs[role]["sha256"]) == 64 for role in ("series mood", "series vix"))
    elsewhere()
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"]) == (0, "identical"), done.err
    (tmp_path / "mood.csv").write_text(MOOD.format(last=4))  # also above 2: the same trades come out
    done = again(stratkit, run)
    assert (done.code, done.json["verdict"]) == (5, "another run")
    assert changes(done) == ["input file changed: series mood (mood.csv)"]
    (tmp_path / "mood.csv").write_text(MOOD.format(last=1))
    assert again(stratkit, run).json["verdict"] == "different"


def test_a_series_that_is_gone_is_asked_for(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    run = moody_run(stratkit, write_bars, tmp_path)
    (tmp_path / "mood.csv").unlink()
    done = stratkit("reproduce", run)
    assert done.code == 3
    assert "data.series.mood.path of" in done.err
    assert f"must name a file; found none at {tmp_path / 'mood.csv'}: bring it back" in done.err


def test_a_series_that_does_not_hold_is_said_with_its_place(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(
        "data:\n  series:\n    mood: {path: mood.csv}\nstrategies: {hold: {enabled: true, type: buy_and_hold}}\n"
    )
    done = stratkit("backtest", config, "--data", write_bars())
    assert done.code == 2
    assert "run.yaml:3" in done.err
    assert "a series must say when its values become known" in done.err


def test_a_run_says_when_the_values_of_its_series_are_known(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    moody_run(stratkit, write_bars, tmp_path)
    series = (
        "{mood: {path: mood.csv, publication_lag: 0s, max_age: 90d}, vix: {path: 'bundled:VIX', publication_lag: 36h}}"
    )
    done = stratkit(
        "backtest", "--data", write_bars(), "--strategy", "moody.py", "--set", f"data.series={series}", "--no-report"
    )
    assert "series      mood: mood.csv, a value is known at its timestamp, for at most 90d" in done.out
    assert "            vix: bundled:VIX, a value is known 36h after its timestamp\n" in done.out
