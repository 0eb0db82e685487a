"""Bars that hold an edge of stated size, or none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.data.planted import planted_market
from stratkit.engine.settings import CostSettings
from stratkit.engine.simulate import simulate
from stratkit.errors import UsageError
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.running import run_strategy


def log_returns(close: np.ndarray) -> np.ndarray:
    return np.diff(np.log(np.concatenate(([100.0], close))))


@given(seed=st.integers(0, 10**6), fast=st.integers(1, 5), more=st.integers(1, 8), bars=st.integers(15, 60))
def test_each_days_mean_has_the_sign_of_the_averages_of_the_closes_before(
    seed: int, fast: int, more: int, bars: int
) -> None:
    slow = fast + more
    close = np.ravel(planted_market(bars, seed, sharpe_ann=400.0, fast=fast, slow=slow).close)
    plain = log_returns(np.ravel(planted_market(bars, seed, fast=fast, slow=slow).close))
    added = (log_returns(close) - plain) / (0.01 * 400.0 / math.sqrt(252))
    for bar in range(bars):
        known = close[:bar]
        gap = np.mean(known[-fast:]) - np.mean(known[-slow:]) if bar >= slow else 0.0
        if abs(gap) > 1e-9 * close[0] or bar < slow:
            assert added[bar] == pytest.approx(np.sign(gap), abs=1e-6)


def test_nothing_planted_is_noise_with_a_volatility_of_one_percent() -> None:
    returns = log_returns(np.ravel(planted_market(20_000, 3).close))
    assert np.std(returns) == pytest.approx(0.01, rel=0.02)
    assert abs(np.mean(returns)) < 3 * 0.01 / math.sqrt(20_000)


def test_the_planted_rule_earns_about_what_is_stated() -> None:
    bars = planted_market(20_000, 5, sharpe_ann=2.0)
    signals = run_strategy(build_strategy("sma_cross", {"fast": 20, "slow": 80}), Context(bars))
    equity = simulate(bars, signals, costs=CostSettings()).equity
    returns = equity[1:] / equity[:-1] - 1
    sharpe = returns.mean() / returns.std(ddof=1) * math.sqrt(252)
    error = math.sqrt(252 / 20_000)  # of a ratio of so many days
    assert abs(sharpe - 2.0) < 3 * error


def test_bars_are_consistent_and_the_same_for_the_same_seed() -> None:
    bars, again = planted_market(300, 7, sharpe_ann=1.0), planted_market(300, 7, sharpe_ann=1.0)
    assert bars.digest == again.digest
    assert bars.digest != planted_market(300, 8, sharpe_ann=1.0).digest
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.open[1:] == bars.close[:-1]).all()


@pytest.mark.parametrize(("fast", "slow", "bars"), [(0, 80, 100), (80, 80, 100), (20, 80, 80)])
def test_averages_that_are_not_in_order_are_refused(fast: int, slow: int, bars: int) -> None:
    with pytest.raises(UsageError, match="fast < slow < bars must hold"):
        planted_market(bars, fast=fast, slow=slow)
