"""`stratkit features`: what it prints, what it leaves, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_line import Stratkit, WriteBars

CONFIG = """
data: {path: ACME.parquet}
strategies:
  dip: {enabled: true, type: "dip.py:Dip"}
features:
  formulas:
    fast: rate_of_change(1)
    slow: rate_of_change(8)
    copy: 2 * rate_of_change(8) + 1
    still: close - close
    late: sma(150) / close
  min_bars: 60
  refit_every_bars: 40
  horizon_bars: 3
"""
DIP = (
    "from stratkit.strategies import Strategy\n"
    "class Dip(Strategy):\n"
    "    'Buy what fell.'\n"
    "    feature_names = ('span',)\n"
    "    def signals(self, context):\n"
    "        return self.sides(context, long=context.bars.close < context.bars.open)\n"
    "    def features(self, context):\n"
    "        return {'span': context.bars.high / context.bars.low - 1}\n"
)


@pytest.fixture
def config(tmp_path: Path, write_bars: WriteBars) -> Path:
    """Write 200 bars, a strategy that hands on a feature, and a configuration of both."""
    draw = np.random.Generator(np.random.PCG64(3))

    def walk(frame: pd.DataFrame) -> pd.DataFrame:
        close = 100 * np.exp(np.cumsum(0.01 * draw.standard_normal(len(frame))))
        frame["open"], frame["close"] = close * np.exp(0.002 * draw.standard_normal(len(frame))), close
        frame["high"] = frame[["open", "close"]].max(axis=1) * (1 + 0.005 * draw.random(len(frame)))
        frame["low"] = frame[["open", "close"]].min(axis=1) * (1 - 0.005 * draw.random(len(frame)))
        return frame

    write_bars(walk, bars=200)
    (tmp_path / "dip.py").write_text(DIP)
    path = tmp_path / "features.yaml"
    path.write_text(CONFIG)
    return path


def record(stratkit: Stratkit, *arguments: str | Path) -> dict[str, Any]:
    outcome = stratkit("features", *arguments, "--json")
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def test_each_feature_is_told_with_what_became_of_it(stratkit: Stratkit, config: Path) -> None:
    outcome = stratkit("features", config, "--no-files")
    assert outcome.code == 0
    lines = {line.split()[0]: line for line in outcome.out.splitlines() if line}
    assert "6 in, 4 kept at the last of 4 fits" in outcome.out
    assert lines["fast"].endswith("kept")
    assert lines["dip.span"].endswith("kept")
    assert "never moved" in lines["still"]
    assert lines["late"].split()[1:3] == ["149", "25.5%"]
    redundant = lines["slow"] if "redundant" in lines["slow"] else lines["copy"]
    assert "corr 1.000" in redundant
    assert len(outcome.out.splitlines()) < 25
    assert max(map(len, outcome.out.splitlines())) <= 110


def test_json_holds_what_the_table_holds_and_more(stratkit: Stratkit, config: Path) -> None:
    found = record(stratkit, config, "--no-files")
    features = {feature["name"]: feature for feature in found["features"]}
    assert list(features) == ["fast", "slow", "copy", "still", "late", "dip.span"]
    assert features["fast"]["formula"] == "rate_of_change(1)"
    assert features["dip.span"]["formula"] is None
    assert features["still"]["reason"] == "constant"
    pair = {name: features[name] for name in ("slow", "copy")}
    (gone,) = [name for name, feature in pair.items() if not feature["kept"]]
    assert pair[gone]["partner"] == ({"slow", "copy"} - {gone}).pop()
    assert [(fit["bar"], fit["rows"], fit["labelled"]) for fit in found["fits"]] == [
        (59, 60, 57), (99, 100, 97), (139, 140, 137), (179, 180, 177),
    ]  # fmt: skip
    assert found["data"]["bars"] == 200
    assert "folder" not in found


def test_the_folder_holds_the_rows_a_picture_and_what_made_them(stratkit: Stratkit, config: Path) -> None:
    found = record(stratkit, config, "--out", "kept")
    folder = Path(found["folder"])
    assert folder.parent.name == "kept"
    assert found["files"] == ["config.yaml", "features.json", "features.parquet", "features.png"]
    table = pd.read_parquet(folder / "features.parquet")
    assert list(table.columns) == ["time", "symbol", *found["columns"]]
    assert len(table) == 200 - 60  # a row for each bar behind the first fit
    assert table["symbol"].unique().tolist() == ["ACME"]
    assert table["fast"].notna().all()
    assert table["fast"].abs().max() <= 5.0  # the clip
    assert (folder / "features.png").read_bytes()[:4] == b"\x89PNG"
    assert stratkit("features", folder / "config.yaml", "--no-files").code == 0


def test_the_same_question_leaves_the_same_bytes(stratkit: Stratkit, config: Path) -> None:
    chance = ("--set", "features.selection=importance", "--set", "features.max_rows=100")

    def left(*more: str) -> dict[str, bytes]:
        folder = Path(record(stratkit, config, *chance, *more)["folder"])
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    first = left()
    assert first == left()
    other = left("--seed", "1")
    assert other["features.parquet"] != first["features.parquet"]


def test_components_are_told_with_their_shares(stratkit: Stratkit, config: Path) -> None:
    outcome = stratkit("features", config, "--set", "features.pca_variance=0.9", "--no-files")
    assert "principal components hold 9" in outcome.out
    found = record(stratkit, config, "--set", "features.pca_variance=0.9", "--no-files")
    assert found["columns"][:2] == ["pc1", "pc2"]
    assert sum(found["fits"][-1]["pca_ratio"]) >= 0.9


def test_settings_change_what_comes_out(stratkit: Stratkit, config: Path) -> None:
    def kept(*settings: str) -> int:
        options = [part for setting in settings for part in ("--set", setting)]
        return len(record(stratkit, config, *options, "--no-files")["fits"][-1]["kept"])

    assert kept() == 4
    assert kept("features.redundancy=null") == 5
    assert kept("features.max_features=2") == 2
    assert kept("features.from_strategies=false") == 3
    assert kept("features.from_signals=true") == 5


def test_without_scores_nothing_is_ranked(stratkit: Stratkit, config: Path) -> None:
    outcome = stratkit("features", config, "--set", "features.selection=none")
    assert outcome.code == 0
    assert "not scored; redundant" in outcome.out
    assert "redundant with slow, corr 1.000" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("--set", "features.min_bars=201"),
            2,
            "must be at most the number of bars; found 201 and 200",
        ),
        (("--set", "features.scaling=log"), 2, "features.scaling must be 'robust', 'standard', 'min_max', 'rank' or"),
        (("--set", "features.formulas.slow=sma"), 2, "features.formulas.slow: a formula"),
        (("--only", "dap"), 2, "did you mean 'dip'?"),
        (("--data", ""), 2, "--data must name a path"),
        (("--data", "nowhere.parquet"), 3, "nowhere.parquet"),
    ],
)
def test_what_does_not_hold_is_said(
    stratkit: Stratkit, config: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    outcome = stratkit("features", config, *arguments)
    assert outcome.code == code
    assert said in outcome.err
    assert not outcome.out
    assert not Path("features").exists()


def test_an_error_in_features_of_a_strategy_names_its_line(stratkit: Stratkit, config: Path, tmp_path: Path) -> None:
    (tmp_path / "dip.py").write_text(DIP.replace("context.bars.high /", "context.bars.hihg /"))
    outcome = stratkit("features", config)
    assert outcome.code == 4
    assert "dip.py:8: " in outcome.err


def test_a_folder_that_cannot_be_written_is_said(stratkit: Stratkit, config: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    outcome = stratkit("features", config, "--out", "taken")
    assert outcome.code == 4
    assert "--out" in outcome.err


def test_features_need_no_strategy(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "only.yaml").write_text(
        'data: {symbols: [SP500]}\nfeatures: {formulas: {rise: "rate_of_change(5)"}, refit_every_bars: 2000}\n'
    )
    done = stratkit("features", "only.yaml", "--no-files", "--json")
    assert done.code == 0, done.err
    assert [feature["name"] for feature in done.json["features"]] == ["rise"]


def test_a_strategy_that_reads_a_series_hands_its_signals_on(stratkit: Stratkit) -> None:
    series = ["--set", "data.series.vix.path=bundled:VIX", "--set", "data.series.vix.publication_lag=1d"]
    done = stratkit(
        "features", "--strategy", "volatility_risk_premium", *series, "--set", "features.from_signals=true",
        "--set", 'features.formulas={rise: "rate_of_change(5)"}', "--no-files", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "volatility_risk_premium.side" in {feature["name"] for feature in done.json["features"]}
    assert any("data.series.vix is known on 25% of the bars" in warning for warning in done.json["warnings"])


@pytest.mark.parametrize("name", ["time", "symbol", "two words", "../x", ""])
def test_a_feature_may_not_be_called_what_the_table_says_of_its_rows(stratkit: Stratkit, name: str) -> None:
    done = stratkit("features", "--set", f'features.formulas={{"{name}": close}}')
    assert done.code == 2
    assert "a feature's name must be a word of letters, digits and _, not time or symbol" in done.err
