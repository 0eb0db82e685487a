"""`SearchResult`: every trial of a search, which of them was best, and why the search ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stratkit.inference.trial_sums import TrialSums
from stratkit.research.trials import Outcome, Trial
from stratkit.strategies.parameters import SearchParameter


@dataclass(frozen=True)
class Objective:
    """A metric of the scorecard that is searched for, and which way is better."""

    metric: str
    direction: Literal["maximize", "minimize"]


@dataclass(frozen=True)
class SearchResult:
    """The trials of a search in the order of proposal.

    `space` are the dimensions, named by their dotted keys; `best` is the number of the best feasible trial by the first
    objective, None when there is none; `front` the numbers of the feasible trials that no other one beats in all
    objectives, by the first objective; `ended` says in words why it ended.
    """

    space: tuple[SearchParameter, ...]
    objectives: tuple[Objective, ...]
    sampler: str
    seed: int
    trials: tuple[Trial, ...]
    best: int | None
    front: tuple[int, ...]
    ended: str

    @property
    def feasible(self) -> tuple[Trial, ...]:
        """The trials that were replayed to the end and keep every constraint."""
        return tuple(trial for trial in self.trials if trial.is_feasible)

    @property
    def complete(self) -> tuple[Trial, ...]:
        """The trials that were replayed to the end."""
        return tuple(trial for trial in self.trials if trial.state == "complete")

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics that trials have, in order of display."""
        return tuple(dict.fromkeys(name for one in self._outcomes() for name in one.metrics))

    def sums(self) -> TrialSums | None:
        """Return the sums of the complete trials side by side, in their order; None when there are none."""
        outcomes = list(self._outcomes())
        if not outcomes:
            return None
        total, squares = (np.column_stack([getattr(one, name) for one in outcomes]) for name in ("total", "squares"))
        return TrialSums(outcomes[0].count, total, squares)

    def _outcomes(self) -> Iterator[Outcome]:
        for trial in self.complete:
            assert trial.outcome is not None  # a complete trial has one
            yield trial.outcome
