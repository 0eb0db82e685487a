"""`Blend` and `Books`: the opinions of all strategies as one per symbol, or kept apart, filled stretch by stretch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stratkit.combine.books import fill_books
from stratkit.combine.codes import AVERAGED_WEIGHTS, METHODS, SILENT, VERDICTS
from stratkit.combine.memory import (
    CodeArray,
    Float32Array,
    Heard,
    Memory,
    Row,
    Terms,
    Written,
    fresh_memory,
    fresh_row,
)
from stratkit.combine.netted import blend_block
from stratkit.combine.settings import CombineSettings, GlobalSettings, Method, method_of
from stratkit.errors import UsageError
from stratkit.panel import BoolArray, FloatArray, IntArray, SideArray, read_only
from stratkit.strategies.signals import EXIT, FLAT, Signals

MOST_STRATEGIES: Final = 127  # `lead` is an int8
CELLS_AT_ONCE: Final = 2**18  # rows are copied together in blocks that stay in a processor's cache


@dataclass(frozen=True)
class Blend:
    """One opinion per bar and symbol, and how it came about; rows not blended yet are silent.

    `side` (T, N): +1, -1, 2 exit, 0 no opinion. `confidence` (T, N) of that side, in the measure of the method, 0
    without one. `lead` (T, N): the strategy with the largest voice on the winning side, -1 = none. `contribution`
    (S, T, N): the share of each strategy in the winning side, by weight x confidence; sums to 1 or, without a side,
    to 0. `reason` (T, N) and `verdict` (S, T, N): numbers in `REASONS` and `VERDICTS`. `weight` (T, N): the average
    target weight, NaN = no opinion, when all strategies give weights; `side` is then its direction, 2 for a weight 0.
    """

    side: SideArray
    confidence: Float32Array
    lead: SideArray
    contribution: Float32Array
    reason: CodeArray
    verdict: CodeArray
    weight: FloatArray | None = None


@dataclass(frozen=True)
class Books:
    """What is left of each strategy's opinions for a book of its own; rows not filled yet are silent.

    `side` (S, T, N): +1, -1, 2 exit, 0 no opinion; of a strategy that gives weights, the direction of the weight.
    `weight` (S, T, N): its target weights, NaN = no opinion and for strategies that give sides; None when all do.
    `verdict` (S, T, N): numbers in `VERDICTS`; an opinion that was let through is the lead of its own book.
    """

    side: SideArray
    verdict: CodeArray
    weight: FloatArray | None = None


@dataclass
class Blending:
    """A blend or books in the making: rows before `next_bar` are done. Made by `open_blend`."""

    signals: tuple[Signals, ...]
    method: Method
    result: Blend | Books
    next_bar: int
    _terms: Terms
    _memory: Memory
    _row: Row
    _written: Written


def open_blend(
    signals: Sequence[Signals],
    combine: CombineSettings | None = None,
    overall: GlobalSettings | None = None,
    *,
    priorities: Sequence[int] | None = None,
    limits: Sequence[int] | None = None,
    every_bars: Sequence[int] | None = None,
) -> Blending:
    """Make room for the blend of `signals`, in the order of the configuration; no row is blended yet.

    Per strategy: `priorities` (all 0), `limits` on its changes of opinion per bar (0 = off), and `every_bars`: it is
    heard on bars that are multiples. Rows of the signals may be filled later, before they are blended. Raises
    `UsageError` for settings that contradict each other, and for target weights with a method that blends sides.
    """
    combine, overall = combine or CombineSettings(), overall or GlobalSettings()
    method, shape = method_of(combine, overall), _checked_shape(signals)
    if method != "independent" and any(entry.legs is not None for entry in signals):
        name = next(entry.strategy for entry in signals if entry.legs is not None)
        raise UsageError(
            f"packages of legs need a book of their own; found those of {name!r} under the method {method}: "
            "set combine.method: independent"
        )
    gives_weights = np.array([entry.weight is not None for entry in signals])
    code = _method_code(method, signals, gives_weights)
    _warn_if_too_few(method, combine, len(signals))
    terms = Terms(
        code,
        np.float32(combine.min_confidence),
        np.float64(combine.threshold),
        np.int64(combine.min_strategies),
        np.int64(overall.max_total_proposals_per_cycle or 0),
        _per_strategy(limits, 0, signals, "limits"),
        _per_strategy(priorities, 0, signals, "priorities"),
        _per_strategy(every_bars, 1, signals, "every_bars"),
        gives_weights,
        np.ones(len(signals)),
        np.zeros(len(signals), np.bool_),
    )
    made = _room(method, len(signals), shape, code == AVERAGED_WEIGHTS or bool(gives_weights.any()))
    memory = fresh_memory(len(signals), shape[1], len(VERDICTS), method == "independent")
    row = fresh_row(len(signals), shape[1])
    return Blending(tuple(signals), method, _result(method, made), 0, terms, memory, row, made)


def blend_rows(
    blending: Blending,
    start: int,
    stop: int,
    weights: Sequence[float] | FloatArray | None = None,
    enabled: Sequence[bool] | BoolArray | None = None,
) -> None:
    """Blend rows [start, stop), which must follow those blended before; any stretches give the same.

    `weights` (S,) of the voices, at least 0 (None: all 1), and which strategies are `enabled` (None: all) hold for
    these rows. A strategy that is disabled or weighs 0 enters nothing; its exits still close
    what it led.
    """
    bars, symbols = blending.signals[0].shape
    if start != blending.next_bar or not start <= stop <= bars:
        raise UsageError(
            f"rows are blended in order: the next stretch must begin at {blending.next_bar} and end by {bars}; "
            f"found {start} to {stop}"
        )
    _set_voices(blending, weights, enabled)
    play = fill_books if isinstance(blending.result, Books) else blend_block
    rows = max(1, CELLS_AT_ONCE // max(1, len(blending.signals) * symbols))
    for first in range(start, stop, rows):
        last = min(first + rows, stop)
        heard = _listen(blending, first, last)
        play(heard, blending._terms, blending._memory, blending._row, blending._written, first, last - first)
    blending.next_bar = stop


def proposal_counts(blending: Blending) -> dict[str, dict[str, int]]:
    """Return per strategy how many changes of opinion got which verdict so far.

    A change is an entry that differs from the one last let through; one that a limit or the floor stops is a
    change again on the next bar, and counted again.
    """
    verdicts = [(code, name) for code, name in enumerate(VERDICTS) if code != SILENT]
    return {
        entry.strategy: {name: int(counts[code]) for code, name in verdicts}
        for entry, counts in zip(blending.signals, blending._memory.counts)
    }


def heard_through(signals: Sequence[Signals], blending: Blending | None) -> tuple[Sequence[Signals], Blend | None]:
    """Return what each strategy asks for and, where they share positions, the blend that decides between them."""
    if blending is None:
        return signals, None
    if isinstance(blending.result, Blend):
        return signals, blending.result
    books: Books = blending.result
    return [
        replace(one, side=books.side[place])
        if one.weight is None or books.weight is None
        else replace(one, weight=books.weight[place])
        for place, one in enumerate(signals)
    ], None


def going_on(blending: Blending, before: Blending, remembers: bool) -> Blending:
    """Return `blending` as it goes on behind the rows of `before`, in its arrays; the other one is used up.

    `remembers`: who was heard last and who leads is taken over too. Raises `UsageError` where the two do not write the
    same arrays.
    """
    shapes = [[part.shape for part in one._written] for one in (blending, before)]
    if shapes[0] != shapes[1] or blending.method != before.method:
        raise UsageError(
            f"opinions must be combined in one way to the end: found {before.method}, then {blending.method}, of sides "
            "and weights that do not fit each other"
        )
    memory = before._memory if remembers else blending._memory._replace(counts=before._memory.counts)
    return replace(blending, result=before.result, next_bar=before.next_bar, _memory=memory, _written=before._written)


def leave_on(blending: Blending, row: int) -> None:
    """Let a row that is blended ask to leave every position; strategies with books of their own have none to share."""
    if isinstance(blending.result, Blend):
        blending._written.side[row] = EXIT
        if blending._written.weight.size:
            blending._written.weight[row] = 0.0


def stand_on(blending: Blending, row: int, side: SideArray, weight: FloatArray, owner: IntArray) -> None:
    """Let a row that is blended ask for what is given (N,) where it says nothing: a side, 0 = leave, or a weight.

    `owner` is the strategy that then leads. Strategies with books of their own have none to share.
    """
    if not isinstance(blending.result, Blend):
        return
    written = blending._written
    silent = written.side[row] == 0
    if written.weight.size:
        silent &= np.isnan(written.weight[row])
        written.weight[row, silent] = weight[silent]
    else:
        written.side[row, silent] = np.where(side == 0, EXIT, side)[silent]
    leads = silent & (side != 0)
    written.lead[row, leads] = owner[leads]


def _listen(blending: Blending, start: int, stop: int) -> Heard:
    """Copy rows of the signals together; confidences only when somebody gives them."""
    signals, averages = blending.signals, blending._terms.method == AVERAGED_WEIGHTS
    shape = (len(signals), stop - start, signals[0].shape[1])
    sure = any(entry.confidence is not None for entry in signals)
    side = np.empty(shape, np.int8)
    weight = np.empty(shape if averages else (0, 0, 0))
    confidence = np.ones(shape if sure else (shape[0], 1, shape[2]), np.float32)
    for s, entry in enumerate(signals):
        if entry.side is not None:
            side[s] = entry.side[start:stop]
        if entry.weight is not None:
            given = entry.weight[start:stop]
            side[s] = directions(given)
            into = weight[s] if averages else blending._written.weight[s, start:stop]
            into[:] = given
        if entry.confidence is not None:
            confidence[s] = entry.confidence[start:stop]
    return Heard(side, weight, confidence)


def directions(weight: FloatArray) -> SideArray:
    """Return target weights as sides: 1 above 0, -1 below, 2 for a weight 0, 0 for NaN."""
    found = np.where(weight == 0, EXIT, np.sign(weight))
    return np.where(np.isnan(weight), FLAT, found).astype(np.int8)


def _set_voices(
    blending: Blending, weights: Sequence[float] | FloatArray | None, enabled: Sequence[bool] | BoolArray | None
) -> None:
    terms, count = blending._terms, len(blending.signals)
    given = np.ones(count) if weights is None else np.asarray(weights, np.float64)
    speaks = np.ones(count, np.bool_) if enabled is None else np.asarray(enabled, np.bool_)
    if given.shape != (count,) or speaks.shape != (count,):
        raise UsageError(
            f"weights and enabled must hold one value for each of {count} strategies; "
            f"found {given.shape} and {speaks.shape}"
        )
    if not np.all((given >= 0) & np.isfinite(given)):
        raise UsageError(f"weights of strategies must be finite and at least 0; found {given.tolist()}")
    terms.weights[:] = given
    terms.muted[:] = ~speaks | (given == 0)


def _room(method: Method, strategies: int, shape: tuple[int, int], weights: bool) -> Written:
    whole = (strategies, *shape)
    netted = method != "independent"
    panel, cells = (shape, shape) if netted else (whole, (0, 0))
    return Written(
        side=np.zeros(panel, np.int8),
        weight=np.full(panel if weights else (0,) * len(panel), np.nan),
        confidence=np.zeros(cells, np.float32),
        lead=np.full(cells, -1, np.int8),
        contribution=np.zeros(whole if netted else (0, 0, 0), np.float32),
        reason=np.zeros(cells, np.uint8),
        verdict=np.zeros(whole, np.uint8),
    )


def _result(method: Method, made: Written) -> Blend | Books:
    """Return what was made room for, to be read while it is filled."""
    panels = {name: read_only(panel) for name, panel in made._asdict().items()}
    if made.weight.size == 0:
        del panels["weight"]
    if method == "independent":
        kept = ("side", "weight", "verdict")
        return Books(**{name: panel for name, panel in panels.items() if name in kept})
    return Blend(**panels)


def _checked_shape(signals: Sequence[Signals]) -> tuple[int, int]:
    if not 0 < len(signals) <= MOST_STRATEGIES:
        raise UsageError(f"1 to {MOST_STRATEGIES} strategies can be combined; found {len(signals)}")
    for entry in signals:
        if entry.shape != signals[0].shape:
            raise UsageError(
                f"strategies must speak on the same bars and symbols: {signals[0].strategy!r} does on "
                f"{signals[0].shape}; found {entry.shape} of {entry.strategy!r}"
            )
    return signals[0].shape


def _method_code(method: Method, signals: Sequence[Signals], gives_weights: BoolArray) -> np.int64:
    if method == "independent" or not gives_weights.any():
        return np.int64(METHODS.index(method))
    if method == "weighted_average" and gives_weights.all():
        return AVERAGED_WEIGHTS
    name = signals[int(gives_weights.argmax())].strategy
    allowed = "sides, or target weights from all of them," if method == "weighted_average" else "sides"
    raise UsageError(
        f"combine.method {method} needs {allowed} from its strategies; "
        f"found target weights from {name!r}: use combine.method: independent"
    )


def _warn_if_too_few(method: Method, combine: CombineSettings, strategies: int) -> None:
    if method in ("consensus", "unanimous") and strategies < combine.min_strategies:
        warnings.warn(
            f"nothing can trade: combine.method {method} needs {combine.min_strategies} strategies that want the "
            f"same, and there {'is 1' if strategies == 1 else f'are {strategies}'}; lower combine.min_strategies "
            "or enable more",
            stacklevel=3,
        )


def _per_strategy(values: Sequence[int] | None, default: int, signals: Sequence[Signals], name: str) -> IntArray:
    given = np.full(len(signals), default) if values is None else np.asarray(values, np.int64)
    if given.shape != (len(signals),):
        raise UsageError(f"{name} must hold one number for each of {len(signals)} strategies; found {given.shape}")
    if name != "priorities" and (given < default).any():
        raise UsageError(f"{name} must be at least {default}; found {given.tolist()}")
    return given
