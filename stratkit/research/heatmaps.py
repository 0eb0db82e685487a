"""`Heatmap`: the objective over two parameters, in cells that hold what was tried there and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from stratkit.panel import FloatArray, IntArray
from stratkit.research.landscape import bounds, choice_place, free_value, number_in, step_of, unit_place, value_at_place
from stratkit.research.search_result import SearchResult
from stratkit.research.trials import Assignment, Trial
from stratkit.strategies.parameters import ParameterValue, SearchParameter

BINS: Final = 12
_EXACT: Final = 60  # most values of a grid that have a row of their own
_LEVELS: Final = 10_000  # more steps than this count as any value


@dataclass(frozen=True)
class Axis:
    """The cells of one parameter: a `label` each; `exact`: one value a cell, else a bin of them.

    `values` are those of exact cells of numbers, `lows` where each bin begins, between 0 and 1.
    """

    name: str
    labels: tuple[str, ...]
    exact: bool
    parameter: SearchParameter
    values: tuple[float, ...] = ()
    lows: tuple[float, ...] = ()

    def cell(self, values: Assignment) -> int:
        """Return the cell of a set of values."""
        if self.parameter.kind == "choice":
            return choice_place(self.parameter, values[self.name])
        value = number_in(values, self.parameter)
        if self.exact:
            return int(np.abs(np.array(self.values) - value).argmin())
        return max(0, int(np.searchsorted(self.lows, unit_place(self.parameter, value) + 1e-12, side="right")) - 1)


@dataclass(frozen=True)
class Heatmap:
    """Mean first objective by `across` (columns) and `down` (rows): `mean` and `count` (rows, columns).

    Where nothing was tried `mean` is NaN and `count` 0; nothing is filled in between.
    """

    across: Axis
    down: Axis
    mean: FloatArray
    count: IntArray


def heatmaps(result: SearchResult, keys: Sequence[str], pairs: int = 3) -> tuple[Heatmap, ...]:
    """Return the maps of the first `pairs` pairs of `keys`, which are in the order of their importance.

    All trials count that were replayed to the end and have a finite first objective; equal sets of values count once.
    Choices, grids and numbers of few values have a cell for each value, other numbers `BINS` bins of equal width, on
    a log scale where they were searched on one.
    """
    trials = _distinct(result)
    space = {one.name: one for one in result.space}
    axes = {key: _axis(space[key], trials, result.sampler == "grid") for key in keys}
    wanted = sorted(combinations(range(len(keys)), 2), key=lambda pair: (sum(pair), pair))[:pairs]
    return tuple(_heatmap(axes[keys[one]], axes[keys[other]], trials) for one, other in wanted)


def _distinct(result: SearchResult) -> list[Trial]:
    seen: dict[tuple[ParameterValue | None, ...], Trial] = {}
    for trial in result.complete:
        if trial.objectives and math.isfinite(trial.objectives[0]):
            seen.setdefault(tuple(trial.values[one.name] for one in result.space), trial)
    return list(seen.values())


def _heatmap(across: Axis, down: Axis, trials: Sequence[Trial]) -> Heatmap:
    shape = (len(down.labels), len(across.labels))
    cells = np.array([(down.cell(trial.values), across.cell(trial.values)) for trial in trials]).reshape(-1, 2)
    flat = cells[:, 0] * shape[1] + cells[:, 1]
    count = np.bincount(flat, minlength=shape[0] * shape[1])
    total = np.bincount(flat, weights=[trial.objectives[0] for trial in trials], minlength=len(count))
    mean = np.full(len(count), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return Heatmap(across, down, mean.reshape(shape), count.reshape(shape).astype(np.int64))


def _axis(one: SearchParameter, trials: Sequence[Trial], grid: bool) -> Axis:
    if one.kind == "choice":
        return Axis(one.name, tuple(_word(value) for value in one.choices), True, one)
    levels = _levels(one)
    tried = sorted({number_in(trial.values, one) for trial in trials})
    exact = tried if grid and len(tried) <= _EXACT else levels if levels is not None and len(levels) <= BINS else None
    if exact is not None:
        return Axis(one.name, tuple(f"{value:.6g}" for value in exact), True, one, tuple(exact))
    lows = _bins(one, levels)
    return Axis(one.name, tuple(_bin_words(one, lows)), False, one, (), lows)


def _levels(one: SearchParameter) -> list[float] | None:
    """Return all values of a number with a step, None where there are too many to count."""
    low, high = bounds(one)
    step = step_of(one)
    if step is None or high - low > _LEVELS * step:
        return None
    return [low + step * place for place in range(math.floor((high - low) / step + 1e-9) + 1)]


def _bins(one: SearchParameter, levels: Sequence[float] | None) -> tuple[float, ...]:
    """Return where each bin begins: equally many values of a linear scale in each, or equal widths."""
    even = np.linspace(0.0, 1.0, BINS + 1)[:-1].tolist()
    if levels is None:
        return tuple(even)
    if one.log:  # a bin between two whole numbers would hold nothing
        firsts = dict.fromkeys(math.ceil(free_value(one, place) - 1e-9) for place in even)
        return tuple(unit_place(one, first) for first in firsts)
    size = -(-len(levels) // BINS)
    return tuple(unit_place(one, value) for value in levels[::size])


def _bin_words(one: SearchParameter, lows: Sequence[float]) -> list[str]:
    """Return the bins in words: of whole numbers the first and the last, of others where they begin and end."""
    ends = [*lows[1:], 1.0]
    if one.kind == "float":
        return [f"{free_value(one, low):.3g} to {free_value(one, end):.3g}" for low, end in zip(lows, ends)]
    firsts = [math.ceil(free_value(one, low) - 1e-9) for low in lows]
    lasts = [first - round(step_of(one) or 1) for first in firsts[1:]]
    words = []
    for first, last in zip(firsts, [*lasts, value_at_place(one, 1.0)]):
        words.append(str(first) if last <= first else f"{first} to {last}")
    return words


def _word(value: ParameterValue | None) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
