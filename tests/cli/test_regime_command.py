"""`stratkit regime`: what it prints and leaves, a run by regime, methods side by side, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_line import Stratkit, WriteBars

from stratkit.runs.find import run_names

QUICK = ("--set", "regimes.fit.min_bars=60", "--set", "regimes.fit.refit_bars=80", "--set", "regimes.fit.restarts=1")


@pytest.fixture
def bars(write_bars: WriteBars) -> Path:
    """Write 300 bars that walk, wilder in the second half."""
    draw = np.random.Generator(np.random.PCG64(3))

    def walk(frame: pd.DataFrame) -> pd.DataFrame:
        size = np.where(np.arange(len(frame)) < 150, 0.006, 0.02)
        close = 100 * np.exp(np.cumsum(size * draw.standard_normal(len(frame))))
        frame["open"], frame["close"] = np.concatenate(([100.0], close[:-1])), close
        frame["high"] = frame[["open", "close"]].max(axis=1) * (1 + 0.3 * size)
        frame["low"] = frame[["open", "close"]].min(axis=1) * (1 - 0.3 * size)
        return frame

    return write_bars(walk)


def record(stratkit: Stratkit, *arguments: str | Path) -> dict[str, Any]:
    outcome = stratkit("regime", *arguments, "--json", "--quiet")
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = outcome.json
    return found


def test_the_table_says_what_each_regime_was_like_and_which_one_it_is_now(stratkit: Stratkit, bars: Path) -> None:
    outcome = stratkit("regime", "--data", bars)
    assert outcome.code == 0, outcome.err
    assert "Regimes of ACME by rules" in outcome.out
    assert "causal      yes: each label is known at the close of its bar" in outcome.out
    assert "of the bar AFTER the label" in outcome.out
    assert "from \\ to" in outcome.out
    assert max(len(line) for line in outcome.out.splitlines() if not line.startswith("warning")) <= 100


def test_no_figure_is_cut_off_on_eighty_columns(
    stratkit: Stratkit, bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratkit.cli.terminal.PLAIN_WIDTH", 80)
    arguments = ("--data", bars, "--no-report", "--quiet")
    narrow = stratkit("regime", *arguments).out
    assert "…" not in narrow
    assert max(len(line) for line in narrow.splitlines() if not line.startswith(("warning", "report"))) <= 80
    monkeypatch.undo()
    wide = stratkit("regime", *arguments).out
    shown = [set(text.split("- mean, volatility")[0].split()) for text in (narrow, wide)]
    assert shown[0] >= {each for each in shown[1] if any(letter.isdigit() for letter in each)}


def test_no_engine_is_compiled_and_none_is_announced(
    stratkit: Stratkit, bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratkit.compiled.is_cold", lambda: True)
    assert stratkit("regime", "--data", bars, "--no-report").err == ""


def test_what_is_printed_is_the_record_that_is_kept(stratkit: Stratkit, bars: Path) -> None:
    found = record(stratkit, "--data", bars, "--method", "volatility", *QUICK)
    folder = Path(found.pop("folder"))
    assert json.loads((folder / "regime.json").read_text("utf-8")) == found
    assert found["settings"]["method"] == found["method"] == "volatility"
    regimes = found["series"][0]["regimes"]
    assert [one["name"] for one in regimes] == ["low", "medium", "high"]
    labels = pd.read_parquet(folder / "labels.parquet")
    assert list(labels.columns) == ["time", "symbol", "regime", "confidence"]
    assert labels["regime"].value_counts()["high"] == regimes[2]["bars"]
    assert sum(one["bars"] for one in regimes) + found["series"][0]["unlabelled"] == len(labels) == 300


def test_the_folder_holds_page_and_figures_unless_they_are_not_wanted_and_is_no_run(
    stratkit: Stratkit, bars: Path
) -> None:
    with_page = Path(record(stratkit, "--data", bars)["folder"])
    assert {path.name for path in with_page.iterdir()} == {
        "regime.json", "regimes.yaml", "labels.parquet", "regime.html", "regimes.png", "transitions.png"
    }  # fmt: skip
    without = Path(record(stratkit, "--data", bars, "--no-report", "--out", "elsewhere")["folder"])
    assert without.parent == Path("elsewhere")
    assert {path.name for path in without.iterdir()} == {"regime.json", "regimes.yaml", "labels.parquet"}
    assert run_names(Path("reports")) == []
    assert not [path for path in Path("reports").iterdir() if path.name.startswith(".")]


def test_dates_and_settings_and_the_seed_are_those_that_were_given(stratkit: Stratkit, bars: Path) -> None:
    found = record(
        stratkit, "--data", bars, "--from", "2020-02-01", "--to", "2020-09-30", "--seed", "7", "--no-report",
        "--set", "regimes.rules.trend_adx=12",
    )  # fmt: skip
    assert (found["data"]["first"], found["data"]["last"], found["seed"]) == ("2020-02-01", "2020-09-30", 7)
    looser = found["series"][0]["regimes"][0]["bars"] + found["series"][0]["regimes"][1]["bars"]
    strict = record(
        stratkit, "--data", bars, "--from", "2020-02-01", "--to", "2020-09-30", "--no-report",
        "--set", "regimes.rules.trend_adx=60",
    )["series"][0]["regimes"]  # fmt: skip
    assert looser > strict[0]["bars"] + strict[1]["bars"]


def test_a_configuration_says_the_method_and_an_option_another(stratkit: Stratkit, bars: Path, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("data: {path: ACME.parquet}\nregimes: {method: trend}\n")
    assert record(stratkit, "own.yaml", "--no-report")["method"] == "trend"
    assert record(stratkit, "own.yaml", "--no-report", "--method", "rules")["method"] == "rules"


def test_a_run_is_split_by_the_regime_of_the_bar_that_decided_each_trade(stratkit: Stratkit, bars: Path) -> None:
    assert stratkit(
        "backtest", "--data", bars, "--strategy", "sma_cross", "--set", "strategies.sma_cross.params.fast=3", "--set",
        "strategies.sma_cross.params.slow=9", "--set", "regimes.method=trend", "--no-report", "--quiet",
    ).code == 0  # fmt: skip
    found = record(stratkit, "--by-regime", "latest")["run"]
    trades = pd.read_parquet(Path("reports") / found["run_id"] / "trades.parquet")
    closed = trades[trades["exit_bar"] >= 0]
    assert len(closed) > 10
    # the run named the regimes of its trades itself: the same method is taken unless another is asked for
    by_name = closed.assign(regime=closed["regime"].replace("", "not known")).groupby("regime")
    assert {one["name"]: one["trades"] for one in found["trades"]} == by_name.size().to_dict()
    assert {one["name"]: one["pnl"] for one in found["trades"]} == pytest.approx(by_name["pnl"].sum().to_dict())
    assert found["pnl"] == pytest.approx(closed["pnl"].sum())
    equity = pd.read_parquet(Path("reports") / found["run_id"] / "equity.parquet")["equity"].to_numpy()
    returns, labels = equity[1:] / equity[:-1] - 1, pd.read_parquet(Path(record(
        stratkit, "--by-regime", "latest")["folder"]) / "labels.parquet")["regime"].to_numpy()  # fmt: skip
    up = next(one for one in found["account"]["regimes"] if one["name"] == "bull")["next_bar"]
    assert up["n"] == int((labels[:-1] == "bull").sum())
    assert up["mean_ann"] == pytest.approx(returns[labels[:-1] == "bull"].mean() * 365.25, rel=0.01)


def test_methods_are_compared_with_how_far_they_agree_and_which_use_future_bars(stratkit: Stratkit, bars: Path) -> None:
    pytest.importorskip("hmmlearn")
    found = record(stratkit, "--data", bars, "--compare", *QUICK)["compared"]
    causal = {one["method"]: one["causal"] for one in found["methods"]}
    assert [name for name, is_causal in causal.items() if not is_causal] == ["hmm_smoothed", "hmm_viterbi", "pelt"]
    assert len(found["agreement"]) == len(causal) * (len(causal) - 1) // 2
    assert all(0 <= one["equal"] <= 1 and -1 <= one["rand"] <= 1 for one in found["agreement"])
    printed = stratkit("regime", "--data", bars, "--compare", "--no-report", *QUICK).out
    assert "pelt                  NO" in printed
    assert "the same state as rules" in " ".join(printed.split())


def test_labels_that_use_future_bars_are_said_to_describe_only(stratkit: Stratkit, bars: Path) -> None:
    pytest.importorskip("ruptures")
    outcome = stratkit("regime", "--data", bars, "--method", "pelt", "--no-report")
    assert "causal      NO: labels use future bars, they only describe" in outcome.out
    assert "warning: uses-future-bars" in outcome.out


def test_several_symbols_have_a_line_each(stratkit: Stratkit, tmp_path: Path, write_bars: WriteBars) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    for name in ("AAA", "BBB"):
        write_bars(name=name).rename(folder / f"{name}.parquet")
    outcome = stratkit("regime", "--data", folder, "--symbol", "BBB", "--no-report")
    assert outcome.code == 0, outcome.err
    lines = [line.split()[0] for line in outcome.out.splitlines() if line.strip()]
    assert lines.index("BBB") < lines.index("AAA")
    found = record(stratkit, "--data", folder, "--set", "regimes.scope=market", "--no-report")
    assert [one["name"] for one in found["series"]] == ["market"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--method", "nope"), 2, "'nope' is not one of 'rules'"),
        (("--symbol", "NOPE"), 2, "--symbol must be one of the bars; found 'NOPE'"),
        (("--by-regime", "nothing"), 2, "no run 'nothing'"),
        (("--by-regime", "latest", "--from", "2020-02-01"), 2, "leave out CONFIG, --from and --to"),
        (("--method", "cusum", "--to", "2020-02-10"), 3, "the first label comes after 252"),
        (("--to", "2020-01-03"), 3, "its 3 bars are too few for the first label"),
        (("--set", "regimes.method=pelt"), 2, "regimes.method must be"),
    ],
)
def test_what_does_not_hold_is_said_and_leaves_nothing(
    stratkit: Stratkit, bars: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    outcome = stratkit("regime", "--data", bars, *arguments)
    assert outcome.code == code
    assert said in outcome.err
    assert not list(Path().glob("reports/*"))


def test_a_method_without_its_extra_says_what_to_install(
    stratkit: Stratkit, bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hmmlearn", None)
    monkeypatch.setitem(sys.modules, "hmmlearn.hmm", None)
    outcome = stratkit("regime", "--data", bars, "--method", "hmm")
    assert outcome.code == 2
    assert "pip install 'stratkit[regime]'" in outcome.err
