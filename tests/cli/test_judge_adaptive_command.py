"""`stratkit backtest --judge-adaptive`: what it prints, keeps and counts, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import Stratkit, WriteBars

from stratkit.runs.find import run_names
from stratkit.runs.ledger import open_ledger

CONFIG = (
    "data: {path: %s}\n"
    "strategies: {s: {enabled: true, type: sma_cross, params: {fast: 3, slow: 8}}}\n"
    "regimes: {method: rules}\n"
    "optimization: {enabled: true, enable_quality_filtering: false, state_path: %s}\n"
    "meta_strategy: {enabled: true, profiles: [scalp, moderate], default: scalp}\n"
)


@pytest.fixture
def config(tmp_path: Path, write_bars: WriteBars) -> Path:
    path = tmp_path / "judged.yaml"
    path.write_text(CONFIG % (write_bars(bars=160), tmp_path / "learned.json"), "utf-8")
    return path


def test_a_judgement_is_printed_kept_and_counted(stratkit: Stratkit, config: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    outcome = stratkit("backtest", config, "--judge-adaptive", "--judge-seeds", "3", "--out", out, "--seed", "4")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[1].startswith(("The adaptive layer ", "Nothing shows that the adaptive layer "))
    assert not [line for line in lines if line.endswith(" ")]
    assert "the bars cover 0." in outcome.err
    assert max(map(len, lines)) <= 100
    for shown in ("base", "size multiplier", "meta selector", "all parts", "random choice", "fixed moderate",
                  "quality filter (off)", "the state file is neither read nor written", "nobody could"):  # fmt: skip
        assert shown in outcome.out, shown
    (folder,) = out.glob("adaptive-*")
    assert sorted(path.name for path in folder.iterdir()) == [
        "adaptive_judgement.html", "adaptive_judgement.json", "differences.png", "judged.yaml", "ledger.parquet",
        "regret.png", "returns.parquet",
    ]  # fmt: skip
    record: dict[str, Any] = json.loads((folder / "adaptive_judgement.json").read_text("utf-8"))
    assert record["verdict"] == lines[1] or record["verdict"].startswith(lines[1])
    assert record["seeds"] == [4, 5, 6]
    returns = pd.read_parquet(folder / "returns.parquet")
    drawn = [name for name in map(str, returns) if name.startswith("random")]
    assert drawn == [f"random choice, seed {seed}" for seed in (4, 5, 6)]
    assert not (tmp_path / "learned.json").exists()
    assert run_names(out) == []  # it is no run
    assert not list(out.glob(".adaptive-*"))
    distinct = 1 + 4 + 1 + 1 + 1 + 2  # base, parts, selector, whole, random, fixed; seeds of an arm are one trial
    with open_ledger(out) as ledger:
        assert ledger.count() == distinct
    for path in out.glob("ledger.sqlite*"):
        path.unlink()
    with open_ledger(out) as ledger:  # a lost one is made again
        assert ledger.count() == distinct


def test_the_same_command_leaves_the_same_bytes(stratkit: Stratkit, config: Path, tmp_path: Path) -> None:
    records = []
    for name in ("one", "two"):
        outcome = stratkit(
            "backtest", config, "--judge-adaptive", "--judge-seeds", "2", "--out", tmp_path / name, "--json",
            "--no-report", "--quiet",
        )  # fmt: skip
        assert outcome.code == 0, outcome.err
        folder = Path(outcome.json["folder"])
        assert {**outcome.json, "folder": 0} == {**json.loads((folder / "adaptive_judgement.json").read_text()),
                                                 "folder": 0}  # fmt: skip
        assert not list(folder.glob("*.html")) + list(folder.glob("*.png"))
        records.append((folder / "returns.parquet").read_bytes())
        records.append(json.dumps({**outcome.json, "folder": 0, "command": 0}).encode())
    assert records[:2] == records[2:]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--judge-adaptive", "--fills", "all"), "--fills all asks something else"),
        (("--judge-adaptive", "--explain-caps"), "--explain-caps asks something else"),
        (("--judge-adaptive", "--trial", "latest:1"), "--trial replays a trial as it was"),
        (("--fills", "all", "--explain-caps"), "--explain-caps is of one run; --fills all makes several"),
        (("--judge-seeds", "5"), "--judge-seeds belongs to --judge-adaptive"),
        (("--judge-adaptive", "--judge-seeds", "1"), "--judge-seeds must be 2 or more"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    stratkit: Stratkit, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    outcome = stratkit("backtest", *options, "--out", tmp_path / "runs")
    assert outcome.code == 2
    assert said in outcome.err.replace("\n", " ")
    assert not (tmp_path / "runs").exists()


def test_where_nothing_is_traded_there_is_nothing_to_judge(
    stratkit: Stratkit, tmp_path: Path, write_bars: WriteBars
) -> None:
    path = tmp_path / "judged.yaml"
    path.write_text((CONFIG % (write_bars(bars=30), tmp_path / "l.json")).replace("slow: 8", "slow: 28"), "utf-8")
    out = tmp_path / "runs"
    outcome = stratkit("backtest", path, "--judge-adaptive", "--judge-seeds", "2", "--out", out)
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[1] == "Nothing to judge: no arm made a trade in 30 bars."
    assert "warning: nothing to judge: no arm made a trade in 30 bars" in outcome.err
    assert "n/a to n/a" not in outcome.out
    (page,) = out.glob("adaptive-*/*.html")
    text = page.read_text("utf-8")
    assert "NOT TESTABLE" in text
    assert 'id="chart-' not in text.split("<script")[0]
    assert "regret" not in text.split("<main")[1].split("<script")[0].lower().split('id="run"')[0]
    assert not list(out.glob("adaptive-*/*.png"))
