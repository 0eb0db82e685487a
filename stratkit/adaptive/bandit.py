"""`ArmTable`: what each arm, an exit profile or a strategy, has earned per symbol and regime; and the choice by it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from stratkit.adaptive.outcomes import Outcomes
from stratkit.adaptive.policies import arm_values
from stratkit.adaptive.settings import SelectorSettings
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.seeds import generator

NO_ARM: Final = -1  # nothing suits: the profile `none`, risk off


@dataclass(frozen=True)
class ArmTable:
    """What C cells, symbol by symbol and in each by regime (R + 1, the last not known), hold about A arms.

    `q` (C, A) is the moving average of rewards in R, 0 before any; `count` (C, A) closed trades. `weight` and `total`
    (C, A) are trades and rewards held within `reward_range_r` as the policy counts them: all alike, discounted, or
    those of the window. `recent` is that window by cell, arm and reward of each trade, newest last; nothing is ever
    written into the arrays of a table that was handed out.
    """

    regimes: int
    q: FloatArray
    count: IntArray
    weight: FloatArray
    total: FloatArray
    recent: dict[int, tuple[tuple[int, float], ...]]

    def cells(self, symbol: IntArray, regime: IntArray) -> IntArray:
        """Return the cells of symbols and regimes; a table of the market has one symbol."""
        states = self.regimes + 1
        column = symbol if len(self.q) > states else np.zeros_like(symbol)
        return column * states + np.where(regime < 0, self.regimes, regime)


class Choices(NamedTuple):
    """The arm of each of K entries, -1 where nothing suits, and whether it is another one than the best by Q."""

    arm: IntArray
    explored: BoolArray


def empty_table(symbols: int, regimes: int, arms: int, settings: SelectorSettings) -> ArmTable:
    """Return a table in which nothing is known."""
    cells = (symbols if settings.scope == "symbol" else 1) * (regimes + 1)
    zero = np.zeros((cells, arms))
    return ArmTable(regimes, zero, np.zeros((cells, arms), np.int64), zero, zero, {})


def epsilon_of(table: ArmTable, settings: SelectorSettings) -> FloatArray:
    """Return (C,) the share of random choices in each cell, after as many closed trades as it holds.

    >>> epsilon_of(empty_table(1, 1, 2, SelectorSettings()), SelectorSettings())
    array([0.1, 0.1])
    """
    trades = table.count.sum(axis=1)
    left: FloatArray = np.maximum(settings.epsilon * settings.epsilon_decay**trades, settings.epsilon_min)
    return left


def bar_uniforms(seed: int, bar: int, slots: int, arms: int) -> FloatArray:
    """Return (slots, arms + 1) numbers of [0, 1) for the choices on one bar, by seed, bar and slot alone."""
    return generator(seed, "selector", bar).random((slots, arms + 1))


def choose(
    table: ArmTable,
    settings: SelectorSettings,
    symbol: IntArray,
    regime: IntArray,
    suitable: BoolArray,
    uniform: FloatArray,
    default: int | None = None,
) -> Choices:
    """Return which arm each of K entries gets; rows do not see one another.

    `symbol` and `regime` (K,), -1 = not known; `suitable` (K, A): the others do not compete; `uniform` (K, A + 1) of
    [0, 1): the first says whether to try at random (epsilon_greedy), the others are the arms' own. Among equals, and
    before `cold_start_trades` are closed in a cell, the `default` arm wins, else the first that suits.
    """
    cell = table.cells(symbol, regime)
    q = np.where(suitable, table.q[cell], -np.inf)
    values = np.where(
        suitable, arm_values(settings, table.q[cell], table.weight[cell], table.total[cell], uniform[:, 1:]), -np.inf
    )
    is_cold = table.count[cell].sum(axis=1) < settings.cold_start_trades
    values[is_cold] = np.where(suitable[is_cold], 0.0, -np.inf)
    arm = _first_best(values, default)
    if settings.policy == "epsilon_greedy":
        tries = (uniform[:, 0] < epsilon_of(table, settings)[cell]) & ~is_cold
        arm = np.where(tries, np.where(suitable, uniform[:, 1:], -1.0).argmax(axis=1), arm)
    arm = np.where(suitable.any(axis=1), arm, NO_ARM)
    return Choices(arm, (arm != NO_ARM) & (arm != _first_best(q, default)))


def _first_best(values: FloatArray, default: int | None) -> IntArray:
    best: IntArray = values.argmax(axis=1)
    if default is None:
        return best
    wins: IntArray = np.where(values[:, default] == values[np.arange(len(values)), best], default, best)
    return wins


def learn(table: ArmTable, settings: SelectorSettings, outcomes: Outcomes) -> ArmTable:
    """Return the table after more closed trades, one after the other: Q <- (1 - alpha) Q + alpha R.

    A trade without R, or without an arm, teaches nothing. Trades of the shadow book count.
    """
    arms = outcomes.profile if settings.over == "profiles" else outcomes.strategy
    known = (arms >= 0) & ~np.isnan(outcomes.r_multiple)
    if not known.any():
        return table
    cells = table.cells(outcomes.symbol, outcomes.regime)[known]
    changed = replace(table, **{name: getattr(table, name).copy() for name in _CHANGING})
    for cell, arm, reward in zip(
        cells.tolist(), arms[known].tolist(), outcomes.r_multiple[known].tolist(), strict=True
    ):
        _credit(changed, settings, cell, arm, reward)
    return changed


_CHANGING: Final = ("q", "count", "weight", "total", "recent")


def _credit(table: ArmTable, settings: SelectorSettings, cell: int, arm: int, reward: float) -> None:
    """Write one reward into a table that nobody else has seen yet."""
    table.q[cell, arm] = (1.0 - settings.alpha) * table.q.item(cell, arm) + settings.alpha * reward
    table.count[cell, arm] += 1
    low, high = settings.reward_range_r
    held = min(max(reward, low), high)
    if settings.policy == "sliding_window":
        _shift_in(table, settings, cell, arm, held)
        return
    if settings.policy == "discounted":
        table.weight[cell] *= settings.discount
        table.total[cell] *= settings.discount
    table.weight[cell, arm] += 1.0
    table.total[cell, arm] += held


def _shift_in(table: ArmTable, settings: SelectorSettings, cell: int, arm: int, reward: float) -> None:
    recent = (*table.recent.get(cell, ()), (arm, reward))[-settings.window_trades :]
    table.recent[cell] = recent
    # summed anew each time: taking away what leaves the window would let rounding pile up
    weight, total = [0.0] * table.q.shape[1], [0.0] * table.q.shape[1]
    for one, earned in recent:
        weight[one] += 1.0
        total[one] += earned
    table.weight[cell], table.total[cell] = weight, total
