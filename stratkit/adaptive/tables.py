"""`learned_tables`: the whole of what was learned as rows of plain values: Q, who competes, success rates, weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from stratkit.adaptive.bandit import epsilon_of
from stratkit.adaptive.layer import Layer
from stratkit.adaptive.profiles import profiles_by_regime
from stratkit.adaptive.status import best_arms
from stratkit.controls import Controls

_SIDES: Final = ("long", "short")


def learned_tables(layer: Layer) -> dict[str, Any]:
    """Return what a layer has learned as lists and dicts; what was never tried is left out.

    `parts` says which of them are on. `q_table` has a row per symbol, regime and arm with closed trades; `suitable` the
    arms that compete in each regime, None where all do; `epsilon_by_regime` the share of random choices, None for a
    policy without. `success_rates` have a row per strategy, side and regime, over all symbols. Bars of weights and
    health are counted from `bars_before` the first bar of the run; `base_weights` those that the configuration gives
    from a bar of the run on.
    """
    selector = layer.terms.selector
    chooses = selector.enabled
    return {
        "parts": _parts(layer),
        "over": selector.over if chooses else None,
        "policy": selector.policy if chooses else None,
        "choices_among": list(layer.terms.arms) if chooses else [],
        "suitable": _suitable(layer) if layer.chooses_plans else None,
        "q_table": _q_rows(layer) if chooses else [],
        "epsilon_by_regime": _epsilons(layer) if chooses and selector.policy == "epsilon_greedy" else None,
        "success_rates": _rate_rows(layer),
        "quality_threshold": _threshold(layer),
        "bars_before": layer.bars_before,
        "base_weights": [[bar, base.weight.tolist()] for bar, base in _changes(layer.bases)],
    }


def _parts(layer: Layer) -> dict[str, bool]:
    optimization = layer.terms.optimization
    names = ("enable_quality_filtering", "enable_size_multiplier", "enable_adaptive_weighting",
             "enable_retirement_management")  # fmt: skip
    parts = {name.removeprefix("enable_"): optimization.enabled and getattr(optimization, name) for name in names}
    rests = optimization.enabled and optimization.cooldown is not None
    return {**parts, "cooldown": rests, "selector": layer.terms.selector.enabled}


def _suitable(layer: Layer) -> dict[str, list[str]]:
    names = layer.terms.named_regimes
    suits = profiles_by_regime(layer.terms)
    arms = layer.terms.arms
    return {name: [arms[place] for place in np.flatnonzero(row)] for name, row in zip(names, suits, strict=True)}


def _q_rows(layer: Layer) -> list[dict[str, Any]]:
    terms, table = layer.terms, layer.adaptation.table
    regimes = terms.named_regimes
    symbols: Sequence[str | None] = terms.symbols if terms.selector.scope == "symbol" else (None,)
    best = best_arms(table.count, table.q)
    return [
        {
            "symbol": symbols[cell // len(regimes)],
            "regime": regimes[cell % len(regimes)],
            "arm": terms.arms[arm],
            "trades": int(table.count[cell, arm]),
            "q": float(table.q[cell, arm]),
            "is_best": bool(arm == best[cell]),
        }
        for cell, arm in np.argwhere(table.count > 0).tolist()
    ]


def _epsilons(layer: Layer) -> dict[str, float]:
    """Return the share of random choices in each regime: the mean of its cells with trades, else the first one."""
    terms, table = layer.terms, layer.adaptation.table
    names = terms.named_regimes
    epsilon = epsilon_of(table, terms.selector).reshape(-1, len(names))
    tried = table.count.any(axis=1).reshape(-1, len(names))
    return {
        name: float(epsilon[tried[:, at], at].mean()) if tried[:, at].any() else float(terms.selector.epsilon)
        for at, name in enumerate(names)
    }


def _rate_rows(layer: Layer) -> list[dict[str, Any]]:
    terms, rates = layer.terms, layer.adaptation.rates
    regimes = terms.named_regimes
    trades, wins = rates.trades.sum(axis=1), rates.wins.sum(axis=1)
    return [
        {
            "strategy": terms.strategies[strategy],
            "side": _SIDES[side],
            "regime": regimes[regime],
            "trades": int(trades[strategy, side, regime]),
            "wins": int(wins[strategy, side, regime]),
        }
        for strategy, side, regime in np.argwhere(trades > 0).tolist()
    ]


def _threshold(layer: Layer) -> float | None:
    optimization = layer.terms.optimization
    return optimization.quality.threshold if optimization.enabled and optimization.enable_quality_filtering else None


def _changes(bases: Sequence[tuple[int, Controls]]) -> list[tuple[int, Controls]]:
    """Return those that differ in weight from the ones before."""
    found: list[tuple[int, Controls]] = []
    for bar, base in bases:
        if not found or (base.weight != found[-1][1].weight).any():
            found.append((bar, base))
    return found
