"""What the benchmark compares with, a bare loop, numpy and arch, draws from the distributions that the engine does."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from stratkit.inference.path_resampling import stationary_paths
from stratkit.seeds import generator

HISTORY = generator(0, "beside", "history").standard_normal(200).cumsum() * 0.001 + 0.002


@pytest.fixture(scope="module")
def others(checkout: Path) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(checkout / "benchmarks"))
        yield import_module("bare_paths")


@pytest.mark.parametrize("name", ["bare_paths", "numpy_paths", "arch_paths"])
def test_all_draw_from_the_same_distributions(name: str, others: Any) -> None:
    theirs = getattr(others, name)(HISTORY, 2000, 200, 8.0, 1)
    sample = stationary_paths(HISTORY, paths=2000, mean_block_bars=8, draw=generator(0, "beside"))
    for figure, ours in enumerate((sample.wealth, sample.max_drawdown, sample.sharpe)):
        # of nine comparisons none may be one that chance brings once in a thousand
        assert stats.ks_2samp(ours, theirs[figure]).pvalue > 0.001
        assert theirs[figure].std() > 0
