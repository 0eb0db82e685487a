"""What a strategy needs beside prices: said before the run, not found out from its silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stratkit.config import load_config
from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.strategies.catalog import STRATEGIES, build_strategy, find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.needs import SEVERAL, VOLUME, check_needs
from stratkit.testing import sample_bars

HEDGED = [name for name in STRATEGIES if SEVERAL in find_strategy(name).needs]
READERS = [name for name in STRATEGIES if VOLUME in find_strategy(name).needs]


@pytest.mark.parametrize("name", HEDGED)
def test_one_symbol_is_too_few_for_a_strategy_of_several(name: str) -> None:
    strategy, bars = build_strategy(name), sample_bars(50)
    check_needs("mine", strategy, Context(bars))
    with pytest.raises(UsageError, match=r"^strategies.mine trades several symbols .* found only FULL: name more"):
        check_needs("mine", strategy, Context(bars.select(("FULL",))))


@pytest.mark.parametrize("name", HEDGED)
def test_alone_it_is_given_all_bundled_symbols(name: str) -> None:
    assert load_config([], strategy=name).data.symbols is None
    assert load_config([], strategy=name, settings=["data.symbols=[NASDAQ]"]).data.symbols == ("NASDAQ",)
    assert load_config([], strategy="sma_cross").data.symbols == ("SP500",)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("volume", [0.0, np.nan])
def test_bars_without_any_volume_are_warned_of(name: str, volume: float) -> None:
    bars = sample_bars(50)
    empty: Bars = replace(bars, volume=np.full(bars.shape, volume))
    with pytest.warns(UserWarning, match="strategies.mine reads volume, and the bars hold none"):
        check_needs("mine", build_strategy(name), Context(empty))
