"""`stratkit optimize`: what it prints, keeps and refuses; every trial of it is an ordinary backtest."""

from __future__ import annotations

import json
import math
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from command_line import COMMAND, ENVIRONMENT, Stratkit
from search_cases import SAMPLERS

from stratkit.cli.study_folder import STUDIES
from stratkit.inference.verdict import RULE
from stratkit.runs.ledger import LEDGER, open_ledger

YEARS = ("--from", "2010-01-01", "--no-report")
GRID = """
search:
  sampler: grid
  fixed: [direction]
  space:
    fast: {low: 10, high: 30, step: 10, log: false}
    slow: {low: 40, high: 120, step: 40, log: false}
"""


def searched(stratkit: Stratkit, *options: str | Path, trials: int = 20) -> Any:
    done = stratkit("optimize", *options, *YEARS, "--trials", str(trials), "--json")
    assert done.code == 0, done.err
    return done.json


def test_it_ends_with_the_chosen_values_the_evidence_and_the_way_back(stratkit: Stratkit) -> None:
    done = stratkit("optimize", *YEARS, "--trials", "24")
    assert done.code == 0, done.err
    for expected in (
        "default",
        "chosen",
        "in sample",
        "held out",
        "n = ",
        "independent",
        "DSR",
        "PBO",
        "SPA",
        "verdict",
    ):
        assert expected in done.out
    assert " ".join(RULE.split()) in " ".join(done.out.split())
    replay = re.search(r"stratkit (backtest --trial \S+:\d+)", done.out)
    assert replay
    again = stratkit(*replay[1].split(), "--no-report")
    assert again.code == 0, again.err
    assert "the same as in the search, bit by bit" in again.out


def test_the_run_is_the_ordinary_backtest_of_the_chosen_set(stratkit: Stratkit) -> None:
    record = searched(stratkit)
    folder = Path(record["folder"])
    for name in ("trials.parquet", "search.json", "evidence.json", "journal.log", "manifest.json", "trades.parquet"):
        assert (folder / name).is_file()
    assert stratkit("reproduce", record["run_id"]).code == 0
    assert not (folder.parent / STUDIES).exists()
    plain = stratkit("backtest", folder / "config.yaml", "--json")
    assert plain.code == 0, plain.err
    assert plain.json["metrics"] == record["metrics"]
    chosen = record["chosen"]["values"]
    params = record["config"]["strategies"]["sma_cross"]["params"]
    assert {key.rpartition(".")[2]: value for key, value in chosen.items()}.items() <= params.items()
    assert record["run_id"] in stratkit("runs", "list").out


def test_the_table_of_trials_tells_what_json_tells(stratkit: Stratkit) -> None:
    record = searched(stratkit)
    table = pq.read_table(Path(record["folder"]) / "trials.parquet").to_pylist()
    assert len(table) == len(record["trials"])
    for row, trial in zip(table, record["trials"], strict=True):
        assert (row["number"], row["state"], row["digest"]) == (trial["number"], trial["state"], trial["digest"] or "")
        assert row["value.strategies.sma_cross.params.fast"] == trial["values"]["strategies.sma_cross.params.fast"]
        if trial["metrics"]:
            assert row["metric.sharpe"] == row["objective.sharpe"] == trial["objectives"]["sharpe"]
    assert json.loads((Path(record["folder"]) / "evidence.json").read_text("utf-8")) == record["evidence"]
    assert json.loads((Path(record["folder"]) / "search.json").read_text("utf-8")) == record["search"]


def test_no_trial_sees_the_bars_that_are_held_out(stratkit: Stratkit) -> None:
    whole = searched(stratkit, "--set", "search.holdout_pct=50")
    end = whole["search"]["facts"]["config"]["data"]["end"]
    cut = searched(stratkit, "--set", "search.holdout_pct=0", "--to", end)
    assert [trial["digest"] for trial in cut["trials"]] == [trial["digest"] for trial in whole["trials"]]
    assert cut["evidence"]["search"]["spa_p"] == whole["evidence"]["search"]["spa_p"]
    assert cut["evidence"]["search"]["holdout"]["periods"] == 0
    assert cut["evidence"]["search"]["verdict"] != "pass"


def test_the_holdout_is_judged_by_the_last_returns_of_the_run_that_is_kept(stratkit: Stratkit) -> None:
    record = searched(stratkit)
    equity = pq.read_table(Path(record["folder"]) / "equity.parquet").column("equity").to_numpy()
    held = record["evidence"]["search"]["holdout"]
    count = held["periods"]
    assert count == round(len(equity) / 4)
    returns = equity[-count:] / equity[-count - 1 : -1] - 1
    ratio = returns.mean() / returns.std(ddof=1) * math.sqrt(record["periods_per_year"])
    assert held["sharpe"] == pytest.approx(ratio)
    assert held["low"] < ratio < held["high"]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_any_trial_of_any_sampler_is_a_plain_backtest(sampler: str, stratkit: Stratkit, tmp_path: Path) -> None:
    config = tmp_path / "grid.yaml"
    config.write_text(
        "data: {symbols: [SP500]}\nstrategies:\n  cross: {enabled: true, type: sma_cross}\n"
        + GRID.replace("fixed: [direction]", "fixed: []")
        + "    risk.sizing.fraction: {low: 0.3, high: 0.9, step: 0.3}\n    exit_plan.sl: {choices: [null, 5, 2.5]}\n"
    )
    record = searched(stratkit, config, "--sampler", sampler, trials=200 if sampler == "grid" else 20)
    complete = [trial for trial in record["trials"] if trial["state"] == "complete"]
    for trial in (complete[0], complete[-1], record["chosen"]):
        again = stratkit("backtest", "--trial", f"{record['run_id']}:{trial['number']}", "--no-report", "--json")
        assert again.code == 0, again.err
        assert again.json["trial"] == {
            "run": record["run_id"], "number": trial["number"], "digest": trial["digest"], "identical": True,
        }  # fmt: skip
        sharpe = next(metric["value"] for metric in again.json["metrics"] if metric["name"] == "sharpe")
        assert sharpe == trial["metrics"]["sharpe"]


def test_a_trial_that_comes_out_otherwise_says_what_differs(stratkit: Stratkit) -> None:
    record = searched(stratkit)
    folder = Path(record["folder"])
    text = (folder / "search.json").read_text("utf-8")
    (folder / "search.json").write_text(text.replace('"commission_bps": 1.0', '"commission_bps": 9.0'))
    chosen = record["chosen"]["number"]
    done = stratkit("backtest", "--trial", f"{record['run_id']}:{chosen}", "--no-report")
    assert done.code == 4
    assert "must come out as in the search; what differs: total_return" in done.err


def test_trials_that_are_not_there_are_refused(stratkit: Stratkit) -> None:
    record = searched(stratkit)
    refused = next(trial["number"] for trial in record["trials"] if trial["state"] == "infeasible")
    for text, said in (
        (f"{record['run_id']}:9999", "there is no trial 9999"),
        (f"{record['run_id']}:{refused}", "was not replayed: sma_cross: fast must be below slow"),
        (record["run_id"], "--trial must be RUN:ID"),
        ("nosuch:1", "no run 'nosuch'"),
    ):
        done = stratkit("backtest", "--trial", text)
        assert done.code == 2
        assert said in done.err
    assert "leave CONFIG and every other option" in stratkit("backtest", "--trial", "x:1", "--seed", "3").err


def test_every_option_changes_something(stratkit: Stratkit) -> None:
    base = searched(stratkit)
    assert searched(stratkit, "--sampler", "random")["search"]["sampler"] == "random"
    assert searched(stratkit, "--seed", "3")["trials"] != base["trials"]
    several = searched(stratkit, "--objective", "calmar", "--objective", "ulcer")
    assert [one["direction"] for one in several["search"]["objectives"]] == ["maximize", "minimize"]
    assert len(several["front"]) >= 1


def test_one_trial_of_several_objectives_is_not_told_as_many(stratkit: Stratkit) -> None:
    done = stratkit("optimize", *YEARS, "--trials", "1", "--objective", "sharpe", "--objective", "calmar")
    assert done.code == 0, done.err
    assert "; 1 trial was replayed" in done.out
    assert "\none is as good as any other in all objectives" in done.out


def test_a_walk_forward_is_not_resumed_as_a_search(stratkit: Stratkit, tmp_path: Path) -> None:
    folder = tmp_path / "reports" / ".studies" / "20200101-000000-abcdef"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(stratkit("config", "show").out, "utf-8")
    refused = stratkit("optimize", "--resume", folder.name)
    assert refused.code == 2
    assert "was stopped before it began, or is a walk-forward: begin again" in refused.err
    assert [file.name for file in folder.iterdir()] == ["config.yaml"]  # nothing was put there


def test_a_front_of_several_objectives_is_shown(stratkit: Stratkit) -> None:
    done = stratkit("optimize", *YEARS, "--trials", "30", "--objective", "sharpe", "--objective", "max_dd_duration")
    assert done.code == 0, done.err
    assert re.search(r"nobody beats these \d+ in all objectives", done.out)
    assert "Longest drawdown" in done.out


def test_any_metric_can_be_searched_for_and_replayed(stratkit: Stratkit) -> None:
    record = searched(stratkit, "--objective", "ulcer", "--objective", "cvar_hist", "--objective", "information_ratio")
    assert all(value is not None for value in record["chosen"]["objectives"].values())
    again = stratkit("backtest", "--trial", f"{record['run_id']}:{record['chosen']['number']}", "--no-report", "--json")
    assert again.code == 0, again.err
    assert again.json["trial"]["identical"]
    values = {metric["name"]: metric["value"] for metric in again.json["metrics"]}
    assert {name: values[name] for name in record["chosen"]["objectives"]} == record["chosen"]["objectives"]


def test_every_replay_is_counted_once_and_the_ledger_can_be_made_again(stratkit: Stratkit) -> None:
    first = searched(stratkit)
    assert first["evidence"]["search"]["trials"] == 20
    # the same once more tries nothing new; the choice over all bars was a trial of its own
    again = searched(stratkit)
    assert again["evidence"]["search"]["trials"] == 21
    assert searched(stratkit, "--seed", "7")["evidence"]["search"]["trials"] > 30
    with open_ledger(Path("reports")) as ledger:
        count = ledger.count()
    Path("reports", LEDGER).unlink()
    with open_ledger(Path("reports")) as made_again:
        assert made_again.count() == count


def test_no_scheduler_at_the_address_is_said(stratkit: Stratkit) -> None:
    done = stratkit("optimize", *YEARS, "--cluster", "tcp://127.0.0.1:1")
    assert done.code != 0
    assert "127.0.0.1:1" in done.err
    both = stratkit("optimize", *YEARS, "--cluster", "tcp://127.0.0.1:1", "--workers", "2")
    assert both.code == 2
    assert "found both: give one" in both.err


def test_a_search_without_time_has_no_trial_and_says_so(stratkit: Stratkit) -> None:
    done = stratkit("optimize", *YEARS, "--time", "0.0000001")
    assert done.code == 4
    assert "none of 0 does" in done.err


def test_no_feasible_trial_says_which_constraint_refused_how_many(stratkit: Stratkit, tmp_path: Path) -> None:
    config = tmp_path / "strict.yaml"
    config.write_text(
        "data: {symbols: [SP500]}\nstrategies:\n  cross: {enabled: true, type: sma_cross}\n" + GRID
        + "  constraints: {min_trades: 5000, parameters: [fast * 3 < slow]}\n"
    )  # fmt: skip
    done = stratkit("optimize", config, *YEARS)
    assert done.code == 4
    # 9 sets: 10/40, 10/80, 10/120, 20/80, 20/120 and 30/120 keep the rule
    assert "none of 9 does: 6 x trades >= 5000 does not hold; 3 x fast * 3 < slow does not hold" in done.err
    assert not Path("reports", STUDIES).exists()


@pytest.mark.parametrize(
    ("block", "place", "said"),
    [
        ("  space: {risk.caps.max_symbol_pc: {low: 1, high: 50}}", "5:11", "did you mean 'max_symbol_pct'?"),
        ("  space: {fast: {low: 1, high: 50}}", "5:11", "fast must be a whole number between 2 and 200; found 1"),
        ("  objectives: [sharp]", "5:16", "did you mean 'sharpe'?"),
        ("  fixed: [fst]", "5:10", "did you mean 'fast'?"),
        ("  constraints: {parameters: [fast < slwo]}", "5:30", "found slwo at column 8"),
        ("  constraints: {metrics: [trades > oops]}", "5:26", "found oops at column 10"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_its_place(
    block: str, place: str, said: str, stratkit: Stratkit, tmp_path: Path
) -> None:
    config = tmp_path / "wrong.yaml"
    config.write_text(
        f"data: {{symbols: [SP500]}}\nstrategies:\n  cross: {{enabled: true, type: sma_cross}}\nsearch:\n{block}\n"
    )
    done = stratkit("optimize", config)
    assert done.code == 2
    assert f"wrong.yaml:{place}" in done.err
    assert said in done.err


def test_gaussian_processes_without_torch_say_what_to_install(stratkit: Stratkit) -> None:
    try:
        import torch  # noqa: F401  only whether it is there
    except ImportError:
        done = stratkit("optimize", "--sampler", "gp")
        assert done.code == 2
        assert "pip install 'stratkit[gp]'" in done.err
        assert not Path("reports", STUDIES).exists()
    else:
        assert searched(stratkit, "--sampler", "gp", trials=8)["search"]["sampler"] == "gp"


def test_cmaes_says_what_it_does_with_choices(stratkit: Stratkit, tmp_path: Path) -> None:
    config = tmp_path / "cross.yaml"
    config.write_text("data: {symbols: [SP500]}\nstrategies:\n  cross: {enabled: true, type: sma_cross}\n")
    done = stratkit("optimize", config, *YEARS, "--sampler", "cmaes", "--trials", "8")
    assert done.code == 0, done.err
    assert "direction is drawn at random" in done.err


# ---- stopped and gone on with, in processes of their own

SLOW = """
import time
from typing import Literal
from pydantic import Field
from stratkit.strategies.library.sma_cross import SmaCross
class Slow(SmaCross):
    "A cross that takes its time."
    def signals(self, context):
        time.sleep(0.015)
        return super().signals(context)
"""


def slow_config(folder: Path) -> Path:
    (folder / "slow.py").write_text(SLOW)
    config = folder / "slow.yaml"
    config.write_text(
        "data: {symbols: [SP500], start: 2014-01-01}\nreport: {html: false, png: false}\n"
        "strategies:\n  slow: {enabled: true, type: 'slow.py:Slow'}\n"
        "search: {sampler: genetic, trials: 40, genetic: {population: 12}}\n"
    )
    return config


def begun(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "optimize", *options], cwd=folder, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def study_of(folder: Path, least: int) -> str:
    """Wait for a study with so many finished trials, and return its name."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for journal in (folder / "reports" / STUDIES).glob("*/journal.log"):
            if journal.read_bytes().count(b"stratkit:trial") >= least:
                return journal.parent.name
        time.sleep(0.02)
    raise AssertionError("no study began")


def digests(folder: Path, run: str) -> list[tuple[Any, ...]]:
    rows = pq.read_table(folder / "reports" / run / "trials.parquet").to_pylist()
    return [(row["number"], row["state"], row["digest"], row["reason"]) for row in rows]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    folder = tmp_path_factory.mktemp("whole")
    process = begun(folder, str(slow_config(folder)), "--json")
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    return digests(folder, json.loads(out)["run_id"])


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_search_is_gone_on_with(
    stop: signal.Signals, tmp_path: Path, uninterrupted: list[tuple[Any, ...]]
) -> None:
    process = begun(tmp_path, str(slow_config(tmp_path)))
    run = study_of(tmp_path, 8)
    process.send_signal(stop)
    _, err = process.communicate(timeout=120)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[stop]
    if stop is not signal.SIGKILL:
        said = re.search(r"(\d+) finished trials are kept; go on with: stratkit optimize --resume (\S+)", err)
        assert said, err
        assert said[2] == run
        assert int(said[1]) >= 8
    resumed = begun(tmp_path, "--resume", run, "--json")
    out, err = resumed.communicate(timeout=180)
    assert resumed.returncode == 0, err
    assert json.loads(out)["run_id"] == run
    assert digests(tmp_path, run) == uninterrupted
    assert not (tmp_path / "reports" / STUDIES).exists()
    finished = subprocess.run(
        [*COMMAND, "optimize", "--resume", run], cwd=tmp_path, env=ENVIRONMENT, text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    assert finished.returncode == 2
    assert "is finished" in finished.stderr


def test_two_processes_share_one_search(tmp_path: Path, uninterrupted: list[tuple[Any, ...]]) -> None:
    first = begun(tmp_path, str(slow_config(tmp_path)), "--json")
    run = study_of(tmp_path, 2)
    second = begun(tmp_path, "--resume", run, "--json")
    for process in (first, second):
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, err
        assert json.loads(out)["run_id"] == run
    assert digests(tmp_path, run) == uninterrupted
    assert [entry.name for entry in (tmp_path / "reports").iterdir() if entry.is_dir()] == [run]


def test_a_search_that_was_changed_is_not_resumed(tmp_path: Path) -> None:
    process = begun(tmp_path, str(slow_config(tmp_path)))
    run = study_of(tmp_path, 4)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    for option, said in (
        (("--seed", "5"), "config.seed: 0 -> 5"),
        (("--set", "costs.commission_bps=7"), "config.costs.commission_bps: 0.0 -> 7.0"),
        (("--sampler", "tpe"), "search.sampler: genetic -> tpe"),
    ):
        refused = begun(tmp_path, "--resume", run, *option)
        _, err = refused.communicate(timeout=60)
        assert refused.returncode == 2
        assert said in err
    unknown = begun(tmp_path, "--resume", "nosuch")
    assert f"found {run}" in unknown.communicate(timeout=60)[1]
    assert unknown.returncode == 2


def test_more_trials_may_be_asked_of_a_stopped_search(tmp_path: Path, uninterrupted: list[tuple[Any, ...]]) -> None:
    process = begun(tmp_path, str(slow_config(tmp_path)))
    run = study_of(tmp_path, 4)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    more = begun(tmp_path, "--resume", run, "--trials", "50", "--json")
    _out, err = more.communicate(timeout=180)
    assert more.returncode == 0, err
    found = digests(tmp_path, run)
    assert sum(state == "complete" for _, state, *_ in found) == 50
    assert found[: len(uninterrupted)] == uninterrupted
