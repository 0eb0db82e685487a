"""`RunRows`: everything that the database knows of one run, written and taken away within a transaction."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Final

from stratkit.errors import DataError
from stratkit.runs.facts import ReadConfig, RunFacts, read_facts
from stratkit.runs.folder import RunRecord
from stratkit.runs.remarks import Remarks, noted_at
from stratkit.runs.signals import SignalRow, signal_rows

_UNKNOWN: Final = "unknown"
_TOO_LARGE: Final = 2**63

# the figures of a strategy are those of its newest run; one without runs is forgotten
_RENEW: Final = """
UPDATE strategies SET
  (name, sharpe_ratio, max_drawdown, win_rate, profit_factor) = (
    SELECT strategy, sharpe, backtest_results.max_drawdown, json_extract(metrics, '$.win_rate'),
      json_extract(metrics, '$.profit_factor')
    FROM backtest_results WHERE strategy_id = strategies.id ORDER BY started DESC, id DESC LIMIT 1),
  created_at = (SELECT min(started) FROM backtest_results WHERE strategy_id = strategies.id)
WHERE id = :id AND EXISTS (SELECT 1 FROM backtest_results WHERE strategy_id = :id)
"""
_FORGET: Final = """
DELETE FROM strategies WHERE id = :id AND NOT EXISTS (SELECT 1 FROM backtest_results WHERE strategy_id = :id)
"""


@dataclass(frozen=True)
class RunRows:
    """The rows of one run by column; `signals` are the newest of `signal_count` accepted decisions."""

    strategy: dict[str, Any]
    result: dict[str, Any]
    remarks: Remarks
    noted_at: int | None
    signals: tuple[SignalRow, ...]


def run_rows(record: RunRecord, read_config: ReadConfig | None, *, with_signals: bool = True) -> RunRows:
    """Return the rows of a run from its files; raise `DataError` when its manifest or metrics cannot be read."""
    noted = noted_at(record.folder)
    facts = read_facts(record, read_config)
    problems = list(facts.problems)
    count, signals = _signals(record, problems) if with_signals else (None, [])
    strategy = _strategy(facts)
    result = {
        "id": record.run_id,
        "strategy_id": strategy["id"],
        "strategy": facts.strategy or _UNKNOWN,
        "state": "damaged" if problems else "whole",
        "problem": "; ".join(problems) or None,
        "started": facts.started,
        "seconds": facts.seconds,
        "symbols": _json(facts.symbols),
        "start_time": facts.start,
        "end_time": facts.end,
        "bars": facts.bars,
        "trades": facts.rows.get("trades.parquet"),
        "signals": count,
        "metrics": _json(facts.values()),
        "fill_profile": facts.card.get("fill_profile"),
        "engine_semantics": facts.manifest.get("engine_semantics"),
        "seed": _whole(facts.manifest.get("seed")),
        "config": _json(facts.config),
        "config_digest": facts.manifest.get("config_digest"),
        "data_digests": _json(facts.data_digests),
        "versions": _json(facts.manifest.get("versions", {})),
        "command": _json(facts.manifest.get("command", [])),
    }
    return RunRows(strategy, result, facts.remarks, noted, tuple(signals))


def put_run(connection: sqlite3.Connection, rows: RunRows) -> None:
    """Write the rows of a run in the place of any that it has."""
    remove_run(connection, rows.result["id"])
    # status and last_optimized are not of a run's making: they stay
    _insert(connection, "strategies", rows.strategy, "ON CONFLICT (id) DO NOTHING")
    _insert(connection, "backtest_results", rows.result)
    put_remarks(connection, rows.result["id"], rows.remarks, rows.noted_at)
    owner = (rows.result["id"], rows.strategy["id"])
    connection.executemany(
        "INSERT INTO signals (run_id, strategy_id, symbol, signal_type, strength, confidence, quantity, timestamp) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(*owner, *signal) for signal in rows.signals],
    )
    _renew_strategy(connection, rows.strategy["id"])


def put_remarks(connection: sqlite3.Connection, run_id: str, remarks: Remarks, noted: int | None) -> None:
    """Write the tags and the note of a run in the place of those it has."""
    connection.execute("UPDATE backtest_results SET note = ?, noted_at = ? WHERE id = ?", (remarks.note, noted, run_id))
    connection.execute("DELETE FROM tags WHERE run_id = ?", (run_id,))
    connection.executemany(
        "INSERT INTO tags (run_id, tag) SELECT id, ? FROM backtest_results WHERE id = ?",
        [(tag, run_id) for tag in remarks.tags],
    )


def remove_run(connection: sqlite3.Connection, run_id: str) -> None:
    """Take away all rows of a run, those of its signals and tags with it."""
    owner = connection.execute("SELECT strategy_id FROM backtest_results WHERE id = ?", (run_id,)).fetchone()
    connection.execute("DELETE FROM backtest_results WHERE id = ?", (run_id,))
    if owner:
        _renew_strategy(connection, owner[0])


def _renew_strategy(connection: sqlite3.Connection, strategy_id: str) -> None:
    connection.execute(_RENEW, {"id": strategy_id})
    connection.execute(_FORGET, {"id": strategy_id})


def _strategy(facts: RunFacts) -> dict[str, Any]:
    implementation = str(facts.settings.get("type") or facts.settings.get("class_name") or facts.strategy or _UNKNOWN)
    parameters = _json(facts.parameters)
    digests = facts.manifest.get("strategy_digests")
    source = digests.get(facts.strategy) if isinstance(digests, dict) else None
    identity = "\x00".join((implementation, parameters, source or ""))
    return {
        "id": hashlib.sha256(identity.encode()).hexdigest()[:16],
        "name": facts.strategy or _UNKNOWN,
        "strategy_type": str(facts.card.get("family") or _UNKNOWN),
        "implementation": implementation,
        "parameters": parameters,
        "source_digest": source,
        "created_at": facts.started,
    }


def _signals(record: RunRecord, problems: list[str]) -> tuple[int | None, list[SignalRow]]:
    try:
        return signal_rows(record)
    except DataError as error:
        if not any("decisions.parquet" in problem for problem in problems):
            problems.append(str(error))
        return None, []


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any], otherwise: str = "") -> None:
    names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places}) {otherwise}", row)


def _whole(value: Any) -> Any:
    """Return a whole number, None where it is too large for a column: the configuration holds it all the same."""
    return None if isinstance(value, int) and abs(value) >= _TOO_LARGE else value


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace").decode()  # a path may hold bytes that are no text
