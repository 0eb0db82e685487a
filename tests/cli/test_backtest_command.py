"""`stratkit backtest`: what it prints, what it writes, and that every option changes something."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from command_line import BARS, ENVIRONMENT, Stratkit, WriteBars, WriteStrategy

FILES = {
    "config.yaml", "decisions.parquet", "equity.parquet", "evidence.json", "fills.parquet", "manifest.json",
    "metrics.json", "performance.json", "report.html", "system.json", "trades.parquet",
}  # fmt: skip
FAST = ("--set", "strategies.sma_cross.params={fast: 5, slow: 20, direction: both}", "--no-report")


def run_folders(parent: Path) -> list[Path]:
    """What is beside the database."""
    return sorted(path for path in parent.iterdir() if path.is_dir())


def only_run(folder: Path) -> Path:
    runs = run_folders(folder / "reports")
    assert len(runs) == 1
    return runs[0]


def test_without_a_configuration_it_runs_on_the_bundled_index(stratkit: Stratkit, tmp_path: Path) -> None:
    done = stratkit("backtest")
    assert done.code == 0, done.err
    run = only_run(tmp_path)
    names = {path.name for path in run.iterdir()}
    assert names >= FILES
    assert any(name.endswith(".png") for name in names)
    assert done.out.startswith("sma_cross on SP500\n")
    assert f"reports/{run.name}/report.html" in done.out
    for shown in (
        "next open",
        "engine semantics",
        "1 bps commission",
        "1 trial",
        "95% interval",
        "buy and hold",
    ):
        assert shown in done.out
    assert all(len(line) <= 100 for line in done.out.splitlines())


def test_json_is_one_object_with_everything(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    done = stratkit("backtest", "--data", write_bars(), *FAST, "--json")
    record = done.json
    run = only_run(tmp_path)
    assert (record["run_id"], record["folder"]) == (run.name, f"reports/{run.name}")
    assert record["data"]["symbols"] == ["ACME"]
    assert record["data"]["bars"] == BARS
    assert record["config"]["strategies"]["sma_cross"]["params"]["fast"] == 5
    names = {metric["name"] for metric in record["metrics"]}
    assert names >= {"total_return", "sharpe", "max_drawdown"}
    assert record["trials"] == record["evidence"]["trials"] == 1
    assert json.loads((run / "evidence.json").read_text()) == record["evidence"]
    assert set(record["files"]) == FILES - {"report.html"}
    assert json.loads((run / "metrics.json").read_text())["metrics"] == record["metrics"]


def test_two_runs_write_the_same_bytes(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    path = write_bars()
    for _ in range(2):
        assert stratkit("backtest", "--data", path, *FAST).code == 0
    one, two = run_folders(tmp_path / "reports")
    assert len(pq.read_table(one / "trades.parquet")) > 0
    for name in FILES - {"evidence.json", "performance.json", "report.html", "system.json"}:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_the_tables_hold_the_run(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    assert stratkit("backtest", "--data", write_bars(), *FAST).code == 0
    run = only_run(tmp_path)
    equity = pd.read_parquet(run / "equity.parquet")
    trades = pd.read_parquet(run / "trades.parquet")
    fills = pd.read_parquet(run / "fills.parquet")
    assert len(equity) == BARS
    assert str(equity["time"].dtype).endswith("UTC]")
    assert set(trades["symbol"]) == {"ACME"}
    assert trades["pnl"].sum() == pytest.approx(equity["equity"].iloc[-1] - 100_000, rel=1e-9)
    assert len(fills) >= len(trades)


def test_the_written_configuration_makes_the_same_run_again(
    stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path
) -> None:
    assert stratkit("backtest", "--data", write_bars(), *FAST, "--seed", "5").code == 0
    first = only_run(tmp_path)
    assert stratkit("backtest", first / "config.yaml", "--out", "again").code == 0
    (second,) = run_folders(tmp_path / "again")
    for name in ("trades.parquet", "fills.parquet", "metrics.json", "config.yaml"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_the_manifest_says_what_it_was_made_from(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    assert stratkit("backtest", "--data", write_bars(), *FAST, "--seed", "5").code == 0
    manifest = json.loads((only_run(tmp_path) / "manifest.json").read_text())
    assert list(manifest["data_digests"]) == ["ACME"]
    assert manifest["seed"] == 5
    assert len(manifest["strategy_digests"]["sma_cross"]) == 64
    system = json.loads((only_run(tmp_path) / "system.json").read_text())
    assert system["seconds"].keys() >= {"load", "replay", "score", "write"}


def metric(stratkit: Stratkit, name: str, *arguments: str | Path) -> float:
    done = stratkit("backtest", *arguments, "--no-report", "--json")
    assert done.code == 0, done.err
    value = next(entry["value"] for entry in done.json["metrics"] if entry["name"] == name)
    return float(value)


def test_fills_and_periods_change_the_figures(stratkit: Stratkit, write_bars: WriteBars) -> None:
    base = ("--data", write_bars(), *FAST[:2])
    assert metric(stratkit, "total_return", *base) != metric(stratkit, "total_return", *base, "--fills", "close")
    ratio = metric(stratkit, "sharpe", *base, "--periods", "100") / metric(
        stratkit, "sharpe", *base, "--periods", "400"
    )
    assert ratio == pytest.approx(0.5)


def test_from_and_to_choose_the_span(stratkit: Stratkit, write_bars: WriteBars) -> None:
    done = stratkit("backtest", "--data", write_bars(), *FAST, "--from", "2020-02-01", "--to", "2020-05-31", "--json")
    data = done.json["data"]
    assert (data["first"], data["last"], data["bars"]) == ("2020-02-01", "2020-05-31", 121)


def test_bars_before_trade_start_are_history(stratkit: Stratkit, write_bars: WriteBars) -> None:
    dated = ("--data", write_bars(), "--no-report", "--set", "data.trade_start=2020-06-01")
    done = stratkit("backtest", *dated)
    assert "2020-06-01 to" in done.out
    assert "bars of history before" in done.out
    record = stratkit("backtest", *dated, "--json").json
    assert record["data"]["first"] == "2020-06-01"
    assert record["data"]["history_bars"] > 0
    assert stratkit("reproduce", record["folder"], "--json").json["verdict"] == "identical"
    late = stratkit("backtest", *dated[:3], "--set", "data.trade_start=2080-01-01")
    assert late.code == 3
    assert "data.trade_start must lie within the bars" in late.err


def test_only_and_strategy_choose_what_runs(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(
        f"data: {{path: {write_bars()}}}\n"
        "strategies: {a: {type: sma_cross, enabled: true}, b: {type: buy_and_hold, enabled: true}}"
    )
    assert stratkit("backtest", "two.yaml", "--no-report").out.startswith("a + b on ACME")
    assert stratkit("backtest", "two.yaml", "--only", "b", "--no-report").out.startswith("b on ACME")
    assert stratkit("backtest", "two.yaml", "--strategy", "macd_trend", "--no-report").out.startswith("macd_trend on")


def test_a_strategy_of_a_users_own_runs(
    stratkit: Stratkit, write_bars: WriteBars, strategy_file: WriteStrategy, tmp_path: Path
) -> None:
    path = strategy_file("return self.sides(context, long=context.has_bar)")
    done = stratkit("backtest", "--data", write_bars(), "--strategy", f"{path}:Own", "--no-report")
    assert done.code == 0, done.err
    assert done.out.startswith("Own on ACME")


def test_out_chooses_the_folder(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    assert stratkit("backtest", "--data", write_bars(), *FAST, "--out", "here/there").code == 0
    (run,) = run_folders(tmp_path / "here/there")
    assert {path.name for path in run.iterdir()} == FILES - {"report.html"}
    assert not (tmp_path / "reports").exists()


def test_quiet_prints_results_and_nothing_else(stratkit: Stratkit, write_bars: WriteBars) -> None:
    done = stratkit("backtest", "--data", write_bars(), *FAST, "--quiet")
    assert done.err == ""
    assert "Sharpe" in done.out


def test_a_percentage_that_looks_like_a_fraction_is_warned_of_once(stratkit: Stratkit, write_bars: WriteBars) -> None:
    done = stratkit("backtest", "--data", write_bars(), *FAST, "--set", "risk.caps.max_symbol_pct=0.5", "--json")
    warning = "max_symbol_pct: 0.5 means 0.5 %, did you mean 50?"
    assert done.err.count(f"warning: {warning}\n") == 1
    assert warning in done.json["warnings"]


def test_compiling_is_announced_once_on_stderr(
    stratkit: Stratkit, write_bars: WriteBars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratkit.compiled.is_cold", lambda: True)
    done = stratkit("backtest", "--data", write_bars(), *FAST, "--json")
    assert done.err.startswith("compiling once (about ")
    assert "compiling" not in " ".join(done.json["warnings"])
    assert stratkit("backtest", "--data", write_bars(), *FAST, "--quiet").err == ""


def test_free_trading_is_warned_of(stratkit: Stratkit, write_bars: WriteBars) -> None:
    free = ("--set", "costs.commission_bps=0", "--set", "costs.half_spread_bps=0")
    assert "all costs are zero" in stratkit("backtest", "--data", write_bars(), *FAST, *free).out
    assert "all costs are zero" not in stratkit("backtest", "--data", write_bars(), *FAST).out


def test_the_close_profile_is_called_optimistic(stratkit: Stratkit, write_bars: WriteBars) -> None:
    assert "optimistic" in stratkit("backtest", "--data", write_bars(), *FAST, "--fills", "close").out


def test_every_example_configuration_runs(stratkit: Stratkit, checkout: Path, tmp_path: Path) -> None:
    assert stratkit("data", "sample", "--bars", "400").code == 0  # for the one on synthetic bars
    for path in sorted((checkout / "configs").glob("*.yaml")):
        done = stratkit("backtest", path, "--no-report", "--json")
        assert done.code == 0, done.err
        trades = next(metric["value"] for metric in done.json["metrics"] if metric["name"] == "trades")
        assert trades > 0, path.name


def test_a_whole_run_never_imports_pandas(tmp_path: Path) -> None:
    # pandas costs a cold run a second; figures and the page are made here too
    source = (
        "import sys\n"
        "from stratkit.cli.main import run\n"
        "code = run(['backtest', '--out', sys.argv[1], '--quiet'])\n"
        "sys.exit(code or 'pandas was imported' * ('pandas' in sys.modules) or 0)\n"
    )
    command = [sys.executable, "-c", source, str(tmp_path / "reports")]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in only_run(tmp_path).iterdir()} >= FILES
