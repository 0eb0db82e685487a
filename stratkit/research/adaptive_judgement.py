"""`AdaptiveJudgement`: is what adapts worth anything on these bars: arms, their tests, their regret and the verdict.

All arms see the same bars, signals, costs and fills. What is judged, the parts and the whole, is tested against three
references: the base in which nothing adapts, a choice at random, and the best fixed choice. The last is picked by its
total R on these very bars, which nobody could have known: it is biased upward, and to fall short of it is no failure.
Each reference is a family of comparisons with p values of its own (`stratkit.inference.averaged_difference`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.analytics.basis import basis_of
from stratkit.backtest import Inputs, RunConfig, prepare
from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.frequency import return_periods
from stratkit.inference.averaged_difference import Found, averaged_differences
from stratkit.inference.comparison import Question
from stratkit.panel import FloatArray, IntArray
from stratkit.research.adaptive_arms import AdaptiveArm, adaptive_arms
from stratkit.research.adaptive_regret import Regret, regret_of
from stratkit.research.adaptive_replays import ArmReplays, Told, replay_adaptive_arms

MARGIN: Final = 0.1  # of the Sharpe ratio a year: smaller differences are of no size


@dataclass(frozen=True)
class JudgedArm:
    """One arm: its replays, its regret (None without R, or without a best fixed choice), its tests by reference.

    `against` has the keys base, fixed and random, as far as there is such a reference; empty for references.
    """

    replays: ArmReplays
    regret: Regret | None
    against: Mapping[str, Found]

    @property
    def arm(self) -> AdaptiveArm:
        """Which configuration it is."""
        return self.replays.arm


@dataclass(frozen=True)
class AdaptiveJudgement:
    """All arms, the base first. `best` is the best fixed arm by hindsight, None where no fixed one realised an R.

    `times` (n,) are the starts of the periods that all arms share, `bar_times` (T,) those of bars; `fixed_noun` is what
    is chosen: a profile or a strategy.
    """

    arms: tuple[JudgedArm, ...]
    best: JudgedArm | None
    question: Question
    seeds: tuple[int, ...]
    notes: tuple[str, ...]
    fixed_noun: str
    symbols: tuple[str, ...]
    bar_times: IntArray
    times: IntArray

    @property
    def base(self) -> JudgedArm:
        """The arm in which nothing adapts."""
        return self.arms[0]

    def named(self, name: str) -> JudgedArm | None:
        """Return the arm of that name, None where there is none."""
        return next((one for one in self.arms if one.arm.name == name), None)

    def of_role(self, *roles: str) -> list[JudgedArm]:
        """Return the arms of some roles, in their order."""
        return [one for one in self.arms if one.arm.role in roles]

    @property
    def judged(self) -> list[JudgedArm]:
        """The parts, and behind them the whole."""
        return self.of_role("part", "all")

    @property
    def is_idle(self) -> bool:
        """Whether no arm made a trade, so that there is nothing to judge."""
        return all(one.replays.is_idle for one in self.arms)


def judge_adaptive(
    config: RunConfig, bars: Bars, *, seeds: int = 20, reps: int = 4999, told: Told | None = None
) -> AdaptiveJudgement:
    """Ask the strategies of a configuration once, and judge what adapts as `judge_prepared` does."""
    inputs = prepare(adaptive_arms(config).base.config, bars)
    return judge_prepared(config, inputs, bars, seeds=seeds, reps=reps, told=told)


def judge_prepared(
    config: RunConfig, inputs: Inputs, bars: Bars, *, seeds: int = 20, reps: int = 4999, told: Told | None = None
) -> AdaptiveJudgement:
    """Replay and compare all arms of a configuration; `seeds` counts from its own seed on.

    `inputs` were prepared on `bars`, with regimes labelled and nothing learned before.

    Raises `UsageError` for fewer than two seeds: nothing could be said of what hangs on them.
    """
    if seeds < 2:
        raise UsageError(f"--judge-seeds must be 2 or more, for one seed is one draw of luck; found {seeds}")
    plan = adaptive_arms(config)
    drawn = tuple(range(config.seed, config.seed + seeds))
    replays = replay_adaptive_arms(plan, inputs, bars, drawn, told)
    traded = replays[0].first
    periods = return_periods(traded.times, bars.frequency, config.analytics.periods_per_year)
    question = Question(
        reps=reps, periods_per_year=basis_of(periods, config.analytics).per_year,
        risk_free_ann=config.analytics.risk_free_ann, seed=config.seed, margin=MARGIN,
    )  # fmt: skip
    count = min(len(one.returns) for one in replays)
    best = best_fixed(replays)
    against = _tests(replays, best, count, question)
    judged = [JudgedArm(one, _regret(one, best), against[one.arm.name]) for one in replays]
    return AdaptiveJudgement(
        tuple(judged), next((one for one in judged if one.replays is best), None), question, drawn, plan.notes,
        plan.fixed_noun, traded.symbols, traded.times, replays[0].times[-count:],
    )  # fmt: skip


def best_fixed(replays: Sequence[ArmReplays]) -> ArmReplays | None:
    """Return the fixed arm that realised most R in all, the first of equals; None where none has closed a trade."""
    fixed = [one for one in replays if one.arm.role == "fixed" and one.figures["trades"] and _has_r(one)]
    return max(fixed, key=lambda one: one.figures["total_r"], default=None)


def _has_r(one: ArmReplays) -> bool:
    return bool(np.isfinite(one.realised_r).all())


def _regret(one: ArmReplays, best: ArmReplays | None) -> Regret | None:
    return None if best is None else regret_of(one.realised_r, best.realised_r[0])


def _tests(
    replays: Sequence[ArmReplays], best: ArmReplays | None, count: int, question: Question
) -> dict[str, dict[str, Found]]:
    """Return the tests of every arm by reference; references themselves have none."""
    found: dict[str, dict[str, Found]] = {one.arm.name: {} for one in replays}
    judged = [one for one in replays if one.arm.is_judged]
    references = {
        "base": replays[0],
        "random": next((one for one in replays if one.arm.role == "random"), None),
        "fixed": best,
    }

    def last(one: ArmReplays) -> FloatArray:
        return one.returns[-count:]

    for name, reference in references.items():
        if reference is not None:
            tests = averaged_differences([last(one) for one in judged], last(reference), question)
            for one, test in zip(judged, tests, strict=True):
                found[one.arm.name][name] = test
    return found
