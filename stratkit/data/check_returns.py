"""Findings on what happens from bar to bar: outliers, spikes, wicks, jumps like splits, another price level.

Every jump is measured against the symbol's own history: the larger of its robust scale over all
bars (median absolute deviation) and its mean absolute move in the bars around, itself left out. Where
at least five symbols move at once, what they have in common is taken off first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from stratkit.data.findings import Finding, counted, found
from stratkit.data.ordered_rows import OrderedRows
from stratkit.panel import NS_PER_DAY, BoolArray, FloatArray, IntArray, format_time, read_only

IMPOSSIBLE: Final = float(np.log(50))
_OUTLIER_Z: Final = 15.0  # daily stocks pass 10 in real crashes every few years
_SPLIT_Z: Final = 8.0
_WICK_Z: Final = 20.0
_WINDOW: Final = 25  # bars on either side that make the local scale
_NORMAL: Final = 1.4826  # of the median absolute deviation to a standard deviation
_FEWEST: Final = 20
_NONE: Final = read_only(np.empty(0, dtype=np.int64))
_TOGETHER: Final = 5
_SMALLEST: Final = 0.01  # a move below 1 % is nobody's defect
_REUSE_NS: Final = 30 * NS_PER_DAY
_REUSE_LEVEL: Final = float(np.log(1.5))
# shares for one: the ratios in which companies split and consolidate
RATIOS: Final = (1.25, 4 / 3, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0)
_LOG_RATIOS: Final = np.log(np.array([*RATIOS, *(1 / ratio for ratio in RATIOS)]))
_SPLIT_SLACK: Final = 0.06  # how far an opening moves besides
_SPLIT_SHARE: Final = 0.1  # ... and less for small ratios, which falls of every kind come near
_CONSOLIDATION: Final = 0.5 + 1e-9  # nobody makes two shares of three; a rise of a half is news


@dataclass(frozen=True)
class _Moves:
    """One symbol's sound bars: `at` (B,) are their places, `move` (B,) log returns, the first 0.

    `odd` (B,) are the moves less the market's.
    """

    at: IntArray
    times: IntArray
    close: FloatArray
    open: FloatArray
    move: FloatArray
    odd: FloatArray

    @cached_property
    def scale(self) -> FloatArray:
        """(B,) what a usual move is, at each bar."""
        return _scales(self.move)

    @cached_property
    def z(self) -> FloatArray:
        """(B,) how many usual moves each move is, whichever is smaller: the plain one or the one less the market's."""
        plain = np.abs(self.move) / self.scale
        return plain if self.odd is self.move else np.minimum(plain, np.abs(self.odd) / _scales(self.odd))

    @cached_property
    def spikes(self) -> BoolArray:
        """(B,) jumps whose next move takes them back."""
        size = np.abs(self.move)
        back = np.zeros(len(size), dtype=np.bool_)
        back[:-1] = np.abs(self.move[:-1] + self.move[1:]) < 0.25 * size[:-1]
        return np.asarray(back & (self.z > _OUTLIER_Z) & (size > _SMALLEST))


def check_returns(ordered: OrderedRows, splits: Mapping[str, IntArray]) -> Iterator[Finding]:
    """Yield jumps that are no market's, or that somebody should look at.

    `splits` holds the ex-dates (UTC ns) of splits that are known, by symbol: the first bar from such a date on
    may jump.
    """
    common = _market(ordered)
    yield from _impossible(ordered, splits)
    for n in np.flatnonzero(np.diff(ordered.rows.offsets) >= _FEWEST).tolist():
        moves = _moves(ordered, n, common)
        if len(moves.at) >= _FEWEST:
            yield from _of_symbol(ordered, moves, splits.get(ordered.rows.symbols[n], _NONE))


def _of_symbol(ordered: OrderedRows, moves: _Moves, known_splits: IntArray) -> Iterator[Finding]:
    rest = (np.abs(moves.move) < IMPOSSIBLE) & ~first_from(moves.times, known_splits)
    reuse = _reused(moves)
    yield from _named(ordered, moves, "ticker_reuse", reuse, "change", "of the price level across a long hole")
    rest &= ~reuse
    spikes = moves.spikes & rest
    yield from _named(ordered, moves, "spike", spikes, "bar", "with a jump away and back")
    rest &= ~spikes & ~np.append(False, spikes[:-1])
    ratio = _split_ratios(moves)
    back = _adjusted_back(ratio, rest)
    if back is not None:
        yield _mixed(ordered, moves, *back)
        rest[list(back)] = False
    splits = rest & ((ratio > 1) | ((ratio > 0) & (ratio <= _CONSOLIDATION)))
    if splits.any():
        yield from _splits(ordered, moves, splits, ratio)
    rest &= ~splits
    outliers = rest & (moves.z > _OUTLIER_Z) & (np.abs(moves.move) > _SMALLEST)
    yield from _named(ordered, moves, "outlier_return", outliers, "return", "far outside the symbol's history")
    yield from _wicks(ordered, moves)


def _moves(ordered: OrderedRows, n: int, common: FloatArray | None) -> _Moves:
    rows = ordered.rows
    start, stop = int(rows.offsets[n]), int(rows.offsets[n + 1])
    at = np.flatnonzero(ordered.sound[start:stop]) + start
    close = rows.close[at]
    move = np.zeros(len(at))
    move[1:] = np.diff(np.log(close))
    odd = move if common is None else move - common[at]
    return _Moves(at, rows.times[at], close, rows.open[at], move, odd)


def _market(ordered: OrderedRows) -> FloatArray | None:
    """Return (K,) the median move of all symbols at each row's stamp; 0 where few have a bar; None for few symbols."""
    rows = ordered.rows
    if len(rows.symbols) < _TOGETHER or ordered.step_ns > 31 * NS_PER_DAY:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        move = np.append(0.0, np.diff(np.log(np.where(ordered.sound, rows.close, np.nan))))
    known = np.flatnonzero(ordered.inner() & np.isfinite(move))
    times, place = np.unique(rows.times[known], return_inverse=True)
    order = np.lexsort((move[known], place))
    counts = np.bincount(place, minlength=len(times))
    ends = np.cumsum(counts)
    middle = move[known][order][ends - counts + counts // 2] if len(known) else move[:0]
    middle = np.where(counts >= _TOGETHER, middle, 0.0)
    common: FloatArray = np.zeros(len(move))
    common[known] = middle[place]
    return common


def _scales(move: FloatArray) -> FloatArray:
    size = np.abs(move[1:] - np.median(move[1:]))
    own = _NORMAL * float(np.median(size))
    if own == 0:  # most bars do not move at all
        own = float(size.mean())
    around = np.cumsum(np.concatenate(([0.0], np.abs(move))))
    bar = np.arange(len(move))
    first, last = np.maximum(bar - _WINDOW, 0), np.minimum(bar + _WINDOW + 1, len(move))
    # the bar itself and the next are left out: a spike would hide behind its own way back
    itself = np.abs(move) + np.append(np.abs(move[1:]), 0.0)
    local = np.maximum(around[last] - around[first] - itself, 0.0) / np.maximum(last - first - 2, 1)
    return np.asarray(np.maximum(np.maximum(own, 1.2533 * local), 1e-12))


def first_from(times: IntArray, dates: IntArray) -> BoolArray:
    """Return (B,) whether a bar is the first from one of `dates` on."""
    first: BoolArray = np.zeros(len(times), dtype=np.bool_)
    places = np.searchsorted(times, dates)
    first[places[places < len(times)]] = True
    return first


def _impossible(ordered: OrderedRows, splits: Mapping[str, IntArray]) -> Iterator[Finding]:
    sound = ordered.chosen(ordered.sound)
    close = sound.rows.close
    jumps = np.append(False, np.abs(np.diff(np.log(close))) >= IMPOSSIBLE)[: len(close)] & sound.inner()
    for n in np.unique(sound.owner[jumps]).tolist():
        span = slice(int(sound.rows.offsets[n]), int(sound.rows.offsets[n + 1]))
        known = splits.get(sound.rows.symbols[n], _NONE)
        jumps[span] &= ~first_from(sound.rows.times[span], known)

    def say(count: int, row: int) -> str:
        shown = f"{close[row - 1]:.6g} to {close[row]:.6g} on {format_time(int(sound.rows.times[row]))}"
        return f"{counted(count, 'change')} by a factor of 50 or more, first {shown}"

    yield from sound.findings("impossible_return", np.flatnonzero(jumps), say)


def _reused(moves: _Moves) -> BoolArray:
    hole = np.append(0, np.diff(moves.times))
    usual = float(np.median(hole[1:]))
    drift = moves.scale * np.sqrt(np.maximum(hole / max(usual, 1.0), 1.0))
    return np.asarray((hole >= max(_REUSE_NS, 20 * usual)) & (np.abs(moves.move) > np.maximum(_REUSE_LEVEL, 2 * drift)))


def _split_ratios(moves: _Moves) -> FloatArray:
    """Return (B,) the split ratio that a jump far outside the history has, as old over new price; 0 where none."""
    ratios = np.zeros(len(moves.move))
    for bar in np.flatnonzero((moves.z > _SPLIT_Z) & (np.abs(moves.move) > np.log(1.2))).tolist():
        ratios[bar] = jump_ratio(moves.open, moves.close, bar)
    return ratios


def jump_ratio(open_: FloatArray, close: FloatArray, bar: int) -> float:
    """Return the ratio of `RATIOS`, or its inverse, by which the price jumps at `bar`; 0 when it is none of them.

    The open shows it already, and the closes of the days before and after agree. Prices (B,) of one symbol.
    """
    opened = -float(np.log(open_[bar] / close[bar - 1]))
    nearest = float(_LOG_RATIOS[np.abs(_LOG_RATIOS - opened).argmin()])
    slack = min(_SPLIT_SLACK, _SPLIT_SHARE * abs(nearest))
    level = float(np.log(np.median(close[max(bar - 5, 0) : bar]) / np.median(close[bar : bar + 5])))
    closed = -float(np.log(close[bar] / close[bar - 1]))
    fits = abs(opened - nearest) < slack and abs(closed - nearest) < 2 * slack and abs(level - nearest) < 3 * slack
    return float(np.exp(nearest)) if fits else 0.0


def split_ratio(open_: FloatArray, close: FloatArray, bar: int) -> float:
    """Return the `jump_ratio` when companies split or consolidate by it, else 0."""
    ratio = jump_ratio(open_, close, bar)
    return ratio if ratio > 1 or 0 < ratio <= _CONSOLIDATION else 0.0


def _adjusted_back(ratio: FloatArray, rest: BoolArray) -> tuple[int, int] | None:
    """Return the first jump by a ratio and the later one that undoes it, if there are such."""
    jumps = np.flatnonzero(rest & (ratio > 0)).tolist()
    for place, first in enumerate(jumps):
        for second in jumps[place + 1 :]:
            if second > first + 1 and abs(ratio[first] * ratio[second] - 1) < 1e-9:
                return first, second
    return None


def _mixed(ordered: OrderedRows, moves: _Moves, first: int, second: int) -> Finding:
    at = moves.at[[first, second]]
    ratio = float(np.exp(abs(moves.move[first])))
    days = " and ".join(format_time(int(time)) for time in moves.times[[first, second]])
    message = f"the price jumps by a ratio of {ratio:.3g} and back, on {days}"
    return found("mixed_adjustment", message, symbol=_symbol(ordered, moves), count=2,
                 rows=ordered.line[at], stamps=ordered.rows.times[at])  # fmt: skip


def _splits(ordered: OrderedRows, moves: _Moves, splits: BoolArray, ratio: FloatArray) -> Iterator[Finding]:
    places = np.flatnonzero(splits)
    shown = ", ".join(
        f"{_ratio_text(ratio[bar])} on {format_time(int(moves.times[bar]))}" for bar in places[:3].tolist()
    )
    at = moves.at[places]
    message = f"{counted(len(at), 'jump')} like a split: {shown}" + (" ..." if len(places) > 3 else "")
    yield found("split_like", message, symbol=_symbol(ordered, moves), count=len(at),
                rows=ordered.line[at], stamps=ordered.rows.times[at])  # fmt: skip


def _ratio_text(ratio: float) -> str:
    """Return old over new price as shares for shares: 2:1, 3:2, 1:10."""
    for shares in (1, 2, 3, 4):
        for new, old in ((ratio * shares, shares), (shares, shares / ratio)):
            if abs(new - round(new)) < 1e-9 and abs(old - round(old)) < 1e-9:
                return f"{round(new)}:{round(old)}"
    return f"{ratio:.3g}:1"


def _wicks(ordered: OrderedRows, moves: _Moves) -> Iterator[Finding]:
    """Yield bars whose open, high or low stands far away from the closes before, at and after them."""
    close = np.log(moves.close)
    last, after = np.append(close[0], close[:-1]), np.append(close[1:], close[-1])
    top, bottom = np.maximum(np.maximum(last, close), after), np.minimum(np.minimum(last, close), after)
    high, low = np.log(ordered.rows.high[moves.at]), np.log(ordered.rows.low[moves.at])
    reach = np.maximum(np.maximum(high - top, bottom - low), 0.0)
    usual = np.maximum(_scales(reach), moves.scale)
    wicks = (reach > _WICK_Z * usual) & (reach > _SMALLEST)
    yield from _named(ordered, moves, "wick", wicks, "bar", "with a high or low far from all closes around")


def _named(ordered: OrderedRows, moves: _Moves, code: str, mask: BoolArray, noun: str, what: str) -> Iterator[Finding]:
    if not mask.any():
        return
    bar = int(mask.argmax())
    worst = int(np.where(mask, np.abs(moves.move), -1).argmax())

    def say(count: int, _row: int) -> str:
        size = "" if code == "wick" else f", largest {np.expm1(moves.move[worst]):+.1%}"
        return f"{counted(count, noun)} {what}, first {format_time(int(moves.times[bar]))}{size}"

    yield from ordered.findings(code, moves.at[mask], say)


def _symbol(ordered: OrderedRows, moves: _Moves) -> str:
    return ordered.rows.symbols[int(ordered.owner[moves.at[0]])]
