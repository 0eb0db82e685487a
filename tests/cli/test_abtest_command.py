"""`stratkit abtest`: from what is typed to what is printed, in JSON, in the folder, and to the exit code."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from command_line import Outcome, Stratkit, WriteBars, WriteStrategy
from return_files import noise, write_returns, write_trades

FAST = ("--reps", "499", "--no-report", "--quiet")
CONFIG = """
data: {{path: {path}}}
strategies:
  {name}: {{enabled: true, type: sma_cross, params: {{fast: {fast}, slow: 40}}}}
costs: {{commission_bps: 1}}
"""


@pytest.fixture
def returns(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of returns by name."""

    def write(name: str, values: Any = None, **shape: Any) -> Path:
        return write_returns(tmp_path / name, noise() if values is None else values, **shape)

    return write


def compared(stratkit: Stratkit, *arguments: str | Path) -> dict[str, Any]:
    done = stratkit("abtest", *arguments, *FAST, "--json")
    assert done.code == 0, done.err
    record: dict[str, Any] = done.json
    return record


# ---- without an argument


def test_without_arms_two_bundled_strategies_are_compared_and_the_layout_is_printed(
    stratkit: Stratkit, tmp_path: Path
) -> None:
    done = stratkit("abtest", "--no-report")
    assert done.code == 0, done.err
    metrics = ("annual return", "Sharpe", "Sortino", "max drawdown")
    for start in ("A", "B", "data", *metrics, "primary", "checks", "power", "multiple", "verdict", "report"):
        assert f"\n{start} " in f"\n{done.out}", start
    assert "5,030 paired daily returns 1999-01-05 .. 2018-12-31 (0 unmatched dropped)  P=252  rf=0" in done.out
    (sharpe,) = (line for line in done.out.splitlines() if line.startswith("Sharpe "))
    assert sharpe.split()[:3] == ["Sharpe", "0.534", "0.283"]  # as `stratkit backtest` says of each alone
    assert sharpe.endswith("<- primary")
    assert "Ledoit-Wolf studentized circular block bootstrap" in done.out
    assert "seed 0" in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    folder = next((tmp_path / "reports").glob("abtest-*"))
    assert {file.name for file in folder.iterdir()} == {
        "abtest.json", "returns.parquet", "ledger.parquet", "A.yaml", "B.yaml",
    }  # fmt: skip


def test_the_record_of_the_folder_is_that_of_json_and_the_returns_are_kept(stratkit: Stratkit) -> None:
    record = compared(stratkit)
    folder = Path(record.pop("folder"))
    assert json.loads((folder / "abtest.json").read_text()) == record
    assert record["schema"] == "stratkit.abtest/1"
    table = pq.read_table(folder / "returns.parquet").to_pydict()
    assert list(table) == ["time", "A", "B"]
    assert len(table["A"]) == record["data"]["n"] == 5030
    ratio = np.mean(table["A"]) / np.std(table["A"], ddof=1) * math.sqrt(252)
    assert record["metrics"]["sharpe"]["a"] == pytest.approx(ratio, abs=1e-9)


# ---- an arm against itself


@pytest.mark.parametrize("kind", ["file", "strategy", "run"])
def test_an_arm_against_itself_is_recognised_and_no_test_is_run(
    stratkit: Stratkit, returns: Callable[..., Path], write_bars: WriteBars, kind: str
) -> None:
    arm: str | Path = returns("a.csv")
    more: tuple[str | Path, ...] = ()
    if kind != "file":
        more = ("--data", write_bars())
        arm = "sma_cross:fast=5,slow=20"
    if kind == "run":
        made = stratkit("backtest", *more, "--strategy", "sma_cross", "--no-report", "--json")
        arm, more = made.json["run_id"], ()
    record = compared(stratkit, arm, arm, *more)
    assert record["verdict"] == "EQUIVALENT (identical returns)"
    assert "IDENTICAL" in record["warnings"]
    assert (record["primary"]["test"], record["primary"]["p"], record["checks"]) == (None, 1.0, [])
    assert stratkit("abtest", arm, arm, *more, *FAST, "--fail-unless", "equivalent").code == 0
    assert stratkit("abtest", arm, arm, *more, *FAST, "--fail-unless", "different").code == 5
    assert "p = 1" in stratkit("abtest", arm, arm, *more, *FAST).out


# ---- ten basis points a day


def test_ten_basis_points_a_day_more_are_better_on_whichever_side(
    stratkit: Stratkit, returns: Callable[..., Path]
) -> None:
    base, more = returns("base.csv"), returns("more.csv", noise() + 0.001)
    record = compared(stratkit, base, more)
    assert (record["verdict"], record["better"]) == ("B BETTER", "B")
    assert 0 < record["primary"]["p"] <= 0.01
    assert record["primary"]["p_mc_error"] > 0
    assert record["metrics"]["mean"]["diff"] == pytest.approx(-0.001 * record["data"]["periods"])
    swapped = compared(stratkit, more, base)
    assert (swapped["verdict"], swapped["better"]) == ("A BETTER", "A")
    assert swapped["primary"]["ci"] == pytest.approx([-end for end in reversed(record["primary"]["ci"])])


def test_no_p_value_is_printed_as_0(stratkit: Stratkit, returns: Callable[..., Path]) -> None:
    done = stratkit("abtest", returns("base.csv"), returns("more.csv", noise() + 0.01), "--no-report", "--quiet")
    assert "p < 0.001" in done.out
    assert " 0.000 " not in done.out.partition("primary")[2]


# ---- --fail-unless


def test_fail_unless_leaves_with_5_after_everything_is_written(
    stratkit: Stratkit, returns: Callable[..., Path], tmp_path: Path
) -> None:
    base, more = returns("base.csv"), returns("more.csv", noise() + 0.001)
    assert stratkit("abtest", base, more, *FAST, "--fail-unless", "b-better").code == 0
    assert stratkit("abtest", base, more, *FAST, "--fail-unless", "different").code == 0
    assert stratkit("abtest", more, base, *FAST, "--fail-unless", "not-worse").code == 0
    before = len(list((tmp_path / "reports").glob("abtest-*")))
    for condition in ("a-better", "not-worse", "equivalent"):
        done = stratkit("abtest", base, more, *FAST, "--fail-unless", condition)
        assert done.code == 5
        assert f"--fail-unless {condition} does not hold: B BETTER" in done.err
        assert "verdict" in done.out
    assert len(list((tmp_path / "reports").glob("abtest-*"))) == before + 3
    done = stratkit("abtest", base, more, *FAST, "--fail-unless", "better")
    assert (done.code, "must be a-better, b-better, not-worse, equivalent or different" in done.err) == (2, True)


def test_not_worse_with_a_margin_asks_for_a_proof(stratkit: Stratkit, returns: Callable[..., Path]) -> None:
    # the same strategy with a little noise: nothing is found, and within 3 nothing worse is possible
    arms = (returns("a.csv"), returns("b.csv", noise() + noise(seed=9, mean=0.0) * 0.1))
    assert stratkit("abtest", *arms, *FAST, "--fail-unless", "not-worse").code == 0
    assert stratkit("abtest", *arms, *FAST, "--fail-unless", "not-worse", "--margin", "3").code == 0
    assert stratkit("abtest", *arms, *FAST, "--fail-unless", "not-worse", "--margin", "0.0001").code == 5
    assert stratkit("abtest", *arms, *FAST, "--fail-unless", "equivalent", "--margin", "3").code == 0


# ---- what cannot be compared

BAD = {
    "different frequency": (("week.csv",), 3, "one frequency to be paired by time; found A (good) 1d, B (week) 1w"),
    "hours": (("hours.csv",), 3, "found A (good) 1d, B (hours) 1h"),
    "no overlap": (("late.csv",), 3, "must share at least 20 periods, stamped alike; found 0"),
    "other time of day": (("noon.csv",), 3, "the dates overlap but the stamps differ"),
    "constant": (("flat.csv",), 3, "must vary to be compared; found 0.0001 in all 500 periods of B (flat)"),
    "NaN": (("holed.csv",), 3, "holed.csv: every return must be a finite number; found others"),
    "prices": (("prices.csv",), 3, "prices.csv: a return must be a fraction above -1"),
    "trades unknown": (("--metric", "win_rate", "other.csv"), 2, "--metric win_rate must know the trades of each arm"),
    "block": (("--block", "0", "other.csv"), 2, "--block must be auto or a number of periods from 1 on; found '0'"),
    "horizon": (("--horizon", "9", "other.csv"), 2, "--horizon plans a sequential test"),
    "spending": (("--sequential", "alpha-spending", "other.csv"), 2, "must know how long the test shall last"),
    "three in sequence": (
        ("other.csv", "good.csv", "--sequential", "always-valid"),
        2,
        "--sequential must have two arms; found 3",
    ),
    "one arm": ((), 2, "must have 2 to 26 arms; found 1"),
    "alpha": (("--alpha", "0", "other.csv"), 2, "alpha must lie between 0 and 0.5"),
    "seed": (("--seed", "-1", "other.csv"), 2, "a seed must be 0 or more; found -1"),
    "resamples": (("--reps", "9999999999", "other.csv"), 2, "at most 1,000,000 resamples can be drawn"),
    "no rate": (("--rf", "nan", "other.csv"), 2, "the risk-free rate must be a fraction a year"),
    "endless margin": (("--margin", "inf", "other.csv"), 2, "a margin must be positive and finite"),
    "nothing replayed": (
        ("--from", "2019-01-01", "--set", "seed=1", "other.csv"),
        2,
        "--from and --set can only hold for arms that are replayed",
    ),
}


@pytest.mark.parametrize(("arguments", "code", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_compared_is_refused_with_its_reason_and_leaves_nothing(
    stratkit: Stratkit, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    good = noise()
    holed = good.copy()
    holed[5] = np.nan
    write_returns(tmp_path / "good.csv", good)
    write_returns(tmp_path / "other.csv", noise(seed=7))
    write_returns(tmp_path / "week.csv", good[:100], freq="W-MON")
    write_returns(tmp_path / "hours.csv", good, freq="h")
    write_returns(tmp_path / "late.csv", good, start="2031-01-01")
    write_returns(tmp_path / "noon.csv", good, start="2018-01-01 12:00")
    write_returns(tmp_path / "flat.csv", np.full(len(good), 0.0001))
    write_returns(tmp_path / "holed.csv", holed)
    write_returns(tmp_path / "prices.csv", 100 * np.cumprod(1 + good))
    done = stratkit("abtest", "good.csv", *arguments)
    assert done.code == code
    assert said in done.err
    assert not list((tmp_path / "reports").glob("*"))


def test_figures_of_so_many_arms_that_they_do_not_fit_beside_each_other_stand_below_each_other(
    stratkit: Stratkit, returns: Callable[..., Path], tmp_path: Path
) -> None:
    files = [returns(f"{letter}.csv", noise(seed=place)) for place, letter in enumerate("abcdefghi")]
    files.append(write_trades(tmp_path / "trades.csv"))
    done = stratkit("abtest", *files, *FAST, "--periods", "252")
    assert done.code == 0, done.err
    assert "\N{HORIZONTAL ELLIPSIS}" not in done.out
    record = json.loads(next((tmp_path / "reports").glob("abtest-*/abtest.json")).read_text())
    (head,) = (line for line in done.out.splitlines() if "annual return" in line)
    assert head.split("  ")[-1] == "Calmar"
    for letter, pair in zip("BJ", (record["pairs"][0], record["pairs"][-1]), strict=True):
        (line,) = (line for line in done.out.splitlines() if line.startswith(f"{letter} ") and "%" in line)
        assert line.split()[3] == f"{pair['metrics']['sharpe']['b']:.3f}".replace("-", "\N{MINUS SIGN}")


# ---- kinds of arms


def test_a_file_of_equity_is_its_returns_and_unmatched_rows_are_counted_for_each_arm(
    stratkit: Stratkit, returns: Callable[..., Path]
) -> None:
    plain = returns("r.csv")
    equity = returns("e.parquet", 100 * np.cumprod(1 + noise()), column="equity")
    record = compared(stratkit, plain, equity)
    assert record["verdict"] == "EQUIVALENT (identical returns)"
    assert record["data"]["dropped"] == {"A": 1, "B": 0}
    assert "1 unmatched dropped: A 1" in stratkit("abtest", plain, equity, *FAST).out
    assert [arm["kind"] for arm in record["arms"]] == ["returns", "equity"]


def test_files_of_trades_are_compared_by_win_rate_and_profit_factor(stratkit: Stratkit, tmp_path: Path) -> None:
    one, other = write_trades(tmp_path / "one.csv"), write_trades(tmp_path / "other.csv", seed=6, edge=60.0)
    pnl = pd.read_csv(one)["pnl"]
    record = compared(stratkit, one, other, "--metric", "win_rate")
    assert record["metrics"]["win_rate"]["a"] == pytest.approx((pnl > 0).mean())
    assert record["metrics"]["profit_factor"]["a"] == pytest.approx(pnl[pnl > 0].sum() / -pnl[pnl < 0].sum())
    assert record["verdict"] == "B BETTER"
    assert "TRADES_SUMMED" not in record["warnings"]
    assert "TRADES_SUMMED" in compared(stratkit, one, other)["warnings"]


def test_configurations_runs_and_strategies_of_the_same_kind_are_the_same_arm(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    bars = write_bars()
    (tmp_path / "fast.yaml").write_text(CONFIG.format(path=bars, name="trend", fast=5))
    run = stratkit("backtest", "fast.yaml", "--no-report", "--json").json
    record = compared(
        stratkit, "fast.yaml", run["run_id"], "C=sma_cross:fast=5,slow=40", "slow=sma_cross:fast=20,slow=40"
    )
    arms = record["arms"]
    assert [arm["kind"] for arm in arms] == ["configuration", "run", "strategy", "strategy"]
    assert [arm["name"] for arm in arms] == ["fast", run["run_id"], "C", "slow"]
    sharpe = [record["metrics"]["sharpe"]["a"], *(pair["metrics"]["sharpe"]["b"] for pair in record["pairs"])]
    (kept,) = (one["value"] for one in run["metrics"] if one["name"] == "sharpe")
    # the strategy took bars, costs and account of the configuration
    assert sharpe[:3] == pytest.approx([kept] * 3)
    assert sharpe[3] != pytest.approx(kept)
    assert [pair["pair_verdict"] for pair in record["pairs"][:2]] == ["EQUIVALENT (identical returns)"] * 2
    assert arms[3]["values"]["strategies.sma_cross.params.fast"] == 20


def test_options_of_a_run_hold_for_everything_that_is_replayed(stratkit: Stratkit, write_bars: WriteBars) -> None:
    base = ("--data", write_bars(), "sma_cross:fast=5,slow=20", "buy_and_hold")
    plain = compared(stratkit, *base)
    cut = compared(stratkit, *base, "--from", "2020-03-01", "--to", "2020-09-30")
    assert (cut["data"]["start"], cut["data"]["end"]) == ("2020-03-02", "2020-09-30")
    dear = compared(stratkit, *base, "--set", "costs.commission_bps=50")
    assert dear["metrics"]["mean"]["a"] < plain["metrics"]["mean"]["a"]


def test_a_strategy_of_a_users_own_is_an_arm(
    stratkit: Stratkit, write_bars: WriteBars, strategy_file: WriteStrategy
) -> None:
    own = strategy_file("turn = (np.arange(len(context.bars.times)) % 9 < 5)[:, None] & context.has_bar\n"
                        "return self.sides(context, long=turn, exit=~turn)")  # fmt: skip
    record = compared(stratkit, f"{own}:Own", "buy_and_hold", "--data", write_bars())
    assert record["arms"][0]["name"] == "own.py:Own"


def test_wrong_parameters_are_refused_with_the_arm_they_are_of(stratkit: Stratkit) -> None:
    done = stratkit("abtest", "sma_cross:fats=5", "buy_and_hold")
    assert (done.code, "sma_cross:fats=5: " in done.err, "did you mean 'fast'" in done.err) == (2, True, True)


# ---- workers and seeds


def test_workers_change_nothing_and_the_seed_every_draw(stratkit: Stratkit, write_bars: WriteBars) -> None:
    base = ("--data", write_bars(), "sma_cross:fast=5,slow=20", "buy_and_hold", "sma_cross:fast=9,slow=30")
    records = [
        compared(stratkit, *base, "--workers", workers, "--out", f"out{workers}", "--seed", "7")
        for workers in ("1", "2")
    ]
    for record in records:
        for volatile in ("test_id", "command", "folder", "made"):
            record.pop(volatile)
        for arm in record["arms"]:
            arm.pop("run_id")
    assert records[0] == records[1]
    other = compared(stratkit, *base, "--seed", "8")
    assert other["primary"]["seed"] == 8
    assert [pair["primary"]["ci"] for pair in other["pairs"]] != [pair["primary"]["ci"] for pair in records[0]["pairs"]]


# ---- options of the test


def test_every_option_of_the_test_changes_it(stratkit: Stratkit, returns: Callable[..., Path]) -> None:
    arms = (returns("a.csv"), returns("b.csv", noise(seed=8, mean=0.0012)))
    plain = compared(stratkit, *arms)["primary"]
    assert compared(stratkit, *arms, "--metric", "mean")["primary"]["metric"] == "mean"
    wide = compared(stratkit, *arms, "--alpha", "0.01")["primary"]
    assert (wide["level"], wide["ci"][0] < plain["ci"][0]) == (0.99, True)
    greater = compared(stratkit, *arms, "--alternative", "greater")["primary"]
    assert greater["p"] > 0.5 > plain["p"]  # A is not the better one
    assert compared(stratkit, *arms, "--block", "7")["primary"]["block"] == 7
    assert compared(stratkit, *arms, "--periods", "252")["data"]["periods"] == 252
    excess = [compared(stratkit, *arms, *more)["metrics"]["sharpe"]["a"] for more in ((), ("--rf", "0.05"))]
    volatility = compared(stratkit, *arms)["metrics"]["volatility"]["a"]
    assert excess[0] - excess[1] == pytest.approx(0.05 / volatility, rel=0.01)
    assert compared(stratkit, *arms, "--power", "0.9")["power"]["mde"] > compared(stratkit, *arms)["power"]["mde"]
    assert "\nmargin " in stratkit("abtest", *arms, *FAST, "--margin", "0.1").out
    margin = compared(stratkit, *arms, "--margin", "0.1")["equivalence"]
    assert (margin["margin"], margin["holds"]) == (0.1, False)


def test_a_sequential_test_shows_its_looks(stratkit: Stratkit, returns: Callable[..., Path]) -> None:
    arms = (returns("a.csv"), returns("b.csv", noise(seed=8)))
    always = compared(stratkit, *arms, "--sequential", "always-valid")
    assert always["sequential"]["mode"] == "always-valid"
    assert len(always["sequential"]["looks"]) > 10
    spending = compared(stratkit, *arms, "--sequential", "alpha-spending", "--horizon", "1000")
    assert spending["sequential"]["planned_n"] == 1000
    assert "sequential  " in stratkit("abtest", *arms, *FAST, "--sequential", "always-valid").out


def test_more_than_two_arms_have_a_table_and_bh_only_when_asked(
    stratkit: Stratkit, returns: Callable[..., Path]
) -> None:
    arms = [returns(f"{seed}.csv", noise(seed=seed)) for seed in (3, 8, 9)]
    record = compared(stratkit, *arms)
    many = record["multiplicity"]
    assert many["comparisons"] == 2
    assert {"p", "holm", "romano_wolf", "in_mcs"} <= set(many["arms"][1])
    assert "benjamini_hochberg" not in many["arms"][1]
    assert many["spa"]["lower"] <= many["spa"]["consistent"] <= many["spa"]["upper"]
    asked = compared(stratkit, *arms, "--bh")["multiplicity"]["arms"]
    first, second = sorted(row["p"] for row in asked[1:])
    assert sorted(row["benjamini_hochberg"] for row in asked[1:]) == pytest.approx([min(2 * first, second), second])
    shown = stratkit("abtest", *arms, *FAST, "--bh").out
    for word in ("Holm", "Romano-Wolf", "BH", "\nSPA ", "\nset ", "\nverdict "):
        assert word in shown, word


# ---- the ledger


def test_replayed_arms_are_trials_and_runs_are_no_new_ones(stratkit: Stratkit, write_bars: WriteBars) -> None:
    bars = write_bars()
    run = stratkit("backtest", "--data", bars, "--strategy", "sma_cross", "--no-report", "--json").json
    assert run["trials"] == 1
    record = compared(stratkit, run["run_id"], "sma_cross:fast=9,slow=30", "--data", bars)
    assert record["multiplicity"]["trials"]["A"]["trials"] == 2
    again = compared(stratkit, run["run_id"], "sma_cross:fast=9,slow=30", "--data", bars)
    assert again["multiplicity"]["trials"]["B"]["trials"] == 2  # the same counts once
    (group,) = stratkit("runs", "ledger", "--strategy", "sma_cross", "--json").json["groups"]
    assert group["kinds"] == {"abtest": 1, "backtest": 1}
    shown = stratkit("abtest", run["run_id"], "sma_cross:fast=9,slow=30", "--data", bars, *FAST).out
    assert "A: 2 trials (effective" in shown
    assert "luck Sharpe" in shown


def test_an_ab_test_is_no_run_and_a_lost_ledger_is_made_again_from_it(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    arms = ("--data", write_bars(), "sma_cross:fast=5,slow=20", "buy_and_hold")
    compared(stratkit, *arms)
    listed = stratkit("runs", "list")
    assert (listed.code, "abtest-" in listed.out + listed.err) == (0, False)
    assert "no run in" in stratkit("runs", "show", "latest").err
    (tmp_path / "reports" / "ledger.sqlite").unlink()
    (group,) = stratkit("runs", "ledger", "--strategy", "sma_cross", "--json").json["groups"]
    assert group["kinds"] == {"abtest": 1}
    assert compared(stratkit, *arms)["looks"] == 1  # that it was looked at is known again too


def test_a_second_look_at_an_experiment_is_said(stratkit: Stratkit, returns: Callable[..., Path]) -> None:
    arms = (returns("a.csv"), returns("b.csv", noise(seed=8)))
    first = compared(stratkit, *arms)
    assert (first["looks"], "PEEKING" in first["warnings"]) == (0, False)
    swapped = compared(stratkit, *reversed(arms))
    assert (swapped["looks"], "PEEKING" in swapped["warnings"]) == (1, True)
    (text,) = (one["text"] for one in swapped["warning_texts"] if one["code"] == "PEEKING")
    assert "once before, with these very returns and this question" in text
    returns("b.csv", noise(seed=8)[:-1])  # a day less: the same experiment at another time
    later = compared(stratkit, *arms)
    (text,) = (one["text"] for one in later["warning_texts"] if one["code"] == "PEEKING")
    assert "2 times before, with other returns or another question" in text
    assert later["looks"] == 2
    assert "PEEKING" not in compared(stratkit, *arms, "--sequential", "always-valid")["warnings"]
    assert compared(stratkit, arms[0], returns("c.csv", noise(seed=9)))["looks"] == 0


def test_looks_are_remembered_when_their_folders_are_gone(
    stratkit: Stratkit, returns: Callable[..., Path], tmp_path: Path
) -> None:
    arms = (returns("a.csv"), returns("b.csv", noise(seed=8)))
    compared(stratkit, *arms)
    for folder in (tmp_path / "reports").glob("abtest-*"):
        shutil.rmtree(folder)
    assert compared(stratkit, *arms)["looks"] == 1


def test_parameters_picked_on_these_bars_are_said_to_be(stratkit: Stratkit, write_bars: WriteBars) -> None:
    bars = write_bars(bars=400)
    space = (
        "search.space={fast: {low: 3, high: 9, step: 1, log: false}, slow: {low: 12, high: 30, step: 1, log: false}}"
    )
    found = stratkit(
        "optimize", "--data", bars, "--strategy", "sma_cross", "--trials", "6", "--sampler", "random", "--set", space,
        "--set", "search.fixed=[direction]", "--no-report", "--json",
    )  # fmt: skip
    assert found.code == 0, found.err
    run = found.json["run_id"]
    config = json.loads((Path(found.json["folder"]) / "manifest.json").read_text())["config"]
    params = config["strategies"]["sma_cross"]["params"]
    picked = f"sma_cross:fast={params['fast']},slow={params['slow']},direction={params['direction']}"
    record = compared(stratkit, run, "sma_cross:fast=11,slow=33", "--data", bars)
    (text,) = (one["text"] for one in record["warning_texts"] if one["code"] == "IN_SAMPLE")
    assert text.startswith("a search tried the parameters of A on 2020-01-01 to ")
    assert run in text
    # the same parameters, named by hand: the ledger knows them
    assert "IN_SAMPLE" in compared(stratkit, "buy_and_hold", picked, "--data", bars)["warnings"]
    assert (
        "IN_SAMPLE" not in compared(stratkit, "buy_and_hold", "sma_cross:fast=11,slow=33", "--data", bars)["warnings"]
    )


def test_a_ledger_that_cannot_be_written_costs_no_comparison(
    stratkit: Stratkit, returns: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "reports" / "ledger.sqlite").mkdir(parents=True)
    done: Outcome = stratkit("abtest", returns("a.csv"), returns("b.csv", noise(seed=8)), *FAST)
    assert done.code == 0
    assert "trials and looks of this test are not counted" in done.err


# ---- the page


def test_a_page_is_written_unless_it_is_not_wanted(stratkit: Stratkit, returns: Callable[..., Path]) -> None:
    done = stratkit("abtest", returns("a.csv"), returns("b.csv", noise(seed=8)), "--reps", "499", "--json")
    folder = Path(done.json["folder"])
    page = (folder / "abtest.html").read_text("utf-8")
    assert done.json["verdict"] in page
    assert "a against b" in page
    assert len(list(folder.glob("*.png"))) > 2
