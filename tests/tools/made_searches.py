"""Searches made up from a formula: what a sampler would have tried, and what would have come out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from stratkit.inference.evidence import evidence
from stratkit.inference.interval import Interval
from stratkit.inference.superior import SuperiorAbility
from stratkit.inference.trial_sums import trial_sums
from stratkit.inference.verdict import verdict
from stratkit.panel import FloatArray
from stratkit.reports.search_content import SearchContent
from stratkit.research.break_even import BreakEven
from stratkit.research.fragility import Figures, Fragility, FragilityRow
from stratkit.research.search_result import Objective, SearchResult
from stratkit.research.survey import survey_of
from stratkit.research.trials import Assignment, Outcome, Trial
from stratkit.strategies.parameters import SearchParameter

FAST = SearchParameter("strategies.cross.params.fast", "int", 20, "bars of the fast average", 2, 60)
SLOW = SearchParameter("strategies.cross.params.slow", "int", 50, "bars of the slow average", 20, 400, log=True)
SIDE = SearchParameter("strategies.cross.params.direction", "choice", "both", "", choices=("both", "long_only"))
CAP = SearchParameter("risk.caps.max_symbol_pct", "float", 50.0, "", 5.0, 100.0)
SHARPE = Objective("sharpe", "maximize")


def numbers(*bounds: tuple[str, float, float], log: bool = False) -> tuple[SearchParameter, ...]:
    """Return float dimensions by name and bounds."""
    return tuple(SearchParameter(name, "float", low, "", low, high, log=log) for name, low, high in bounds)


def result_of(
    space: Sequence[SearchParameter],
    values: Sequence[Assignment],
    height: Callable[[Assignment], float],
    *,
    objective: Objective = SHARPE,
    sampler: str = "random",
) -> SearchResult:
    """Return a search whose trials all came to the end, with the height as their objective."""
    trials = tuple(Trial(number, one, "complete", (height(one),)) for number, one in enumerate(values))
    sign = 1.0 if objective.direction == "maximize" else -1.0
    best = max(trials, key=lambda trial: sign * trial.objectives[0]).number if trials else None
    return SearchResult(
        tuple(space), (objective,), sampler, 0, trials, best, () if best is None else (best,), "all trials are done"
    )


def random_values(space: Sequence[SearchParameter], count: int, seed: int = 0) -> list[Assignment]:
    """Return sets of values drawn evenly from a space of floats."""
    draw = np.random.default_rng(seed)
    points = draw.random((count, len(space)))
    return [
        {one.name: float(one.low + place * (one.high - one.low)) for one, place in zip(space, row)}  # type: ignore[operator]  # numbers
        for row in points
    ]


def crossing_search(trials: int = 200, seed: int = 1, two: bool = False) -> SearchResult:
    """Return a search as it is met: returns of a market, some trials pruned, infeasible, failed, or too few trades."""
    space = (FAST, SLOW, SIDE, CAP)
    draw = np.random.default_rng(seed)
    market = draw.normal(0.0003, 0.01, 1_024)
    made = tuple(_crossing_trial(number, draw, market, two) for number in range(trials))
    objectives = (SHARPE, Objective("max_drawdown", "maximize"))[: 2 if two else 1]
    feasible = [trial for trial in made if trial.is_feasible]
    ranked = sorted(feasible, key=lambda trial: -trial.objectives[0])
    front = [one.number for one in ranked if not any(_beats(other, one) for other in feasible)]
    return SearchResult(space, objectives, "tpe", seed, made, ranked[0].number, tuple(front), "all trials are done")


def _beats(one: Trial, other: Trial) -> bool:
    pairs = list(zip(one.objectives, other.objectives))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def _crossing_trial(number: int, draw: np.random.Generator, market: FloatArray, two: bool) -> Trial:
    fast, slow = int(draw.integers(2, 61)), round(math.exp(draw.uniform(math.log(20), math.log(400))))
    values: Assignment = {
        FAST.name: fast, SLOW.name: slow, SIDE.name: ("both", "long_only")[int(draw.integers(2))],
        CAP.name: float(draw.uniform(5, 100)),
    }  # fmt: skip
    if fast >= slow:
        return Trial(number, values, "infeasible", reason="fast must be below slow")
    if number % 29 == 7:
        return Trial(number, values, "pruned", reason="below the median after 2 of 4 parts")
    if number % 67 == 11:
        return Trial(number, values, "failed", reason="SP500 has no bars")
    edge = 0.0006 * math.exp(-(((fast - 25) / 15) ** 2) - (math.log(slow / 120)) ** 2)
    drift = edge - (0.0002 if values[SIDE.name] == "both" else 0.0)
    returns = 0.6 * market + drift + draw.normal(0, 0.006, len(market))
    sums = trial_sums(returns[:, None])
    sharpe = float(returns.mean() / returns.std(ddof=1) * math.sqrt(252))
    growth = np.cumprod(1 + returns)
    deepest = float((growth / np.maximum.accumulate(growth) - 1).min())
    trades = int(draw.integers(5, 120))
    metrics = {
        "sharpe": sharpe, "total_return": float(growth[-1] - 1), "max_drawdown": deepest, "trades": float(trades),
    }  # fmt: skip
    outcome = Outcome(metrics, sums.count, sums.total[:, 0], sums.squares[:, 0], "0" * 64)
    missing = max(0.0, 10.0 - trades)
    return Trial(number, values, "complete", (sharpe, deepest)[: 2 if two else 1], missing, outcome)


def with_trial(result: SearchResult, number: int, **changes: object) -> SearchResult:
    """Return the search with one trial changed."""
    trials = list(result.trials)
    trials[number] = replace(trials[number], **changes)  # type: ignore[arg-type]  # fields of a trial
    return replace(result, trials=tuple(trials))


def searched_content(trials: int = 200, seed: int = 1, two: bool = False, **changes: Any) -> SearchContent:
    """Return what a page shows of `crossing_search`, everything worked out but the replays."""
    result = crossing_search(trials, seed, two)
    sums = result.sums()
    assert sums is not None
    assert result.best is not None
    draw = np.random.default_rng(seed)
    best = draw.normal(0.0005, 0.009, 1_024)
    found = evidence(best, sums)
    assert found.overfitting is not None
    content = SearchContent(
        title="cross on SP500",
        result=result,
        survey=survey_of(result),
        verdict=verdict(float(found.deflated), found.overfitting.probability, -0.12, 0.03),
        periods_per_year=252.0,
        chosen=result.best,
        evidence=found,
        superior=SuperiorAbility(0.03, 0.02, 0.04, 2.5, 1, sums.trials, 3.0, 1_000),
        out_of_sample=Interval(0.61, -0.12, 1.34, 0.95, "Mertens (2002)"),
        searched="2000-01-03 to 2014-06-30",
        holdout="2014-07-01 to 2018-12-31",
        fragility=made_fragility(),
        replay_command="stratkit backtest --trial 20240102-030405-abcdef:17",
        command="stratkit optimize --trials 200",
        facts=(("Symbols", "SP500"), ("Bars searched", "3,773"), ("Sampler", "tpe"), ("Seed", "1")),
        config_text="strategies:\n  cross:\n    enabled: true\n",
    )
    return replace(content, **changes)


def made_fragility() -> Fragility:
    """Return a fragility table with every kind of row."""
    base = Figures(0.84, 1.52, -0.21)

    def row(name: str, figures: Figures, sentence: str, worst: Figures | None = None) -> FragilityRow:
        return FragilityRow(name, figures, figures.less(base), sentence, 8 if worst else 1, worst)

    rows = (
        row("costs x2", Figures(0.81, 1.44, -0.215), "At twice the costs the Sharpe ratio falls from 0.84 to 0.81"),
        row("costs x3", Figures(0.78, 1.36, -0.22),
            "At three times the costs the Sharpe ratio falls from 0.84 to 0.78"),
        row("one bar later", Figures(0.63, 0.98, -0.25),
            "When every decision acts one bar later the Sharpe ratio falls from 0.84 to 0.63"),
        row("5% of entries missed", Figures(0.80, 1.41, -0.21),
            "With 3 of 48 entries never filled, in the median of 8 draws, the Sharpe ratio falls from 0.84 to 0.80; "
            "0.66 in the worst", Figures(0.66, 1.05, -0.26)),
        row("without its 10 best trades", Figures(-0.31, -0.22, -0.49),
            "Without the P&L of its 10 best trades the Sharpe ratio falls from 0.84 to -0.31"),
        row("one symbol left out", Figures(), "n/a: SP500 is the only symbol"),
    )  # fmt: skip
    return Fragility(base, rows, BreakEven(61.2, 2.0, 13), 33)
