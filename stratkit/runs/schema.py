"""`MIGRATIONS`: the tables of the run store, as numbered steps from an empty file to the newest form.

A step that users have is never changed: what comes later is a step of its own.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from stratkit.errors import OutputError

STRICT: Final = " STRICT" if sqlite3.sqlite_version_info >= (3, 37) else ""  # older ones check no types

_STRATEGIES: Final = f"""
CREATE TABLE strategies (
  id TEXT PRIMARY KEY,              -- digest of implementation, parameters and source
  name TEXT NOT NULL,               -- as in the configuration of its newest run
  strategy_type TEXT NOT NULL,      -- family: trend, mean_reversion, breakout ...; unknown in runs that did not say
  implementation TEXT NOT NULL,     -- name of a built-in strategy, or path/to/file.py:Class
  parameters TEXT NOT NULL CHECK (json_valid(parameters)),
  source_digest TEXT,               -- sha256 of the file it is written in
  sharpe_ratio REAL,                -- these four: of its newest run
  max_drawdown REAL,
  win_rate REAL,
  profit_factor REAL,
  status TEXT NOT NULL DEFAULT 'testing' CHECK (status IN ('active', 'testing', 'archived')),
  created_at TEXT NOT NULL,         -- start of its first run
  last_optimized TEXT
){STRICT}"""

_ML_MODELS: Final = f"""
CREATE TABLE ml_models (
  id TEXT PRIMARY KEY,
  model_type TEXT NOT NULL,
  architecture TEXT NOT NULL CHECK (json_valid(architecture)),
  training_data TEXT NOT NULL CHECK (json_valid(training_data)),
  performance_metrics TEXT NOT NULL CHECK (json_valid(performance_metrics)),
  model_path TEXT,                  -- file of the trained model
  version TEXT NOT NULL,
  created_at TEXT NOT NULL
){STRICT}"""

_RESULTS: Final = f"""
CREATE TABLE backtest_results (
  id TEXT PRIMARY KEY,              -- the run id, and the name of its folder
  strategy_id TEXT NOT NULL REFERENCES strategies (id),
  strategy TEXT NOT NULL,           -- the name of its strategy in the configuration
  state TEXT NOT NULL CHECK (state IN ('whole', 'damaged', 'missing')),
  problem TEXT,                     -- what is damaged
  started TEXT NOT NULL,            -- when it was started, UTC
  seconds REAL,                     -- how long it took
  symbols TEXT NOT NULL CHECK (json_valid(symbols)),
  start_time TEXT,                  -- first and last bar, UTC
  end_time TEXT,
  bars INTEGER,
  trades INTEGER,                   -- how many; the trades themselves are in trades.parquet
  signals INTEGER,                  -- accepted decisions in all; the newest of them are in the table signals
  metrics TEXT NOT NULL CHECK (json_valid(metrics)),   -- value by name; null where it is undefined
  monte_carlo_results TEXT CHECK (monte_carlo_results IS NULL OR json_valid(monte_carlo_results)),
  fill_profile TEXT,
  engine_semantics INTEGER,
  seed INTEGER,
  config TEXT NOT NULL CHECK (json_valid(config)),
  config_digest TEXT,
  data_digests TEXT NOT NULL CHECK (json_valid(data_digests)),
  versions TEXT NOT NULL CHECK (json_valid(versions)),
  command TEXT NOT NULL CHECK (json_valid(command)),
  note TEXT NOT NULL DEFAULT '',
  noted_at INTEGER,                 -- change time of its notes.json, ns since 1970
  total_return REAL GENERATED ALWAYS AS (json_extract(metrics, '$.total_return')) VIRTUAL,
  sharpe REAL GENERATED ALWAYS AS (json_extract(metrics, '$.sharpe')) VIRTUAL,
  max_drawdown REAL GENERATED ALWAYS AS (json_extract(metrics, '$.max_drawdown')) VIRTUAL
){STRICT}"""

_TAGS: Final = f"""
CREATE TABLE tags (
  run_id TEXT NOT NULL REFERENCES backtest_results (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run_id, tag)
){STRICT}"""

_SIGNALS: Final = f"""
CREATE TABLE signals (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES backtest_results (id) ON DELETE CASCADE,
  strategy_id TEXT NOT NULL REFERENCES strategies (id),
  symbol TEXT NOT NULL,
  signal_type TEXT NOT NULL CHECK (signal_type IN ('buy', 'sell', 'exit', 'hold')),
  strength REAL,                    -- part of the requested quantity that was granted
  confidence REAL,
  quantity REAL,                    -- granted, units
  ml_predictions TEXT CHECK (ml_predictions IS NULL OR json_valid(ml_predictions)),
  timestamp TEXT NOT NULL           -- the bar whose close decided, UTC
){STRICT}"""

Steps = tuple[tuple[str, ...], ...]  # of each version the statements that lead to it

MIGRATIONS: Steps = (
    (
        _STRATEGIES,
        _ML_MODELS,
        _RESULTS,
        _TAGS,
        _SIGNALS,
        "CREATE INDEX results_by_start ON backtest_results (started)",
        "CREATE INDEX results_by_strategy ON backtest_results (strategy_id)",
        "CREATE INDEX results_by_sharpe ON backtest_results (sharpe)",
        "CREATE INDEX tags_by_tag ON tags (tag)",
        "CREATE INDEX signals_by_run ON signals (run_id)",
        "CREATE INDEX signals_by_symbol ON signals (symbol, timestamp)",
    ),
)


def migrate(connection: sqlite3.Connection, where: str, migrations: Steps | None = None) -> int:
    """Bring the tables to their newest form, each step whole or not at all, and return how many steps were taken.

    `migrations` are the steps, those of the run store unless given.

    Raises `OutputError` when a newer stratkit wrote the database at `where`.
    """
    migrations = MIGRATIONS if migrations is None else migrations
    steps = 0
    while (version := _version(connection)) < len(migrations):
        steps += _step(connection, version, migrations[version])
    if version > len(migrations):
        raise OutputError(
            f"{where} must be of version {len(migrations)} or older; found {version}, which a newer stratkit wrote: "
            "upgrade stratkit, or use another folder with --out"
        )
    return steps


def _step(connection: sqlite3.Connection, version: int, statements: tuple[str, ...]) -> int:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) != version:  # another process was faster
            connection.execute("ROLLBACK")
            return 0
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")
    except BaseException:  # Ctrl-C included: half of a step would stay open
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return 1


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
