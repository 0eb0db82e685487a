"""Closed trades and terms of adaptation that several tests stand on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stratkit.adaptive.outcomes import Outcomes
from stratkit.adaptive.settings import OptimizationSettings, SelectorSettings
from stratkit.adaptive.terms import Terms, terms_of
from stratkit.controls import Controls

RULES = ("trend_up", "trend_down", "range_low_vol", "range_high_vol", "high_volatility", "illiquid", "unknown")
DAY = 86_400.0


def closed(
    r: Sequence[float],
    *,
    strategy: int | Sequence[int] = 0,
    symbol: int | Sequence[int] = 0,
    side: int | Sequence[int] = 1,
    regime: int | Sequence[int] = 0,
    profile: int | Sequence[int] = 0,
    bar: int | Sequence[int] = 0,
    shadow: bool | Sequence[bool] = False,
    pnl: Sequence[float] | None = None,
) -> Outcomes:
    """Trades with given R, all alike in what is given once; P&L is a hundredth of R per value unless given."""

    def whole(value: int | Sequence[int]) -> Any:
        return np.broadcast_to(np.asarray(value, np.int64), len(r)).copy()

    multiple = np.asarray(r, np.float64)
    return Outcomes(
        whole(strategy), whole(symbol), whole(side), whole(regime), whole(profile), whole(bar), whole(bar),
        multiple, multiple / 100.0 if pnl is None else np.asarray(pnl, np.float64),
        np.broadcast_to(np.asarray(shadow, np.bool_), len(r)).copy(),
    )  # fmt: skip


def terms(
    families: Sequence[str] = ("trend",),
    symbols: int = 1,
    regimes: Sequence[str] = RULES,
    *,
    optimization: OptimizationSettings | None = None,
    selector: SelectorSettings | None = None,
    bar_seconds: float = DAY,
    scales: bool = False,
) -> Terms:
    return terms_of(
        optimization or OptimizationSettings(enabled=True), selector or SelectorSettings(enabled=True),
        [f"s{place}" for place in range(len(families))], families, [f"n{place}" for place in range(symbols)], regimes,
        bar_seconds, scales=scales,
    )  # fmt: skip


def controls(weights: Sequence[float]) -> Controls:
    count = len(weights)
    return Controls(np.ones(count, np.bool_), np.array(weights, np.float64), np.ones(count), np.full(count, np.nan))
