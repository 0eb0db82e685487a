"""Ledger entries of made-up trials."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.inference.trial_sums import bucket_edges, trial_sums
from stratkit.panel import FloatArray
from stratkit.runs.ledger_entry import LedgerEntry, LedgerKey
from stratkit.seeds import generator

DAY = 86_400_000_000_000
KEY = LedgerKey(("sma_cross",), ("sma_cross",), ("ACME",))


def own(name: str, source: str, *symbols: str) -> LedgerKey:
    """The key of a strategy of a user's own."""
    return LedgerKey((name,), (source,), symbols or ("ACME",))


def made_up(number: int, *, bars: int = 600, edge: float = 0.0, **fields: Any) -> LedgerEntry:
    """A trial whose returns are noise of its own around `edge`."""
    returns = edge + 0.01 * generator(0, "ledger", number).standard_normal(bars)
    return trial_of(returns, number, **fields)


def trial_of(
    returns: FloatArray, number: int, *, with_returns: bool = True, start: int = 0, **fields: Any
) -> LedgerEntry:
    """A trial with given returns, a day each."""
    stamps = (start + np.arange(len(returns))) * DAY
    sums = trial_sums(returns[:, None])
    ratio = float(returns.mean() / returns.std(ddof=1)) * 252**0.5
    plain: dict[str, Any] = {
        "identity": f"{number:064d}", "key": KEY, "kind": "optimize", "run_id": "20240102-030405-aaaaaa",
        "number": number, "seed": 0, "values": {"strategies.trend.params.fast": number},
        "metrics": {"sharpe": ratio, "win_rate": float("nan")}, "made": "2024-01-02T03:04:05+00:00",
        "first_ns": int(stamps[0]), "last_ns": int(stamps[-1]),
    }  # fmt: skip
    return LedgerEntry(
        **{**plain, **fields}, edges=bucket_edges(stamps), count=sums.count, total=sums.total[:, 0],
        squares=sums.squares[:, 0], returns=returns if with_returns else None,
    )  # fmt: skip


def stopped(number: int, **fields: Any) -> LedgerEntry:
    """A trial that was stopped early."""
    return LedgerEntry(
        f"{number:064d}", KEY, "optimize", "20240102-030405-aaaaaa", number, 0, {}, {}, 0, 599 * DAY, **fields
    )
