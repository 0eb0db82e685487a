"""`standing_at`: states and weights of strategies as they were after a bar, from what a run kept of their changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratkit.adaptive.health import STATE_NAMES, SUSPENDED
from stratkit.adaptive.status import shares
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
        learned = status["bars_before"] + bar  # changes are counted from the first bar that was ever learned from
        weights = dict(zip(status["raw_weights"], status["first_weights"], strict=True))
        states = dict.fromkeys(weights, STATE_NAMES[0])
        for changed, values in status["weight_changes"]:
            if changed <= learned:
                weights = dict(zip(weights, values, strict=True))
        for change in status["health_changes"]:
            if change["bar"] <= learned:
                states[change["strategy"]] = change["after"]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"adaptive.json must hold what stratkit keeps of weights and states; found none of it ({error}): "
            "run the backtest again"
        ) from error
    may_trade = np.array([STATE_NAMES.index(state) < SUSPENDED for state in states.values()], np.bool_)
    share = shares(np.array(list(weights.values()), np.float64), may_trade)
    return Standing(states, weights, dict(zip(weights, share.tolist(), strict=True)))
