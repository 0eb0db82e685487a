"""`Status`: how what adapts stands: states, weights, what changed, and the best arm per regime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.adaptive.adaptation import Adaptation
from stratkit.adaptive.bandit import ArmTable, epsilon_of
from stratkit.adaptive.health import STATE_NAMES, violations
from stratkit.adaptive.terms import Terms
from stratkit.panel import BoolArray, FloatArray, IntArray

FEW_TRADES: Final = 5  # closed trades of an arm in a regime: with fewer it is not called the best


@dataclass(frozen=True)
class ArmFigures:
    """One arm in one regime over all symbols: closed trades, and Q as their mean over symbols weighted by trades.

    The best has the highest Q of those with five trades at least; a regime may have none.
    """

    regime: str
    arm: str
    trades: int
    q: float
    is_best: bool


@dataclass(frozen=True)
class Status:
    """Strategies by state, weights raw and as shares of 1 among those that may trade, scores, alerts, arms, epsilon.

    `alerts` says of each strategy that is not active what is out of bounds; `arms` lists what was tried, by regime.
    `epsilon` is the share of random choices now, the mean of the cells with trades; None for another policy.
    """

    by_state: dict[str, list[str]]
    raw_weights: dict[str, float]
    normalised_weights: dict[str, float]
    scores: dict[str, float]
    alerts: list[str]
    arms: list[ArmFigures]
    epsilon: float | None
    open_trades: int


def status_of(terms: Terms, adaptation: Adaptation, open_trades: int) -> Status:
    """Return how things stand after the last update, with as many trades open as are said."""
    states = [STATE_NAMES[code] for code in adaptation.health.state]
    share = shares(adaptation.weights, adaptation.health.may_trade)
    return Status(
        {state: [name for name, one in zip(terms.strategies, states) if one == state] for state in STATE_NAMES},
        dict(zip(terms.strategies, adaptation.weights.tolist(), strict=True)),
        dict(zip(terms.strategies, share.tolist(), strict=True)),
        dict(zip(terms.strategies, adaptation.scores.tolist(), strict=True)),
        _alerts(terms, adaptation, states),
        arm_figures(terms, adaptation.table),
        _epsilon(terms, adaptation.table),
        open_trades,
    )


def shares(weights: FloatArray, may_trade: BoolArray) -> FloatArray:
    """Return (S,) weights as shares of 1 among those that may trade; all 0 where none may.

    >>> shares(np.array([1.5, 0.5, 2.0]), np.array([True, True, False])).tolist()
    [0.75, 0.25, 0.0]
    """
    heard = np.where(may_trade, weights, 0.0)
    return heard / heard.sum() if heard.any() else heard


def _alerts(terms: Terms, adaptation: Adaptation, states: list[str]) -> list[str]:
    found = []
    for strategy, (name, state) in enumerate(zip(terms.strategies, states, strict=True)):
        if state != "active":
            reasons = violations(adaptation.all_measures, strategy, terms.optimization.health)
            found.append(f"{name} is {state}: {'; '.join(reasons) or 'all figures within bounds'}")
    return found


def _epsilon(terms: Terms, table: ArmTable) -> float | None:
    if terms.selector.policy != "epsilon_greedy":
        return None
    tried = table.count.any(axis=1)
    return float(epsilon_of(table, terms.selector)[tried].mean()) if tried.any() else terms.selector.epsilon


def best_arms(trades: IntArray, q: FloatArray) -> IntArray:
    """Return (C,) the arm with the highest Q (C, A) of those with five closed trades (C, A) at least; -1 without any.

    >>> best_arms(np.array([[9, 4, 5], [4, 0, 1]]), np.array([[0.1, 3.0, 0.2], [1.0, 0.0, 2.0]])).tolist()
    [2, -1]
    """
    enough = trades >= FEW_TRADES
    best: IntArray = np.where(enough.any(axis=1), np.where(enough, q, -np.inf).argmax(axis=1), -1)
    return best


def arm_figures(terms: Terms, table: ArmTable) -> list[ArmFigures]:
    """Return what every tried arm earned in every regime, over all symbols, and which one is the best there."""
    names = terms.named_regimes
    shape = (-1, len(names), len(terms.arms))
    count, q = table.count.reshape(shape), table.q.reshape(shape)
    trades = count.sum(axis=0)
    mean = (q * count).sum(axis=0) / np.maximum(trades, 1)
    best = best_arms(trades, mean)
    return [
        ArmFigures(
            names[regime],
            terms.arms[arm],
            int(trades[regime, arm]),
            float(mean[regime, arm]),
            bool(arm == best[regime]),
        )
        for regime, arm in np.argwhere(trades > 0).tolist()
    ]
