"""Findings on what single bars hold: prices that cannot be, volumes that are not, prices carried forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from stratkit.data.bars import PRICES
from stratkit.data.findings import Finding, counted, found
from stratkit.data.gate import TOLERANCE
from stratkit.data.ordered_rows import OrderedRows
from stratkit.panel import BoolArray, IntArray, format_time

_FLAT_SHARE: Final = 0.2
_ENOUGH: Final = 20  # bars from which a share of them says something
_STALE_BARS: Final = 5
_STALE_CHANCE: Final = 1e-3  # a run this improbable in the whole series is not the market
_POINTS: Final = 10_000  # median from which whole numbers look like points


def check_prices(ordered: OrderedRows) -> Iterator[Finding]:
    """Yield what is wrong, or odd, with prices and volumes, bar by bar."""
    yield from _missing(ordered)
    yield from _impossible(ordered)
    yield from _disorder(ordered)
    for n in np.flatnonzero(np.diff(ordered.rows.offsets) >= _ENOUGH).tolist():
        span = slice(int(ordered.rows.offsets[n]), int(ordered.rows.offsets[n + 1]))
        yield from _volumes(ordered, n, span)
        yield from _flat(ordered, span)
        yield from _stale(ordered, n, span)
        yield from _points(ordered, n, span)


def _missing(ordered: OrderedRows) -> Iterator[Finding]:
    missing = [np.isnan(getattr(ordered.rows, name)) for name in PRICES]
    some, every = np.logical_or.reduce(missing), np.logical_and.reduce(missing)
    yield from _say(ordered, "partial_bar", some & ~every, "bar", "without all of its prices")
    yield from _say(ordered, "empty_bar", every, "row", "without any price")


def _impossible(ordered: OrderedRows) -> Iterator[Finding]:
    rows = ordered.rows
    infinite = np.logical_or.reduce([np.isinf(getattr(rows, name)) for name in (*PRICES, "volume")])
    low = np.logical_or.reduce([getattr(rows, name) <= 0 for name in PRICES])
    yield from _say(ordered, "infinite_value", infinite, "bar", "with an infinite value")
    yield from _say(ordered, "non_positive", low, "bar", "with a price of zero or below")
    yield from _say(ordered, "negative_volume", rows.volume < 0, "bar", "with a volume below zero")


def _disorder(ordered: OrderedRows) -> Iterator[Finding]:
    rows = ordered.rows
    with np.errstate(invalid="ignore"):
        slack = TOLERANCE * np.maximum(np.abs(rows.low), np.abs(rows.high))
        broken = rows.low > rows.high + slack
        for price in (rows.open, rows.close):
            broken |= (price < rows.low - slack) | (price > rows.high + slack)

    def say(count: int, row: int) -> str:
        shown = ", ".join(f"{name} {getattr(rows, name)[row]:.6g}" for name in PRICES)
        return f"{counted(count, 'bar')} out of order, first {format_time(int(rows.times[row]))} ({shown})"

    yield from ordered.findings("ohlc_violation", np.flatnonzero(broken), say)


def _volumes(ordered: OrderedRows, n: int, span: slice) -> Iterator[Finding]:
    volume = ordered.rows.volume[span]
    traded = volume > 0
    if not traded.any():
        kind = "0" if (volume == 0).any() else "unknown"
        message = f"volume is {kind} in all {len(volume):,} bars"
        yield found("no_volume", message, symbol=_name(ordered, n), count=len(volume))
        return
    zero = np.flatnonzero(volume == 0) + span.start
    yield from ordered.findings("zero_volume", zero, _sentence(ordered, "bar", "without volume"))


def _flat(ordered: OrderedRows, span: slice) -> Iterator[Finding]:
    rows = ordered.rows
    flat = (rows.high[span] == rows.low[span]) & ordered.sound[span]
    if flat.sum() > _FLAT_SHARE * len(flat):
        share = f"{flat.mean():.0%} of the bars"
        say = _sentence(ordered, "bar", f"of one price ({share})")
        yield from ordered.findings("flat_bar", np.flatnonzero(flat) + span.start, say)


def _stale(ordered: OrderedRows, n: int, span: slice) -> Iterator[Finding]:
    """Yield runs of bars that repeat all four prices, longer than chance would make one in the whole series."""
    rows = ordered.rows
    same = ordered.sound[span].copy()
    same[0] = False
    for name in PRICES:
        price = getattr(rows, name)[span]
        same[1:] &= price[1:] == price[:-1]
    share = float(same.mean())
    if not share:
        return
    # the first bar of a series repeats nothing, so that the share stays below 1
    longest = max(_STALE_BARS, int(np.ceil(np.log(_STALE_CHANCE / len(same)) / np.log(share))))
    starts, stops = _runs(same)
    lengths = stops - starts
    long = lengths >= min(longest, len(same) - 1)
    if long.any():
        at = starts[long] + span.start
        most = int(lengths[long].max()) + 1
        message = f"{counted(len(at), 'run')} of bars that repeat one price, the longest {most:,} bars"
        message += f", first from {format_time(int(rows.times[at[0] - 1]))}"
        yield found("stale_run", message, symbol=_name(ordered, n), count=int(lengths[long].sum()),
                    rows=ordered.line[at], stamps=rows.times[at])  # fmt: skip


def _points(ordered: OrderedRows, n: int, span: slice) -> Iterator[Finding]:
    close = ordered.rows.close[span][ordered.sound[span]]
    if not len(close) or np.median(close) < _POINTS:
        return
    whole = np.abs(close - np.rint(close)) < 1e-6 * np.abs(close)
    if whole.mean() > 0.999:
        message = f"prices are whole numbers around {np.median(close):,.0f}"
        yield found("point_prices", message, symbol=_name(ordered, n), count=len(close))


def _say(ordered: OrderedRows, code: str, mask: BoolArray, noun: str, what: str) -> Iterator[Finding]:
    yield from ordered.findings(code, np.flatnonzero(mask), _sentence(ordered, noun, what))


def _sentence(ordered: OrderedRows, noun: str, what: str) -> Callable[[int, int], str]:
    return lambda count, row: f"{counted(count, noun)} {what}, first {format_time(int(ordered.rows.times[row]))}"


def _runs(mask: BoolArray) -> tuple[IntArray, IntArray]:
    """Return first and one past the last place of each run of True."""
    edges = np.diff(np.concatenate(([0], mask.astype(np.int8), [0])))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _name(ordered: OrderedRows, n: int) -> str:
    return ordered.rows.symbols[n]
