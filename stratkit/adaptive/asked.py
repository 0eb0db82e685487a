"""`choose_plans` and `scale_sizes`: the exit profile and the size of every entry that rows of targets ask for."""

from __future__ import annotations

import numpy as np

from stratkit.adaptive.bandit import ArmTable, bar_uniforms, choose
from stratkit.adaptive.profiles import default_profile, suitable_profiles
from stratkit.adaptive.quality import regime_factors, size_multiplier
from stratkit.adaptive.terms import Terms
from stratkit.engine.simulate import Stage
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.regimes.labels import LabelArray


def owners(stage: Stage, start: int, stop: int) -> IntArray:
    """Return (R, M) the strategy whose intent each slot holds on rows [start, stop), -1 = nobody's."""
    lead = stage.sheet.lead
    if lead is not None:
        return lead[start:stop].astype(np.int64)
    return np.broadcast_to(stage.sheet.targets.slot_strategy, (stop - start, len(stage.sheet.targets.slot_strategy)))


def choose_plans(
    terms: Terms, table: ArmTable, stage: Stage, label: LabelArray, start: int, stop: int, *, seed: int,
    bars_before: int, slots: int, first_slot: int = 0,
) -> None:  # fmt: skip
    """Write the profile of every entry on rows [start, stop), which are filled, as its plan.

    The choice hangs on the table, the seed, the bar as it is counted over all runs, and the slot: `first_slot` of
    `slots` is the first of these. Where no profile suits, the plan is the one behind them: risk off.
    """
    targets, first = stage.sheet.targets, stage.sheet.table.first_profile
    row, slot = np.nonzero(_enters(stage, start, stop))
    if not len(row):
        return
    symbol = targets.slot_symbol[slot]
    regime = label[start + row, symbol].astype(np.int64)
    sure = targets.confidence[start + row, slot] if len(targets.confidence) else np.ones(len(row), np.float32)
    arms = len(terms.arms)
    drawn = {bar: bar_uniforms(seed, bars_before + start + bar, slots, arms) for bar in np.unique(row).tolist()}
    uniform = np.stack([drawn[bar][first_slot + place] for bar, place in zip(row.tolist(), slot.tolist(), strict=True)])
    suits = suitable_profiles(terms, regime, sure)
    arm = choose(table, terms.selector, symbol, regime, suits, uniform, default_profile(terms)).arm
    owner = owners(stage, start, stop)[row, slot]
    targets.plan[start + row, slot] = first + owner * (arms + 1) + np.where(arm < 0, arms, arm)


def scale_sizes(
    terms: Terms, stage: Stage, label: LabelArray, quality: FloatArray, factor: FloatArray, start: int, stop: int
) -> None:
    """Multiply the sizes on rows [start, stop), which are filled, by quality, strategy and regime: in all 0.1 .. 2.

    `quality` (R, N, S) as of `signal_quality`, `factor` (S,) the strategies' part. Target weights of strategies with
    books of their own are sizes too; those that are averaged are not.
    """
    targets, rows = stage.sheet.targets, slice(start, stop)
    owner, symbol = owners(stage, start, stop), targets.slot_symbol
    at = np.arange(stop - start)[:, None]
    whole = size_multiplier(
        terms, quality[at, symbol, owner], factor[owner], regime_factors(terms)[label[rows][:, symbol]]
    )
    size = targets.size[rows]
    np.copyto(size, targets.slot_size, where=np.isnan(size))
    size *= whole
    if len(targets.weight) and stage.sheet.lead is None:
        targets.weight[rows] *= whole


def _enters(stage: Stage, start: int, stop: int) -> BoolArray:
    targets, rows = stage.sheet.targets, slice(start, stop)
    found: BoolArray = np.zeros((stop - start, len(targets.slot_symbol)), np.bool_)
    if len(targets.side):
        found |= np.abs(targets.side[rows]) == 1
    if len(targets.weight):
        found |= np.nan_to_num(targets.weight[rows]) != 0
    return found
