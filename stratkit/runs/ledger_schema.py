"""`LEDGER_MIGRATIONS`: the tables of the trial ledger, as numbered steps from an empty file to the newest form."""

from __future__ import annotations

from typing import Final

from stratkit.runs.schema import STRICT, Steps

_KEYS: Final = f"""
CREATE TABLE keys (
  id INTEGER PRIMARY KEY,
  group_id INTEGER NOT NULL,        -- keys of one group are counted together
  implementations TEXT NOT NULL CHECK (json_valid(implementations)),
  sources TEXT NOT NULL CHECK (json_valid(sources)),
  symbols TEXT NOT NULL CHECK (json_valid(symbols)),
  UNIQUE (implementations, sources, symbols)
){STRICT}"""

_BARS: Final = f"""
CREATE TABLE bars (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,      -- of edges and counts: trials with the same are on the same bars
  edges BLOB NOT NULL,              -- int64, UTC ns between which the buckets of returns lie
  counts BLOB NOT NULL              -- int64, returns in each bucket
){STRICT}"""

_TRIALS: Final = f"""
CREATE TABLE trials (
  identity TEXT PRIMARY KEY,        -- sha256 of what decides its result
  key_id INTEGER NOT NULL REFERENCES keys (id),
  kind TEXT NOT NULL,
  run_id TEXT NOT NULL,             -- whose folder may be gone: the trial counts all the same
  number INTEGER NOT NULL,
  seed TEXT NOT NULL,               -- text: it may be larger than a column
  tried TEXT NOT NULL CHECK (json_valid(tried)),       -- value by dotted key
  metrics TEXT NOT NULL CHECK (json_valid(metrics)),   -- value by name; null where it is undefined
  made TEXT NOT NULL,               -- when it was made, UTC
  first_ns INTEGER NOT NULL,        -- first and last bar, UTC ns
  last_ns INTEGER NOT NULL,
  bars_id INTEGER REFERENCES bars (id),                -- null: stopped early
  sharpe REAL,                      -- per period, of its sums
  total BLOB,                       -- float64, sum of the returns of each bucket
  squares BLOB                      -- float64, sum of their squares
){STRICT}"""

_RETURNS: Final = f"""
CREATE TABLE returns (
  identity TEXT PRIMARY KEY REFERENCES trials (identity) ON DELETE CASCADE,
  series BLOB NOT NULL              -- float64, return of each period: of the best of each group and bars
){STRICT}"""

_FOLDERS: Final = f"""
CREATE TABLE folders (
  run_id TEXT PRIMARY KEY           -- run folders whose trials are counted
){STRICT}"""

_LOOKS: Final = f"""
CREATE TABLE looks (
  test_id TEXT PRIMARY KEY,         -- the A/B test, whose folder may be gone: it was looked at all the same
  experiment TEXT NOT NULL,         -- sha256 of its arms, whatever the dates
  answer TEXT NOT NULL,             -- sha256 of the returns that were compared and of the question
  made TEXT NOT NULL                -- when, UTC
){STRICT}"""

LEDGER_MIGRATIONS: Final[Steps] = (
    (
        _KEYS,
        _BARS,
        _TRIALS,
        _RETURNS,
        _FOLDERS,
        "CREATE INDEX keys_by_group ON keys (group_id)",
        "CREATE INDEX keys_by_symbols ON keys (symbols)",
        "CREATE INDEX trials_by_key ON trials (key_id, bars_id, sharpe)",
    ),
    (_LOOKS, "CREATE INDEX looks_by_experiment ON looks (experiment)"),
)
