"""`grouped_summaries`: the trades of each group in sums, for the formulas of `stratkit.analytics.trades`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from stratkit.analytics.summary import TradeSummary
from stratkit.engine.layout import Records
from stratkit.inference.sharpe import Moments
from stratkit.panel import BoolArray, FloatArray, IntArray


def grouped_summaries(
    trades: Records | Mapping[str, Any], is_closed: BoolArray, code: IntArray, count: int
) -> list[TradeSummary]:
    """Return the summaries of `count` groups of trades, records or columns (K,), by the group `code` (K,) of each.

    Those not `is_closed` (K,) are counted as open and nothing else. Of the moments only n and mean are known.
    """
    group = code[is_closed]

    def column(name: str) -> FloatArray:
        return np.asarray(trades[name], dtype=np.float64)[is_closed]

    def per_group(values: npt.ArrayLike) -> FloatArray:
        return group_sums(group, values, count)

    pnl, r = column("pnl"), column("r_multiple")
    known = np.isfinite(r)
    closed, everything = per_group(np.ones(len(group))), np.bincount(code, minlength=count)
    wins, losses, ambiguous = per_group(pnl > 0), per_group(pnl < 0), per_group(column("ambiguous"))
    profit, shortfall = per_group(np.maximum(pnl, 0)), per_group(np.maximum(-pnl, 0))
    held, with_r, r_sum = per_group(column("bars_held")), per_group(known), per_group(np.where(known, r, 0))
    return [
        TradeSummary(
            int(closed[at]), int(wins[at]), int(losses[at]), float(profit[at]), float(shortfall[at]), int(held[at]),
            int(ambiguous[at]), int(everything[at] - closed[at]),
            pnl=_mean(closed[at], profit[at] - shortfall[at]), r=_mean(with_r[at], r_sum[at]),
        )
        for at in range(count)
    ]  # fmt: skip


def group_sums(code: IntArray, values: npt.ArrayLike, count: int) -> FloatArray:
    """Return the sums (count,) of values (K,) by the group of each."""
    return np.bincount(code, np.asarray(values, dtype=np.float64), count).astype(np.float64)  # no row: integers


def _mean(n: float, total: float) -> Moments:
    nan = float("nan")
    return Moments(int(n), float(total / n) if n else nan, nan, nan, nan)
