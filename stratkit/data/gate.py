"""The quality gate: bars that break a rule are refused here, all broken rules in one `DataError`.

Both ways in lead through it: rows from files (`check_rows`) and panels of arrays (`check_bars`).
Nothing is repaired: a message says what must hold, what was found and where, and what to do. What a
run may accept all the same is decided in `stratkit.data.acceptance`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.data.bars import FIELDS, PRICES, Bars
from stratkit.data.rows import Rows
from stratkit.errors import DataError
from stratkit.panel import BoolArray, FloatArray, format_time

TOLERANCE: Final = 1e-9  # relative; below it a difference is rounding, as of a conversion to text
_EARLIEST: Final = int(np.datetime64("1800-01-01", "ns").astype(np.int64))
_LATEST: Final = int(np.datetime64("2150-01-01", "ns").astype(np.int64))

Place = Callable[[Any], str]


@dataclass(frozen=True)
class Problem:
    """A broken rule: its code among the findings (None = nothing could be played at all), how often, in words."""

    code: str | None
    count: int
    text: str


def check_rows(rows: Rows, where: str, *, fewest: int = 2) -> None:
    """Raise `DataError` naming every rule that rows break; `where` says in words where they came from.

    Stamps ascend within each symbol, without a repeat; each price is finite, positive and in order
    (low <= open, close <= high, to 1e-9 relative); volume is not negative, NaN = unknown. At least
    `fewest` distinct stamps must be there. Rows with four NaN prices are to be taken out before.
    """
    _refuse(row_problems(rows, fewest), where)


def row_problems(rows: Rows, fewest: int = 2) -> list[Problem]:
    """Return the rules of `check_rows` that rows break."""

    def place(row: Any) -> str:
        return f"{rows.symbol_at(int(row))} on {format_time(int(rows.times[row]))}"

    values = {name: getattr(rows, name) for name in FIELDS}
    return [*_count_problems(rows.times, fewest), *_order_problems(rows, place), *_value_problems(values, place)]


def check_bars(bars: Bars) -> Bars:
    """Return `bars` when they keep every rule of `check_rows`; raise `DataError` naming those broken.

    In a panel NaN in all four prices means no bar, and a symbol without any bar is refused.
    """

    def place(cell: Any) -> str:
        return f"{bars.symbols[cell[1]]} on {format_time(int(bars.times[cell[0]]))}"

    problems = [*_count_problems(bars.times, 2), *_axis_problems(bars)]
    problems += _value_problems({name: getattr(bars, name) for name in FIELDS}, place)
    _refuse(problems, bars.source)
    return bars


def _refuse(problems: list[Problem], where: str) -> None:
    if problems:
        raise DataError(told(problems, where))


def told(problems: list[Problem], where: str) -> str:
    """Return all broken rules as one message."""
    if len(problems) == 1:
        return f"{where}: {problems[0].text}"
    return f"{where}: {len(problems)} rules are broken:\n" + "\n".join(f"  - {one.text}" for one in problems)


def _count_problems(times: Any, fewest: int) -> Iterator[Problem]:
    if len(times) == 0:
        text = "at least two bars are needed; found none: check the file, the symbols and the dates asked for"
        yield Problem(None, 0, text)
        return
    if fewest > 1 and times.min() == times.max():
        when = format_time(int(times[0]))
        text = f"at least two bars are needed; found one, {when}: give a longer series or a longer span"
        yield Problem(None, 1, text)
    early, late = int(times.min()), int(times.max())
    if early < _EARLIEST or late > _LATEST:
        yield Problem(
            "implausible_stamp",
            int(((times < _EARLIEST) | (times > _LATEST)).sum()),
            f"stamps must lie between 1800 and 2150; found {format_time(early)} .. {format_time(late)}: "
            "check the unit of the stamps (--epoch s, ms, us or ns)",
        )


def _order_problems(rows: Rows, place: Place) -> Iterator[Problem]:
    steps = rows.inner_steps
    backward = steps < 0
    if backward.any():
        first = int(backward.argmax()) + 1
        falling = " (newest first)" if backward.sum() > 0.9 * len(steps) else ""
        yield Problem(
            "unsorted",
            int(backward.sum()),
            f"stamps must ascend within a symbol; found {_count(backward)} that go back{falling}, first "
            f"{place(first)}: sort the file, or import it with --sort",
        )
        order = np.lexsort((rows.times, np.repeat(np.arange(len(rows.symbols)), np.diff(rows.offsets))))
        yield from _order_duplicates(rows, order, place)
    elif (steps == 0).any():
        yield from _order_duplicates(rows, np.arange(len(rows.times)), place)


def _order_duplicates(rows: Rows, order: Any, place: Place) -> Iterator[Problem]:
    """Yield the message on stamps that appear again, once `order` has put the rows in order."""
    times = rows.times[order]
    owner = np.repeat(np.arange(len(rows.symbols)), np.diff(rows.offsets))[order]
    again = (times[1:] == times[:-1]) & (owner[1:] == owner[:-1])
    if not again.any():
        return
    same = again.copy()
    for name in FIELDS:
        column = getattr(rows, name)[order]
        same &= (column[1:] == column[:-1]) | (np.isnan(column[1:]) & np.isnan(column[:-1]))
    conflicting = again & ~same
    shown = conflicting if conflicting.any() else again
    yield Problem(
        "conflicting_duplicates" if conflicting.any() else "equal_duplicates",
        int(again.sum()),
        f"a stamp must appear once per symbol; found {_count(again)} repeated, {int(same.sum()):,} with equal values "
        f"and {_count(conflicting)} with other values, first {place(order[int(shown.argmax()) + 1])}: find out which "
        "row is right, or import with --duplicates first or last",
    )


def _axis_problems(bars: Bars) -> Iterator[Problem]:
    steps = np.diff(bars.times)
    if (steps <= 0).any():
        first = int((steps <= 0).argmax()) + 1
        kind = "equals" if steps[first - 1] == 0 else "is before"
        yield Problem(
            "unsorted",
            int((steps <= 0).sum()),
            f"times must strictly ascend; found {_count(steps <= 0)} that do not: bar {first}, "
            f"{format_time(int(bars.times[first]))}, {kind} the one before it: sort the bars and drop repeats",
        )
    if list(bars.symbols) != sorted(set(bars.symbols)):
        text = f"symbols must ascend and differ; found {', '.join(bars.symbols[:8])}: sort the columns"
        yield Problem(None, len(bars.symbols), text)
    if len(bars.times):
        empty = np.isnan(bars.close).all(axis=0)
        if empty.any():
            names = [bars.symbols[n] for n in np.flatnonzero(empty)]
            text = f"every symbol must have a bar; found none for {', '.join(names[:8])}: leave it out"
            yield Problem(None, len(names), text)


def _value_problems(values: dict[str, FloatArray], place: Place) -> Iterator[Problem]:
    """Yield what is wrong with prices and volumes of any shape, all fields alike."""
    if values["close"].size == 0 or _all_sound(values):
        return
    prices = {name: values[name] for name in PRICES}
    missing = [np.isnan(price) for price in prices.values()]
    part = _any(missing) & ~np.logical_and.reduce(missing)
    if part.any():
        cell = _first(part)
        absent = [name for name, price in prices.items() if np.isnan(price[cell])]
        yield Problem(
            "partial_bar",
            int(part.sum()),
            f"a bar must have all four prices or none; found {_count(part)} in part NaN, first "
            f"{_at(place, cell)} ({', '.join(absent)}): complete or remove these rows",
        )
    yield from _bad_numbers({**prices, "volume": values["volume"]}, place)
    yield from _bad_order(values, place)


def _all_sound(values: dict[str, FloatArray]) -> bool:
    """Whether every bar passes at first sight: one pass without temporaries worth naming."""
    low, high = values["low"], values["high"]
    with np.errstate(invalid="ignore"):
        sound = (low > 0) & (high < np.inf) & (low <= values["open"]) & (values["open"] <= high)
        sound &= (low <= values["close"]) & (values["close"] <= high)
        sound |= np.isnan(low) & np.isnan(high) & np.isnan(values["open"]) & np.isnan(values["close"])
        volume = values["volume"]
        sound &= ((volume >= 0) & (volume < np.inf)) | np.isnan(volume)
    return bool(sound.all())


def _bad_numbers(values: dict[str, FloatArray], place: Place) -> Iterator[Problem]:
    infinite = _any(np.isinf(array) for array in values.values())
    if infinite.any():
        cell = _first(infinite)
        names = [name for name, array in values.items() if np.isinf(array[cell])]
        yield Problem(
            "infinite_value",
            int(infinite.sum()),
            f"prices and volumes must be finite; found {_count(infinite)} infinite rows, first "
            f"{_at(place, cell)} ({', '.join(names)}): correct or remove these rows",
        )
    low = _any(values[name] <= 0 for name in PRICES)
    if low.any():
        cell = _first(low)
        name = next(name for name in PRICES if values[name][cell] <= 0)
        yield Problem(
            "non_positive",
            int(low.sum()),
            f"prices must be positive; found {_count(low)} rows with a zero or negative one, first "
            f"{_at(place, cell)} ({name} {values[name][cell]:g}): correct or remove these rows",
        )
    negative = values["volume"] < 0
    if negative.any():
        cell = _first(negative)
        yield Problem(
            "negative_volume",
            int(negative.sum()),
            f"volume must not be negative (NaN = unknown); found {_count(negative)} rows, first "
            f"{_at(place, cell)} (volume {values['volume'][cell]:g}): correct or remove these rows",
        )


def _bad_order(values: dict[str, FloatArray], place: Place) -> Iterator[Problem]:
    low, high = values["low"], values["high"]
    with np.errstate(invalid="ignore"):
        slack = TOLERANCE * np.maximum(np.abs(low), np.abs(high))
        crossed = low > high + slack
        outside = _any((price < low - slack) | (price > high + slack) for price in (values["open"], values["close"]))
        outside &= ~crossed
    if crossed.any():
        cell = _first(crossed)
        yield Problem(
            "ohlc_violation",
            int(crossed.sum()),
            f"high must not be below low; found {_count(crossed)} rows, first {_at(place, cell)} "
            f"(high {high[cell]:g}, low {low[cell]:g}): are two columns swapped? Correct or remove these rows",
        )
    if outside.any():
        cell = _first(outside)
        shown = ", ".join(f"{name} {values[name][cell]:.8g}" for name in PRICES)
        yield Problem(
            "ohlc_violation",
            int(outside.sum()),
            f"open and close must lie between low and high; found {_count(outside)} rows, first "
            f"{_at(place, cell)} ({shown}): correct or remove these rows",
        )


def _any(masks: Iterable[BoolArray]) -> BoolArray:
    total: BoolArray | None = None
    for mask in masks:
        total = mask if total is None else total | mask
    assert total is not None  # called with a fixed, non-empty list of fields
    return total


def _first(mask: BoolArray) -> tuple[int, ...]:
    return tuple(int(part) for part in np.unravel_index(int(mask.argmax()), mask.shape))


def _at(place: Place, cell: tuple[int, ...]) -> str:
    return place(cell[0] if len(cell) == 1 else cell)


def _count(mask: BoolArray) -> str:
    return f"{int(mask.sum()):,}"
