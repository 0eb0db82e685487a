"""`WalkContent`: everything that the page of a walk-forward shows, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from stratkit.inference.verdict import Verdict
from stratkit.panel import FloatArray, IntArray
from stratkit.strategies.parameters import ParameterValue, SearchParameter


@dataclass(frozen=True)
class FoldLine:
    """One fold: what was searched on, what was tested, what was chosen and what it came to.

    Spans are UTC nanoseconds of the first and the last bar, of so many parts. `in_sample` and `out_of_sample` are the
    objective of the chosen values there, `efficiency` the second over the first, NaN where that says nothing.
    `total_return` is of the test, as a fraction, and `trades` closed in it. `reason` says why nothing was chosen;
    `values` is then empty.
    """

    number: int
    train: tuple[int, int]
    test: tuple[int, int]
    train_bars: int
    test_bars: int
    values: Mapping[str, ParameterValue | None]
    in_sample: float
    out_of_sample: float
    efficiency: float
    total_return: float = float("nan")
    trades: int = 0
    reason: str = ""
    train_parts: int = 1
    test_parts: int = 1


def _no_paths() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True)
class WalkContent:
    """A finished walk-forward, ready to be shown.

    `metric` names the objective of the folds, `space` the dimensions. `times` and `equity` (T,) are the one stitched
    out-of-sample run, begun with `initial_cash`. `cards` are rows of (label, value, note) above the page: stitched
    figures, walk-forward efficiency, stability, share of profitable folds. `switches` are the UTC nanoseconds at which
    other values came in force. `path_sharpes` are the
    Sharpe ratios a year of the paths of combinatorial purged cross-validation, empty without it. `verdict` is None when
    nobody judged. `scheme` says in words how folds were made.
    """

    title: str
    metric: str
    space: tuple[SearchParameter, ...]
    folds: tuple[FoldLine, ...]
    times: IntArray
    equity: FloatArray
    initial_cash: float
    cards: tuple[tuple[str, str, str], ...] = ()
    scheme: str = ""
    switches: tuple[int, ...] = ()
    path_sharpes: FloatArray = field(default_factory=_no_paths)
    verdict: Verdict | None = None
    command: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    config_text: str = ""
    warnings: tuple[str, ...] = ()
