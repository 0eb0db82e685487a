"""`Fold`: one training and its test: what was chosen, what it came to on both; and what all folds say together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from stratkit.research.fold_choice import Choice
from stratkit.research.splits import Split
from stratkit.research.trials import Assignment
from stratkit.strategies.parameters import ParameterValue, SearchParameter


@dataclass(frozen=True)
class Fold:
    """One fold, numbered from 0.

    `split` counts bars from the first that trades. `values` are in force in its test: those chosen, or those of the
    fold before where nothing could be. `inside` are the metrics of `values` on the training, `outside` on the test.
    """

    number: int
    split: Split
    choice: Choice
    values: Assignment
    inside: Mapping[str, float]
    outside: Mapping[str, float]

    @property
    def efficiency(self) -> float:
        """The yearly return of the test over that of the training; NaN unless the training earned something.

        Source: R. Pardo, The Evaluation and Optimization of Trading Strategies (2008), ch. 11.
        """
        return ratio(self.outside["cagr"], self.inside["cagr"])

    @property
    def is_profitable(self) -> bool:
        """Whether the test earned anything."""
        return self.outside["total_return"] > 0


def ratio(outside: float, inside: float) -> float:
    """Return an efficiency: NaN where there was nothing to be efficient about."""
    return outside / inside if inside > 0 else math.nan


def profitable_share(folds: Sequence[Fold]) -> float:
    """Return the share of the folds whose test earned something."""
    return sum(fold.is_profitable for fold in folds) / len(folds)


def stability(folds: Sequence[Fold]) -> dict[str, float]:
    """Return by searched key how little its value moves: 1 less the mean step between folds, as a share of its range.

    1 = the same in every fold, 0 = from one end to the other each time. A key on a log scale moves on that; of a choice
    a change counts 1. NaN with one fold. The score of a walk-forward is the mean over its keys.
    """
    space = next((fold.choice.space for fold in folds if fold.choice.space), ())
    return {
        dimension.name: _stability(dimension, [fold.values.get(dimension.name, dimension.default) for fold in folds])
        for dimension in space
    }


def mean_stability(folds: Sequence[Fold]) -> float:
    """Return the mean of `stability` over the keys; NaN when there is none."""
    found = list(stability(folds).values())
    return float(np.mean(found)) if found else math.nan


def _stability(dimension: SearchParameter, values: Sequence[ParameterValue | None]) -> float:
    if len(values) < 2:
        return math.nan
    if dimension.kind == "choice":
        return 1.0 - float(np.mean([one != other for one, other in pairwise(values)]))
    places = np.array([_place(dimension, value) for value in values])
    return 1.0 - float(np.mean(np.abs(np.diff(places))))


def _place(dimension: SearchParameter, value: ParameterValue | None) -> float:
    """Return where a value lies between the bounds, from 0 to 1."""
    if value is None or dimension.low is None or dimension.high is None or dimension.high == dimension.low:
        return 0.0
    low, high, at = float(dimension.low), float(dimension.high), float(value)
    if dimension.log:
        low, high, at = math.log(low), math.log(high), math.log(at)
    return min(max((at - low) / (high - low), 0.0), 1.0)
