"""Permuted bars: what a permutation must keep, on hand-made bars, with holes, and over many draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.data.bars import FIELDS, PRICES, Bars
from stratkit.data.permuted import bar_steps, permuted, permuted_bars, permuted_order, rebuilt_bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import DataError, UsageError
from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.seeds import generator

# six bars of one symbol, open high low close
SIX = np.array(
    [
        [100.0, 104.06, 95.96, 100.34],
        [101.01, 109.08, 100.5, 108.31],
        [110.75, 113.48, 109.05, 109.4],
        [111.24, 111.6, 103.57, 104.87],
        [104.96, 108.0, 103.88, 106.0],
        [104.95, 107.95, 104.66, 107.91],
    ]
)
INTRABAR, GAP = [2, 0, 4, 1, 3], [1, 3, 0, 4, 2]  # of the five bars after the first
UNIVERSE = synthetic_universe(6, 300, seed=4).bars  # one listed late, one delisted


def bars_of(prices: FloatArray) -> Bars:
    """Return bars of (T, N, 4) prices; volume tells the row."""
    rows, symbols = prices.shape[:2]
    volume = np.where(np.isfinite(prices[..., 0]), np.arange(rows, dtype=float)[:, None], np.nan)
    columns: dict[str, Any] = {name: prices[..., place] for place, name in enumerate(PRICES)}
    names = tuple(f"S{symbol}" for symbol in range(symbols))
    return Bars(np.arange(rows) * NS_PER_DAY, names, **columns, volume=volume, frequency="1d")


def holed() -> Bars:
    """The synthetic universe with holidays that one or two symbols keep, two of them alike."""
    values: dict[str, Any] = {name: np.array(getattr(UNIVERSE, name)) for name in FIELDS}
    for column in values.values():
        column[[40, 90, 150], 0] = np.nan
        column[[90, 200, 201], 3] = np.nan
    return Bars(UNIVERSE.times, UNIVERSE.symbols, **values, frequency="1d")


def moves(bars: Bars, symbol: int) -> tuple[FloatArray, FloatArray]:
    """Return the symbol's gaps and its (n, 4) intrabar moves with volume, on its own bars after the first, sorted."""
    own = np.isfinite(bars.close[:, symbol])
    opened, high, low, close, volume = (getattr(bars, name)[own, symbol] for name in FIELDS)
    intrabar = np.column_stack((high / opened, low / opened, close / opened, volume))[1:]
    return np.sort(opened[1:] / close[:-1]), intrabar[np.lexsort(intrabar.T.round(9))]


def test_masters_invariants() -> None:
    """Vector "masters-invariants"."""
    steps = bar_steps(bars_of(SIX[:, None]))
    after = np.arange(1, 6)
    found = rebuilt_bars(steps, np.append(0, after[GAP]), np.append(0, after[INTRABAR]))
    prices = np.stack([getattr(found, name)[:, 0] for name in PRICES], axis=1)
    assert prices[0].tolist() == [100.0, 104.06, 95.96, 100.34]
    assert prices[-1, 3] == pytest.approx(107.91, rel=1e-10)
    # row 1: the gap of row 2 after the first close, and the intrabar move of row 3
    opened = 100.34 * 110.75 / 108.31
    assert prices[1] == pytest.approx(opened * SIX[3] / 111.24, rel=1e-12)
    assert found.volume[:, 0].tolist() == [0, 3, 1, 5, 2, 4]


def test_its_own_order_gives_the_bars_back() -> None:
    for bars in (UNIVERSE, holed()):
        steps = bar_steps(bars)
        own = np.arange(300)
        again = rebuilt_bars(steps, own, own)
        for name in PRICES:
            np.testing.assert_allclose(getattr(again, name), getattr(bars, name), rtol=1e-12)
        np.testing.assert_array_equal(again.volume, bars.volume)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), start=st.sampled_from([0, 1, 77, 299, 300]), holes=st.booleans())
def test_every_permutation_keeps_what_it_must(seed: int, start: int, holes: bool) -> None:
    bars = holed() if holes else UNIVERSE
    other = permuted_bars(bars, generator(seed, "permuted"), start)
    for name in FIELDS:
        before, after = getattr(bars, name), getattr(other, name)
        np.testing.assert_array_equal(np.isnan(after), np.isnan(before))
        assert after[:start].tobytes() == before[:start].tobytes()
    for symbol in range(6):
        own = np.flatnonzero(np.isfinite(bars.close[:, symbol]))
        for name in FIELDS:
            assert getattr(other, name)[own[0], symbol] == getattr(bars, name)[own[0], symbol]
        assert other.close[own[-1], symbol] == pytest.approx(bars.close[own[-1], symbol], rel=1e-10)
        for found, expected in zip(moves(other, symbol), moves(bars, symbol), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9)
    alive = np.isfinite(other.close)
    assert (other.high[alive] >= np.maximum(other.open, other.close)[alive]).all()
    assert (other.low[alive] <= np.minimum(other.open, other.close)[alive]).all()
    assert (other.low[alive] > 0).all()


def test_all_symbols_share_one_permutation_of_gaps_and_another_of_intrabar_moves() -> None:
    bars = holed()
    steps = bar_steps(bars)
    draw = generator(0, "shared")
    gap_order, intrabar_order = permuted_order(steps, draw), permuted_order(steps, draw)
    assert (gap_order != intrabar_order).mean() > 0.9
    other = bar_steps(permuted(steps, generator(0, "shared")))
    for name, order in (("gap", gap_order), ("high", intrabar_order), ("close", intrabar_order)):
        moved = ~np.isnan(other.gap) & ~steps.stays
        expected = getattr(steps, name)[order]
        np.testing.assert_allclose(getattr(other, name)[moved], expected[moved], atol=1e-11)
    np.testing.assert_array_equal(other.bars.volume, bars.volume[intrabar_order])


def test_rows_are_exchanged_only_with_rows_of_the_same_symbols() -> None:
    steps = bar_steps(holed())
    order = permuted_order(steps, generator(0, "rows"))
    present = np.isfinite(steps.bars.close)
    assert (present[order] == present).all()
    alone = np.setdiff1d(np.arange(300), np.concatenate(steps.groups))
    assert order[alone].tolist() == alone.tolist()
    # the first bar of all, that of the late symbol, and holidays that no other row repeats
    assert {0, 120} <= set(alone.tolist())
    assert steps.moved == 1 - len(alone) / 300
    assert steps.moved > 0.95


def test_every_order_of_few_bars_is_equally_likely() -> None:
    steps = bar_steps(bars_of(SIX[:4, None]))
    draw = generator(0, "orders")
    orders = np.array([permuted_order(steps, draw) for _ in range(6000)])
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert (orders[:, 0] == 0).all()
    assert len(counts) == 6
    assert ((counts - 1000) ** 2 / 1000).sum() < 20.5  # chi squared with 5 degrees, exceeded once in 1,000


def test_the_seed_decides_and_taking_apart_once_changes_nothing() -> None:
    bars = holed()
    once = permuted_bars(bars, generator(1, "seed"), 20)
    assert permuted(bar_steps(bars, 20), generator(1, "seed")).digest == once.digest
    assert permuted_bars(bars, generator(2, "seed"), 20).digest != once.digest
    assert once.source.endswith(", permuted")


def test_the_momentum_of_a_trend_is_gone_and_its_drift_is_kept() -> None:
    step = generator(0, "trend").standard_normal(2000)
    returns = np.zeros(2000)
    for row in range(1, 2000):
        returns[row] = 0.6 * returns[row - 1] + 0.01 * step[row]
    close = 100 * np.exp(np.cumsum(returns))
    opened = np.concatenate(([100.0], close[:-1]))
    prices = np.stack((opened, np.maximum(opened, close), np.minimum(opened, close), close), axis=1)
    other = permuted_bars(bars_of(prices[:, None]), generator(0, "trend"))
    moved = np.diff(np.log(other.close[:, 0]))
    assert np.corrcoef(moved[1:], moved[:-1])[0, 1] == pytest.approx(0.0, abs=4 / np.sqrt(2000))
    assert moved.sum() == pytest.approx(np.log(close[-1] / close[0]), abs=1e-9)


def test_prices_that_have_no_logarithm_and_a_start_outside_are_refused() -> None:
    prices = SIX[:, None].copy()
    prices[2, 0, 2] = 0.0
    with pytest.raises(DataError, match="found 0"):
        bar_steps(bars_of(prices))
    with pytest.raises(UsageError, match="one of 300; found 301"):
        permuted_bars(UNIVERSE, generator(0, "start"), 301)


def test_symbols_without_a_single_bar_stay_empty() -> None:
    prices = np.stack((SIX, np.full_like(SIX, np.nan)), axis=1)
    other = permuted_bars(bars_of(prices), generator(0, "empty"))
    assert np.isnan(other.close[:, 1]).all()
    assert other.close[-1, 0] == pytest.approx(107.91)
