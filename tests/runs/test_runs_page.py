"""What docs/runs.md says of the database is true: its SQL runs, its tables and columns are those there are."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_runs import FILES, write_run

from stratkit.runs.schema import migrate
from stratkit.runs.signals import KEPT_SIGNALS
from stratkit.runs.store import register_run

PAGE = (Path(__file__).resolve().parents[2] / "docs/runs.md").read_text("utf-8")
QUESTIONS = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    register_run(write_run(tmp_path, "20240102-030405-aaaaaa"))
    connection = sqlite3.connect(tmp_path / "runs.sqlite3")
    yield connection
    connection.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_sql_of_the_page_finds_something(question: str, database: sqlite3.Connection) -> None:
    assert database.execute(question).fetchall()


def test_the_page_names_every_table_and_column_and_no_other() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, "here")
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    there = {(table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_xinfo({table})")}
    connection.close()
    assert set(named_columns()) == there


def named_columns() -> Iterator[tuple[str, str]]:
    table = ""
    for line in PAGE.split("<!-- tables -->")[1].splitlines():
        if not line.startswith("| ") or line.startswith(("| table", "|---")):
            continue
        first, second = line.split("|")[1:3]
        table = "".join(re.findall(r"`(\w+)`", first)) or table
        yield from ((table, column) for column in re.findall(r"`(\w+)`", second))


def test_the_page_names_the_files_of_a_run_and_the_number_of_signals() -> None:
    assert all(f"`{name}`" in PAGE for name in FILES)
    assert f"newest {KEPT_SIGNALS:,}" in PAGE
