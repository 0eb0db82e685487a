"""`LedgerEntry`: what is kept of one trial for ever, so that nobody has to remember how often they tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from stratkit.inference.trial_pool import TrialPool
from stratkit.panel import FloatArray, IntArray

Kind = Literal["backtest", "optimize", "walkforward", "abtest"]


@dataclass(frozen=True)
class LedgerKey:
    """What trials are counted together: the strategies, by implementation and source, and the symbols.

    `implementations` are names of built-in strategies or ``path/to/file.py:Class``, `sources` the digests of their
    files, or the names of those that are built in; all are sorted. Two keys count together when their symbols are the
    same and so are their implementations or their sources: neither a new name of the file nor a comment in it begins a
    new count. The dates are no part of it, so leaving out a bar does not either.
    """

    implementations: tuple[str, ...]
    sources: tuple[str, ...]
    symbols: tuple[str, ...]


@dataclass(frozen=True)
class LedgerEntry:
    """One trial.

    `identity` is the sha256 of what decides its result (configuration, bars, engine semantics): the same once more
    counts once. `values` are what was tried, `metrics` by name. `edges` (B + 1,) are the UTC nanoseconds between which
    `count`, `total` and `squares` (B,) add up its returns per period; None where it was stopped early. `returns` (n,)
    are they themselves, None unless it is among the best. `made` is when it was made, UTC ISO; empty = now.
    """

    identity: str
    key: LedgerKey
    kind: Kind
    run_id: str
    number: int
    seed: int
    values: Mapping[str, Any]
    metrics: Mapping[str, float]
    first_ns: int
    last_ns: int
    edges: IntArray | None = None
    count: IntArray | None = None
    total: FloatArray | None = None
    squares: FloatArray | None = None
    returns: FloatArray | None = None
    made: str = ""


class Ledger(Protocol):
    """Where trials are counted."""

    def add(self, entries: Sequence[LedgerEntry]) -> int:
        """Keep those that are not kept yet and return how many these were."""

    def pool(self, key: LedgerKey, edges: IntArray | None, count: IntArray | None) -> TrialPool | None:
        """Return what is kept of all trials that count together with `key`; None when nobody counts.

        `edges` and `count` are those of the trial that is judged: which others are on the same bars.
        """
