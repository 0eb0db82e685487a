"""`ab_record`: an A/B test as plain values, for ``--json`` and abtest.json: what the terminal shows, in full."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from stratkit.inference.comparison import ArmRow, Comparison, ManyArms, PairComparison, PrimaryTest, Sequential
from stratkit.inference.interval import Interval
from stratkit.inference.many_comparison import SET_REPS
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import format_time
from stratkit.research.ab_test import ABTest, ArmFacts

SCHEMA: Final = "stratkit.abtest/1"
_TOLD: Final = ("trials", "effective_trials", "sharpe_ann", "psr", "deflated_sharpe", "luck_sharpe_ann")


def ab_record(test: ABTest) -> dict[str, Any]:
    """Return an A/B test as plain values: fractions, ratios a year unless a name says period, NaN where undefined.

    ``metrics``, ``primary``, ``checks`` and ``power`` are of the first arm against the second; with more arms
    ``pairs`` has the same of each against the first.
    """
    found = test.comparison
    first = pair_record(found.first)
    return {
        "schema": SCHEMA,
        "test_id": test.test_id,
        "command": test.command,
        "arms": [_arm(arm) for arm in test.arms],
        "data": _data(test),
        "question": asdict(found.question),
        **first,
        "multiplicity": _multiplicity(test),
        "sequential": None if found.sequential is None else _sequential(found.sequential),
        "pairs": [{"arms": list(pair.letters), **pair_record(pair)} for pair in found.pairs],
        "looks": test.looks,
        "experiment": test.experiment,
        "answer": test.answer,
        "warnings": [line.code for line in found.warnings],
        "warning_texts": [{"code": line.code, "text": line.sentence} for line in found.warnings],
        "verdict": found.verdict.text,
        "verdict_kind": found.verdict.kind,
        "verdict_words": found.verdict.words,
        "better": None if found.verdict.better is None else test.arms[found.verdict.better].letter,
    }


def pair_record(pair: PairComparison) -> dict[str, Any]:
    """Return what is known of two arms."""
    return {
        "metrics": {
            row.metric: {"a": row.a, "b": row.b, "diff": row.difference, "ci": _ends(row.interval)} for row in pair.rows
        },
        "primary": _primary(pair),
        "checks": [
            {"name": one.name, "stat": one.statistic, "se": one.se, "p": one.p_value, "p_mc_error": one.p_error,
             "assumes": one.assumes, "reason": one.reason or None}
            for one in pair.checks
        ],
        "power": None if pair.power is None else {
            "power": pair.power.power, "mde": pair.power.detectable, "observed": pair.power.observed,
            "n_required": pair.power.needed, "years_required": pair.power.needed_years, "by": pair.power.needed_by,
        },
        "equivalence": None if pair.equivalence is None else {
            "margin": pair.equivalence.margin, "ci": _ends(pair.equivalence.interval), "p": pair.equivalence.p_value,
            "p_mc_error": pair.equivalence.p_error, "holds": pair.equivalence.holds,
        },
        "n_different": pair.different,
        "corr": pair.correlation,
        "pair_verdict": pair.verdict.text,
    }  # fmt: skip


def _primary(pair: PairComparison) -> dict[str, Any] | None:
    test = pair.primary
    if test is None:
        # of arms that are the same no difference is certain; of those that cannot be compared nothing is known
        certain = {"test": None, "diff": 0.0, "p": 1.0, "p_mc_error": 0.0, "ci": [0.0, 0.0]}
        return certain if pair.verdict.kind == "equivalent" else None
    return {
        "metric": test.metric,
        "h0": test.hypothesis,
        "test": test.test,
        "diff": test.difference,
        "stat": test.statistic,
        "se": shown_error(test),
        "se_kind": test.se_name,
        "p": test.p_value,
        "p_mc_error": test.p_error,
        "ci": _ends(test.interval),
        "level": test.interval.level,
        "block": test.block,
        "block_rule": test.block_rule,
        "reps": test.reps,
        "seed": test.seed,
        "diff_period": test.difference_period,
        "se_period": test.se_period,
        "sensitivity": [{"block": one.block, "p": one.p_value, "p_mc_error": one.p_error} for one in test.sensitivity],
    }


def shown_error(test: PrimaryTest) -> float:
    """Return the standard error in the unit that is shown, by the quotient of both differences; NaN of none."""
    if test.difference_period == 0:
        return math.nan
    return test.se_period * test.difference / test.difference_period


def _data(test: ABTest) -> dict[str, Any]:
    found = test.comparison
    return {
        "n": len(test.times),
        "start": format_time(int(test.times[0])),
        "end": format_time(int(test.times[-1])),
        "frequency": test.spacing,
        "dropped": {arm.letter: arm.unmatched for arm in test.arms},
        "periods": found.question.periods_per_year,
        "periods_source": test.periods_source,
        "rf": found.question.risk_free_ann,
        "corr": found.first.correlation,
    }


def _arm(arm: ArmFacts) -> dict[str, Any]:
    return {
        "letter": arm.letter, "name": arm.name, "source": arm.source, "kind": arm.kind, "run_id": arm.run_id or None,
        "start": format_time(arm.first_ns), "end": format_time(arm.last_ns), "n": arm.n, "dropped": arm.unmatched,
        "values": dict(arm.values),
    }  # fmt: skip


def _multiplicity(test: ABTest) -> dict[str, Any]:
    told: Mapping[str, Any] = {
        arm.letter: {name: arm.evidence.get(name) for name in _TOLD} if arm.evidence else None for arm in test.arms
    }
    record: dict[str, Any] = {"comparisons": len(test.comparison.pairs), "trials": told}
    many = test.comparison.many
    return record if many is None else {**record, **_many(many, test.comparison, test.false_discovery)}


def _many(many: ManyArms, comparison: Comparison, false_discovery: tuple[float, ...]) -> dict[str, Any]:
    discovery = (math.nan, *false_discovery) if false_discovery else (None,) * len(many.rows)
    return {
        "against": many.rows[0].letter,
        "arms": [_arm_row(row, many, found) for row, found in zip(many.rows, discovery, strict=True)],
        "spa": {"lower": many.spa_lower, "consistent": many.spa_consistent, "upper": many.spa_upper,
                "p_mc_error": many.spa_error},
        "mcs_level": many.set_level,
        "block": many.block,
        "reps": many.reps,
        "metric": comparison.question.metric,
    }  # fmt: skip


def _arm_row(row: ArmRow, many: ManyArms, discovery: float | None) -> dict[str, Any]:
    record = {
        "letter": row.letter,
        "name": row.name,
        "value": row.value,
        "diff": row.difference,
        "ci": _ends(row.interval),
        "p": row.p_raw,
        "p_mc_error": _error(row.p_raw, many.reps),
        "holm": row.p_holm,
        "romano_wolf": row.p_romano_wolf,
        "romano_wolf_mc_error": row.p_error,
        "in_mcs": row.in_confidence_set,
        "mcs_p": row.set_p,
        "mcs_p_mc_error": _error(row.set_p, SET_REPS),
    }
    return record if discovery is None else {**record, "benjamini_hochberg": discovery}


def _error(p_value: float, draws: int) -> float:
    return math.nan if math.isnan(p_value) else drawn_p_error(p_value, draws)


def _sequential(found: Sequential) -> dict[str, Any]:
    return {**asdict(found), "looks": [asdict(look) for look in found.looks]}


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
