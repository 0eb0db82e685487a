"""`random_case`: small random markets with orders and rules, where ties, gaps and exact touches are common.

Each feature of the engine is switched on by name, so that simple cases and complex mixes both appear
and hypothesis can shrink a failing case to the features that it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from random_detail import random_detail

from stratkit.engine.layout import ALONG_PATH, GAP_AT_LEVEL, RULES_DTYPE, TARGET_FIRST, TRAILING_LAST, Market
from stratkit.engine.profiles import PROFILE_NAMES, fill_codes
from stratkit.engine.settings import ExecutionSettings
from stratkit.panel import NS_PER_DAY, BoolArray, FloatArray, IntArray
from stratkit.risk.targets import LIMIT_ORDER, PLAN_DTYPE, STOP_ORDER, Targets
from stratkit.seeds import generator

NAN = float("nan")

FEATURES = (
    # the bars
    "fine_prices", "missing_bars", "late_listing", "stale_end", "delist_event", "zero_volume", "intraday",
    # what is asked
    "confidence", "own_size", "weights", "exits", "exit_fraction", "stop_level", "target_level", "risk_unit",
    "risk", "kelly", "units", "scale_by_confidence", "adds", "new_edge", "books", "netted_strategies",
    # plans
    "plan_stop", "plan_targets", "plan_partial", "plan_break_even", "plan_trailing", "plan_time_stop",
    "plan_percent", "plan_level", "plan_multiplier",
    # costs
    "spread", "commission", "commission_per_share", "commission_minimum", "volatility_slippage", "impact",
    "free_stops", "borrow", "funding", "interest",
    # account
    "close_profile", "leverage", "maintenance", "isolated", "no_shorts", "lots", "ticks", "min_notional",
    "min_trade_weight", "end_at_open", "end_at_close", "stale_rule", "delisting_return", "tiny_account",
    "volume_limit", "volume_cancel",
    # caps and breakers
    "by_stop", "scale_on_breach", "total_at_risk", "open_positions", "symbol_cap", "gross_cap", "net_cap",
    "strategy_cap", "drawdown", "daily_loss", "losses", "reopen", "cooldown",
    # fills; at the end of this list, so that the features before them keep what they drew
    "gapped_stop_at_level", "gapped_target_at_level", "target_first", "path", "trailing_last", "no_entry_bar_exits",
    "trailing_first", "opposite_in_bar", "named_profile", "resting_entries", "limit_entries", "splits", "dividends",
    "detail",
    # several strategies
    "shared_slots", "multiplier",
)  # fmt: skip
BEFORE_FILLS = FEATURES.index("gapped_stop_at_level")


class Case(NamedTuple):
    """What `replay(*case)` takes."""

    market: Market
    targets: Targets
    rules: Any  # one record of RULES_DTYPE


def random_case(
    seed: int,
    bars: int | None = None,
    symbols: int | None = None,
    strategies: int | None = None,
    features: Sequence[str] | None = None,
) -> Case:
    """Return the case that belongs to `seed`; what is not given is drawn."""
    random = generator(seed, "case")
    density = random.choice([0.05, 0.2, 0.35, 0.5])
    drawn = [name for name in FEATURES[:BEFORE_FILLS] if random.random() < density]
    sizes = random.integers([2, 1, 1], [61, 5, 4])
    drawn += [name for name in FEATURES[BEFORE_FILLS:] if random.random() < density]
    on = frozenset(drawn if features is None else features)
    bars = int(sizes[0]) if bars is None else bars
    symbols = int(sizes[1]) if symbols is None else symbols
    strategies = int(sizes[2]) if strategies is None else strategies
    market = random_market(generator(seed, "market"), on, bars, symbols)
    targets = random_targets(generator(seed, "targets"), on, market, strategies)
    return Case(market, targets, random_rules(generator(seed, "rules"), on))


def cases(max_bars: int = 40) -> st.SearchStrategy[Case]:
    """Draw cases that shrink to fewer bars, symbols, strategies and features."""
    return st.builds(
        random_case,
        st.integers(0, 2**32 - 1),
        st.integers(2, max_bars),
        st.integers(1, 4),
        st.integers(1, 3),
        st.lists(st.sampled_from(FEATURES), unique=True, max_size=30),
    )


# ---- the bars


def random_market(random: np.random.Generator, on: frozenset[str], bars: int, symbols: int) -> Market:
    step = 0.0 if "fine_prices" in on else float(random.choice([0.5, 1.0, 2.0]))
    open_, high, low, close = (np.full((bars, symbols), np.nan) for _ in range(4))
    for symbol in range(symbols):
        last = float(random.choice([20.0, 50.0, 100.0]))
        scale = last * float(random.choice([0.01, 0.03, 0.1]))
        for bar in range(bars):
            shape = random.random()
            gap = random.normal() * scale * (4 if shape < 0.1 else 0.5 if shape < 0.6 else 0)
            body, up, down = random.normal() * scale, abs(random.normal()) * scale, abs(random.normal()) * scale
            if shape > 0.9:  # a bar that hardly moves
                body = up = down = 0.0
            prices = _on_grid(np.array([last + gap, last + gap + body]), step)
            top, bottom = _on_grid(np.array([prices.max() + up, prices.min() - down]), step)
            open_[bar, symbol], close[bar, symbol] = prices
            high[bar, symbol], low[bar, symbol] = max(top, prices.max()), min(bottom, prices.min())
            last = float(prices[1])
    volume: FloatArray = np.round(np.exp(random.normal(4.5, 1.5, (bars, symbols)))).astype(np.float64)
    if "zero_volume" in on:
        volume[random.random((bars, symbols)) < 0.2] = 0.0
    delist_bar = np.full(symbols, -1, np.int64)
    gone = random.random((bars, symbols)) < (0.15 if "missing_bars" in on else 0.0)
    late, ends = random.integers(0, bars, symbols), random.integers(1, bars + 1, symbols)
    rows = np.arange(bars)
    for symbol in range(symbols):
        if "late_listing" in on and random.random() < 0.5:
            gone[: late[symbol], symbol] = True
        if "stale_end" in on and random.random() < 0.5:
            gone[ends[symbol] :, symbol] = True
        if "delist_event" in on and random.random() < 0.6:
            delist_bar[symbol] = min(int(ends[symbol]), bars - 1)
            gone[rows > delist_bar[symbol] - int(random.random() < 0.5), symbol] = True
    for panel in (open_, high, low, close, volume):
        panel[gone] = np.nan
    hours = 4 if "intraday" in on else 24
    times = np.cumsum(random.choice([1, 1, 1, 3], bars)) * hours * (NS_PER_DAY // 24)
    volatility = np.abs(random.normal(0.01, 0.005, (bars, symbols)))
    volatility[random.random((bars, symbols)) < 0.1] = np.nan
    funding = random.normal(0.0, 0.002, (bars, symbols))
    none = np.zeros((0, 0))
    acts, split, dividend = random_actions(random.spawn(1)[0], on, np.isfinite(open_))
    panels = [open_, high, low, close]
    finer = random_detail(random.spawn(1)[0], panels, step) if "detail" in on else {}
    return Market(
        times=times,
        day=times // NS_PER_DAY,
        period_end=np.ones(bars, np.bool_),
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
        funding=funding if "funding" in on else none,
        volatility=volatility if "volatility_slippage" in on else none,
        delist_bar=delist_bar,
        acts=acts,
        split=split,
        dividend=dividend,
        **finer,
    )


def random_actions(
    random: np.random.Generator, on: frozenset[str], has_bar: BoolArray
) -> tuple[BoolArray, FloatArray, FloatArray]:
    """Splits and dividends on some bars, never on the first; prices do not follow them, which no engine minds."""
    if not on & {"splits", "dividends"}:
        return np.zeros(0, np.bool_), np.zeros((0, 0)), np.zeros((0, 0))
    splits = has_bar & (random.random(has_bar.shape) < (0.08 if "splits" in on else 0.0))
    pays = has_bar & (random.random(has_bar.shape) < (0.1 if "dividends" in on else 0.0))
    splits[0] = pays[0] = False
    split = np.where(splits, random.choice([2.0, 0.5, 3.0, 1 / 3, 1.5], has_bar.shape), 1.0)
    dividend = np.where(pays, random.choice([0.25, 1.0, 2.5], has_bar.shape), 0.0)
    return np.asarray((splits | pays).any(axis=1)), split, dividend


def _on_grid(prices: FloatArray, step: float) -> FloatArray:
    return np.maximum(np.round(prices / step) * step, step) if step else np.maximum(prices, 0.5)


# ---- what is asked


def random_targets(random: np.random.Generator, on: frozenset[str], market: Market, strategies: int) -> Targets:
    bars, symbols = market.close.shape
    if "books" in on:
        slot_symbol = np.tile(np.arange(symbols), strategies)
        slot_strategy = np.repeat(np.arange(strategies), symbols)
    else:
        slot_symbol = np.arange(symbols)
        owners = strategies if "netted_strategies" in on else 1
        slot_strategy = np.sort(random.integers(0, owners, symbols))
    slots, shape = len(slot_symbol), (bars, len(slot_symbol))
    kind = (random.random(strategies) < (0.6 if "weights" in on else 0.0)).astype(np.int64)[slot_strategy]
    rules = [0] + [code for code, name in ((1, "risk"), (2, "kelly"), (3, "units")) if name in on]
    slot_rule = random.choice((rules[1:] or rules) if random.random() < 0.7 else rules, size=(slots,))
    typical = np.array([0.4, 0.02, 0.8, 30.0])[slot_rule]
    plans = np.concatenate([no_plan(), *(random_plan(random, on) for _ in range(2))])
    own = random.spawn(1)[0]  # what came later draws from its own stream, so that the rest stays what it was
    none = np.zeros((0, 0))

    def panel(name: str, values: FloatArray, share: float) -> FloatArray:
        if name not in on:
            return none
        values = np.array(values, np.float64)
        values[random.random(shape) > share] = np.nan
        return np.ascontiguousarray(values)

    shared = np.zeros((0, 0), np.int16)
    later = random.spawn(1)[0]
    if "shared_slots" in on and "books" not in on:  # every plan, and none, once for each strategy and once for nobody
        plans = np.concatenate([plans, *(plans for _ in range(strategies))])
        plans["strategy"][3:] = np.repeat(np.arange(strategies), 3)
        shared = later.integers(-1, len(plans), shape).astype(np.int16)
    multiplier = later.choice([0.1, 0.5, 1.0, 2.0], strategies) if "multiplier" in on else np.ones(strategies)

    close = np.where(np.isnan(market.close), 50.0, market.close)[:, slot_symbol]
    confidence = random.choice([0.25, 0.5, 0.75, 1.0], shape).astype(np.float32)
    return Targets(
        slot_symbol=slot_symbol.astype(np.int64),
        slot_strategy=slot_strategy.astype(np.int64),
        slot_kind=kind,
        slot_size=typical * random.choice([0.5, 1.0, 3.0], slots),
        slot_rule=slot_rule.astype(np.int64),
        slot_plan=random.integers(0 if random.random() < 0.5 else 1, 3, slots).astype(np.int64),
        slot_order=random_orders(own, on, slots),
        strategy_cap=np.where(
            random.random(strategies) < (0.8 if "strategy_cap" in on else 0.0),
            random.choice([0.1, 0.3, 0.6, 1.0], strategies),
            np.nan,
        ),
        strategy_multiplier=multiplier,
        plans=plans,
        plan=shared,
        side=random_sides(random, on, shape) if (kind == 0).any() else np.zeros((0, 0), np.int8),
        weight=random_weights(random, shape) if (kind == 1).any() else none,
        confidence=confidence if "confidence" in on else np.zeros((0, 0), np.float32),
        size=panel("own_size", typical * random.choice([0.0, 0.5, 1.0, 2.0], shape), 0.5),
        risk_unit=panel("risk_unit", random.choice([0.5, 1.0, 2.0, 3.0, 0.0, -1.0], shape), 0.9),
        stop_level=panel("stop_level", close + random.choice([-4.0, -2.0, -1.0, 0.0, 1.0, 3.0], shape), 0.4),
        target_level=panel("target_level", close + random.choice([-4.0, -2.0, 0.0, 1.0, 2.0, 5.0], shape), 0.4),
        exit_fraction=panel("exit_fraction", random.choice([0.25, 0.5, 0.9, 1.0, 1.5], shape), 0.7),
        entry_level=random_entry_levels(own, market, slot_symbol) if "resting_entries" in on else none,
    )


def random_orders(random: np.random.Generator, on: frozenset[str], slots: int) -> IntArray:
    """(M,) stop orders, and limit orders with the feature."""
    limits = random.random(slots) < (0.7 if "limit_entries" in on else 0.0)
    return np.where(limits, LIMIT_ORDER, STOP_ORDER).astype(np.int64)


def random_entry_levels(random: np.random.Generator, market: Market, slot_symbol: IntArray) -> FloatArray:
    """(T, M) levels that the next bar may reach: near its prices, often exactly on one of them, some at the market.

    They look ahead, which no strategy could; what a level is made from does not matter to the engine.
    """
    shape = (len(market.times), len(slot_symbol))
    panels = [market.open, market.high, market.low, market.close]
    later = [np.vstack([panel[1:], panel[-1:]])[:, slot_symbol] for panel in panels]
    middle = np.round((later[1] + later[2]) / 2 * 4) / 4
    choices = np.stack([*later, middle, middle, market.close[:, slot_symbol]])
    picked = np.take_along_axis(choices, random.integers(0, len(choices), (1, *shape)), axis=0)[0]
    picked = picked + random.choice([0.0, 0.0, 0.0, 0.1, -0.5, 0.5, -2.0, 2.0], shape)
    picked[random.random(shape) > random.choice([0.5, 0.9, 1.0])] = np.nan
    return np.ascontiguousarray(np.where(np.isnan(picked), np.nan, np.maximum(picked, 0.25)))


def random_sides(random: np.random.Generator, on: frozenset[str], shape: tuple[int, int]) -> Any:
    opinions = [1, -1, 1, -1, 0, 0] + ([2, 2] if "exits" in on else [])
    drawn = random.choice(opinions, shape).astype(np.int8)
    lasts = random.random(shape) < random.choice([0.0, 0.5, 0.8])
    for bar in range(1, shape[0]):
        drawn[bar] = np.where(lasts[bar], drawn[bar - 1], drawn[bar])
    return drawn


def random_weights(random: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    weight = random.choice([0.0, 0.1, 0.25, 0.5, 0.5, 0.9, 1.5, -0.3, -0.6], shape)
    weight[random.random(shape) < random.choice([0.1, 0.5, 0.8])] = np.nan
    return weight


def no_plan() -> Any:
    plan = np.zeros(1, PLAN_DTYPE)
    for name in ("sl", "tp1", "tp2", "tp3", "be", "trail_at", "trail_by"):
        plan[name] = np.nan
    plan["risk_multiplier"] = 1.0
    plan["strategy"] = -1
    return plan


def random_plan(random: np.random.Generator, on: frozenset[str]) -> Any:
    plan = no_plan()
    plan["exists"] = 1
    if "plan_percent" in on:
        plan["basis"], plan["risk"] = 1, random.choice([0.01, 0.03, 0.1])
    if "plan_level" in on and random.random() < 0.5:
        plan["basis"] = 2
    if "plan_stop" in on:
        plan["sl"] = random.choice([0.5, 1.0, 2.0])
    if "plan_targets" in on:
        last = int(random.integers(1, 4))
        plan["last_target"] = last
        levels = np.cumsum(random.choice([0.5, 1.0, 2.0], 3))
        fractions = [[1.0], [0.5, 0.5], [0.25, 0.25, 0.5]][last - 1]
        if "plan_partial" in on:
            fractions = [[0.5], [0.3, 0.3], [0.2, 0.3, 0.01]][last - 1]
        for number in range(last):
            plan[f"tp{number + 1}"], plan[f"f{number + 1}"] = levels[number], fractions[number]
        plan["last_takes_rest"] = int(abs(sum(fractions) - 1) < 1e-9)
    if "plan_break_even" in on:
        plan["be"] = random.choice([0.0, 0.5, 1.0])
    if "plan_trailing" in on:
        plan["trail_by"] = random.choice([0.5, 1.0, 2.0])
        plan["trail_at"] = random.choice([NAN, 0.0, 1.0])
    if "plan_time_stop" in on:
        plan["time_stop_bars"] = random.integers(1, 6)
    if "plan_multiplier" in on:
        plan["risk_multiplier"] = random.choice([0.5, 2.0])
    in_risk_units = [plan[name][0] for name in ("sl", "tp1", "be", "trail_by")]
    plan["needs_risk_unit"] = bool(np.isfinite(in_risk_units).any())
    return plan


# ---- rules


def plain_rules(**given: Any) -> Any:
    """Return one record of RULES_DTYPE: a plain account without costs, and what is given."""
    rules = np.zeros(1, RULES_DTYPE).view(np.recarray)[0]
    defaults = {
        "initial_cash": 10_000.0, "leverage": 1.0, "allow_short": 1, "slippage_on_stops": 1, "entry_bar_exits": 1,
        "kelly_min_trades": 3, "kelly_start": 0.5, "max_net": -1.0,
    }  # fmt: skip
    for name, value in {**defaults, **given}.items():
        rules[name] = value
    return rules


def random_rules(random: np.random.Generator, on: frozenset[str]) -> Any:
    pick = random.choice
    choices: dict[str, dict[str, Any]] = {
        "scale_by_confidence": {"scale_by_confidence": 1},
        "adds": {"max_adds": pick([1, 2])},
        "new_edge": {"reenter": 1},
        "spread": {"spread_frac": pick([0.0005, 0.01])},
        "commission": {"commission_frac": pick([0.0005, 0.01])},
        "commission_per_share": {"commission_per_share": pick([0.005, 0.25]), "commission_per_order": pick([0.0, 1.0])},
        "commission_minimum": {"commission_minimum": pick([1.0, 20.0])},
        "volatility_slippage": {"volatility_multiple": pick([0.1, 0.5])},
        "impact": {"impact_frac": pick([0.001, 0.01])},
        "free_stops": {"slippage_on_stops": 0},
        "borrow": {"borrow_ann": pick([0.02, 3.0])},
        "interest": {"margin_rate_ann": pick([0.05, 5.0])},
        "close_profile": {"intents_fill_at": 1},
        "leverage": {"leverage": pick([0.5, 2.0, 5.0])},
        "maintenance": {"maintenance_margin": pick([0.1, 0.3, 0.6])},
        "isolated": {"isolated": 1},
        "no_shorts": {"allow_short": 0},
        "lots": {"lot_size": pick([0.1, 1.0, 7.0])},
        "ticks": {"tick_size": pick([0.01, 0.25, 0.3])},
        "min_notional": {"min_notional": pick([50.0, 500.0, 3000.0])},
        "min_trade_weight": {"min_trade_weight": pick([0.01, 0.1])},
        "end_at_open": {"close_at_end": 1},
        "end_at_close": {"close_at_end": 2},
        "stale_rule": {"stale_after_bars": pick([1, 2, 4])},
        "delisting_return": {"delisting_return": pick([-1.0, -0.3, 0.1])},
        "tiny_account": {"initial_cash": pick([500.0, 2000.0])},
        "volume_limit": {"max_volume_share": pick([0.05, 0.3])},
        "volume_cancel": {"partial": 1},
        "by_stop": {"risk_basis": 1},
        "scale_on_breach": {"on_breach": 1},
        "total_at_risk": {"max_total_at_risk": pick([0.05, 0.4, 0.9])},
        "open_positions": {"max_open_positions": pick([1, 2])},
        "symbol_cap": {"max_symbol": pick([0.1, 0.4])},
        "gross_cap": {"max_gross_leverage": pick([0.3, 0.8, 1.5])},
        "net_cap": {"max_net": pick([0.0, 0.2, 0.5])},
        "drawdown": {"max_drawdown": pick([0.01, 0.05])},
        "daily_loss": {"max_daily_loss": pick([0.005, 0.03])},
        "losses": {"max_consecutive_losses": pick([1, 2, 3])},
        "reopen": {"reopen_after_bars": pick([1, 3])},
        "cooldown": {"cooldown_bars": pick([1, 3])},
    }
    choices |= fill_choices(random.spawn(1)[0])
    given: dict[str, Any] = {}
    for name, values in choices.items():
        if name in on:
            given |= values
    return plain_rules(**given)


def fill_choices(random: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Return what the features of fills set; a named profile sets all of them."""
    profile: Any = random.choice(PROFILE_NAMES)
    return {
        "gapped_stop_at_level": {"gapped_stop": GAP_AT_LEVEL},
        "gapped_target_at_level": {"gapped_target": GAP_AT_LEVEL},
        "target_first": {"same_bar": TARGET_FIRST},
        "trailing_last": {"same_bar": TRAILING_LAST},
        "path": {"same_bar": ALONG_PATH},
        "no_entry_bar_exits": {"entry_bar_exits": 0},
        "trailing_first": {"trailing_first": 1},
        "opposite_in_bar": {"opposite_in_bar": 1},
        "named_profile": fill_codes(ExecutionSettings(profile=str(profile))),  # type: ignore[arg-type]  # one of its names
    }
