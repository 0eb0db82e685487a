"""`choose_plans` and `scale_sizes`: the exit profile and the size of every entry that rows of targets ask for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stratkit.adaptive.bandit import ArmTable, bar_uniforms, choose
from stratkit.adaptive.noted import Noted
from stratkit.adaptive.packages import package_means, package_numbers
from stratkit.adaptive.profiles import default_profile, suitable_profiles
from stratkit.adaptive.quality import regime_factors, size_multiplier
from stratkit.adaptive.terms import Terms
from stratkit.engine.simulate import Stage
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.regimes.labels import LabelArray
from stratkit.risk.targets import Targets


def owners(stage: Stage, start: int, stop: int) -> IntArray:
    """Return (R, M) the strategy whose intent each slot holds on rows [start, stop), -1 = nobody's."""
    lead = stage.sheet.lead
    if lead is not None:
        return lead[start:stop].astype(np.int64)
    return np.broadcast_to(stage.sheet.targets.slot_strategy, (stop - start, len(stage.sheet.targets.slot_strategy)))


def choose_plans(
    terms: Terms, table: ArmTable, books: Sequence[Stage], label: LabelArray, start: int, stop: int, *, seed: int,
    bars_before: int, packaged: BoolArray, noted: Noted,
) -> None:  # fmt: skip
    """Write the profile of every entry on rows [start, stop) of some books, which are filled, as its plan.

    The choice hangs on the table, the seed, the bar as it is counted over all runs, and the slot: those of one book
    stand behind those of the one before. Where no profile suits, the plan is the one behind them: risk off. Strategies
    that are `packaged` (S,) keep their own plans: what takes a leg away would take the others too.
    """
    found = [np.nonzero(_enters(stage, start, stop) & ~packaged[stage.sheet.targets.slot_strategy]) for stage in books]
    rows = np.concatenate([row for row, _ in found])
    if not len(rows):
        return
    symbol = np.concatenate([stage.sheet.targets.slot_symbol[slot] for stage, (_, slot) in zip(books, found)])
    sure = np.concatenate([_confidences(stage, start + row, slot) for stage, (row, slot) in zip(books, found)])
    sizes = [len(stage.sheet.targets.slot_symbol) for stage in books]
    firsts = np.cumsum([0, *sizes])
    slots = np.concatenate([first + slot for first, (_, slot) in zip(firsts, found)])
    arms = len(terms.arms)
    uniform = np.stack([bar_uniforms(seed, bars_before + bar, int(firsts[-1]), arms) for bar in range(start, stop)])
    regime = label[start + rows, symbol].astype(np.int64)
    arm, explored = choose(
        table, terms.selector, symbol, regime, suitable_profiles(terms, regime, sure), uniform[rows, slots],
        default_profile(terms),
    )  # fmt: skip
    noted.chose(start + rows, slots, explored)
    plans = np.split(np.where(arm < 0, arms, arm), np.cumsum([len(row) for row, _ in found])[:-1])
    for stage, (row, slot), plan in zip(books, found, plans, strict=True):
        owner, first = owners(stage, start, stop)[row, slot], stage.sheet.table.first_profile
        stage.sheet.targets.plan[start + row, slot] = first + owner * (arms + 1) + plan


def choose_strategies(
    terms: Terms, table: ArmTable, wants: BoolArray, label: LabelArray, start: int, *, seed: int, bars_before: int,
    noted: Noted,
) -> BoolArray:  # fmt: skip
    """Return (S, R, N) which of the entries that are wanted, (S, R, N), another strategy was preferred to.

    Rows begin at bar `start`. Of the strategies that want to enter a symbol on a bar one is chosen, by what strategies
    earned there; it hangs on the seed, the bar as it is counted over all runs, and the symbol.
    """
    row, symbol = np.nonzero(wants.any(axis=0))
    if not len(row):
        return np.zeros_like(wants)
    strategies, rows, symbols = wants.shape
    uniform = np.stack([bar_uniforms(seed, bars_before + start + bar, symbols, strategies) for bar in range(rows)])
    regime = label[start + row, symbol].astype(np.int64)
    suits = wants[:, row, symbol].T
    arm, explored = choose(table, terms.selector, symbol, regime, suits, uniform[row, symbol])
    noted.chose(start + row, symbol, explored)
    passed: BoolArray = wants.copy()
    passed[arm, row, symbol] = False
    return passed


def scale_sizes(
    terms: Terms, stage: Stage, label: LabelArray, quality: FloatArray, factor: FloatArray, start: int, stop: int
) -> None:
    """Multiply the sizes on rows [start, stop), which are filled, by quality, strategy and regime: in all 0.1 .. 2.

    `quality` (R, N, S) as of `signal_quality`, `factor` (S,) the strategies' part. Target weights are sizes too. Where
    strategies share a position it is sized by the one that leads; the legs of a package have the mean of its legs.
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
    if len(targets.weight):
        targets.weight[rows] *= _whole_packages(targets, owner, whole, rows) if len(targets.legs) else whole


def _whole_packages(targets: Targets, owner: IntArray, whole: FloatArray, rows: slice) -> FloatArray:
    enters = np.nan_to_num(targets.weight[rows]) != 0
    alike = package_means(np.where(enters, whole, np.nan), package_numbers(targets.legs[rows], owner))
    return np.where(enters, alike, whole)


def _enters(stage: Stage, start: int, stop: int) -> BoolArray:
    targets, rows = stage.sheet.targets, slice(start, stop)
    found: BoolArray = np.zeros((stop - start, len(targets.slot_symbol)), np.bool_)
    if len(targets.side):
        found |= np.abs(targets.side[rows]) == 1
    if len(targets.weight):
        found |= np.nan_to_num(targets.weight[rows]) != 0
    return found


def _confidences(stage: Stage, bar: IntArray, slot: IntArray) -> npt.NDArray[np.float32]:
    given = stage.sheet.targets.confidence
    return given[bar, slot] if len(given) else np.ones(len(bar), np.float32)
