"""`Steps` and `HealthStep`: weights and states of strategies over the bars of one run, out of what was changed when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratkit.controls import clipped
from stratkit.panel import FloatArray, IntArray

ChangeList = Sequence[Sequence[Any]]  # of [bar, weights]


@dataclass(frozen=True)
class Steps:
    """Values (n, S) that hold from the bars (n,) on, each until the next; the first from bar 0."""

    bar: IntArray
    values: FloatArray


@dataclass(frozen=True)
class HealthStep:
    """A state that a strategy has from `bar` of the run on; `before` and `reasons` say what led to it.

    The first has bar 0 and no `before`: it is the state in which the run began.
    """

    bar: int
    state: str
    before: str = ""
    reasons: tuple[str, ...] = ()


def base_steps(base: ChangeList) -> Steps:
    """Return the weights of the configuration, which dated overrides change."""
    return Steps(np.array([bar for bar, _ in base], np.int64), np.array([weights for _, weights in base], np.float64))


def weight_steps(changes: ChangeList, base: ChangeList, bars_before: int) -> Steps:
    """Return the adaptive weights; a change at the close of bar t is counted from it on.

    `changes` are [bar, weights], bars counted from `bars_before` the first of the run: what an earlier run changed last
    holds on bar 0, else the base weights, held within 0.1 .. 2.

    >>> weight_steps([[3, [1.15]]], [[0, [1.0]]], 0).values.tolist()
    [[1.0], [1.15]]
    """
    earlier = [weights for bar, weights in changes if bar < bars_before]
    first = earlier[-1] if earlier else clipped(np.array(base[0][1], np.float64))
    later = [(bar - bars_before, weights) for bar, weights in changes if bar >= bars_before]
    return Steps(
        np.array([0, *(bar for bar, _ in later)], np.int64),
        np.array([first, *(weights for _, weights in later)], np.float64),
    )


def health_steps(
    strategies: Sequence[str], by_state: Mapping[str, Sequence[str]], changes: Sequence[Mapping[str, Any]],
    bars_before: int,
) -> tuple[tuple[HealthStep, ...], ...]:  # fmt: skip
    """Return the states of each strategy; `by_state` is how they ended, `changes` all that ever changed.

    >>> change = {"bar": 7, "strategy": "a", "before": "active", "after": "degraded", "reasons": ["few wins"]}
    >>> [(step.bar, step.state) for step in health_steps(["a"], {"degraded": ["a"]}, [change], 5)[0]]
    [(0, 'active'), (2, 'degraded')]
    """
    ended = {name: state for state, names in by_state.items() for name in names}
    found = []
    for name in strategies:
        own = [change for change in changes if change["strategy"] == name and change["bar"] >= bars_before]
        first = HealthStep(0, own[0]["before"] if own else ended[name])
        later = [
            HealthStep(one["bar"] - bars_before, one["after"], one["before"], tuple(one["reasons"])) for one in own
        ]
        found.append((first, *later))
    return tuple(found)
