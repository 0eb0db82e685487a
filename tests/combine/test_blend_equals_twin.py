"""The compiled blend and a plain one, cell by cell, agree; stretches change nothing, and neither does the future."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from blend_twin import Case, Twin
from hypothesis import given, settings
from hypothesis import strategies as st
from random_cases import METHODS, play, random_case

from stratkit.combine.blend import Blend, Blending, Books, proposal_counts
from stratkit.combine.codes import REASONS, VERDICTS
from stratkit.strategies.signals import Signals

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(autouse=True)
def _few_strategies_are_meant() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="nothing can trade")
        yield


def check(case: Case) -> Blending:
    played, found = play(case), Twin(case).play()
    result = played.result
    for (s, bar, n), verdict in found.verdict.items():
        assert VERDICTS[result.verdict[s, bar, n]] == verdict, (s, bar, n)
    for place, side in found.side.items():
        assert result.side[place] == side, place
    for place, weight in found.weight.items():
        given_weight = math.nan if result.weight is None else float(result.weight[place])
        assert given_weight == pytest.approx(weight, rel=1e-12, nan_ok=True), place
    if isinstance(result, Blend):
        for place, reason in found.reason.items():
            assert REASONS[result.reason[place]] == reason, place
            assert result.lead[place] == found.lead[place], place
            assert result.confidence[place] == pytest.approx(found.confidence[place], rel=1e-6, abs=1e-7), place
        for place, share in found.contribution.items():
            assert result.contribution[place] == pytest.approx(share, rel=1e-6), place
    for entry, counts in zip(case.signals, found.counts):
        told = proposal_counts(played)[entry.strategy]
        assert {name: number for name, number in told.items() if number} == dict(counts)
    return played


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=150)
@given(seed=SEEDS)
def test_any_case_is_blended_alike(method: str, seed: int) -> None:
    check(random_case(seed, method))


@pytest.mark.parametrize("method", METHODS)
def test_many_symbols_are_blended_alike(method: str) -> None:
    for seed in range(3):
        check(random_case(seed, method, shape=(12, 60)))


def panels(result: Blend | Books) -> dict[str, npt.NDArray[Any]]:
    return {name: panel for name, panel in vars(result).items() if panel is not None}


def same(one: Blending, other: Blending, bars: int) -> None:
    for name, panel in panels(one.result).items():
        axis = panel.ndim - 2
        before, after = (np.take(p, range(bars), axis) for p in (panel, panels(other.result)[name]))
        np.testing.assert_array_equal(before, after, err_msg=name)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40)
@given(seed=SEEDS, stops=st.lists(st.integers(0, 14)))
def test_any_stretches_give_the_same_as_one_go(method: str, seed: int, stops: list[int]) -> None:
    case = random_case(seed, method)
    bars = case.signals[0].shape[0]
    whole, parts = play(case), play(case, [stop for stop in stops if stop <= bars])
    same(whole, parts, bars)
    assert proposal_counts(whole) == proposal_counts(parts)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40)
@given(seed=SEEDS, other=SEEDS, cut=st.integers(0, 12))
def test_what_comes_later_changes_nothing_before(method: str, seed: int, other: int, cut: int) -> None:
    case, random = random_case(seed, method), np.random.default_rng(other)
    bars = case.signals[0].shape[0]
    cut = min(cut, bars)
    changed = [spliced(entry, random, cut) for entry in case.signals]
    later = replace(case, signals=changed, weights=case.weights[:cut] + [[1.0] * len(changed)] * (bars - cut))
    same(play(case), play(later), cut)


def spliced(signals: Signals, random: np.random.Generator, cut: int) -> Signals:
    """The same up to `cut`, and something else from there."""
    shape = signals.shape
    changed: dict[str, Any] = {}
    for name, panel in signals.panels().items():
        other = random.integers(-1, 2, shape) if name != "confidence" else random.random(shape)
        changed[name] = np.concatenate([panel[:cut], other[cut:]])
    return replace(signals, **changed)
