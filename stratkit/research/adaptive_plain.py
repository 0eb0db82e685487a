"""`judgement_record`: a judgement of what adapts as plain values, for ``--json`` and adaptive_judgement.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from stratkit.inference.averaged_difference import AveragedDifference, Found
from stratkit.inference.interval import Interval
from stratkit.panel import format_time
from stratkit.research.adaptive_judgement import AdaptiveJudgement, JudgedArm
from stratkit.research.adaptive_regret import Regret
from stratkit.research.adaptive_words import adaptive_verdict, effect_of
from stratkit.research.selector_words import UNFAIR

SCHEMA: Final = "stratkit.adaptive-judgement/1"


def judgement_record(judgement: AdaptiveJudgement) -> dict[str, Any]:
    """Return a judgement as plain values: fractions, Sharpe ratios a year, R; None where there is nothing.

    Figures of arms that hang on a seed are means over the seeds, ``spread`` their 5 % and 95 % quantiles.
    """
    verdict = adaptive_verdict(judgement)
    return {
        "schema": SCHEMA,
        "verdict": verdict.headline,
        "effect": verdict.effect,
        "word": verdict.word,
        "parts": list(verdict.parts),
        "selector": list(verdict.selector),
        "notes": list(judgement.notes),
        "data": {
            "symbols": list(judgement.symbols),
            "bars": len(judgement.bar_times),
            "n": len(judgement.times),
            "first": format_time(int(judgement.bar_times[0])),
            "last": format_time(int(judgement.bar_times[-1])),
        },
        "seeds": list(judgement.seeds),
        "question": asdict(judgement.question),
        "chosen": judgement.fixed_noun,
        "best_fixed": None if judgement.best is None else judgement.best.arm.name,
        "best_fixed_bias": UNFAIR,
        "arms": [_arm(one, judgement.question.alpha) for one in judgement.arms],
    }


def _arm(one: JudgedArm, alpha: float) -> dict[str, Any]:
    return {
        "name": one.arm.name,
        "role": one.arm.role,
        "note": one.arm.note,
        "seeds": one.replays.seeds,
        "figures": dict(one.replays.figures),
        "spread": {name: list(ends) for name, ends in one.replays.spread.items()},
        "regret": None if one.regret is None else _regret(one.regret),
        "against": {name: _found(found) for name, found in one.against.items()},
        "effect": effect_of(one, alpha) if one.arm.is_judged else None,
        "faults": list(one.replays.faults),
    }


def _regret(regret: Regret) -> dict[str, Any]:
    return {
        "total": regret.total,
        "first_half": regret.first_half,
        "second_half": regret.second_half,
        "ci_over_seeds": _ends(regret.interval),
        "by_seed": regret.by_seed.tolist(),
    }


def _found(found: Found) -> dict[str, Any]:
    if not isinstance(found, AveragedDifference):
        return {"tested": False, "reason": found}
    return {
        "tested": True,
        "diff": found.difference,
        "ci": _ends(found.interval),
        "se": found.se,
        "se_seeds": found.se_seeds,
        "p": found.p_value,
        "romano_wolf": found.p_adjusted,
        "p_mc_error": found.p_error,
        "mde": found.detectable,
        "equivalent": None if found.equivalence is None else found.equivalence.holds,
        "equivalence_p": None if found.equivalence is None else found.equivalence.p_value,
        "by_seed": found.by_seed.tolist(),
        "block": found.block,
        "reps": found.reps,
    }


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
