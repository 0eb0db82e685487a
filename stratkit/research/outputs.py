"""`Outputs`: the named arrays that something computes from bars, and how two computations of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import Bars
from stratkit.errors import StrategyError
from stratkit.panel import BoolArray

Panel = npt.NDArray[Any]
_NO_PANEL: Final = float("nan")


@dataclass(frozen=True)
class Outputs:
    """What was computed from bars.

    `panels` by name: (T, N), (T, N, anything), or (T,) for the market as a whole. `constants` hold
    for all bars, such as an exit plan. `symbols` name the columns. `not_given` is what the absence
    of a panel means: confidence that is not given is 1. A panel without such a meaning (an
    indicator) is compared where both computations have it.
    """

    panels: Mapping[str, Panel]
    symbols: tuple[str, ...]
    constants: Mapping[str, object] = field(default_factory=dict)
    not_given: Mapping[str, float] = field(default_factory=dict)
    warmup_bars: int = 0


class CausalSource(Protocol):
    """Something that claims to be causal: its outputs at t use nothing after the close of bar t.

    Whatever computes named arrays from bars (a strategy, an indicator, regime labels, a blend of
    opinions) is proved by the same function once it has this form.
    """

    @property
    def name(self) -> str:
        """What it is called in messages."""

    @property
    def code(self) -> object:
        """The class or function whose source is scanned for suspects; None = nothing to scan."""

    def outputs(self, bars: Bars) -> Outputs:
        """Compute everything on `bars`; raise `StratkitError` when it cannot."""

    def fresh(self, known_until_ns: int | None = None) -> CausalSource:
        """Return an equal one that remembers nothing of earlier calls.

        `known_until_ns` hides rows of tables of its own that are dated at or after that time.
        """

    def dated_tables(self) -> tuple[str, ...]:
        """Name the tables of its own, keyed by date, that `fresh` can hide rows of, as far as known."""


@dataclass(frozen=True)
class Difference:
    """How one field of two computations differs, at its first bar and in all.

    `bar` and `symbol` are None for what holds for all bars or for the whole market. `largest` is
    the largest absolute difference where both are finite, None where there is no such place;
    `relative` the same over the larger magnitude.
    """

    field: str
    bar: int | None
    symbol: str | None
    whole: object
    part: object
    values: int
    bars: int
    largest: float | None
    relative: float | None


def differences(whole: Outputs, part: Outputs, rows: int, tolerance: float = 0.0) -> Iterator[Difference]:
    """Yield one `Difference` for each field that differs on the first `rows` bars, signals first.

    Values are equal when they are the same number, when both are NaN, or when they differ by at
    most `tolerance` times the larger magnitude (0 = not at all). Columns are matched by symbol;
    those that `part` lacks are left out.
    """
    for name, value in whole.constants.items():
        other = part.constants.get(name)
        if value != other:
            yield Difference(name, None, None, value, other, 1, 1, None, None)
    for name in part.constants.keys() - whole.constants.keys():
        yield Difference(name, None, None, None, part.constants[name], 1, 1, None, None)
    for name in [*whole.panels, *(name for name in part.panels if name not in whole.panels)]:
        ours, theirs = _panel(whole, name, part), _panel(part, name, whole)
        if ours is None or theirs is None:
            continue
        found = _difference(name, ours[:rows], theirs[:rows], whole, part, tolerance)
        if found is not None:
            yield found


def unequal(left: Panel, right: Panel, tolerance: float = 0.0) -> BoolArray:
    """Return where two arrays of one shape differ; NaN equals NaN.

    >>> unequal(np.array([1.0, np.nan, 2.0]), np.array([1.0, np.nan, 3.0]))
    array([False, False,  True])
    """
    differ: BoolArray = left != right
    if differ.any():
        floats = left.dtype.kind == "f" and right.dtype.kind == "f"
        if floats:
            differ &= ~(np.isnan(left) & np.isnan(right))
        if tolerance and "f" in (left.dtype.kind, right.dtype.kind):
            with np.errstate(invalid="ignore"):  # inf - inf
                gap = np.abs(left - right)
            differ &= ~(gap <= tolerance * np.maximum(np.abs(left), np.abs(right)))
    return differ


def _panel(outputs: Outputs, name: str, other: Outputs) -> Panel | None:
    """Return a panel of `outputs`, or what its absence means; None when that means nothing."""
    if name in outputs.panels:
        return outputs.panels[name]
    if name not in outputs.not_given and name not in other.not_given:
        return None
    rows = next((len(panel) for panel in outputs.panels.values()), 0)
    shape = (rows, len(outputs.symbols), *other.panels[name].shape[2:])
    return np.broadcast_to(np.float64(other.not_given.get(name, _NO_PANEL)), shape)


def _difference(
    name: str, whole: Panel, part: Panel, ours: Outputs, theirs: Outputs, tolerance: float
) -> Difference | None:
    for panel, outputs in ((whole, ours), (part, theirs)):
        if len(panel) != len(whole) or (panel.ndim > 1 and panel.shape[1] != len(outputs.symbols)):
            raise StrategyError(
                f"{name} must have a row for each of {len(whole)} bars and a column for each of "
                f"{len(outputs.symbols)} symbols; found the shape {panel.shape}"
            )
    whole = _same_columns(whole, ours.symbols, theirs.symbols)
    differ = unequal(whole, part, tolerance)
    if not differ.any():
        return None
    first = tuple(int(index) for index in np.argwhere(differ)[0])
    symbol = theirs.symbols[first[1]] if whole.ndim > 1 else None
    gap, relative = _gaps(whole[differ], part[differ])
    rows = int(differ.reshape(len(differ), -1).any(axis=1).sum())
    values = int(differ.sum())
    return Difference(name, first[0], symbol, whole[first].item(), part[first].item(), values, rows, gap, relative)


def _same_columns(panel: Panel, symbols: tuple[str, ...], wanted: tuple[str, ...]) -> Panel:
    if panel.ndim == 1 or symbols == wanted:
        return panel
    columns = [symbols.index(symbol) for symbol in wanted]
    return np.asarray(panel[:, columns])


def _gaps(whole: Panel, part: Panel) -> tuple[float | None, float | None]:
    if whole.dtype.kind not in "fiub":
        return None, None
    left, right = whole.astype(np.float64), part.astype(np.float64)
    both = np.isfinite(left) & np.isfinite(right)
    if not both.any():
        return None, None
    gap = np.abs(left[both] - right[both])
    scale = np.maximum(np.abs(left[both]), np.abs(right[both]))
    return float(gap.max()), float((gap / np.where(scale > 0, scale, 1.0)).max())
