"""Strategies of packages beside others, with limits and dated changes; and what a weight does to a lone strategy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stratkit.backtest import RunConfig, run_backtest
from stratkit.engine.layout import LEGS
from stratkit.engine.result import BacktestResult
from stratkit.errors import UsageError
from stratkit.testing import sample_bars

PACKAGES = ("pairs", "lead_lag", "cross_sectional_momentum", "currency_strength", "safe_haven")
BARS = sample_bars(900)


def played(strategies: dict[str, Any], **config: Any) -> BacktestResult:
    on = {name: {"enabled": True, "type": name, **settings} for name, settings in strategies.items()}
    return run_backtest(RunConfig.model_validate({"strategies": on, "analytics": {}, **config}), BARS)


def trades_of(result: BacktestResult, name: str) -> np.ndarray[Any, Any]:
    return np.asarray(result.trades[result.trades["strategy"] == result.strategies.index(name)])


def rows(trades: np.ndarray[Any, Any]) -> list[tuple[int, ...]]:
    return [(int(t["decision_bar"]), int(t["side"]), int(t["exit_bar"])) for t in trades]


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_trade_beside_another_strategy_as_they_do_alone(name: str) -> None:
    params = {"gross": 0.3} | ({"max_correlation": 0.9} if name == "safe_haven" else {})
    alone = played({name: {"params": params}})
    books = {"combine": {"method": "independent"}, "risk": {"sizing": {"fraction": 0.02}}}
    beside = played({name: {"params": params}, "sma_cross": {}}, **books)
    assert len(alone.trades) > 0
    assert len(trades_of(beside, "sma_cross")) > 0
    assert rows(trades_of(beside, name)) == rows(np.asarray(alone.trades))


def test_a_dated_switch_ends_packages_whole() -> None:
    day = str(np.datetime64(int(BARS.times[500]), "ns").astype("datetime64[D]"))
    off = {day: {"pairs": {"enabled": False}}}
    result = played({"pairs": {}}, overrides=off, combine={"method": "independent"})
    decided = result.trades["decision_bar"]
    assert len(decided) > 0
    assert (decided < 500).all()
    sides = {bar: result.trades["side"][decided == bar].sum() for bar in np.unique(decided)}
    assert set(sides.values()) == {0}


def test_a_package_with_a_symbol_that_may_not_be_traded_is_not_asked_for() -> None:
    only = played({"pairs": {"symbols": ["FULL", "TREND", "GAPS"]}})  # the twin of FULL is not among them
    assert not (only.decisions["rule"] == LEGS).any()
    everything = played({"pairs": {}})
    assert len(only.trades) < len(everything.trades)


def test_a_limit_on_new_opinions_lets_no_half_of_a_package_through() -> None:
    budget = {"risk_budgets": {"max_trades_per_cycle": 1}}
    result = played({"pairs": budget}, combine={"method": "independent"})
    assert len(result.fills) == 0
    assert (result.decisions["rule"] == LEGS).any()


@pytest.mark.parametrize("name", ["sma_cross", "time_series_momentum", "pairs"])
def test_a_weight_of_zero_is_off_also_for_a_lone_strategy(name: str) -> None:
    assert len(played({name: {}}).fills) > 0
    method = {} if name == "sma_cross" else {"combine": {"method": "independent"}}
    assert len(played({name: {"weight": 0.0}}, **method).fills) == 0


@pytest.mark.parametrize("name", ["sma_cross", "time_series_momentum", "pairs"])
def test_the_weight_of_a_lone_book_multiplies_its_sizes(name: str) -> None:
    books = {"combine": {"method": "independent"}, "risk": {"sizing": {"fraction": 0.1}}}
    full, half = (played({name: {"weight": weight}}, **books) for weight in (1.0, 0.5))
    first, other = (result.fills[0] for result in (full, half))  # before anything was earned
    assert first.quantity == pytest.approx(2.0 * other.quantity, rel=1e-9)


def test_packages_are_not_asked_for_on_coarser_bars() -> None:
    with pytest.raises(UsageError, match=r"'pairs' trades packages of legs, .* leave timeframe out"):
        played({"pairs": {"timeframe": "1w"}})
