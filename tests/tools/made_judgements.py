"""Judgements of what adapts that are made up: returns and R by arm, without a replay."""

from __future__ import annotations

from typing import Any

import numpy as np

from stratkit.inference.averaged_difference import averaged_differences
from stratkit.inference.comparison import Question
from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.reports.judgement_content import JudgementContent
from stratkit.research.adaptive_arms import ALL, BASE, RANDOM, SELECTOR, AdaptiveArm, ArmRole
from stratkit.research.adaptive_judgement import AdaptiveJudgement, JudgedArm, best_fixed
from stratkit.research.adaptive_regret import regret_of
from stratkit.research.adaptive_replays import ArmReplays

PERIODS, SEEDS = 300, 6
TIMES = (17_180 + np.arange(PERIODS + 1)) * NS_PER_DAY
QUESTION = Question(reps=199, margin=0.5)
ROLES: dict[str, ArmRole] = {BASE: "base", ALL: "all", RANDOM: "random", SELECTOR: "part"}


def market() -> FloatArray:
    """(n, 1) what the base earns."""
    return np.random.default_rng(5).normal(0.0004, 0.01, (PERIODS, 1))


def gain(size: float, seeds: int = 1, seed: int = 1) -> FloatArray:
    """(n, seeds) what an arm earns beside the base: `size` a period, more or less."""
    return size + np.random.default_rng(seed).normal(0.0, 0.001, (PERIODS, seeds))


def arm(name: str, returns: FloatArray, r_per_trade: float = 0.2, trades: float = 30.0) -> ArmReplays:
    """An arm of a role by its name that closed a trade every tenth bar."""
    role = ROLES.get(name, "fixed" if name.startswith("fixed") else "part")
    luck = np.random.default_rng(len(name)).normal(0.0, 0.1, (returns.shape[1], PERIODS + 1))
    earned = np.where(np.arange(PERIODS + 1) % 10 == 9, r_per_trade + luck, 0.0) * bool(trades)
    figures = {"trades": trades, "total_r": float(earned.sum(axis=1).mean()), "mean_r": r_per_trade, "sharpe": 0.5,
               "cagr": 0.05, "max_drawdown": -0.1, "cost_ann": 0.002}  # fmt: skip
    nothing: Any = None  # neither words nor pages look at the account itself
    spread = {"total_r": (1.0, 9.0)} if returns.shape[1] > 1 else {}
    made: Any = AdaptiveArm(name, role, nothing, returns.shape[1] > 1, "alone")
    return ArmReplays(made, TIMES[1:], returns, earned, figures, spread, nothing, nothing, ())


def judgement(*judged: ArmReplays, noun: str = "profile") -> AdaptiveJudgement:
    """A judgement of arms beside a base, a choice at random and two fixed profiles."""
    base = market()
    replays = [
        arm(BASE, base), *judged, arm(RANDOM, base + gain(-0.0005, SEEDS, 2), 0.0),
        arm("fixed scalp", base + gain(0.0001, seed=3), 0.5), arm("fixed moderate", base + gain(0.0, seed=4), 0.1),
    ]  # fmt: skip
    best = best_fixed(replays)
    assert best is not None
    random = next(one for one in replays if one.arm.role == "random")
    arms = [
        JudgedArm(
            one, regret_of(one.realised_r, best.realised_r[0]),
            {} if not one.arm.is_judged else {
                name: averaged_differences([other.returns for other in judged], reference.returns, QUESTION)[
                    judged.index(one)
                ]
                for name, reference in (("base", replays[0]), ("random", random), ("fixed", best))
            },
        )
        for one in replays
    ]  # fmt: skip
    return AdaptiveJudgement(
        tuple(arms), next(one for one in arms if one.replays is best), QUESTION, tuple(range(SEEDS)),
        ("a note",), noun, ("SP500",), TIMES, TIMES[1:],
    )  # fmt: skip


def content(made: AdaptiveJudgement) -> JudgementContent:
    """What the page of a judgement shows."""
    return JudgementContent("s0 on SP500", made, ("a <b>warning</b>",), "stratkit backtest --judge-adaptive", "seed: 0")
