"""Every strategy on made-up markets: it must win where its edge is, and not where it is absent or reversed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

import made_up_markets as made_up
import made_up_panels as panels
import numpy as np
import pytest

from stratkit.backtest import RunConfig, run_backtest
from stratkit.data.bars import Bars
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.engine.result import BacktestResult
from stratkit.research.sources import StrategySource
from stratkit.research.warmup import measure_warmup
from stratkit.strategies.catalog import STRATEGIES, build_strategy, find_strategy

CLEARLY: Final = 3.0  # t statistic of the mean return that counts as winning
NOT_DISTINGUISHABLE: Final = 1.5
COSTS: Final = {"commission_bps": 1.0, "half_spread_bps": 2.0, "borrow_ann": 0.01}

Market = Callable[[], Bars]


@dataclass(frozen=True)
class Case:
    """A strategy, a market with its edge, and one without it or with its reverse."""

    name: str
    wins_on: Market
    not_on: Market
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([self.name, *map(str, self.params.values())])


def both_ways(name: str, market: Callable[[int], Bars], **params: Any) -> Case:
    return Case(name, partial(market, 1), partial(market, -1), params)


LONG_TRENDS: Final = partial(made_up.trending, 600, 0.0015, 3000)
LASTING_JUMPS: Final = (partial(made_up.jumps, 1, 15), partial(made_up.jumps, -1, 15))
RUNAWAY: Final = partial(made_up.fair_values, -1)

CASES: Final = [
    both_ways("buy_and_hold", made_up.drifting),
    Case("sma_cross", made_up.trending, made_up.ranging),
    Case("macd_trend", made_up.waves, made_up.ranging),
    Case("donchian_breakout", made_up.trending, made_up.ranging),
    Case("rules_engine", made_up.trending, made_up.ranging),
    Case("rsi_reversion", made_up.ranging, made_up.trending),
    Case("bollinger_reversion", made_up.ranging, made_up.trending),
    Case("mean_reversion", made_up.ranging, made_up.trending),
    both_ways("momentum_rotation", made_up.leaders),
    Case("volume_breakout", *LASTING_JUMPS),
    Case("volume_breakout", *LASTING_JUMPS, {"direction": "both"}),
    Case("adaptive_trend", made_up.trending, made_up.ranging),
    both_ways("momentum_ignition", made_up.jumps),
    Case("time_series_momentum", LONG_TRENDS, made_up.ranging),
    both_ways("bollinger_rsi", made_up.setbacks),
    both_ways("support_resistance", made_up.bounces),
    both_ways("support_resistance", made_up.bounces, direction="both"),
    both_ways("volatility_breakout", made_up.squeezes),
    both_ways("low_volatility_range", made_up.quiet_ranges),
    Case("volume_profile_reversion", partial(made_up.fair_values, 1), made_up.trending),
    Case("volume_profile_reversion", RUNAWAY, partial(made_up.fair_values, 1), {"mode": "breakout"}),
    both_ways("order_flow", made_up.worked_orders),
    both_ways("order_flow", made_up.absorbed_orders, mode="divergence"),
    Case("order_flow", made_up.trending, made_up.ranging, {"proxy": "bulk_volume"}),
    both_ways("large_prints", made_up.prints),
    Case("large_prints", partial(made_up.prints, -1), partial(made_up.prints, 1), {"reaction": "fade"}),
    both_ways("formula", made_up.setbacks),
    both_ways("cross_sectional_momentum", made_up.leaders),
    both_ways("pairs", panels.tied_pairs),
    both_ways("lead_lag", panels.led),
    both_ways("currency_strength", panels.currencies),
    both_ways("safe_haven", panels.crises),
]
# the bundled bars are of two indexes; what ranks symbols, or buys each of them once, needs more of them
SAMPLES: Final[dict[str, Market]] = {
    "buy_and_hold": lambda: synthetic_universe(40, 300).bars,
    "momentum_rotation": lambda: synthetic_universe(20, 1500).bars,
    "cross_sectional_momentum": lambda: synthetic_universe(20, 1500).bars,
    "pairs": lambda: synthetic_universe(20, 2520).bars,
    "lead_lag": lambda: synthetic_universe(20, 1500).bars,
    "currency_strength": lambda: synthetic_universe(20, 1500).bars,
    "safe_haven": partial(panels.crises, 1),
}
ON_BARS_ALONE: Final = [
    name for name in STRATEGIES if not any(need.startswith("series:") for need in find_strategy(name).needs)
]


@cache
def bundled() -> Bars:
    return load_bars(DataSettings())


def played(name: str, params: dict[str, Any], bars: Bars, **config: Any) -> BacktestResult:
    strategies = {name: {"enabled": True, "type": name, "params": params}}
    return run_backtest(RunConfig.model_validate({"strategies": strategies, **config}), bars)


def t_statistic(case: Case, bars: Bars) -> float:
    """How many standard errors the mean daily return net of costs lies above 0."""
    sizing = {"sizing": {"fraction": 1.0 / made_up.SYMBOLS}}
    result = played(case.name, case.params, bars, costs=COSTS, risk=sizing)
    assert len(result.trades) >= made_up.SYMBOLS, "it must trade, else nothing is shown"
    returns = np.diff(result.equity) / result.equity[:-1]
    return float(returns.mean() / returns.std(ddof=1) * np.sqrt(len(returns)))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_wins_net_of_costs_where_its_edge_is_planted(case: Case) -> None:
    assert t_statistic(case, case.wins_on()) > CLEARLY


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_does_not_win_where_its_edge_is_absent_or_reversed(case: Case) -> None:
    assert t_statistic(case, case.not_on()) < NOT_DISTINGUISHABLE


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_finds_nothing_in_a_random_walk(case: Case) -> None:
    assert t_statistic(case, made_up.random_walk()) < NOT_DISTINGUISHABLE


def test_every_strategy_that_stands_on_bars_alone_is_judged_here() -> None:
    missing = set(ON_BARS_ALONE) - {case.name for case in CASES}
    assert not missing, f"plant their edge in made_up_markets.py and add a Case: {sorted(missing)}"


@pytest.mark.parametrize("name", ON_BARS_ALONE)
def test_it_trades_thirty_times_with_its_defaults_on_a_named_sample(name: str) -> None:
    every_symbol_its_share = {"sizing": {"rule": "equal_weight"}}  # else the first would take all the cash
    result = played(name, {}, SAMPLES.get(name, bundled)(), risk=every_symbol_its_share)
    assert len(result.trades) >= 30


@pytest.mark.parametrize("name", ON_BARS_ALONE)
def test_its_declared_warm_up_is_not_too_small(name: str) -> None:
    report = measure_warmup(StrategySource(find_strategy(name)), SAMPLES.get(name, bundled)(), ends=4)
    assert report.holds, report.sentence()
    assert report.declared_bars == build_strategy(name).warmup_bars
