"""`Finding`: one kind of defect of one symbol, where it is and what to do; and `CODES`, the table of all kinds.

An `error` would make a result wrong, and a run refuses it; a `warning` may be the market itself,
and is worth a look; an `info` is a question that only the user can answer, or a fact to know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from stratkit.errors import UsageError, did_you_mean
from stratkit.panel import IntArray, format_time, read_only

Severity = Literal["error", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
SHOWN_ROWS: Final = 5  # first places that a finding names


@dataclass(frozen=True)
class Code:
    """A kind of finding: how grave it is, what it means and what to do about it.

    `accepted` says what ``--accept`` makes of such bars in a run; None = no run can replay them.
    `family` groups codes: reading, stamps, calendar, prices, returns.
    """

    name: str
    family: str
    severity: Severity
    meaning: str
    todo: str
    accepted: str | None = None


@dataclass(frozen=True)
class Finding:
    """Where one kind of defect was found.

    `symbol` is None when it concerns the whole file. `count` is what `message` counts (rows, bars,
    jumps). `rows` and `stamps` (UTC ns; a wall clock where the file says no zone) name the first few
    places, `rows` as a user counts them: lines of a text file from 1, header included, rows of a Parquet
    file from 1, 0 for a stamp without a row. `places` holds all rows, `spots` all stamps, in one order.
    """

    code: str
    severity: Severity
    symbol: str | None
    count: int
    rows: tuple[int, ...]
    stamps: tuple[int, ...]
    message: str
    todo: str
    places: IntArray = field(compare=False, repr=False)
    spots: IntArray = field(compare=False, repr=False)


def found(
    code: str,
    message: str,
    *,
    symbol: str | None = None,
    count: int = 0,
    rows: IntArray | None = None,
    stamps: IntArray | None = None,
    todo: str | None = None,
) -> Finding:
    """Return a finding of `code`; severity and advice are those of the table unless `todo` says more."""
    kind = CODES[code]
    places = _NOWHERE if rows is None else rows
    spots = _NOWHERE if stamps is None else stamps
    return Finding(
        code=code,
        severity=kind.severity,
        symbol=symbol,
        count=count,
        rows=tuple(places[:SHOWN_ROWS].tolist()),
        stamps=tuple(spots[:SHOWN_ROWS].tolist()),
        message=message,
        todo=todo or kind.todo,
        places=read_only(np.asarray(places, dtype=np.int64)),
        spots=read_only(np.asarray(spots, dtype=np.int64)),
    )


def finding_record(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain values, stamps as text."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "symbol": finding.symbol,
        "count": finding.count,
        "rows": list(finding.rows),
        "stamps": [format_time(stamp) for stamp in finding.stamps],
        "message": finding.message,
        "todo": finding.todo,
    }


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> counted(1, "bar"), counted(2_000, "bar")
    ('1 bar', '2,000 bars')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def known_code(name: str) -> Code:
    """Return the code called `name`; raise `UsageError` with the nearest one when there is none.

    >>> known_code("unsorted").severity
    'error'
    """
    if name not in CODES:
        raise UsageError(f"unknown code {name!r}; {did_you_mean(name, CODES)}")
    return CODES[name]


def acceptable(names: Iterable[str]) -> tuple[str, ...]:
    """Return `names` in order, each once; raise `UsageError` for one that a run can never accept.

    >>> acceptable(["non_positive", "non_positive"])
    ('non_positive',)
    """
    kept = dict.fromkeys(names)
    for name in kept:
        code = known_code(name)
        if code.severity == "error" and code.accepted is None:
            raise UsageError(f"{name} cannot be accepted: {code.meaning}, and no run can replay that; {code.todo}")
    return tuple(kept)


_NOWHERE: Final = read_only(np.empty(0, dtype=np.int64))
_ABSENT: Final = "these bars count as absent"
_AS_IS: Final = "replayed as they are"
_REMOVE: Final = "`stratkit data clean` takes these rows out"

CODES: Final[dict[str, Code]] = {
    code.name: code
    for code in (
        # reading: what stands between the file and its bars
        Code("short_header", "reading", "error", "lines have more values than the header has names",
             "name all columns with --names, past the header with --skip-rows; map date and time with --column"),
        Code("ragged_lines", "reading", "error", "some lines have fewer or more values than the others",
             "correct these lines at the source; `stratkit data clean` leaves them out"),
        Code("banner_lines", "reading", "warning", "lines before the header are no data",
             "import with --skip-rows"),
        Code("repeated_header", "reading", "error", "the header stands again among the rows",
             "`stratkit data clean` takes these lines out"),
        Code("bad_number", "reading", "error", "a price or a volume is text that is no number",
             "correct these values at the source; `stratkit data clean` leaves the rows out"),
        Code("null_text", "reading", "warning", "a column of numbers holds words such as NULL",
             "they are read as not known; make sure that this is what they mean"),
        Code("bad_stamp", "reading", "error", "a time stamp is missing or cannot be read",
             "correct these rows, or say their format with --date-format or --epoch"),
        Code("mixed_stamp_formats", "reading", "warning", "stamps are written in several formats",
             "make sure that day and month are read right; `stratkit data clean` writes one format"),
        Code("mixed_epochs", "reading", "error", "stamps count in several units (s, ms, us, ns) in one column",
             "`stratkit data clean` brings them to one unit"),
        Code("mixed_zones", "reading", "error", "some stamps have a time zone and some have none",
             "`stratkit data clean` with --tz reads those without"),
        Code("several_columns", "reading", "info", "several columns could be meant",
             "say which one with --column"),
        Code("refused_column", "reading", "error", "a run refuses a column of a Parquet file: its type or its name",
             "bring the file in with `stratkit data import`, which is told what the column means"),
        Code("no_symbol_name", "reading", "error", "rows do not name their symbol",
             "complete or remove these rows"),
        Code("no_time_zone", "reading", "info", "stamps with a time of day have no time zone",
             "say which clock they are on with --tz, as in --tz UTC or --tz America/New_York"),
        # stamps: order and repetition
        Code("unsorted", "stamps", "error", "stamps go back within a symbol",
             "import with --sort; `stratkit data clean` sorts"),
        Code("descending", "stamps", "error", "rows run from the newest to the oldest",
             "import with --sort; `stratkit data clean` sorts"),
        Code("equal_duplicates", "stamps", "error", "a stamp repeats with equal values",
             "import with --duplicates first; `stratkit data clean` keeps one of each",
             "the first row of each stays"),
        Code("conflicting_duplicates", "stamps", "error", "a stamp repeats with other values",
             "find out which row is right; `stratkit data clean` keeps the first or the last of each"),
        Code("mixed_frequency", "stamps", "error", "symbols have bars of different lengths",
             "load each frequency by itself, or make them alike with `stratkit data resample`"),
        Code("off_grid", "stamps", "warning", "stamps lie beside the grid of their frequency",
             "find out what these rows are; a last, unfinished bar should go"),
        Code("implausible_stamp", "stamps", "error", "stamps lie outside the years 1800 to 2150",
             "check the unit of the stamps (--epoch s, ms, us or ns)"),
        Code("end_stamped", "stamps", "info", "bars may carry the time of their end",
             "if they do, say --stamp end: read as starts they would trade one bar late or see the future"),
        Code("dst_skipped", "stamps", "warning", "wall-clock stamps that never were: clocks went forward",
             "check --tz; convert these stamps to UTC at the source, or remove these rows"),
        Code("dst_doubled", "stamps", "warning", "wall-clock stamps that were twice: clocks went back",
             "check --tz; convert these stamps to UTC at the source, or remove these rows"),
        Code("dst_hole", "stamps", "warning", "an hour is missing or doubled on the nights when clocks change",
             "the stamps look like a wall clock: say which with --tz"),
        # calendar: what should be there and is not, and the other way round
        Code("calendar_assumed", "calendar", "info", "no calendar was given",
             "say it with --calendar: 24/7, 24/5 or an exchange such as XNYS"),
        Code("missing_bars", "calendar", "warning", "bars that the calendar expects are absent",
             "get the data again; a run trades nothing there"),
        Code("long_gap", "calendar", "warning", "a hole far longer than any closing of the market",
             "get the data again, or start after the hole with --from"),
        Code("off_calendar", "calendar", "warning", "bars lie outside the sessions of the calendar",
             "check --calendar and --tz; `stratkit data clean` takes stray rows out"),
        Code("ends_early", "calendar", "info", "the last bar comes long before that of the others",
             "delisted? Then tell a run so, that positions are closed; else get the data again"),
        # prices: what a bar holds
        Code("ohlc_violation", "prices", "error", "high below low, or open or close outside of them",
             f"correct these bars at the source; {_REMOVE}", _ABSENT),
        Code("non_positive", "prices", "error", "a price is zero or negative",
             f"correct these bars at the source; {_REMOVE}", _ABSENT),
        Code("partial_bar", "prices", "error", "a bar has some of its four prices and lacks others",
             f"complete these bars at the source; {_REMOVE}", _ABSENT),
        Code("empty_bar", "prices", "warning", "a row has no price at all",
             "it counts as no bar; make sure that the market was closed"),
        Code("infinite_value", "prices", "error", "a price or a volume is infinite",
             f"correct these bars at the source; {_REMOVE}"),
        Code("negative_volume", "prices", "error", "a volume is negative",
             "correct it at the source; `stratkit data clean` makes it unknown",
             "these volumes count as unknown"),
        Code("zero_volume", "prices", "warning", "bars without volume in a series that has volume",
             "prices there may be quotes or carried forward: nobody traded on them"),
        Code("no_volume", "prices", "info", "the series has no volume at all",
             "caps by volume cannot work on it: leave them off"),
        Code("flat_bar", "prices", "warning", "open, high, low and close are one price in unusually many bars",
             "one trade, or a price carried forward: check these bars"),
        Code("stale_run", "prices", "warning", "a price repeats over an unusually long run of bars",
             "a price carried forward? Get the data again, or leave the symbol out there"),
        Code("point_prices", "prices", "info", "prices are whole numbers of an unusual size",
             "if they count points or cents, divide them at the source"),
        # returns: what happens from bar to bar
        Code("impossible_return", "returns", "error", "the price changes by a factor of 50 or more in one bar",
             "find out which side is right; `stratkit data clean` takes single bars out", _AS_IS),
        Code("outlier_return", "returns", "warning", "a return far outside the history of its symbol",
             "check it against another source: it may be true"),
        Code("spike", "returns", "warning", "one bar jumps far away and the next comes back",
             f"check it against another source: probably a bad print; {_REMOVE}"),
        Code("wick", "returns", "warning", "an open, high or low stands far away from everything around it",
             f"check it against another source: stops would fill there; {_REMOVE}"),
        Code("split_like", "returns", "warning", "the price jumps by the ratio of a split and stays there",
             "give the splits as actions, or adjusted prices: a run would take it for a loss or a gain"),
        Code("mixed_adjustment", "returns", "warning", "the price jumps by a ratio and later jumps back",
             "adjusted and unadjusted stretches are mixed: take all from one source"),
        Code("ticker_reuse", "returns", "warning", "another price level after a long hole",
             "two companies under one symbol? Split them into two symbols"),
    )
}  # fmt: skip
