"""Every policy learns which profile is best in each regime: a reduced set of `benchmarks/bandit.py`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from stratkit.adaptive.settings import PolicyName, SelectorSettings

SEEDS, TRADES, DELAY = 20, 800, 5


@pytest.fixture(scope="module")
def bandit(checkout: Path) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(checkout / "benchmarks"))
        yield import_module("bandit")


@pytest.mark.parametrize("policy", get_args(PolicyName))
def test_regret_grows_slower_than_that_of_chance_and_of_a_wrong_profile(policy: PolicyName, bandit: Any) -> None:
    lost = bandit.regret_of(SelectorSettings(policy=policy), SEEDS, TRADES, DELAY)
    late = lost[-1] - lost[TRADES // 2 - 1]  # in the second half, by seed
    for name, other in bandit.beside(SEEDS, TRADES).items():
        if name != "best fixed":
            others = other[-1] - other[TRADES // 2 - 1]
            better = others - late
            error = better.std(ddof=1) / np.sqrt(SEEDS)
            print(f"{policy}: {late.mean():.1f} R in the second half, {name} {others.mean():.1f} R")
            assert better.mean() > 3 * error, name
            assert lost[-1].mean() < other[-1].mean(), name


@pytest.mark.parametrize("policy", ["epsilon_greedy", "ucb1", "thompson"])
def test_regret_of_what_learns_for_good_bends(policy: PolicyName, bandit: Any) -> None:
    assert bandit.growth(bandit.regret_of(SelectorSettings(policy=policy), SEEDS, TRADES, DELAY)) < 0.9
