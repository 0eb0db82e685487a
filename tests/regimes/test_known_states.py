"""Causal labels find states that are known: a reduced set of `benchmarks/regimes.py`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratkit.data.planted import switching_market


@pytest.fixture(scope="module")
def regimes(checkout: Path) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(checkout / "benchmarks"))
        yield import_module("regimes")


@pytest.mark.parametrize("seed", range(4))
def test_the_causal_hidden_markov_labels_come_near_the_filter_with_the_true_parameters(seed: int, regimes: Any) -> None:
    row = regimes.row(seed, ["hmm", "rules", "rules, quantile"])
    assert regimes.misses([row]) == []
    assert row.methods["hmm"] > max(regimes.MAJORITY, row.methods["rules"], row.methods["rules, quantile"])


def test_five_thousand_bars_take_less_than_five_seconds(regimes: Any) -> None:
    assert regimes.seconds() < regimes.MOST_SECONDS


def test_who_guesses_or_is_far_behind_misses(regimes: Any) -> None:
    _, state = switching_market(regimes.BARS, 0)
    assert regimes.balanced_accuracy(np.zeros_like(state), state) == regimes.MAJORITY
    assert regimes.balanced_accuracy(state, state) == 1.0
    said = regimes.misses([regimes.Row(7, 0.93, {"hmm": 0.5})])
    assert said == ["seed 7: 50.0% is below 80%", "seed 7: 43.0 points behind the true parameters"]
    assert regimes.misses([regimes.Row(7, 0.93, {"hmm": 0.81})]) == ["seed 7: 12.0 points behind the true parameters"]
    assert regimes.misses([regimes.Row(7, 0.93, {})])


def test_the_script_fails_when_a_limit_is_missed(regimes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regimes.sys, "argv", ["regimes.py", "--seeds", "1", "--methods", "jump"])
    monkeypatch.setattr(regimes, "seconds", lambda: 0.0)
    with pytest.raises(SystemExit) as stopped:
        regimes.main()
    assert stopped.value.code == 1
