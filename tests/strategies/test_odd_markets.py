"""Markets without volume, and markets that never move: no warning, no error, and no position out of nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from stratkit.data.bars import Bars
from stratkit.strategies.catalog import STRATEGIES, find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import search_space
from stratkit.strategies.running import run_strategy
from stratkit.strategies.strategy import Strategy
from stratkit.testing import sample_bars

ON_BARS_ALONE = [
    name for name in STRATEGIES if not any(need.startswith("series:") for need in find_strategy(name).needs)
]


def modes(name: str) -> list[Strategy]:
    """The defaults, and each other choice."""
    choices = [each for each in search_space(find_strategy(name).Params) if each.kind == "choice"]
    changed = [{each.name: value} for each in choices for value in each.choices if value != each.default]
    return [find_strategy(name)(), *(find_strategy(name)(**params) for params in changed)]


@cache
def odd_context(volume: float | None, moves: bool = True) -> Context:
    """The sample with one volume on every bar (None = its own), or with one price."""
    bars = sample_bars(900)
    has_bar = np.isfinite(bars.close)
    still = np.where(has_bar, 100.0, np.nan)
    opened, high, low, close = (bars.open, bars.high, bars.low, bars.close) if moves else (still, still, still, still)
    volumes = bars.volume if volume is None else np.where(has_bar, volume, np.nan)
    return Context(Bars(bars.times, bars.symbols, opened, high, low, close, volumes, bars.frequency))


def enters(strategy: Strategy, context: Context) -> bool:
    signals = run_strategy(strategy, context)
    if signals.side is not None:
        return bool(np.isin(signals.side, (1, -1)).any())
    return bool((np.nan_to_num(np.asarray(signals.weight)) != 0).any())


@pytest.mark.parametrize("name", [name for name in ON_BARS_ALONE if "volume" in find_strategy(name).needs])
def test_a_strategy_that_needs_volume_enters_nothing_without_it(name: str) -> None:
    for strategy in modes(name):
        if name != "rules_engine":  # its breakouts and momentum need no volume
            assert not enters(strategy, odd_context(np.nan)), strategy
        enters(strategy, odd_context(0.0))  # says something or not, but does not raise


@pytest.mark.parametrize("name", [name for name in ON_BARS_ALONE if name not in ("buy_and_hold", "momentum_rotation")])
def test_nothing_is_entered_in_a_market_that_never_moves(name: str) -> None:
    for strategy in modes(name):
        assert not enters(strategy, odd_context(None, moves=False)), strategy
        assert not enters(strategy, odd_context(np.nan, moves=False)), strategy
