"""Strategies of several symbols through the engine: legs come and go together, of equal value, whatever is missing."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import made_up_panels as panels
import numpy as np
import pytest

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import FIELDS, Bars
from stratkit.engine.layout import ENTRY, FILL_REASONS, LEGS
from stratkit.engine.result import BacktestResult
from stratkit.seeds import generator

MARKETS = {
    "pairs": partial(panels.tied_pairs, 1),
    "lead_lag": partial(panels.led, 1),
    "cross_sectional_momentum": partial(panels.currencies, 1),
    "currency_strength": partial(panels.currencies, 1),
    "safe_haven": partial(panels.crises, 1),
}
RANKED = ("cross_sectional_momentum", "currency_strength")
CASES = [(name, seed) for name in MARKETS for seed in range(6)]


def with_holes(bars: Bars, seed: int) -> Bars:
    """Take away a twentieth of the bars at random, and two symbols for good, one early and one late."""
    draw = generator(seed, "legs", "holes")
    gone = draw.random(bars.shape) < 0.05
    first, second = draw.permutation(bars.shape[1])[:2]
    gone[: int(draw.integers(100, 700)), first] = True
    gone[int(draw.integers(800, 1400)) :, second] = True
    holed: Any = {field: np.where(gone, np.nan, getattr(bars, field)) for field in FIELDS}
    return Bars(bars.times, bars.symbols, frequency=bars.frequency, source=bars.source, **holed)


@cache
def played(name: str, seed: int) -> tuple[Bars, BacktestResult]:
    """A run with costs and, in every second case, lots, a cap on a symbol and a stop that can take one leg out."""
    config: dict[str, Any] = {
        "strategies": {name: {"enabled": True, "type": name, "params": {"gross": 0.5}}},
        "costs": {"commission_bps": 2.0, "half_spread_bps": 1.0},
    }
    if seed % 2:
        config |= {
            "account": {"lot_size": 1.0},
            "risk": {"caps": {"max_symbol_pct": 30.0}},
            "exit_plan": {"risk_basis": "percent", "risk": 0.02, "sl": 1.0},
        }
    bars = with_holes(MARKETS[name](), seed)
    return bars, run_backtest(RunConfig.model_validate(config), bars)


def forced(fills: Any) -> bool:
    return any(FILL_REASONS[fill.reason] in ("stop", "delisted") for fill in fills)


def by_bar(result: BacktestResult, bars: int) -> list[list[Any]]:
    fills: list[list[Any]] = [[] for _ in range(bars)]
    for fill in result.fills:
        fills[fill.bar].append(fill)
    return fills


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_legs_come_and_go_together_and_are_worth_the_same(name: str, seed: int) -> None:
    bars, result = played(name, seed)
    held, lot, entries = np.zeros(len(result.slot_symbol)), float(seed % 2), 0
    for bar, fills in enumerate(by_bar(result, len(bars.times))):
        was_flat = not held.any()
        for fill in fills:
            held[fill.slot] += fill.direction * fill.quantity
        held[np.abs(held) < 1e-9] = 0.0
        new = [fill for fill in fills if fill.reason == ENTRY]
        entries += bool(new)
        if new and was_flat:
            value = np.array([fill.quantity * fill.price * fill.direction for fill in new])
            assert abs(value.sum()) <= 1e-9 * np.abs(value).sum() + lot * sum(fill.price for fill in new), bar
        own = np.flatnonzero(held)
        could_leave = bar > 0 and bool((np.isfinite(bars.close[bar - 1, own]) & np.isfinite(bars.open[bar, own])).all())
        if new and name in RANKED and could_leave and not forced(fills):  # every leg was weighed anew
            value = held[own] * bars.open[bar, own]
            assert abs(value.sum()) <= 1e-3 * np.abs(value).sum() + lot * bars.open[bar, own].sum(), bar
        one_sided = bool((held > 0).any() != (held < 0).any())
        if one_sided and not forced(fills):
            assert not could_leave, (bar, own, "one side is held though all of it could leave")
    assert entries >= 3


def test_the_markets_above_take_legs_away_and_refuse_packages() -> None:
    """Else the property above would hold for want of trouble."""
    lost = refused = 0
    for name, seed in CASES:
        _, result = played(name, seed)
        lost += sum(forced([fill]) for fill in result.fills)
        refused += int((result.decisions["rule"] == LEGS).sum())
    assert lost > 100
    assert refused > 100
