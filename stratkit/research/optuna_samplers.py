"""`OptunaProposer`: one of Optuna's samplers, asked and told in a fixed order, in memory.

Nothing of it has to be stored: told the same, a sampler of the same seed proposes the same.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, Final

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import (
    BaseSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIIISampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from optuna.trial import TrialState

from stratkit.research.dimensions import canonical
from stratkit.research.objectives import Goal, upward
from stratkit.research.proposer import derived_seed
from stratkit.research.search_settings import Sampler, SearchSettings
from stratkit.research.trials import Assignment, Trial
from stratkit.strategies.parameters import SearchParameter

_KNOWS_CONSTRAINTS: Final = ("tpe", "gp", "nsga2", "nsga3")
_STARTUP: Final = 16  # trials drawn at random before a model is made of them
_BEYOND: Final = 1e12  # worse than any objective: CMA-ES looks at ranks alone, so that the number itself means nothing


class OptunaProposer:
    """Asks and tells an Optuna study in memory."""

    def __init__(self, space: Sequence[SearchParameter], goal: Goal, name: Sampler, sampler: BaseSampler) -> None:
        # its log would go to stderr line by line; what it has to say is said by our errors and notes
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.space, self.goal, self.name = tuple(space), goal, name
        self.distributions = distributions(space)
        self.study = optuna.create_study(
            sampler=sampler,
            pruner=optuna.pruners.NopPruner(),
            directions=[objective.direction for objective in goal.objectives],
        )
        self.asked: list[optuna.Trial] = []
        self.seen: list[tuple[float, ...]] = []  # finite objectives so far

    def ask(self, number: int) -> list[Assignment]:
        """Return `number` sets of values, each proposed in the knowledge of those before it."""
        proposed: list[Assignment] = []
        with warnings.catch_warnings():
            # its models are experimental to Optuna; that is no news to whoever searches
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            for _ in range(number):
                trial = self.study.ask(self.distributions)
                self.asked.append(trial)
                proposed.append(canonical(self.space, trial.params))
        return proposed

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take in what came of the sets asked for, then of others."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            for trial in trials:
                self._tell_one(trial)

    def _tell_one(self, trial: Trial) -> None:
        state, values = self._answer(trial)
        constraints = self._constraints(trial)
        if self.asked:
            asked = self.asked.pop(0)
            for name, amount in constraints.items():
                asked.set_constraint(name, amount)
            self.study.tell(asked, values, state)
        else:
            self.study.add_trial(
                optuna.trial.create_trial(
                    state=state,
                    values=values,
                    params=dict(trial.values),
                    distributions=self.distributions,
                    constraints=constraints or None,
                )
            )

    def _answer(self, trial: Trial) -> tuple[TrialState, list[float] | None]:
        """Return the state and the values that the sampler is told."""
        if trial.state == "complete":
            if self.name == "cmaes" and trial.violation > 0:
                sign = -1.0 if self.goal.objectives[0].direction == "maximize" else 1.0
                return TrialState.COMPLETE, [sign * _BEYOND * (1.0 + trial.violation)]
            return TrialState.COMPLETE, self._finite(trial)
        if self.name == "gp" and trial.state in ("infeasible", "pruned"):
            # what it never hears of it proposes again and again: half of a space may break a rule
            return TrialState.COMPLETE, self._worst()
        # TPE learns from what was stopped or refused; the others look at complete trials only and propose again
        learns = self.name == "tpe" and len(self.goal.objectives) == 1 and trial.state != "failed"
        return (TrialState.PRUNED if learns else TrialState.FAIL), None

    def _constraints(self, trial: Trial) -> dict[str, float]:
        if self.name == "tpe" and trial.state == "infeasible":
            return {"violation": trial.violation or 1.0}
        if self.name in _KNOWS_CONSTRAINTS and self.goal.has_constraints and trial.state == "complete":
            return {"violation": trial.violation}
        return {}

    def _worst(self) -> list[float]:
        """Return the worst objectives so far; 0 while there are none."""
        columns = list(zip(*self.seen)) or [(0.0,)] * len(self.goal.objectives)
        return [
            min(column) if objective.direction == "maximize" else max(column)
            for column, objective in zip(columns, self.goal.objectives)
        ]

    def _finite(self, trial: Trial) -> list[float]:
        """Return the objectives; one without a finite value counts as the worst so far, or the best where infinite."""
        found = []
        for place, (value, better, objective) in enumerate(
            zip(trial.objectives, upward(trial, self.goal.objectives), self.goal.objectives)
        ):
            known = [each[place] for each in self.seen] or [0.0]
            lowest, highest = min(known), max(known)
            best, worst = (highest, lowest) if objective.direction == "maximize" else (lowest, highest)
            found.append(value if math.isfinite(value) else best if better == math.inf else worst)
        if all(math.isfinite(value) for value in trial.objectives):
            self.seen.append(trial.objectives)
        return found


def optuna_sampler(space: Sequence[SearchParameter], settings: SearchSettings, seed: int) -> BaseSampler:
    """Return a sampler of Optuna with every argument that is not deprecated: its defaults change between versions."""
    name, genetic = settings.sampler, settings.genetic
    own = derived_seed(seed, name)
    population: dict[str, Any] = {
        "population_size": genetic.population, "mutation": None, "mutation_prob": genetic.mutation, "crossover": None,
        "crossover_prob": genetic.crossover, "swapping_prob": 0.5, "seed": own,
        "elite_population_selection_strategy": None, "child_generation_strategy": None, "after_trial_strategy": None,
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if name == "tpe":
            # constant_liar: what is under way counts as bad, so that a batch does not propose one point again and again
            return TPESampler(n_startup_trials=_STARTUP, n_ei_candidates=24, seed=own, group=False, constant_liar=True)
        if name == "gp":
            return GPSampler(
                seed=own, independent_sampler=RandomSampler(seed=derived_seed(seed, name, "start")),
                n_startup_trials=_STARTUP, deterministic_objective=True, warn_independent_sampling=False,
            )  # fmt: skip
        if name == "cmaes":
            return CmaEsSampler(
                x0=None, sigma0=None, n_startup_trials=1,
                independent_sampler=RandomSampler(seed=derived_seed(seed, name, "start")),
                warn_independent_sampling=False, seed=own, consider_pruned_trials=False, use_separable_cma=False,
                with_margin=False, lr_adapt=False, source_trials=None,
            )  # fmt: skip
        if name == "nsga2":
            return NSGAIISampler(**population)
        if name == "nsga3":
            return NSGAIIISampler(**population, reference_points=None, dividing_parameter=3)
        if name == "qmc":
            return QMCSampler(
                qmc_type="sobol", scramble=True, seed=own,
                independent_sampler=RandomSampler(seed=derived_seed(seed, name, "start")),
                warn_asynchronous_seeding=False, warn_independent_sampling=False,
            )  # fmt: skip
        return RandomSampler(seed=own)


def distributions(space: Sequence[SearchParameter]) -> dict[str, BaseDistribution]:
    """Return the space in Optuna's words."""
    return {dimension.name: _distribution(dimension) for dimension in space}


def _distribution(dimension: SearchParameter) -> BaseDistribution:
    if dimension.kind == "choice":
        return CategoricalDistribution(dimension.choices)
    assert dimension.low is not None  # numbers have bounds
    assert dimension.high is not None
    if dimension.kind == "int":
        low, step = int(dimension.low), 1 if dimension.log else int(dimension.step or 1)
        last = low + (int(dimension.high) - low) // step * step  # Optuna warns of a last value that no step reaches
        return IntDistribution(low, last, log=dimension.log, step=step)
    low_, high, step_ = float(dimension.low), float(dimension.high), dimension.step
    if step_ is not None:
        high = float(f"{low_ + math.floor((high - low_) / step_ + 1e-9) * step_:.12g}")
    return FloatDistribution(low_, high, log=dimension.log, step=None if step_ is None else float(step_))
