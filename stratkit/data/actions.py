"""`CorporateActions`: dated splits and cash dividends, and what they do to bars: adjusted prices, or events to book."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from stratkit.data.bars import PRICES, Bars
from stratkit.data.settings import Adjustment
from stratkit.data.symbols import nearest_symbol
from stratkit.errors import DataError
from stratkit.frequency import frequency_ns
from stratkit.panel import NS_PER_DAY, BoolArray, FloatArray, IntArray, format_time, read_only


@dataclass(frozen=True)
class CorporateActions:
    """K events, ordered by symbol and ex-date, a dividend before a split of the same date.

    `times` (K,) int64 UTC ns of the ex-date; `symbols` K names; `is_split` (K,), else a cash dividend;
    `value` (K,): what a split multiplies the number of shares by (2 = two for one, 0.1 = one for ten),
    or the cash per share as held before the ex-date. `source` says where they came from.
    """

    times: IntArray
    symbols: tuple[str, ...]
    is_split: BoolArray
    value: FloatArray
    source: str = field(default="arrays", compare=False)

    def __post_init__(self) -> None:
        times, value = np.asarray(self.times, dtype=np.int64), np.asarray(self.value, dtype=np.float64)
        is_split = np.asarray(self.is_split, dtype=np.bool_)
        if not len(times) == len(self.symbols) == len(is_split) == len(value):
            raise DataError(f"events must come as arrays of one length; found {len(times)} ex-dates")
        rank = {symbol: place for place, symbol in enumerate(sorted(set(self.symbols)))}
        order = np.lexsort((is_split, times, np.array([rank[symbol] for symbol in self.symbols], dtype=np.int64)))
        object.__setattr__(self, "symbols", tuple(self.symbols[row] for row in order))
        for name, array in (("times", times), ("is_split", is_split), ("value", value)):
            object.__setattr__(self, name, read_only(array[order]))

    @cached_property
    def digest(self) -> str:
        """sha256 of the content: symbols, ex-dates, kinds and values, independent of any file layout."""
        digest = hashlib.sha256("\x00".join(self.symbols).encode())
        digest.update(self.times.astype("<i8").tobytes())
        digest.update(self.is_split.tobytes())
        digest.update(self.value.astype("<f8").tobytes())
        return digest.hexdigest()

    def split_dates(self) -> dict[str, IntArray]:
        """Return the ex-dates of the splits of each symbol, UTC ns."""
        names = np.array(self.symbols, dtype=object)
        return {name: self.times[self.is_split & (names == name)] for name in dict.fromkeys(self.symbols)}


@dataclass(frozen=True)
class _PlacedEvents:
    """Events that fall between two bars of their symbol: `before` is the last bar without, `bar` the first with it."""

    bar: IntArray
    before: IntArray
    column: IntArray
    is_split: BoolArray
    value: FloatArray


def events_on_bars(
    bars: Bars, actions: CorporateActions, adjust: Adjustment | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return (T, N) split ratios (1 = none) and (T, N) cash dividends per share (0 = none), free of NaN.

    An event stands on the first bar of its symbol at or after the ex-date. Whoever held q shares at the
    close before gets ``q * dividend`` in cash and then holds ``q * ratio`` shares. Events before the
    second bar or after the last of a symbol change nothing in these bars and are left out.

    `adjust` says what the prices of `bars` have been adjusted for already, so that nothing counts twice:
    after "splits" every ratio is 1 and dividends are per adjusted share, after "total" nothing is left.
    Raises `DataError` when an event falls inside a bar, or no event is about a symbol of the bars.
    """
    ratio, cash, _ = _panels(bars, actions)
    if adjust is None:
        return ratio, cash
    if adjust == "total":
        return np.ones(bars.shape), np.zeros(bars.shape)
    cash[1:] /= _shares_after(ratio)[:-1]
    return np.ones(bars.shape), cash


def adjustment_factors(bars: Bars, actions: CorporateActions, adjust: Adjustment) -> FloatArray:
    """Return the (T, N) factors that turn raw prices into adjusted ones; 1 from the last event on.

    With S the ratio of a split, D a cash dividend and P the close of the last bar before the ex-date, every
    earlier price is multiplied by ``1 / S`` ("splits" and "total") and by ``1 - D / P`` ("total").
    Source of both factors: Yahoo Finance help, "What is the adjusted close?", which follows the
    standards of the Center for Research in Security Prices (CRSP). The factor reinvests D at ``P - D``, so a
    return across an ex-date is ``P_t * S / (P - D) - 1``; CRSP's own ``(P_t * S + D) / P - 1`` reinvests
    it at the close of the ex-date, and differs by the price change of that day on the dividend alone.

    A level made this way depends on events that come later: on the day itself nobody saw it. What
    depends on ratios of prices only (returns, crossings, breakouts) is the same whatever comes later; a fixed price
    threshold, a tick size, a cost per share or a share count is not.
    Raises `DataError` as `events_on_bars` does, and when D is not below P.
    """
    return _factors(bars, *_panels(bars, actions), adjust)


def adjusted(bars: Bars, actions: CorporateActions, adjust: Adjustment) -> Bars:
    """Return `bars` with prices times `adjustment_factors`, volumes times later split ratios; NaN stays NaN."""
    ratio, cash, placed = _panels(bars, actions)
    factors = _factors(bars, ratio, cash, placed, adjust)
    parts = {name: getattr(bars, name) * factors for name in PRICES}
    used = len(placed.bar) if adjust == "total" else int(placed.is_split.sum())
    what = "splits and dividends" if adjust == "total" else "splits"
    source = f"{bars.source}, adjusted for {what} ({used:,} of {len(actions.times):,} events of {actions.source})"
    return replace(bars, volume=bars.volume * _shares_after(ratio), source=source, **parts)


def _factors(bars: Bars, ratio: FloatArray, cash: FloatArray, placed: _PlacedEvents, adjust: Adjustment) -> FloatArray:
    factors = 1.0 / _shares_after(ratio)
    if adjust == "total":
        factors *= _product_after(1.0 - _dividend_yields(bars, cash, placed))
    return factors


def _panels(bars: Bars, actions: CorporateActions) -> tuple[FloatArray, FloatArray, _PlacedEvents]:
    placed = _place(bars, actions)
    ratio, cash = np.ones(bars.shape), np.zeros(bars.shape)
    for cell, is_split, value in zip(
        zip(placed.bar, placed.column, strict=True), placed.is_split, placed.value, strict=True
    ):
        if is_split:
            ratio[cell] *= value
        else:  # after a split that waits for the same bar, a share of the day before has become several
            cash[cell] += value * ratio[cell]
    return ratio, cash, placed


def _place(bars: Bars, actions: CorporateActions) -> _PlacedEvents:
    names = np.array(actions.symbols, dtype=object)
    known = [symbol for symbol in dict.fromkeys(actions.symbols) if symbol in bars.symbols]
    if actions.symbols and not known:
        raise DataError(
            f"{actions.source} must hold events of the symbols of the bars; found none of {bars.symbols[0]}"
            f"{' or another' if len(bars.symbols) > 1 else ''}; {nearest_symbol(bars.symbols[0], sorted(set(names)))}"
        )
    parts = [_place_symbol(bars, actions, np.flatnonzero(names == symbol), symbol) for symbol in known]
    row, bar, before, column = np.concatenate([np.empty((4, 0), dtype=np.int64), *parts], axis=1)
    return _PlacedEvents(bar, before, column, actions.is_split[row], actions.value[row])


def _place_symbol(bars: Bars, actions: CorporateActions, rows: IntArray, symbol: str) -> IntArray:
    """Return (4, K'): row of the event, its bar, the bar before and the column, for those between two bars."""
    column = bars.symbols.index(symbol)
    own = np.flatnonzero(np.isfinite(bars.close[:, column]))
    starts, times = bars.times[own], actions.times[rows]
    place = np.searchsorted(starts, times)
    _refuse_inside(starts, place, times, symbol, bars.frequency)
    between = (place > 0) & (place < len(own))
    place = place[between]
    return np.stack((rows[between], own[place], own[place - 1], np.full(len(place), column)))


def _refuse_inside(starts: IntArray, place: IntArray, times: IntArray, symbol: str, frequency: str) -> None:
    """Raise `DataError` for an ex-date within a bar, whose prices are partly before and partly after it."""
    if not len(starts):
        return
    length = frequency_ns(frequency)
    coarse = length > NS_PER_DAY  # weeks and months have no hole between them
    begun, following = starts[np.maximum(place - 1, 0)], starts[np.minimum(place, len(starts) - 1)]
    inside = (place > 0) & (times != following) & ((times < begun + length) | (coarse & (times < following)))
    if not inside.any():
        return
    first = int(inside.argmax())
    raise DataError(
        f"an ex-date must fall on the start of a bar or between bars; found {int(inside.sum()):,} of {symbol} inside "
        f"one, first {format_time(int(times[first]))} in the {frequency} bar of {format_time(int(begun[first]))}: "
        + ("adjust finer bars, then make them coarser" if coarse else "stamp the event like the bars of its session")
    )


def _dividend_yields(bars: Bars, cash: FloatArray, placed: _PlacedEvents) -> FloatArray:
    """Return (T, N) cash per share over the close of the bar before it is paid; 0 where none."""
    yields = np.zeros(bars.shape)
    bar, column = placed.bar, placed.column
    yields[bar, column] = cash[bar, column] / bars.close[placed.before, column]
    if (yields >= 1).any():
        bar_at, column_at = np.unravel_index(int((yields >= 1).argmax()), yields.shape)
        raise DataError(
            f"a dividend must be smaller than the close before its ex-date; found {cash[bar_at, column_at]:g} of "
            f"{bars.symbols[column_at]} on {format_time(int(bars.times[bar_at]))}, "
            f"{yields[bar_at, column_at]:.3g} times that close: is it cash per share, and are the prices unadjusted?"
        )
    return yields


def _shares_after(ratio: FloatArray) -> FloatArray:
    """Return (T, N) how many of the last bar's shares one share of bar t has become."""
    return _product_after(ratio)


def _product_after(steps: FloatArray) -> FloatArray:
    """Return the product of the steps of all later bars, 1 at the last bar."""
    product = np.ones_like(steps)
    product[:-1] = np.cumprod(steps[:0:-1], axis=0)[::-1]
    return product
