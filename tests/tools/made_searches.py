"""Searches made up from a formula: what a sampler would have tried, and what would have come out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from stratkit.inference.trial_sums import trial_sums
from stratkit.panel import FloatArray
from stratkit.research.search_result import Objective, SearchResult
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
