"""`Goal`: what a search is for and what it must keep: objectives by metric, rules between values, rules on results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from stratkit.analytics.definitions import DEFINITIONS
from stratkit.backtest import RunConfig
from stratkit.errors import UsageError, did_you_mean
from stratkit.research.conditions import Condition, condition
from stratkit.research.search_result import Objective
from stratkit.research.search_settings import ConstraintSettings, SearchSettings
from stratkit.research.search_space import declared_parameters
from stratkit.research.trials import Assignment, Trial
from stratkit.strategies.parameters import SearchParameter


@dataclass(frozen=True)
class Goal:
    """Objectives, and constraints by their text: `on_values` can be told before a replay, `on_results` after.

    `given` are values of parameters that are not searched but may be named in a constraint.
    """

    objectives: tuple[Objective, ...]
    on_values: tuple[Condition, ...]
    on_results: tuple[Condition, ...]
    given: Mapping[str, object]

    @property
    def has_constraints(self) -> bool:
        """Whether results can miss anything."""
        return bool(self.on_results)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that trials must have: those of the objectives, and those that constraints read."""
        read = (name for one in self.on_results for name in one.names.values())
        return tuple(dict.fromkeys([*(objective.metric for objective in self.objectives), *read]))

    def broken(self, values: Assignment) -> dict[str, float]:
        """Return by how much a set of values misses each rule between parameters that it breaks."""
        return _missed(self.on_values, {**self.given, **values})

    def missed(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """Return by how much results miss each constraint that they miss, as a fraction of it."""
        return _missed(self.on_results, metrics)

    def values_of(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        """Return the objectives among the metrics, in their order."""
        return tuple(metrics[objective.metric] for objective in self.objectives)


def goal_of(config: RunConfig, settings: SearchSettings, space: Sequence[SearchParameter]) -> Goal:
    """Return the goal of a search; raise `UsageError` for an unknown metric or a constraint that cannot be read."""
    declared = declared_parameters(config)
    given = {key: parameter.default for key, parameter in declared.items()}
    known = list(dict.fromkeys([*(dimension.name for dimension in space), *given]))
    constraints = settings.constraints
    twice = [name for name in settings.objectives if settings.objectives.count(name) > 1]
    if twice:
        raise UsageError(f"each objective must be given once; found {twice[0]} twice: leave one out")
    return Goal(
        tuple(objective_of(name) for name in settings.objectives),
        tuple(condition(text, known) for text in constraints.parameters),
        tuple(condition(text, DEFINITIONS) for text in _on_results(constraints)),
        given,
    )


def objective_of(metric: str) -> Objective:
    """Return the objective that a metric is, which way is better by its definition.

    >>> objective_of("sharpe")
    Objective(metric='sharpe', direction='maximize')
    """
    if metric not in DEFINITIONS:
        raise UsageError(f"an objective must be a metric; found {metric!r}; {did_you_mean(metric, DEFINITIONS)}")
    better = DEFINITIONS[metric].better
    if better == "neither":
        raise UsageError(f"an objective must have a better side; {metric!r} has none: constrain it instead")
    direction: Literal["maximize", "minimize"] = "maximize" if better == "higher" else "minimize"
    return Objective(metric, direction)


def no_worse(one: Sequence[float], other: Sequence[float], objectives: Sequence[Objective]) -> bool:
    """Return whether `one` is at least as good as `other` in every objective."""
    return all(a >= b for a, b in zip(_upward(one, objectives), _upward(other, objectives), strict=True))


def upward(trial: Trial, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """Return the objectives of a trial so that more is better; what is undefined is worst of all."""
    return _upward(trial.objectives, objectives)


def best_of(trials: Iterable[Trial], objectives: Sequence[Objective]) -> int | None:
    """Return the number of the best feasible trial by the first objective; of equal ones the first."""
    able = [trial for trial in trials if trial.is_feasible and not math.isnan(trial.objectives[0])]
    if not able:
        return None
    return max(able, key=lambda trial: (upward(trial, objectives)[0], -trial.number)).number


def front_of(trials: Iterable[Trial], objectives: Sequence[Objective]) -> tuple[int, ...]:
    """Return the numbers of the feasible trials that no other beats in all objectives, best first by the first.

    Of trials with equal objectives the first is kept.
    """
    able = [t for t in trials if t.is_feasible and not any(math.isnan(value) for value in t.objectives)]
    # sorted so, whoever is dominated is so by somebody who stands before it
    ordered = sorted(able, key=lambda trial: (tuple(-value for value in upward(trial, objectives)), trial.number))
    front: list[Trial] = []
    for trial in ordered:
        if not any(no_worse(other.objectives, trial.objectives, objectives) for other in front):
            front.append(trial)
    return tuple(trial.number for trial in front)


def _on_results(constraints: ConstraintSettings) -> list[str]:
    found = [] if constraints.min_trades is None else [f"trades >= {constraints.min_trades}"]
    if constraints.max_drawdown_pct is not None:
        found.append(f"max_drawdown * 100 >= -{constraints.max_drawdown_pct:g}")
    return [*found, *constraints.metrics]


def _missed(conditions: Iterable[Condition], values: Mapping[str, object]) -> dict[str, float]:
    by_text = {one.text: one.violation(values) for one in conditions}
    return {text: amount for text, amount in by_text.items() if amount > 0}


def _upward(values: Sequence[float], objectives: Sequence[Objective]) -> tuple[float, ...]:
    signed = (
        value if objective.direction == "maximize" else -value
        for value, objective in zip(values, objectives, strict=True)
    )
    return tuple(-math.inf if math.isnan(value) else value for value in signed)
