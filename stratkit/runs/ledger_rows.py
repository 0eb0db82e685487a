"""`put_entries` and the questions that the trial ledger is asked, each within a transaction of its caller."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from stratkit.errors import DataError
from stratkit.inference.trial_pool import DatedSums, TrialPool
from stratkit.inference.trial_sums import TrialSums
from stratkit.panel import FloatArray, IntArray
from stratkit.runs.ledger_entry import LedgerEntry, LedgerKey
from stratkit.runs.ledger_table import array_bytes, metrics_from, plain_json

KEPT_SERIES: Final = 200  # of each group and bars, the best by Sharpe ratio

_COLUMNS: Final = (
    "identity", "key_id", "kind", "run_id", "number", "seed", "tried", "metrics", "made", "first_ns", "last_ns",
    "bars_id", "sharpe", "total", "squares",
)  # fmt: skip
_INSERT: Final = (
    f"INSERT INTO trials ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "
    "ON CONFLICT (identity) DO NOTHING"
)
# one that was stopped early and is now finished: still one trial
_FINISH: Final = """
UPDATE trials SET metrics = ?, bars_id = ?, sharpe = ?, total = ?, squares = ? WHERE identity = ? AND bars_id IS NULL
"""
_SERIES: Final = """
INSERT INTO returns SELECT identity, ? FROM trials WHERE identity = ? AND bars_id = ? ON CONFLICT (identity) DO NOTHING
"""
_TRIM: Final = f"""
DELETE FROM returns WHERE identity IN (
  SELECT returns.identity FROM returns JOIN trials USING (identity) JOIN keys ON keys.id = trials.key_id
  WHERE keys.group_id = ? AND trials.bars_id = ?
  ORDER BY trials.sharpe DESC, trials.identity LIMIT -1 OFFSET {KEPT_SERIES})
"""
_OF_GROUPS: Final = "FROM trials JOIN keys ON keys.id = trials.key_id WHERE keys.group_id IN ({})"


def put_entries(connection: sqlite3.Connection, entries: Sequence[LedgerEntry], folders: Iterable[str] = ()) -> int:
    """Write the entries that are not there yet and return how many these were; `folders` are then counted as well.

    Raises `DataError` for sums or returns whose lengths do not fit their buckets.
    """
    keys, bars = _Keys(connection), _Bars(connection)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rows, series = [], []
    for entry in entries:
        key_id, bars_id = keys.of(entry.key), bars.of(entry)
        rows.append(
            (entry.identity, key_id, entry.kind, entry.run_id, entry.number, str(entry.seed),
             plain_json(entry.values), plain_json(entry.metrics), entry.made or now, entry.first_ns, entry.last_ns,
             bars_id, _sharpe(entry), array_bytes(entry.total, "<f8"), array_bytes(entry.squares, "<f8"))
        )  # fmt: skip
        if entry.returns is not None and bars_id is not None:
            series.append((array_bytes(entry.returns, "<f8"), entry.identity, bars_id, key_id))
    added = connection.executemany(_INSERT, rows).rowcount
    if added < len(rows):
        connection.executemany(_FINISH, [(row[7], *row[11:], row[0]) for row in rows if row[11] is not None])
    if series:
        connection.executemany(_SERIES, [row[:3] for row in series])
        touched = {(keys.group_of(key_id), bars_id) for *_, bars_id, key_id in series}
        connection.executemany(_TRIM, sorted(touched))
    connection.executemany("INSERT OR IGNORE INTO folders VALUES (?)", [(name,) for name in folders])
    return max(added, 0)


def groups_of(connection: sqlite3.Connection, key: LedgerKey) -> list[int]:
    """Return the groups whose trials count together with those of a key; more than one only before it is written."""
    implementations, sources, symbols = _words(key)
    found = connection.execute(
        "SELECT DISTINCT group_id FROM keys WHERE symbols = ? AND (implementations = ? OR sources = ?) ORDER BY 1",
        (symbols, implementations, sources),
    )
    return [row[0] for row in found]


def pool_of(
    connection: sqlite3.Connection, groups: Sequence[int], edges: IntArray | None, count: IntArray | None
) -> TrialPool:
    """Return what is kept of the trials of some groups; `edges` and `count` say which are on the same bars."""
    of = _OF_GROUPS.format(", ".join("?" * len(groups)))
    same_id = None if edges is None or count is None else _bars_id(connection, _bars_digest(edges, count))
    unfinished = connection.execute(f"SELECT count(*) {of} AND bars_id IS NULL", groups).fetchone()[0]
    parts: dict[int, DatedSums] = {}
    bars = [
        row[0] for row in connection.execute(f"SELECT DISTINCT bars_id {of} AND bars_id NOT NULL ORDER BY 1", groups)
    ]
    for bars_id in bars:
        blobs = connection.execute("SELECT edges, counts FROM bars WHERE id = ?", (bars_id,)).fetchone()
        rows = connection.execute(f"SELECT total, squares {of} AND bars_id = ? ORDER BY identity", (*groups, bars_id))
        total, squares = zip(*rows, strict=True)
        own_count = np.frombuffer(blobs[1], "<i8")
        sums = TrialSums(own_count, _side_by_side(total, len(own_count)), _side_by_side(squares, len(own_count)))
        parts[bars_id] = DatedSums(np.frombuffer(blobs[0], "<i8"), sums)
    same = parts.pop(same_id, None) if same_id is not None else None
    return TrialPool(same, tuple(parts.values()), unfinished, _series(connection, of, groups, same_id))


def entries_of(connection: sqlite3.Connection, group: int) -> list[LedgerEntry]:
    """Return the trials of a group, the newest first, without their sums and returns."""
    rows = connection.execute(
        "SELECT identity, kind, run_id, number, seed, tried, metrics, first_ns, last_ns, made, implementations, "
        f"sources, symbols {_OF_GROUPS.format('?')} ORDER BY made DESC, run_id DESC, number DESC",
        (group,),
    )
    return [
        LedgerEntry(
            identity=row[0], key=_key(row[10:]), kind=row[1], run_id=row[2], number=row[3], seed=int(row[4]),
            values=json.loads(row[5]), metrics=metrics_from(row[6]), first_ns=row[7], last_ns=row[8], made=row[9],
        )
        for row in rows
    ]  # fmt: skip


def series_of(connection: sqlite3.Connection, identity: str) -> tuple[FloatArray | None, IntArray, IntArray] | None:
    """Return a trial's returns, None where they are not kept, edges and counts of its buckets; None without sums."""
    row = connection.execute(
        "SELECT series, edges, counts FROM trials JOIN bars ON bars.id = trials.bars_id "
        "LEFT JOIN returns USING (identity) WHERE identity = ?",
        (identity,),
    ).fetchone()
    if row is None:
        return None
    series = None if row[0] is None else np.frombuffer(row[0], "<f8")
    return series, np.frombuffer(row[1], "<i8"), np.frombuffer(row[2], "<i8")


class _Keys:
    """The ids of keys; a new one joins the groups that it counts together with, and makes them one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.known: dict[LedgerKey, int] = {}

    def of(self, key: LedgerKey) -> int:
        if key not in self.known:
            self.known[key] = self._found(key) or self._made(key)
        return self.known[key]

    def group_of(self, key_id: int) -> int:
        return int(self.connection.execute("SELECT group_id FROM keys WHERE id = ?", (key_id,)).fetchone()[0])

    def _found(self, key: LedgerKey) -> int | None:
        row = self.connection.execute(
            "SELECT id FROM keys WHERE implementations = ? AND sources = ? AND symbols = ?", _words(key)
        ).fetchone()
        return None if row is None else int(row[0])

    def _made(self, key: LedgerKey) -> int:
        joined = groups_of(self.connection, key)
        made = self.connection.execute(
            "INSERT INTO keys (group_id, implementations, sources, symbols) VALUES (?, ?, ?, ?)",
            (joined[0] if joined else 0, *_words(key)),
        ).lastrowid
        assert made is not None  # an insert has one
        if not joined:
            self.connection.execute("UPDATE keys SET group_id = id WHERE id = ?", (made,))
        for other in joined[1:]:
            self.connection.execute("UPDATE keys SET group_id = ? WHERE group_id = ?", (joined[0], other))
        return made


class _Bars:
    """The ids of buckets of time that trials share."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.known: dict[str, int] = {}

    def of(self, entry: LedgerEntry) -> int | None:
        if entry.edges is None or entry.count is None:
            return None
        _check(entry)
        digest = _bars_digest(entry.edges, entry.count)
        if digest not in self.known:
            blobs = (array_bytes(entry.edges, "<i8"), array_bytes(entry.count, "<i8"))
            self.connection.execute(
                "INSERT INTO bars (digest, edges, counts) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
                (digest, *blobs),
            )
            found = _bars_id(self.connection, digest)
            assert found is not None  # it was just written
            self.known[digest] = found
        return self.known[digest]


def _check(entry: LedgerEntry) -> None:
    assert entry.edges is not None and entry.count is not None  # noqa: PT018  both or none, the caller saw to it
    buckets = len(entry.count)
    lengths = [None if one is None else len(one) for one in (entry.total, entry.squares)]
    if lengths != [buckets, buckets] or len(entry.edges) != buckets + 1:
        raise DataError(
            f"the sums of trial {entry.number} of {entry.run_id} must fill its {buckets} buckets; found "
            f"{lengths[0]} totals, {lengths[1]} squares and {len(entry.edges)} edges"
        )
    if entry.returns is not None and len(entry.returns) != int(entry.count.sum()):
        raise DataError(
            f"trial {entry.number} of {entry.run_id} must have the {int(entry.count.sum())} returns that its buckets "
            f"count; found {len(entry.returns)}"
        )


def _sharpe(entry: LedgerEntry) -> float | None:
    """Return the Sharpe ratio per period of an entry, by which the best are kept; None for one without sums."""
    if entry.count is None or entry.total is None or entry.squares is None or int(entry.count.sum()) < 2:
        return None
    # one bucket of all: of thousands of entries this is asked
    n, total, squares = int(entry.count.sum()), float(entry.total.sum()), float(entry.squares.sum())
    sums = TrialSums(np.array([n]), np.array([[total]]), np.array([[squares]]))
    return float(sums.sharpes()[0])


def _bars_digest(edges: IntArray, count: IntArray) -> str:
    return hashlib.sha256((array_bytes(edges, "<i8") or b"") + (array_bytes(count, "<i8") or b"")).hexdigest()


def _bars_id(connection: sqlite3.Connection, digest: str) -> int | None:
    row = connection.execute("SELECT id FROM bars WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else int(row[0])


def _series(connection: sqlite3.Connection, of: str, groups: Sequence[int], bars_id: int | None) -> FloatArray | None:
    rows = connection.execute(
        f"SELECT series {of.replace('FROM trials', 'FROM returns JOIN trials USING (identity)')} AND bars_id = ? "
        "ORDER BY trials.sharpe DESC, trials.identity",
        (*groups, bars_id),
    ).fetchall()
    return np.column_stack([np.frombuffer(row[0], "<f8") for row in rows]) if rows else None


def _side_by_side(blobs: Sequence[bytes], buckets: int) -> FloatArray:
    return np.ascontiguousarray(np.frombuffer(b"".join(blobs), "<f8").reshape(len(blobs), buckets).T)


def _words(key: LedgerKey) -> tuple[str, str, str]:
    implementations, sources, symbols = (
        json.dumps(list(part)) for part in (key.implementations, key.sources, key.symbols)
    )
    return implementations, sources, symbols


def _key(texts: Sequence[Any]) -> LedgerKey:
    implementations, sources, symbols = (tuple(json.loads(text)) for text in texts)
    return LedgerKey(implementations, sources, symbols)
