"""Block lengths: arch as oracle for both bootstraps, and what is short or does not vary."""

from __future__ import annotations

import math

import numpy as np
import pytest
from arch.bootstrap import optimal_block_length

from stratkit.errors import UsageError
from stratkit.inference.block_length import block_length, block_lengths, circular_block_length
from stratkit.panel import FloatArray
from stratkit.seeds import generator


def noise(trials: int, bars: int, *name: str | int) -> FloatArray:
    return generator(0, "superior", *name).standard_normal((bars, trials))


def persistent(bars: int, persistence: float) -> FloatArray:
    series = noise(3, bars, "block")
    for bar in range(1, bars):
        series[bar] += persistence * series[bar - 1]
    return series


@pytest.mark.parametrize("persistence", [-0.8, 0.0, 0.5, 0.97])
@pytest.mark.parametrize("bars", [12, 50, 401, 3000])
def test_the_block_length_is_that_of_arch(bars: int, persistence: float) -> None:
    series = persistent(bars, persistence)
    for columns in (series, series[:, :1]):
        found = optimal_block_length(columns)["stationary"].to_numpy()
        assert block_lengths(columns) == pytest.approx(found, rel=1e-9)
        assert block_length(columns) == pytest.approx(max(1.0, float(found.max())), rel=1e-9)


@pytest.mark.parametrize("persistence", [-0.8, 0.0, 0.5, 0.97])
@pytest.mark.parametrize("bars", [12, 50, 401, 3000])
def test_the_circular_length_is_that_of_arch_rounded_up_and_at_most_a_tenth(bars: int, persistence: float) -> None:
    for column in persistent(bars, persistence).T:
        found = float(optimal_block_length(column)["circular"].iloc[0])
        assert circular_block_length(column) == min(max(math.ceil(found), 1), max(bars // 10, 1))


def test_daily_returns_of_the_indices_have_the_circular_lengths_of_arch() -> None:
    from arch.data import nasdaq, sp500

    lengths = []
    for source in (sp500, nasdaq):
        returns = source.load()["Adj Close"].pct_change().dropna().to_numpy()
        oracle = float(optimal_block_length(returns)["circular"].iloc[0])
        lengths.append(circular_block_length(returns))
        assert lengths[-1] == math.ceil(oracle)
    assert min(lengths) > 1


def test_what_does_not_vary_or_is_very_short_has_blocks_of_one() -> None:
    assert block_length(np.zeros((100, 2))) == 1.0
    assert block_length(np.array([[0.1], [0.2]])) == 1.0
    assert circular_block_length(np.zeros(100)) == circular_block_length(np.array([0.1, 0.2])) == 1
    moving = noise(1, 300, "moving").cumsum(axis=0)
    assert block_length(np.column_stack([moving, np.zeros(300)])) == block_length(moving) > 1.0


def test_a_series_with_a_gap_is_refused() -> None:
    with pytest.raises(UsageError, match="one finite series"):
        circular_block_length(np.array([0.1, np.nan, 0.2]))
    with pytest.raises(UsageError, match=r"found the shape \(5, 1\)"):
        circular_block_length(np.ones((5, 1)))
