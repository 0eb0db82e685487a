"""Hand-written bars and orders for either engine, and what came of them as rows that a test can write out.

A bar is written (open, high, low, close) or (open, high, low, close, volume); None = no bar. Orders are
written {bar: value} for the first slot, {(bar, slot): value} for any. Without more, a slot trades units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from identities import Run, check_identities
from random_markets import no_plan, plain_rules

from stratkit.engine.layout import FILL_REASONS, OUTCOMES, RULES, Market
from stratkit.panel import NS_PER_DAY
from stratkit.risk.targets import PLAN_DTYPE, STOP_ORDER, UNITS, Targets

Bar = tuple[float, ...] | None
Cells = Mapping[Any, float]
Engine = Callable[[Market, Targets, Any], Run]

FLAT_100 = (100.0, 100.0, 100.0, 100.0, 1000.0)


def play(
    engine: Engine,
    bars: Sequence[Any],
    side: Cells | None = None,
    weight: Cells | None = None,
    *,
    order: int = STOP_ORDER,
    plan: Mapping[str, Any] | None = None,
    size: float | Sequence[float] = 1.0,
    rule: int = UNITS,
    panels: Mapping[str, Cells] | None = None,
    strategies: Sequence[int] | None = None,
    table: Sequence[Mapping[str, Any]] = (),
    plan_panel: Cells | None = None,
    caps: Sequence[float] | None = None,
    multipliers: Sequence[float] | None = None,
    hours: float | Sequence[float] = 24.0,
    volatility: Sequence[float] | None = None,
    funding: Sequence[float] | None = None,
    delist_bar: int = -1,
    split: Mapping[int, float] | None = None,
    dividend: Mapping[int, float] | None = None,
    **rules: Any,
) -> Run:
    """Replay a few hand-written bars and check the identities of the run.

    `bars` is a list of bars, or a list of such lists, one per symbol. `hours` is the step of time, or the
    hour of each bar. `panels` names further arrays of `Targets`. `split` and `dividend` are those of the first
    symbol, by bar. `table` holds plans with their `strategy`, and the cells of `plan_panel` are places in it.
    """
    columns: Sequence[Sequence[Bar]] = bars if isinstance(bars[0], list) else [bars]
    count, symbols = len(columns[0]), len(columns)
    prices = np.full((5, count, symbols), np.nan)
    for column, series in enumerate(columns):
        for bar, values in enumerate(series):
            if values is not None:
                prices[:, bar, column] = (*values, 1000.0)[:5]
    stamps = np.arange(count) * hours if isinstance(hours, float) else np.array(hours)
    times = (stamps * (NS_PER_DAY / 24)).astype(np.int64)
    none = np.zeros((0, 0))
    market = Market(
        times=times,
        day=times // NS_PER_DAY,
        period_end=np.ones(count, np.bool_),
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=prices[4],
        funding=none if funding is None else np.tile(np.array(funding)[:, None], symbols),
        volatility=none if volatility is None else np.tile(np.array(volatility)[:, None], symbols),
        delist_bar=np.array([delist_bar] + [-1] * (symbols - 1)),
        **actions(count, symbols, split, dividend),
    )
    owners = np.zeros(symbols, np.int64) if strategies is None else np.array(strategies)

    def panel(cells: Cells | None, default: float, dtype: Any = np.float64) -> Any:
        if cells is None:
            return np.zeros((0, 0), dtype)
        values = np.full((count, symbols), default, dtype)
        for place, value in cells.items():
            values[place if isinstance(place, tuple) else (place, 0)] = value
        return values

    given = panels or {}
    leaders = 1 + max([int(owners.max()), *(plan.get("strategy", -1) for plan in table)])
    tabled = None if plan_panel is None else {place: 2 + number for place, number in plan_panel.items()}
    targets = Targets(
        slot_symbol=np.arange(symbols),
        slot_strategy=owners,
        slot_kind=np.full(symbols, int(weight is not None)),
        slot_size=np.full(symbols, size, np.float64),
        slot_rule=np.full(symbols, rule),
        slot_plan=np.full(symbols, int(plan is not None)),
        slot_order=np.full(symbols, order),
        strategy_cap=np.full(leaders, np.nan) if caps is None else np.array(caps),
        strategy_multiplier=np.ones(leaders) if multipliers is None else np.array(multipliers),
        plans=np.concatenate([no_plan(), make_plan(**(plan or {})), *(make_plan(**row) for row in table)]),
        plan=panel(tabled, -1, np.int16),
        side=panel(side, 0, np.int8),
        weight=panel(weight, np.nan),
        confidence=panel(given.get("confidence"), 1.0, np.float32),
        **{
            name: panel(given.get(name), np.nan)
            for name in ("size", "risk_unit", "stop_level", "target_level", "exit_fraction", "entry_level")
        },
    )
    record = plain_rules(**rules)
    run = engine(market, targets, record)
    check_identities(market, targets, record, run)
    return run


def actions(
    count: int, symbols: int, split: Mapping[int, float] | None, dividend: Mapping[int, float] | None
) -> dict[str, Any]:
    """Return the panels of splits and dividends of `Market`, nothing where there are none."""
    if split is None and dividend is None:
        return {}
    panels = {"split": np.ones((count, symbols)), "dividend": np.zeros((count, symbols))}
    for bar, ratio in (split or {}).items():
        panels["split"][bar, 0] = ratio
    for bar, cash in (dividend or {}).items():
        panels["dividend"][bar, 0] = cash
    return {"acts": ((panels["split"] != 1) | (panels["dividend"] != 0)).any(axis=1), **panels}


def make_plan(**given: Any) -> Any:
    """Return a plan from its levels in R; R is `risk_unit` of the decision bar unless `basis` says otherwise."""
    plan = no_plan()
    assert plan.dtype == PLAN_DTYPE
    plan["exists"] = bool(set(given) - {"strategy"})
    for name, value in given.items():
        plan[name] = value
    targets = [number for number in (1, 2, 3) if f"tp{number}" in given]
    plan["last_target"] = len(targets)
    plan["last_takes_rest"] = bool(targets) and abs(sum(plan[f"f{n}"][0] for n in targets) - 1) < 1e-9
    plan["needs_risk_unit"] = bool({"sl", "tp1", "be", "trail_by"} & set(given))
    return plan


def fills(run: Run) -> list[tuple[Any, ...]]:
    """Return the fills as (bar, units bought or sold, price, reason), with the slot when there are several."""
    rows = run.fills
    one = (rows["slot"] == 0).all()
    return [
        (int(row.bar), *(() if one else (int(row.slot),)), float(row.direction * row.quantity), float(row.price),
         FILL_REASONS[row.reason])
        for row in rows
    ]  # fmt: skip


def log(run: Run) -> list[tuple[Any, ...]]:
    """Return the decision log as (bar, side, granted, outcome and rule), with the slot when there are several."""
    rows = run.decisions
    one = (rows["slot"] <= 0).all()
    return [
        (int(row.bar), *(() if one else (int(row.slot),)), int(row.side), float(row.granted),
         f"{OUTCOMES[row.outcome]} {RULES[row.rule]}".strip())
        for row in rows
    ]  # fmt: skip


def approx(rows: Any) -> Any:
    """Compare the numbers of rows to 1e-12, everything else exactly."""
    return [tuple(pytest.approx(v, rel=1e-12, abs=1e-12) if isinstance(v, float) else v for v in row) for row in rows]
