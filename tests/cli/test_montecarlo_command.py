"""`stratkit montecarlo`: what it prints, where it keeps it, and what it says of runs that it cannot judge."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from command_line import COMMAND, ENVIRONMENT, Stratkit, WriteBars, WriteStrategy

CROSS = ("--strategy", "sma_cross", "--set", "strategies.sma_cross.params={fast: 4, slow: 12, direction: long_only}")
SMALL = ("--paths", "200", "--permutations", "9", "--jitters", "5", "--no-report")
QUICK = ("--paths", "200", "--permutations", "5", "--no-report")


@pytest.fixture
def bars(write_bars: WriteBars) -> Path:
    """Daily bars on which two averages cross now and then."""
    return write_bars(bars=600)


@pytest.fixture
def run(stratkit: Stratkit, bars: Path, tmp_path: Path) -> Path:
    """Keep a run and return its folder."""
    done = stratkit("backtest", "--data", bars, *CROSS, "--no-report")
    assert done.code == 0, done.err
    return next((tmp_path / "reports").glob("2*"))


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_every_procedure_is_printed_with_what_it_tests_and_kept_beside_the_run(stratkit: Stratkit, run: Path) -> None:
    done = stratkit("montecarlo", run.name, "--procedure", "all", *SMALL)
    assert done.code == 0, done.err
    for title in (
        "Trade shuffle: tests path risk, not edge",
        "Trade resampling: tests path risk, not edge",
        "Block bootstrap of returns: tests",
        "Drawdowns: tests path risk, not edge",
        "Risk of ruin: tests path risk, not edge",
        "Confidence cone: tests",
        "Random entries: tests the edge of the entries",
        "Cost and slippage stress: tests",
        "Parameter jitter: tests whether",
        "Bar permutation: tests edge",
    ):
        assert f"\n{title}" in done.out, title
    assert done.out.count("\n- not answered: ") == 10
    assert max(map(len, done.out.splitlines())) <= 100
    assert [path.name for path in (run / "montecarlo").iterdir()] == ["montecarlo.json"]
    assert not hidden(run)


def test_what_is_put_beside_a_run_leaves_it_as_it_is(stratkit: Stratkit, run: Path) -> None:
    assert stratkit("montecarlo", run.name, *QUICK).code == 0
    again = stratkit("reproduce", run.name)
    assert again.code == 0, again.err
    assert stratkit("runs", "list", "--json").json["found"] == 1
    assert "montecarlo/montecarlo.json" in stratkit("runs", "show", run.name, "--json").json["files"]


def test_the_json_is_what_is_kept_and_the_same_on_one_worker_and_on_two(stratkit: Stratkit, run: Path) -> None:
    shown = stratkit("montecarlo", "latest", *QUICK, "--json", "--seed", "3")
    kept = (run / "montecarlo" / "montecarlo.json").read_text()
    record = json.loads(kept)
    assert {key: shown.json[key] for key in record} == record
    assert shown.json["folder"] == str(Path("reports") / run.name / "montecarlo")
    assert (record["seed"], record["paths"], record["procedures"]["bar_permutation"]["paths"]) == (3, 200, 5)
    p_values = [row["p_value"] for one in record["procedures"].values() for row in one["rows"]]
    assert all(value > 0 for value in p_values if value is not None)
    assert stratkit("montecarlo", "latest", *QUICK, "--json", "--seed", "3", "--workers", "2").code == 0
    assert (run / "montecarlo" / "montecarlo.json").read_text() == kept


def test_without_a_name_it_takes_the_latest_run_and_says_so(stratkit: Stratkit, run: Path) -> None:
    done = stratkit("montecarlo", "--procedure", "ruin", "--ruin", "0.1", "--paths", "50", "--no-report")
    assert done.code == 0
    assert f"the latest run in reports: {run.name}" in done.err
    assert "Falls 10% from its peak" in done.out
    assert "Falls 20%" not in done.out


def test_a_page_and_figures_are_written_and_take_the_place_of_older_ones(stratkit: Stratkit, run: Path) -> None:
    folder = run / "montecarlo"
    folder.mkdir()
    (folder / "older.txt").write_text("older")
    done = stratkit("montecarlo", run.name, "--paths", "60", "--procedure", "trade_shuffle", "--procedure", "cone")
    assert done.code == 0, done.err
    names = {path.name for path in folder.iterdir()}
    assert {"montecarlo.html", "montecarlo.json", "trade_shuffle.png", "cone.png"} <= names
    assert "older.txt" not in names
    assert "montecarlo.html" in done.out
    assert not hidden(run)


def test_bars_that_are_gone_are_said_and_found_again_with_data(stratkit: Stratkit, run: Path, bars: Path) -> None:
    elsewhere = bars.with_name("moved")
    elsewhere.mkdir()
    shutil.move(bars, elsewhere / bars.name)
    done = stratkit("montecarlo", run.name, *QUICK)
    assert done.code == 0
    assert done.out.count("not made: ") == 2  # random entries and bar permutation
    assert "must be where they were" in done.out
    assert "NO_REPLAY" in done.out
    found = stratkit("montecarlo", run.name, *QUICK, "--data", elsewhere / bars.name)
    assert "not made" not in found.out


def test_a_run_whose_replay_is_another_is_not_replayed(stratkit: Stratkit, run: Path) -> None:
    config = run / "config.yaml"
    config.write_text(config.read_text().replace("fast: 4", "fast: 5"))
    done = stratkit("montecarlo", run.name, *QUICK)
    assert done.code == 0
    assert f"stratkit reproduce {run.name} says what changed" in " ".join(done.out.split())


def test_a_run_without_trades_is_refused(stratkit: Stratkit, bars: Path, strategy_file: WriteStrategy) -> None:
    own = strategy_file("return self.sides(context, long=np.zeros(context.shape, bool))")
    assert stratkit("backtest", "--data", bars, "--strategy", f"{own}:Own", "--no-report").code == 0
    done = stratkit("montecarlo")
    assert done.code == 3
    assert "a run must have traded" in done.err


@pytest.mark.parametrize("name", ["trades.parquet", "equity.parquet", "metrics.json"])
def test_a_damaged_folder_is_refused_with_its_file(stratkit: Stratkit, run: Path, name: str) -> None:
    (run / name).write_bytes(b"cut off")
    done = stratkit("montecarlo", run.name, *QUICK)
    assert done.code == 3
    assert name in done.err
    assert not (run / "montecarlo").exists()


def test_an_ab_test_is_no_run(stratkit: Stratkit, run: Path) -> None:
    folder = run.parent / "20260101-000000-abcdef"
    folder.mkdir()
    (folder / "abtest.json").write_text("{}")
    done = stratkit("montecarlo", folder.name)
    assert done.code == 2
    assert "is an A/B test" in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--procedure", "trade_shufle"), "did you mean 'trade_shuffle'"),
        (("--metric", "win_rate"), "needs more than returns"),
        (("--paths", "1"), "--paths must be 2 or more"),
        (("--ruin", "50"), "between 0 and 1"),
        (("--block", "0"), "--block must be at least 1"),
        (("--split", "1970-01-01"), "--split must leave 20 returns"),
        (("--split", "yesterday"), "--split must be an ISO date"),
        (("--reoptimize",), "came from no search"),
        (("--paths", "9999999999"), "--paths must be 1,000,000 or fewer"),
        (("--seed", "-1"), "--seed must be 0 or more"),
        (("--block", "inf"), "--block must be at least 1 return, and finite"),
        (("--block", "400"), "--block must be at most half of the 599 returns"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_made(
    stratkit: Stratkit, run: Path, options: tuple[str, ...], said: str
) -> None:
    done = stratkit("montecarlo", run.name, *options)
    assert done.code == 2
    assert said in done.err
    assert not done.out
    assert not (run / "montecarlo").exists()
    assert not hidden(run)


def test_the_search_of_a_run_is_made_again_on_its_own_bars(stratkit: Stratkit, bars: Path) -> None:
    space = "search.space={fast: {low: 3, high: 9}, slow: {low: 12, high: 30}}"
    searched = ("--set", space, "--set", "search.fixed=[direction]", "--set", "search.batch=4", "--sampler", "random")
    done = stratkit("optimize", "--data", bars, *CROSS, *searched, "--trials", "4", "--no-report")
    assert done.code == 0, done.err
    found = stratkit("montecarlo", "--procedure", "bar_permutation", "--reoptimize", "--permutations", "3", "--json")
    assert found.code == 0, found.err
    (one,) = found.json["procedures"].values()
    assert one["title"] == "Bar permutation with the search inside"
    assert one["notes"][0] == "each permutation is searched by 4 trials of random"
    # the search on the market itself gives what the run's own search gave
    record = json.loads(next(Path("reports").glob("2*/search.json")).read_text())
    assert "IN_SAMPLE" in {warning["code"] for warning in found.json["warnings"]}
    assert one["rows"][0]["name"] == "Sharpe ratio"
    assert record["best"] is not None


def test_a_walk_forward_keeps_its_first_training_and_walks_again(stratkit: Stratkit, bars: Path) -> None:
    walk = ("--train", "200", "--test", "100", "--trials", "3", "--sampler", "random", "--no-report")
    space = "search.space={fast: {low: 3, high: 9}, slow: {low: 12, high: 30}}"
    done = stratkit("walkforward", "--data", bars, *CROSS, *walk, "--set", space, "--set", "search.fixed=[direction]")
    assert done.code == 0, done.err
    again = stratkit("montecarlo", "--procedure", "bar_permutation", "--reoptimize", "--permutations", "2", "--json")
    assert again.code == 0, again.err
    (one,) = again.json["procedures"].values()
    assert "the first 200 bars stay as they are" in one["notes"]
    metrics = json.loads(next(Path("reports").glob("2*/metrics.json")).read_text())["metrics"]
    own = {metric["name"]: metric["value"] for metric in metrics}
    # walked again on the bars as they were it is the run
    assert one["rows"][0]["observed"] == pytest.approx(own["sharpe"], rel=1e-6)


def test_a_stop_keeps_what_is_finished_and_says_so(run: Path, tmp_path: Path) -> None:
    words = ("montecarlo", run.name, "--procedure", "trade_shuffle", "--procedure", "bar_permutation")
    process = subprocess.Popen(
        [*COMMAND, *words, "--paths", "50", "--permutations", "200000", "--no-report"],
        cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "bar permutations take about" in line:
                break
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "stopped by Ctrl-C" in err
    assert "of 200,000 permutations" in out
    record = json.loads((run / "montecarlo" / "montecarlo.json").read_text())
    assert [warning["code"] for warning in record["warnings"]][-1] == "STOPPED"
    assert 0 < record["procedures"]["bar_permutation"]["paths"] < 200_000
    assert not hidden(run)
