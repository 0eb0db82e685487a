"""Whole run folders without a replay, and the processes that write them to be killed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stratkit.engine.tables import Labels
from stratkit.errors import StratkitError
from stratkit.runs.database import DATABASE
from stratkit.runs.folder import RunDraft, RunRecord, new_run
from stratkit.runs.store import open_store, register_run

MakeRun = Callable[..., RunRecord]
DAY = 86_400_000_000_000
FILES = (
    "config.yaml", "decisions.parquet", "equity.parquet", "fills.parquet", "manifest.json", "metrics.json",
    "system.json", "trades.parquet",
)  # fmt: skip
_METRICS: dict[str, tuple[str, str, str]] = {
    "total_return": ("Total return", "fraction", "higher"),
    "sharpe": ("Sharpe ratio", "ratio", "higher"),
    "ann_vol": ("Volatility", "fraction", "lower"),
    "max_drawdown": ("Maximum drawdown", "fraction", "higher"),
    "win_rate": ("Win rate", "fraction", "higher"),
    "profit_factor": ("Profit factor", "ratio", "higher"),
    "exposure_time": ("Time in market", "fraction", "neither"),
}


def write_run(parent: Path, name: str, **content: Any) -> RunRecord:
    """Write a run of a few bars and return its record; `content` says what is in it."""
    with new_run(parent, name) as draft:
        fill_draft(draft, **content)
    assert draft.record is not None
    return draft.record


def fill_draft(
    draft: RunDraft,
    *,
    sharpe: float | None = 1.0,
    metrics: dict[str, float | None] | None = None,
    strategy: str = "sma_cross",
    implementation: str | None = None,
    params: dict[str, Any] | None = None,
    config: dict[str, Any] | None = None,
    digests: dict[str, str] | None = None,
    started: str | None = None,
    start_day: int = 18_262,
    bars: int = 20,
    decisions: int = 4,
    equity: Any = None,
    family: str | None = "trend",
) -> None:
    """Put the files of a run into its draft."""
    resolved = config if config is not None else {
        "strategies": {
            strategy: {"enabled": True, "type": implementation or strategy, "params": params or {"fast": 5}}
        },
        "costs": {"commission_bps": 1.0},
        "seed": 0,
    }  # fmt: skip
    times = (start_day + np.arange(bars)) * DAY
    curve = np.linspace(100.0, 110.0, bars) if equity is None else np.asarray(equity, dtype=float)
    bar = np.arange(decisions) % max(bars, 1)
    draft.write_table("trades.parquet", {"pnl": np.array([1.0, -2.0])})
    draft.write_table("fills.parquet", {"price": np.array([100.0, 101.0, 102.0])})
    draft.write_table("equity.parquet", {"time": times.astype("datetime64[ns]"), "equity": curve})
    draft.write_table(
        "decisions.parquet",
        {
            "time": times[bar].astype("datetime64[ns]"),
            "symbol": Labels(np.zeros(decisions, np.int64), ("ACME",)),
            "side": Labels(np.arange(decisions) % 3, ("long", "exit", "short")),
            "confidence": np.full(decisions, 0.5),
            "requested": np.full(decisions, 10.0),
            "granted": np.where(np.arange(decisions) % 4 == 3, 0.0, 5.0),
            "outcome": Labels(np.where(np.arange(decisions) % 4 == 3, 1, 0), ("reduced", "refused")),
        },
    )
    values = {"total_return": 0.1, "sharpe": sharpe, "ann_vol": 0.2, "max_drawdown": -0.1, "win_rate": 0.5,
              "profit_factor": float("nan"), "exposure_time": 0.5, **(metrics or {})}  # fmt: skip
    draft.write_json(
        "metrics.json",
        {
            "strategy": strategy,
            **({} if family is None else {"family": family}),
            "basis": "20 returns per day",
            "periods_per_year": 252.0,
            "fill_profile": "conservative",
            "metrics": [
                {"name": key, "value": value, **dict(zip(("label", "unit", "better"), _METRICS[key]))}
                for key, value in values.items()
            ],
            "benchmark": None,
        },
    )
    text = "".join(f"{key}: {value!r}\n" for key, value in {"seed": 0}.items())
    draft.write_text("config.yaml", text)
    draft.write_json(
        "manifest.json",
        {
            "config": resolved,
            "config_digest": "c0ffee",
            "data_digests": digests or {"ACME": "ab" * 32},
            "strategy_digests": {strategy: "5c" * 32},
            "engine_semantics": 1,
            "seed": 0,
            "versions": {"python": "3.11.7"},
            "command": ["stratkit", "backtest"],
        },
    )
    stamp = draft.run_id
    begun = started or f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{stamp[13:15]}+00:00"
    draft.write_json("system.json", {"run_id": draft.run_id, "started": begun, "seconds": {"load": 0.5, "replay": 1.0}})


def keep_many(parent: Path, name: str) -> None:
    """Write and register runs until killed; each finished one is told on stdout, whole lines only."""
    count = 0
    while True:
        count += 1
        record = write_run(parent, f"{name}-{count:05d}")
        try:
            register_run(record)
        except StratkitError as error:
            os.write(2, f"{error}\n".encode())
        os.write(1, f"{record.run_id}\n".encode())


def asked(folder: Path, question: str) -> list[tuple[Any, ...]]:
    """What a user's own SQLite client sees."""
    connection = sqlite3.connect(folder / DATABASE)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def states(folder: Path, **options: Any) -> tuple[dict[str, str], list[str]]:
    with open_store(folder, **options) as opened:
        return dict(
            opened.read(lambda c: c.execute("SELECT id, state FROM backtest_results").fetchall())
        ), opened.notices


# half of a transaction: a run without its signals, or a strategy without its figures
_UNEVEN = """
SELECT r.id FROM backtest_results AS r JOIN strategies AS s ON s.id = r.strategy_id
WHERE min(r.signals, 1000) != (SELECT count(*) FROM signals WHERE run_id = r.id) OR s.sharpe_ratio IS NULL
"""


def check_store(folder: Path, told: list[str], *, others_write: bool = False) -> None:
    """Open the store: runs that were told of are listed and whole, what is listed is whole, what is whole is listed."""
    with open_store(folder) as store:
        rows = store.read(lambda c: c.execute("SELECT id, state, problem FROM backtest_results").fetchall())
        assert store.read(lambda c: c.execute("PRAGMA integrity_check").fetchall()) == [("ok",)]
        assert store.read(lambda c: c.execute("PRAGMA foreign_key_check").fetchall()) == []
        assert store.read(lambda c: c.execute(_UNEVEN).fetchall()) == []
        assert [notice for notice in store.notices if "half-written" not in notice] == []
    listed = {row[0] for row in rows}
    assert set(told) <= listed
    assert {row[1:] for row in rows} <= {("whole", None)}
    visible = {entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")}
    assert listed <= visible if others_write else listed == visible
    for run_id in listed:
        assert tuple(sorted(path.name for path in (folder / run_id).iterdir())) == FILES
