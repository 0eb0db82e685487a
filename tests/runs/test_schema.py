"""The database is upgraded from every older version, a step at a time, each whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratkit.runs import schema
from stratkit.runs.schema import MIGRATIONS, migrate


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
    yield connection
    connection.close()


def columns(connection: sqlite3.Connection) -> dict[str, list[str]]:
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {table: [row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")] for table in tables}


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_every_older_version_becomes_the_newest(
    version: int, empty: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", MIGRATIONS[:version])
        assert migrate(empty, "here") == version
    assert migrate(empty, "here") == len(MIGRATIONS) - version
    newest = sqlite3.connect(":memory:", isolation_level=None)
    migrate(newest, "there")
    assert columns(empty) == columns(newest)
    newest.close()


def test_the_tables_have_the_fields_that_programs_may_ask_for(empty: sqlite3.Connection) -> None:
    migrate(empty, "here")
    found = columns(empty)
    assert {"id", "strategy_type", "parameters", "sharpe_ratio", "max_drawdown", "win_rate", "profit_factor", "status",
            "created_at", "last_optimized"} <= set(found["strategies"])  # fmt: skip
    assert {"id", "model_type", "architecture", "training_data", "performance_metrics", "version"} <= set(
        found["ml_models"]
    )
    assert {"id", "strategy_id", "start_time", "end_time", "trades", "metrics", "monte_carlo_results"} <= set(
        found["backtest_results"]
    )
    assert {
        "id",
        "symbol",
        "strategy_id",
        "signal_type",
        "strength",
        "confidence",
        "ml_predictions",
        "timestamp",
    } <= set(found["signals"])


def test_a_later_step_keeps_the_rows(empty: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(empty, "here")
    row = "('m', 'lstm', '{}', '{}', '{}', NULL, '1.0.0', '2024-01-01')"
    empty.execute(f"INSERT INTO ml_models VALUES {row}")
    later = (*MIGRATIONS, ("ALTER TABLE ml_models ADD COLUMN author TEXT",))
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    assert migrate(empty, "here") == 1
    assert empty.execute("SELECT id, author FROM ml_models").fetchall() == [("m", None)]
    assert migrate(empty, "here") == 0


def test_a_step_that_fails_leaves_the_version_before(
    empty: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty, "here")
    before = columns(empty)
    monkeypatch.setattr(
        schema, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE half (a TEXT)", "CREATE TABLE half (a TEXT)"))
    )
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(empty, "here")
    assert columns(empty) == before
    assert empty.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert not empty.in_transaction


def test_a_step_that_another_process_took_is_not_taken_again(
    empty: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = schema._version, []

    def faster_than_us(connection: sqlite3.Connection) -> int:
        calls.append(connection)
        if len(calls) == 1:
            other = sqlite3.connect(tmp_path / "runs.sqlite3", isolation_level=None)
            with monkeypatch.context() as patch:
                patch.setattr(schema, "_version", real)
                migrate(other, "there")
            other.close()
            return 0
        return real(connection)

    monkeypatch.setattr(schema, "_version", faster_than_us)
    assert migrate(empty, "here") == 0


@pytest.mark.skipif(not schema.STRICT, reason="this SQLite checks no types")
def test_values_of_a_wrong_type_are_refused(empty: sqlite3.Connection) -> None:
    migrate(empty, "here")
    for values in (
        "('m', 'lstm', 'no json', '{}', '{}', NULL, '1', 'now')",
        "('m', 'lstm', '{}', '{}', '{}', NULL, NULL, 'x')",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            empty.execute(f"INSERT INTO ml_models VALUES {values}")
