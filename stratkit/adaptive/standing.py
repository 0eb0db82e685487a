"""`standing_at`: states and weights of strategies as they were after a bar, from what a run kept of their changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratkit.adaptive.health import STATE_NAMES, SUSPENDED
from stratkit.adaptive.status import shares
from stratkit.analytics.learned_times import health_steps, weight_steps
from stratkit.errors import DataError


@dataclass(frozen=True)
class Standing:
    """The state of each strategy, its weight, and that as a share of 1 among those that may trade; by name."""

    states: dict[str, str]
    raw_weights: dict[str, float]
    normalised_weights: dict[str, float]


def standing_at(status: Mapping[str, Any], bar: int) -> Standing:
    """Return how strategies stood after the close of `bar` of the run that ended with `status`.

    Raises `DataError` for the status of a run that did not keep where its first bar stands among those learned from.
    """
    try:
        names = list(status["raw_weights"])
        steps = weight_steps(status["weight_changes"], status["base_weights"], status["bars_before"])
        health = health_steps(names, status["by_state"], status["health_changes"], status["bars_before"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(
            f"adaptive.json must hold what stratkit keeps of weights and states; found none of it ({error}): "
            "run the backtest again"
        ) from error
    now = steps.values[np.searchsorted(steps.bar, bar, side="right") - 1]
    weights = dict(zip(names, now.tolist(), strict=True))
    states = {
        name: [step.state for step in own if step.bar <= bar][-1] for name, own in zip(names, health, strict=True)
    }
    may_trade = np.array([STATE_NAMES.index(state) < SUSPENDED for state in states.values()], np.bool_)
    share = shares(now, may_trade)
    return Standing(states, weights, dict(zip(weights, share.tolist(), strict=True)))
