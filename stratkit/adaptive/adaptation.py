"""`Adaptation`: all that was learned from closed trades, and `adapt`, which learns more and returns new `Controls`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stratkit.adaptive.bandit import ArmTable, empty_table, learn
from stratkit.adaptive.cooldowns import Cooldowns, no_cooldowns, rested
from stratkit.adaptive.health import Health, HealthChange, all_active, next_health, with_new_trades
from stratkit.adaptive.measures import LastTrades, Measures, measured, no_trades, with_trades
from stratkit.adaptive.outcomes import Outcomes
from stratkit.adaptive.success_rates import SuccessRates, counted, no_rates
from stratkit.adaptive.terms import Terms
from stratkit.adaptive.weights import first_weights, next_weights, strategy_scores
from stratkit.controls import Controls, clipped
from stratkit.panel import FloatArray


@dataclass(frozen=True)
class WeightChange:
    """The weights of all strategies from the update at the close of a bar on."""

    bar: int
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Adaptation:
    """What is known after some bars; bars are counted from the first on which anything was learned.

    `bars_seen` bars lie behind it: a run that goes on from a saved adaptation adds it to its own bar numbers, those of
    outcomes too. `trades` are the last ones of account and shadow book, from which follow `measures` of the account's
    and `all_measures` of both, and of the former the `scores` (S,); `weights` (S,) are adaptive ones.
    """

    bars_seen: int
    rates: SuccessRates
    trades: LastTrades
    measures: Measures
    all_measures: Measures
    scores: FloatArray
    weights: FloatArray
    health: Health
    table: ArmTable
    cooldowns: Cooldowns
    weight_changes: tuple[WeightChange, ...]
    health_changes: tuple[HealthChange, ...]


def open_adaptation(terms: Terms, controls: Controls) -> Adaptation:
    """Return what is known before the first trade, under the controls that the configuration gives."""
    strategies, symbols, regimes = len(terms.strategies), len(terms.symbols), len(terms.regimes)
    empty = no_trades(strategies, terms.optimization.weights.score_trades)
    return Adaptation(
        0, no_rates(strategies, symbols, regimes), empty, *judged(terms, empty), first_weights(controls.weight),
        all_active(strategies), empty_table(symbols, regimes, len(terms.arms), terms.selector),
        no_cooldowns(strategies, symbols), (), (),
    )  # fmt: skip


def adapt(
    terms: Terms, adaptation: Adaptation, new_outcomes: Outcomes, controls: Controls, bar: int
) -> tuple[Adaptation, Controls]:
    """Return what is known after the close of `bar`, and what holds for the decisions behind it: one update.

    `new_outcomes` became known since the last update, in their order; `controls` are those that the configuration
    gives for the bars to come, never those of the last update. Nothing here raises a cap or enables what the
    configuration disables. With everything off, controls come back as they are.
    """
    learned = _learned(terms, adaptation, new_outcomes)
    optimization = terms.optimization
    health, weights = learned.health, learned.weights
    changes: tuple[HealthChange, ...] = ()
    if optimization.enabled and optimization.enable_retirement_management:
        health, changes = next_health(health, learned.all_measures, bar, terms)
    if optimization.enabled and optimization.enable_adaptive_weighting:
        weights = next_weights(weights, controls.weight, learned.scores)
    learned = replace(
        learned,
        bars_seen=bar + 1,
        weights=weights,
        weight_changes=_weight_changes(learned, weights, bar),
        health=health,
        health_changes=learned.health_changes + changes,
    )
    return learned, controls_of(terms, learned, controls)


def controls_of(terms: Terms, adaptation: Adaptation, controls: Controls) -> Controls:
    """Return the configuration's controls with what was learned in them.

    A suspended or retired strategy makes no entry. A weight is the adaptive one, but a voice of 0 stays mute. The
    multiplier is the strategy's own factor, clipped.
    """
    if not terms.optimization.enabled:
        return controls
    if terms.optimization.enable_adaptive_weighting:
        heard = np.where(controls.weight > 0, adaptation.weights, 0.0)
        controls = replace(controls, weight=heard)
    enabled = controls.enabled & adaptation.health.may_trade
    multiplier = clipped(strategy_factors(terms, adaptation, controls))
    return replace(controls, enabled=enabled, multiplier=multiplier)


def strategy_factors(terms: Terms, adaptation: Adaptation, controls: Controls) -> FloatArray:
    """Return (S,) the strategies' part of the size multiplier, not clipped: `quality.size_multiplier` clips the whole.

    Weight of the voice where it scales sizes, times the score where sizes follow it.
    """
    weight = controls.weight if terms.scales else np.ones(len(terms.strategies))
    return weight * adaptation.scores if terms.optimization.enable_size_multiplier else weight


def judged(terms: Terms, trades: LastTrades) -> tuple[Measures, Measures, FloatArray]:
    """Return the figures of the account's last trades, those with the shadow book's, and (S,) scores of the account's.

    They change with trades alone, and are asked for several times on every bar.
    """
    measures, all_measures = measured(trades)
    return measures, all_measures, strategy_scores(measures, terms.optimization.weights.min_trades)


def with_base_weights(adaptation: Adaptation, controls: Controls, bar: int) -> Adaptation:
    """Return the adaptation with the configuration's weights again from `bar` on, all else as it was."""
    weights = first_weights(controls.weight)
    return replace(adaptation, weights=weights, weight_changes=_weight_changes(adaptation, weights, bar))


def _learned(terms: Terms, adaptation: Adaptation, new: Outcomes) -> Adaptation:
    if not len(new):
        return adaptation
    trades = with_trades(adaptation.trades, new)
    measures, all_measures, scores = judged(terms, trades)
    pause = terms.optimization.cooldown if terms.optimization.enabled else None
    return replace(
        adaptation,
        rates=counted(adaptation.rates, new),
        trades=trades,
        measures=measures,
        all_measures=all_measures,
        scores=scores,
        health=with_new_trades(adaptation.health, new),
        table=learn(adaptation.table, terms.selector, new) if terms.selector.enabled else adaptation.table,
        cooldowns=adaptation.cooldowns if pause is None else rested(adaptation.cooldowns, new, pause),
    )


def _weight_changes(before: Adaptation, weights: FloatArray, bar: int) -> tuple[WeightChange, ...]:
    if (weights == before.weights).all():
        return before.weight_changes
    return (*before.weight_changes, WeightChange(bar, tuple(weights.tolist())))
