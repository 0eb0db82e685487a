"""`backtest --fills`, `--detail` and files of actions on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from command_line import Outcome, Stratkit, WriteBars, WriteStrategy

from stratkit.engine.layout import ENGINE_SEMANTICS
from stratkit.engine.profiles import PROFILE_NAMES, PROFILES

ALL = ("backtest", "--fills", "all")
FAST = "strategies.sma_cross={type: sma_cross, enabled: true, params: {fast: 5, slow: 20, direction: both}}"
# closer than a bar of the test is wide, so that bars hold both
CLOSE_LEVELS = (
    "--set",
    "exit_plan={risk_basis: percent, risk: 1, sl: 1, tp1: 1}",
    "--set",
    FAST,
    "--only",
    "sma_cross",
)


def run_folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir())


def line_of(done: Outcome, name: str) -> str:
    return next(line for line in done.out.splitlines() if line.startswith(name))


# ---- --fills all


def test_all_fills_of_the_bundled_data_differ_and_are_stamped(stratkit: Stratkit, tmp_path: Path) -> None:
    done = stratkit(*ALL, "--json")
    assert done.code == 0, done.err
    record = done.json
    profiles = record["profiles"]
    assert [entry["profile"] for entry in profiles] == list(PROFILE_NAMES)
    assert len({entry["fills_sha256"] for entry in profiles}) == 5
    for entry in profiles:
        assert entry["label"] == entry["profile"]
        assert entry["fill_options"] == PROFILES[entry["profile"]]
        assert entry["engine_semantics"] == ENGINE_SEMANTICS
        assert entry["optimistic"] is (entry["profile"] in ("close", "vectorbt"))
        folder = tmp_path / entry["folder"]
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["outputs"]["fills"]["sha256"] == entry["fills_sha256"]
        assert manifest["config"]["execution"]["profile"] == entry["profile"]
        assert len(pq.read_table(folder / "fills.parquet")) == entry["fills"]
    returns = [m["value"] for entry in profiles for m in entry["metrics"] if m["name"] == "total_return"]
    assert record["spread"]["total_return"] == pytest.approx(max(returns) - min(returns))
    assert len(run_folders(tmp_path / "reports")) == 5


def test_a_strategy_that_is_named_keeps_its_own_exits_and_costs(stratkit: Stratkit, tmp_path: Path) -> None:
    compared = stratkit(*ALL, "--strategy", "donchian_breakout", "--json").json["profiles"]
    alone = stratkit("backtest", "--strategy", "donchian_breakout", "--no-report", "--json").json
    manifest = json.loads((tmp_path / alone["folder"] / "manifest.json").read_text())
    assert compared[0]["profile"] == "conservative"
    assert compared[0]["fills_sha256"] == manifest["outputs"]["fills"]["sha256"]


def test_the_table_fits_eighty_columns_and_tells_what_moves(stratkit: Stratkit) -> None:
    done = stratkit(*ALL)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["costs", "exits"]
    table = lines[3:9]
    assert all(len(line) <= 80 for line in table), lines
    assert [line.split()[0] for line in table] == ["profile", *PROFILE_NAMES]
    assert [line.endswith("optimistic") for line in table[1:]] == [False, True, False, True, False]
    assert line_of(done, "the assumption alone moves: return ").count("points") == 2
    assert done.err.splitlines() == [f"fills {name}" for name in PROFILE_NAMES]
    assert stratkit(*ALL, "--quiet").err == ""


def test_the_kept_runs_can_be_compared_and_reproduced(stratkit: Stratkit, tmp_path: Path) -> None:
    shown = stratkit(*ALL, "--out", "kept")
    command = line_of(shown, "all are kept: stratkit ").split()[4:]
    compared = stratkit(*command)
    assert compared.code == 0, compared.err
    assert "execution.profile" in compared.out
    for folder in run_folders(tmp_path / "kept"):
        done = stratkit("reproduce", folder)
        assert done.code == 0, done.err
        assert "identical" in done.out


def test_a_configuration_of_ones_own_is_compared_too(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        f"data: {{path: {write_bars()}}}\n"
        "strategies: {mine: {type: sma_cross, enabled: true, params: {fast: 5, slow: 20}}}\n"
        "costs: {commission_bps: 3}\n"
    )
    done = stratkit(*ALL[:1], "mine.yaml", *ALL[1:], "--json")
    assert done.code == 0, done.err
    assert done.json["config"]["costs"]["commission_bps"] == 3
    assert done.json["data"]["symbols"] == ["ACME"]
    same = [entry["fills_sha256"] for entry in done.json["profiles"]]
    assert same[0] == same[2] != same[1]  # without stop or target a path changes nothing
    text = stratkit(*ALL[:1], "mine.yaml", *ALL[1:])
    assert "filled alike, for no bar parts them: conservative, tradingview, freqtrade\n" in text.out
    assert text.out.startswith("mine on ACME, the same signals")


def test_an_option_that_is_set_alone_is_named_above_the_table(stratkit: Stratkit, write_bars: WriteBars) -> None:
    done = stratkit(*ALL, "--data", write_bars(), "--set", "execution.entry_bar_exits=false")
    assert done.code == 0, done.err
    assert line_of(done, "in every profile:") == "in every profile: entry_bar_exits=no"


def test_an_unknown_profile_is_refused_with_the_names_that_exist(stratkit: Stratkit) -> None:
    done = stratkit("backtest", "--fills", "nonsense")
    assert done.code == 2
    for name in (*PROFILE_NAMES, "'nonsense'"):
        assert name in done.err


# ---- one option set alone


def test_an_overridden_option_stands_beside_the_sharpe_and_in_the_metrics(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    done = stratkit("backtest", "--data", write_bars(), *CLOSE_LEVELS, "--set", "execution.same_bar=path")
    assert done.code == 0, done.err
    beside = done.out.partition("\nSharpe ratio ")[2].partition("\nSharpe")[0]  # it may take two lines
    assert "same_bar=path" in beside
    assert "conservative, same_bar=path: decided at a close" in done.out
    (folder,) = run_folders(tmp_path / "reports")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["fill_overrides"] == {"same_bar": "path"}
    assert metrics["fill_options"] == {**PROFILES["conservative"], "same_bar": "path"}
    assert "same_bar=path" in (folder / "report.html").read_text()


def test_a_cautious_profile_that_fills_at_the_close_is_optimistic_all_the_same(
    stratkit: Stratkit, write_bars: WriteBars
) -> None:
    path = write_bars()
    given = (*CLOSE_LEVELS, "--set", "execution.intents_fill_at=this_close", "--no-report")
    done = stratkit("backtest", "--data", path, *given)
    beside = done.out.partition("\nSharpe ratio ")[2].partition("\nSharpe")[0]
    assert "optimistic" in beside
    assert "next open" not in done.out
    assert stratkit("backtest", "--data", path, *given, "--json").json["optimistic"] is True


# ---- ambiguity and detail


@pytest.fixture
def two_ways(stratkit: Stratkit, tmp_path: Path) -> tuple[str, str]:
    """A store of daily bars and one of the hours that make them up."""
    assert stratkit("data", "sample", "--frequency", "1h", "--bars", "9600", "--to", "hours").code == 0
    assert stratkit("data", "resample", "hours", "1d", "--to", "days").code == 0
    return "days", "hours"


def walked(stratkit: Stratkit, days: str, *more: str) -> Outcome:
    return stratkit("backtest", "--data", days, *CLOSE_LEVELS, "--no-report", *more)


def test_ambiguous_bars_are_told_with_both_results(stratkit: Stratkit, two_ways: tuple[str, str]) -> None:
    record = walked(stratkit, two_ways[0], "--json").json["ambiguity"]
    assert record["bars"] >= record["trades"] > 0
    low, high = record["stop_first"], record["target_first"]
    assert high["total_return"] > low["total_return"]
    assert record["spread"]["total_return"] == pytest.approx(high["total_return"] - low["total_return"])
    assert record["note"].startswith("not a bound")
    text = walked(stratkit, two_ways[0]).out
    assert "stop first or target first: return " in text
    assert "(not a bound)" in text


def test_finer_bars_settle_what_was_ambiguous(stratkit: Stratkit, two_ways: tuple[str, str]) -> None:
    days, hours = two_ways
    without = walked(stratkit, days, "--json").json
    done = walked(stratkit, days, "--detail", hours, "--json")
    assert done.code == 0, done.err
    assert done.err == ""  # every bar agrees with its hours
    detail = done.json["ambiguity"]["detail"]
    assert (detail["frequency"], detail["bars_whole"], detail["bars_walked"]) == ("1h", 0, without["data"]["bars"])
    assert detail["ambiguous_without"] == without["ambiguity"]["bars"] > done.json["ambiguity"]["bars"]
    assert detail["flipped"] > 0
    assert f"{detail['flipped']:,} trades ended otherwise" in walked(stratkit, days, "--detail", hours).out


def test_finer_bars_that_disagree_are_warned_of(stratkit: Stratkit, two_ways: tuple[str, str]) -> None:
    days, hours = two_ways
    (file,) = Path(hours).rglob("*.parquet")
    frame = pd.read_parquet(file)
    frame.loc[100, ["open", "high", "low", "close"]] *= 1.5
    frame.to_parquet(file, index=False)
    for fills in ((), ("--fills", "all")):
        done = walked(stratkit, days, "--detail", hours, *fills)
        assert done.code == 0, done.err
        assert "played whole: 1 unlike its finer bars (first " in done.err


def test_a_run_through_finer_bars_is_reproduced_and_a_changed_one_is_noticed(
    stratkit: Stratkit, two_ways: tuple[str, str], tmp_path: Path
) -> None:
    days, hours = two_ways
    assert walked(stratkit, days, "--detail", hours).code == 0
    done = stratkit("reproduce", "latest")
    assert (done.code, "identical" in done.out) == (0, True), done.err
    (file,) = Path(hours).rglob("*.parquet")
    frame = pd.read_parquet(file)
    frame.loc[100, ["open", "high", "low", "close"]] *= 1.001
    frame.to_parquet(file, index=False)
    assert "input file changed: detail (hours)" in stratkit("reproduce", "latest").out


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (lambda days, hours: (days, "nowhere"), 3, "nowhere"),
        (lambda days, hours: (days, days), 3, "detail must be finer than the bars and divide them: found 1d inside 1d"),
        (lambda days, hours: (hours, days), 3, "found 1d inside 1h"),
    ],
)
def test_detail_that_cannot_be_walked_is_refused(
    make: Any, code: int, said: str, stratkit: Stratkit, two_ways: tuple[str, str]
) -> None:
    data, detail = make(*two_ways)
    done = walked(stratkit, data, "--detail", detail)
    assert done.code == code
    assert said in done.err


# ---- corporate actions


def write_split(tmp_path: Path, write_bars: WriteBars) -> tuple[Path, Path]:
    """Raw bars with a 4:1 split on the 150th day, and the file that tells of it and of a dividend."""

    def split(frame: pd.DataFrame) -> pd.DataFrame:
        factor = np.where(np.arange(len(frame)) < 150, 4.0, 1.0)
        columns = {name: frame[name] * factor for name in ("open", "high", "low", "close")}
        return frame.assign(**columns, volume=frame["volume"] / factor)

    actions = tmp_path / "actions.csv"
    day = pd.Timestamp("2020-01-01") + pd.Timedelta(days=150)
    actions.write_text(f"timestamp,symbol,action,value\n{day:%Y-%m-%d},ACME,split,4\n2020-09-01,ACME,dividend,0.5\n")
    return write_bars(split), actions


def value(done: Outcome, name: str, of: str = "metrics") -> float:
    assert done.code == 0, done.err
    metrics = done.json["metrics"] if of == "metrics" else done.json["benchmark"]["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == name))


HOLD = ("--strategy", "buy_and_hold", "--no-report", "--json", "--set", "costs={commission_bps: 0, half_spread_bps: 0}")


def test_a_split_of_raw_prices_costs_nobody_anything(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    raw, actions = write_split(tmp_path, write_bars)
    given = ("--data", raw, "--set", f"data.actions_path={actions}")
    booked = stratkit("backtest", *HOLD, *given)
    close = pd.read_parquet(raw)["close"]
    opened = pd.read_parquet(raw)["open"].iloc[1]
    # bought whole at the second open; four shares for one, half a unit of cash a share
    paid = 4 * (close.iloc[-1] + 0.5) / opened - 1
    assert value(booked, "total_return") == pytest.approx(paid, rel=1e-9)
    # the benchmark holds too: bought at the first close, its dividend reinvested
    ex_date = (pd.Timestamp("2020-09-01") - pd.Timestamp("2020-01-01")).days
    reinvested = 4 * close.iloc[-1] / close.iloc[0] / (1 - 0.5 / close.iloc[ex_date - 1]) - 1
    assert value(booked, "total_return", "benchmark") == pytest.approx(reinvested, rel=1e-9)
    ignorant = stratkit("backtest", *HOLD, "--data", raw, "--accept", "split_like")
    assert value(ignorant, "total_return") < -0.5


def test_prices_adjusted_for_splits_are_paid_the_same_dividends(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    raw, actions = write_split(tmp_path, write_bars)
    given = ("--data", raw, "--set", f"data.actions_path={actions}")
    figures = [
        (value(done, "total_return"), value(done, "total_return", "benchmark"))
        for adjust in ("none", "splits")
        for done in [stratkit("backtest", *HOLD, *given, "--set", f"data.adjust={adjust}")]
    ]
    assert figures[0] == pytest.approx(figures[1], rel=1e-9)


def test_a_changed_file_of_actions_is_noticed_when_a_run_is_made_again(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    raw, actions = write_split(tmp_path, write_bars)
    assert stratkit("backtest", *HOLD, "--data", raw, "--set", f"data.actions_path={actions}").code == 0
    assert stratkit("reproduce", "latest").code == 0
    actions.write_text(actions.read_text().replace("0.5", "0.75"))
    assert "input file changed: actions" in stratkit("reproduce", "latest").out


# ---- resting entries of a user's own strategy


def test_a_strategy_may_rest_its_entries_at_a_level(
    stratkit: Stratkit, write_bars: WriteBars, strategy_file: WriteStrategy, tmp_path: Path
) -> None:
    path = strategy_file(
        "high = np.lib.stride_tricks.sliding_window_view(context.bars.high, 5, axis=0).max(axis=-1)\n"
        "level = np.vstack([np.full((4, context.shape[1]), np.nan), high]) + 0.01\n"
        "return self.sides(context, long=np.isfinite(level), entry_level=level, entry_order='stop')"
    )
    data = write_bars()
    done = stratkit(
        "backtest", "--data", data, "--strategy", path, "--no-report", "--set", "exit_plan.time_stop_bars=3"
    )
    assert done.code == 0, done.err
    (folder,) = run_folders(tmp_path / "reports")
    fills = pd.read_parquet(folder / "fills.parquet").query("reason == 'entry'")
    frame = pd.read_parquet(data).set_index("timestamp")
    level = frame["high"].rolling(5).max().shift(1) + 0.01
    assert len(fills) > 3
    expected = np.maximum(level[fills["time"]].to_numpy(), frame["open"][fills["time"]].to_numpy())
    np.testing.assert_allclose(fills["base_price"], expected, rtol=1e-12)
    expired = pd.read_parquet(folder / "decisions.parquet")["rule"]
    assert (expired == "not_reached").sum() > 3
