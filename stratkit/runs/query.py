"""`Selection`: which runs are asked for, as one question to the database."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stratkit.errors import UsageError, did_you_mean
from stratkit.panel import parse_time
from stratkit.runs.stamps import iso

_COLUMNS: Final = {
    "run": "r.id",
    "strategy": "r.strategy",
    "implementation": "s.implementation",
    "started": "r.started",
    "state": "r.state",
    "fills": "r.fill_profile",
    "bars": "r.bars",
    "trades": "r.trades",
    "signals": "r.signals",
    "seconds": "r.seconds",
    "seed": "r.seed",
}
_WORDS: Final = ("run", "strategy", "implementation", "state", "fills")  # sorted from A to Z
_CONDITION: Final = re.compile(r"\s*([\w.-]+)\s*(>=|<=|!=|==|=|>|<)\s*(\S(?:.*\S)?)\s*")
_SELECT: Final = """
SELECT r.*, s.strategy_type, s.implementation, s.parameters,
  (SELECT json_group_array(tag) FROM (SELECT tag FROM tags WHERE run_id = r.id ORDER BY tag)) AS tags
FROM backtest_results AS r JOIN strategies AS s ON s.id = r.strategy_id
"""


@dataclass(frozen=True)
class Selection:
    """Which runs: every filter that is given must hold.

    `strategy` is the name or the implementation, `since` an ISO date, `where` conditions such as
    ``sharpe>1``. `sort` names a metric, a column, ``params.NAME`` or a key of the configuration:
    the largest or the newest first, words from A to Z; `reverse` turns it round.
    """

    strategy: str | None = None
    symbol: str | None = None
    since: str | None = None
    tags: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    sort: str = "started"
    reverse: bool = False


@dataclass(frozen=True)
class RunRow:
    """One run as the database knows it; metrics by name, None where undefined."""

    run_id: str
    state: str
    problem: str | None
    started: str
    seconds: float | None
    strategy: str
    implementation: str
    params: Mapping[str, Any]
    symbols: tuple[str, ...]
    start: str | None
    end: str | None
    bars: int | None
    trades: int | None
    fill_profile: str | None
    metrics: Mapping[str, float | None]
    tags: tuple[str, ...]
    note: str


def select_runs(connection: sqlite3.Connection, selection: Selection) -> list[RunRow]:
    """Return the runs that are asked for, in order.

    Raises `UsageError` for an unknown strategy, symbol, tag, metric or key, naming the nearest one.
    """
    if connection.execute("SELECT count(*) FROM backtest_results").fetchone()[0] == 0:
        return []
    conditions, values = _conditions(connection, selection)
    order = _order(connection, selection)
    filters = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    cursor = connection.execute(f"{_SELECT} {filters} {order}", values)
    names = [column[0] for column in cursor.description]
    return [_row(dict(zip(names, row))) for row in cursor]


def _conditions(connection: sqlite3.Connection, selection: Selection) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if selection.strategy is not None:
        _check(connection, "strategy", selection.strategy, _STRATEGIES)
        # a run of several strategies is that of each of them: "trend + dip"
        conditions.append("(? IN (r.strategy, s.implementation) OR instr(' + ' || r.strategy || ' + ', ?) > 0)")
        values += [selection.strategy, f" + {selection.strategy} + "]
    if selection.symbol is not None:
        _check(connection, "symbol", selection.symbol, _SYMBOLS)
        conditions.append("EXISTS (SELECT 1 FROM json_each(r.symbols) WHERE value = ?)")
        values.append(selection.symbol)
    if selection.since is not None:
        conditions.append("r.started >= ?")
        values.append(iso(parse_time(selection.since, "--since")).removesuffix("Z"))
    for tag in selection.tags:
        _check(connection, "tag", tag, "SELECT DISTINCT tag FROM tags ORDER BY tag")
        conditions.append("EXISTS (SELECT 1 FROM tags WHERE run_id = r.id AND tag = ?)")
        values.append(tag)
    for condition in _split(selection.where):
        term, operator, value = _compared(connection, condition)
        conditions.append(f"{term} {operator} ?")
        values.append(value)
    return conditions, values


_STRATEGIES: Final = "SELECT strategy FROM backtest_results UNION SELECT implementation FROM strategies"
_SYMBOLS: Final = "SELECT DISTINCT value FROM backtest_results, json_each(symbols)"


def _check(connection: sqlite3.Connection, kind: str, name: str, known: str) -> None:
    names = [str(row[0]) for row in connection.execute(known)]
    names += [part for whole in names for part in whole.split(" + ") if part != whole]
    if name not in names:
        raise UsageError(f"no run has the {kind} {name!r}; {did_you_mean(name, names)}")


def _split(where: Iterable[str]) -> list[str]:
    return [part for text in where for part in re.split(r"\s+and\s+|,", text, flags=re.IGNORECASE) if part.strip()]


def _compared(connection: sqlite3.Connection, condition: str) -> tuple[str, str, Any]:
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise UsageError(
            f"a condition must be NAME, one of > >= < <= = !=, and a value, as in sharpe>1; found {condition!r}"
        )
    name, operator, text = match.groups()
    term, value = _term(connection, name), _value(text)
    if isinstance(value, str) and "r.metrics" in term:
        raise UsageError(f"{name} must be compared with a number; found {text!r}")
    return term, "=" if operator == "==" else operator, value


def _value(text: str) -> float | str | int:
    """Return what a condition compares with: -20% is -0.2, true is 1 as in the database."""
    if text.lower() in ("true", "false"):
        return int(text.lower() == "true")
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return text.strip("'\"")


def _term(connection: sqlite3.Connection, name: str) -> str:
    """Return the SQL of a column, a metric, a parameter or a key of the configuration."""
    if name in _COLUMNS:
        return _COLUMNS[name]
    metrics = _keys(connection, "SELECT DISTINCT key FROM backtest_results, json_each(metrics)")
    if name in metrics:
        return f"json_extract(r.metrics, '$.\"{name}\"')"
    params = _keys(connection, "SELECT DISTINCT key FROM strategies, json_each(parameters)")
    if name.removeprefix("params.") in params and name.startswith("params."):
        return f"json_extract(s.parameters, '$.\"{name.removeprefix('params.')}\"')"
    config = _keys(
        connection,
        "SELECT DISTINCT replace(substr(fullkey, 3), '\"', '') FROM backtest_results, json_tree(config) "
        "WHERE atom IS NOT NULL",
    )
    if name in config:
        path = ".".join(f'"{part}"' for part in name.split("."))
        return f"json_extract(r.config, '$.{path}')"
    known = [*_COLUMNS, *metrics, *(f"params.{key}" for key in params), *config]
    hint = did_you_mean(name, known)
    raise UsageError(
        f"no metric, column or key {name!r}; "
        + (hint if hint.startswith("did") else f"metrics are {', '.join(metrics[:12])} ...; stratkit runs show has all")
    )


def _keys(connection: sqlite3.Connection, question: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(question) if re.fullmatch(r"[\w.-]+", str(row[0]))]


def _order(connection: sqlite3.Connection, selection: Selection) -> str:
    term = _term(connection, selection.sort)
    rising = (selection.sort in _WORDS) != selection.reverse
    newest = "ASC" if selection.sort == "started" and selection.reverse else "DESC"
    return f"ORDER BY {term} IS NULL, {term} {'ASC' if rising else 'DESC'}, r.started {newest}, r.id {newest}"


def _row(row: Mapping[str, Any]) -> RunRow:
    same: Sequence[str] = (
        "state", "problem", "started", "seconds", "strategy", "implementation", "bars", "trades", "fill_profile", "note"
    )  # fmt: skip
    return RunRow(
        run_id=row["id"],
        params=json.loads(row["parameters"]),
        symbols=tuple(json.loads(row["symbols"])),
        start=row["start_time"],
        end=row["end_time"],
        metrics=json.loads(row["metrics"]),
        tags=tuple(json.loads(row["tags"])),
        **{name: row[name] for name in same},
    )
