"""`Importances`: how much of a search's objective hangs on each parameter, by two named methods."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from stratkit.research.landscape import choice_place, number_in, unit_place
from stratkit.research.search_result import SearchResult
from stratkit.research.trials import Trial
from stratkit.seeds import generator

if TYPE_CHECKING:
    from optuna.study import Study

Method = Literal["fanova", "ped_anova"]
METHODS: Final[Mapping[Method, str]] = {
    "fanova": "fANOVA: share of the variance of the objective over the whole space, by a random forest "
    "(Hutter, Hoos, Leyton-Brown 2014)",
    "ped_anova": "PED-ANOVA: what sets the best tenth of the trials apart (Watanabe, Bansal, Hutter 2023)",
}
LEAST_TRIALS: Final = 16  # fewer say nothing about which parameter it was
_MOST_TRIALS: Final = 400  # of more so many are drawn: the forest takes 5 ms a trial, and its shares hardly move
_TREES: Final = 32


@dataclass(frozen=True)
class Importances:
    """Shares that add up to 1, by dotted key, the most important parameter first.

    `trials` were looked at. `shares` is empty when it cannot be said, and `reason` says why.
    """

    method: Method
    shares: Mapping[str, float]
    trials: int
    reason: str = ""

    @property
    def said(self) -> str:
        """The method in words, with its source."""
        return METHODS[self.method]


def importances(result: SearchResult, method: Method = "fanova") -> Importances:
    """Return what the first objective hangs on, over all trials that were replayed to the end and have one.

    Seeded with the search's seed, so that the same trials give the same shares.
    """
    usable = [trial for trial in result.complete if trial.objectives and math.isfinite(trial.objectives[0])]
    if len(usable) > _MOST_TRIALS:
        kept = generator(result.seed, "research", "importance").choice(len(usable), _MOST_TRIALS, replace=False)
        usable = [usable[place] for place in sorted(kept.tolist())]
    reason = _why_not(result, usable)
    if reason:
        return Importances(method, {}, len(usable), reason)
    found = _evaluated(_study(result, usable), method, result.seed)
    total = sum(found.values())
    if not total > 0:
        return Importances(method, {}, len(usable), "no parameter moves the objective")
    ranked = sorted(
        ((one.name, float(found.get(one.name, 0.0) / total)) for one in result.space), key=lambda item: -item[1]
    )
    return Importances(method, dict(ranked), len(usable))


def _why_not(result: SearchResult, trials: list[Trial]) -> str:
    if len(trials) < LEAST_TRIALS:
        return f"at least {LEAST_TRIALS} trials with an objective are needed; there are {len(trials)}"
    if np.ptp([trial.objectives[0] for trial in trials]) == 0:
        return "all trials came to the same objective"
    if len(result.space) == 1:
        return "there is one parameter: all hangs on it"
    return ""


def _study(result: SearchResult, trials: list[Trial]) -> Study:
    """Return the trials as a study of Optuna's: numbers at their places between 0 and 1, choices by their number."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of experimental parts, which say nothing to the user
        study = optuna.create_study(direction=result.objectives[0].direction, storage=_quiet_storage())
    unit = optuna.distributions.FloatDistribution(0.0, 1.0)
    moving = [one for one in result.space if len({trial.values[one.name] for trial in trials}) > 1]
    kinds: dict[str, Any] = {
        one.name: optuna.distributions.CategoricalDistribution(range(len(one.choices)))
        if one.kind == "choice"
        else unit
        for one in moving
    }
    for trial in trials:
        places: dict[str, Any] = {
            one.name: choice_place(one, trial.values[one.name])
            if one.kind == "choice"
            else unit_place(one, number_in(trial.values, one))
            for one in moving
        }
        study.add_trial(optuna.trial.create_trial(params=places, distributions=kinds, value=trial.objectives[0]))
    return study


def _quiet_storage() -> Any:
    """Return a storage in memory; creating a study in it is told to nobody."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.storages.InMemoryStorage()


def _evaluated(study: Study, method: Method, seed: int) -> dict[str, float]:
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator, get_param_importances

    evaluator = (
        FanovaImportanceEvaluator(n_trees=_TREES, seed=seed % 2**32)
        if method == "fanova"
        else PedAnovaImportanceEvaluator(target_quantile=0.1)
    )
    return dict(get_param_importances(study, evaluator=evaluator))
