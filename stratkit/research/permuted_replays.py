"""`PermutedReplays`: a kept run, or its search made again, on its bars in random order; a number is an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.data.permuted import BarSteps, bar_steps, permuted
from stratkit.errors import RunError, StratkitError
from stratkit.panel import FloatArray
from stratkit.research.evaluation import Evaluator
from stratkit.research.fold_choice import chosen_by_search
from stratkit.research.monte_carlo_replay import Replayed
from stratkit.research.objectives import goal_of
from stratkit.research.outcomes import outcome_of
from stratkit.research.plateau import robust_choice
from stratkit.research.search import search
from stratkit.research.search_settings import SearchSettings
from stratkit.research.search_space import search_space_of
from stratkit.research.trials import Assignment, Evaluation, Outcome, Unfinished
from stratkit.research.walk_forward import plan_walk_forward, run_walk_forward
from stratkit.research.walk_forward_settings import WalkForwardSettings
from stratkit.research.worklist import Told
from stratkit.runs.ledger import NullLedger
from stratkit.seeds import generator

NUMBER: Final = "permutation"  # the key of a set of values that names the order
_SEEDS: Final = 2**31


def _untold(_said: str) -> None:
    """Say nothing of trials that are not counted: nobody will trade what they found on bars that never were."""


@dataclass(frozen=True)
class PermutedReplays:
    """Evaluates permutations of `bars` from bar `start` on.

    A plain replay of `config`, or by `folds` that of a walk-forward; with `search` the search is made on each, and with
    `walk` it is made again inside every fold. A plain one goes on from what was `learned`. Each permutation has a
    generator of its own by its number.
    """

    config: RunConfig
    bars: Bars
    start: int
    seed: int
    folds: Mapping[str, Any] | None = None
    search: SearchSettings | None = None
    walk: WalkForwardSettings | None = None
    learned: object | None = None

    def evaluate(
        self, values: Sequence[Assignment], stop_below: FloatArray | None = None, told: Told | None = None
    ) -> list[Evaluation]:
        """Return what each permutation came to, in their order; none is stopped early, whatever `stop_below` says."""
        found: list[Evaluation] = []
        for place, one in enumerate(values):
            found.append(self._evaluated(int(one[NUMBER] or 0)))
            if told is not None:
                told(place, found[-1])
        return found

    @cached_property
    def _steps(self) -> BarSteps:
        return bar_steps(self.bars, self.start)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without what was prepared here."""
        return PermutedReplays, (
            self.config, self.bars, self.start, self.seed, self.folds, self.search, self.walk,
        )  # fmt: skip

    def _evaluated(self, number: int) -> Evaluation:
        bars = permuted(self._steps, generator(self.seed, "montecarlo", NUMBER, number))
        try:
            return self.outcome(bars, number)
        except StratkitError as error:  # of this order alone: how many there were is said
            return Unfinished("failed", str(error))

    def outcome(self, bars: Bars, number: int = 0) -> Outcome:
        """Return what comes of the run, or of its search, on some bars; number 0 has the seed of the run."""
        if self.search is not None and self.walk is not None:
            return self._walked(bars, self.walk, self.search, number)
        if self.search is not None:
            return self._searched(bars, self.search, number)
        replayed = Replayed(self.config, bars, self.folds, learned=self.learned)
        return replayed.outcome(replayed.result())

    def _searched(self, bars: Bars, settings: SearchSettings, number: int) -> Outcome:
        config = self._seeded(number)
        goal = goal_of(config, settings, search_space_of(config, settings))
        evaluator = Evaluator(config, bars, metrics=goal.metrics)
        result = search(config, bars, settings, evaluator=evaluator, ledger=NullLedger(_untold))
        if result.best is None:
            return _nothing(bars)
        outcome = result.trials[robust_choice(result) if settings.pick == "robust" else result.best].outcome
        assert outcome is not None  # the best was replayed to the end
        return outcome

    def _walked(self, bars: Bars, walk: WalkForwardSettings, settings: SearchSettings, number: int) -> Outcome:
        plan = plan_walk_forward(self._seeded(number), bars, walk)
        try:
            account = run_walk_forward(plan, chosen_by_search(settings))
        except RunError:  # no fold found anything
            return _nothing(bars)
        return outcome_of(plan.tested, plan.tested_bars, account.result)

    def _seeded(self, number: int) -> RunConfig:
        if number == 0:
            return self.config
        seed = int(generator(self.seed, "montecarlo", "search", number).integers(_SEEDS))
        return self.config.model_copy(update={"seed": seed})


def _nothing(bars: Bars) -> Outcome:
    """Return what comes of a search that finds nothing that keeps its constraints: nothing is traded."""
    none = bars.close[:0, 0]
    return Outcome({"total_return": 0.0, "sharpe": 0.0}, bars.times[:0], none, none, digest="")
