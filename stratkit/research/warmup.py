"""`WarmupReport`: how many bars of history a strategy needs before its last signals stand still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from stratkit.data.bars import Bars
from stratkit.errors import DataError, StratkitError, UsageError
from stratkit.panel import BoolArray, format_time
from stratkit.research.outputs import CausalSource, Outputs, Panel, unequal

Verdict = Literal["covered", "settles", "too small"]

MULTIPLES: Final = (1, 2, 4)
WRONG_SHARE: Final = 0.05  # of the signals: more than these wrong at the largest multiple is too much
_ENTRIES: Final = (1, -1)
_EXIT: Final = 2
_INDICATOR: Final = "indicator "  # what a strategy computed on its way is not what it says
_SILENT: Final = (
    "it says nothing on the bars compared, so little is measured: give bars on which it trades, or --last N"
)
_CLEARLY: Final = 0.9  # of all history: what needs more than this cannot be told from what needs all of it


@dataclass(frozen=True)
class History:
    """What a multiple of the declared warm-up gives: how many of the last signals are not those of all history.

    `signals` counts bars and symbols on which either of the two says something, `wrong` those on
    which they differ; `first` says in words where first, "" where nothing does.
    """

    multiple: int
    bars: int
    wrong: int
    signals: int
    first: str

    @property
    def share(self) -> float:
        """The wrong ones as a fraction."""
        return self.wrong / self.signals if self.signals else 0.0


@dataclass(frozen=True)
class WarmupReport:
    """The declared warm-up beside the history that is really needed.

    `needed_bars` is the shortest history before the compared bars from which on they never change;
    None when no history that is there was clearly long enough. `verdict`: ``covered``, the declared
    warm-up is enough; ``settles``, four times it is enough, or leaves at most `WRONG_SHARE` of the
    signals wrong: a recursive indicator forgets its start slowly; else ``too small``.
    """

    name: str
    verdict: Verdict
    declared_bars: int
    needed_bars: int | None
    longest_bars: int
    compared_bars: int
    ends: tuple[str, ...]
    histories: tuple[History, ...]
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the declared warm-up is not too small."""
        return self.verdict != "too small"

    def sentence(self) -> str:
        """Return the finding in one sentence."""
        if self.needed_bars is None:
            needs = f"its last signals still change with nearly all of {self.longest_bars:,} bars of history"
        else:
            needs = f"its last signals need {self.needed_bars:,} bars of history"
        said = f"{self.name}: {needs}; warmup_bars is {self.declared_bars:,}"
        if self.holds:
            return said
        worst = self.histories[-1]
        return (
            f"{said}, and with {worst.bars:,} bars {worst.share:.0%} of the signals are wrong "
            f"({worst.first}): declare more, or let it forget where the data begin"
        )


def measure_warmup(
    source: CausalSource,
    bars: Bars,
    *,
    last: int = 20,
    ends: int = 12,
    tolerance: float = 0.01,
    progress: Callable[[int, int], None] | None = None,
) -> WarmupReport:
    """Find how much history the signals on `last` bars need, at several ends of the bars.

    The signals are computed on less and less history before those bars, and compared with the ones
    on all of it: sides, plans, and where there is a value at all must be equal, other values within
    `tolerance` of the larger magnitude. An exit is only compared once the shorter history has had
    an entry of that symbol: what it never opened it need not close. The shortest history is found by
    bisection, and 1, 2 and 4 times the declared warm-up are shown. Raises `DataError` when the
    bars are too few for the declared warm-up.
    """
    if last < 1 or ends < 1:
        raise UsageError(f"at least 1 bar must be compared at 1 end; found last={last} and ends={ends}")
    whole = source.outputs(bars)
    stops = _stops(len(bars.times), last, whole.warmup_bars, ends)
    asked = _Question(source, bars, whole, last, tolerance)
    needed: list[int | None] = []
    for stop in stops:
        needed.append(asked.needed(stop))
        if progress is not None:
            progress(len(needed), len(stops))
    histories = tuple(filter(None, (asked.history(stops, multiple) for multiple in MULTIPLES)))
    found = [bars_needed for bars_needed in needed if bars_needed is not None]
    worst = max(found) if len(found) == len(needed) else None
    return WarmupReport(
        name=source.name,
        verdict=_verdict(worst, whole.warmup_bars, histories),
        declared_bars=whole.warmup_bars,
        needed_bars=worst,
        longest_bars=stops[0] - last,
        compared_bars=last,
        ends=tuple(format_time(int(bars.times[stop - 1])) for stop in stops),
        histories=histories,
        notes=() if any(history.signals for history in histories) else (_SILENT,),
    )


def _verdict(needed: int | None, declared: int, histories: tuple[History, ...]) -> Verdict:
    if needed is not None and needed <= declared:
        return "covered"
    if needed is not None and needed <= MULTIPLES[-1] * max(declared, 1):
        return "settles"
    return "settles" if histories[-1].share <= WRONG_SHARE else "too small"


def _stops(rows: int, last: int, declared: int, ends: int) -> list[int]:
    """Return the ends of the compared bars: the last bar, and others evenly spread over the later half."""
    least = last + MULTIPLES[-1] * max(declared, 1) + 1
    if rows <= least:
        raise DataError(
            f"a warm-up of {declared:,} bars, {MULTIPLES[-1]} times over, needs more than {least:,} bars "
            f"to be measured; found {rows:,}: give more bars"
        )
    spread = np.linspace(rows, max(rows // 2, least), ends).astype(int)
    return sorted({int(stop) for stop in spread}, reverse=True)


@dataclass(frozen=True)
class _Compared:
    """How the signals of a shorter history differ from those of all history; `words` "" = not at all."""

    wrong: int
    signals: int
    words: str


@dataclass(frozen=True)
class _Question:
    """The last signals of one source on all its bars, to be asked again with less history."""

    source: CausalSource
    bars: Bars
    whole: Outputs
    last: int
    tolerance: float

    def needed(self, stop: int) -> int | None:
        """Return the shortest history from which on the signals before `stop` stand still; None = all of it."""
        longest = enough = stop - self.last
        short = longest // 2
        while short > 0 and self.same(stop, short):  # from above: a short history may agree by chance
            enough, short = short, short // 2
        if short == 0 and self.same(stop, 0):
            return 0
        while enough - short > 1:
            middle = (enough + short) // 2
            enough, short = (middle, short) if self.same(stop, middle) else (enough, middle)
        return enough if enough <= _CLEARLY * longest else None

    def history(self, stops: list[int], multiple: int) -> History | None:
        """Return what `multiple` times the declared warm-up gives at all ends."""
        history = multiple * max(self.whole.warmup_bars, 1)
        found = [self.compared(stop, history) for stop in stops if history <= stop - self.last]
        if not found:
            return None
        first = next((each.words for each in found if each.words), "")
        return History(multiple, history, sum(each.wrong for each in found), sum(each.signals for each in found), first)

    def same(self, stop: int, history: int) -> bool:
        """Whether the last signals are the same with this much history."""
        return not self.compared(stop, history).words

    def compared(self, stop: int, history: int) -> _Compared:
        """Compare the last signals before `stop`, computed on `history` bars before them, with the right ones."""
        begin = stop - self.last
        spoken = _spoken(self.whole, begin, stop)
        try:
            part = self.source.outputs(self.bars.slice(begin - history, stop))
        except StratkitError as error:  # too few bars for it: then they are too few
            return _Compared(int(spoken.sum()), int(spoken.sum()), f"it raised: {error}")
        words = _constants(self.whole, part)
        wrong = np.zeros(spoken.shape, np.bool_) if not words else spoken.copy()
        for name, panel in self.whole.panels.items():
            if name.startswith(_INDICATOR) or name not in part.panels:
                continue
            ours, theirs = panel[begin:stop], part.panels[name][history:]
            differ = unequal(ours, theirs, self.tolerance)
            if name == "side":
                differ &= ~_exits_of_others(ours, part.panels[name], history)
            if differ.any():
                words = words or _words(name, ours, theirs, differ, self.bars, begin)
                wrong |= differ.reshape(*differ.shape[:2], -1).any(axis=-1).reshape(len(differ), -1)
        spoken |= _spoken(part, history, history + self.last) | wrong
        return _Compared(int(wrong.sum()), int(spoken.sum()), words)


def _spoken(outputs: Outputs, start: int, stop: int) -> BoolArray:
    """Return (bars, N) where something is said: a side, a finite weight, or any value of other outputs."""
    said = np.zeros((stop - start, len(outputs.symbols)), np.bool_)
    names = [name for name in ("side", "weight") if name in outputs.panels] or list(outputs.panels)
    for name in names:
        panel = outputs.panels[name][start:stop]
        here = np.isfinite(panel) if panel.dtype.kind == "f" else panel != 0
        said |= here.reshape(*here.shape[:2], -1).any(axis=-1).reshape(len(here), -1)
    return said


def _constants(whole: Outputs, part: Outputs) -> str:
    for name in sorted(whole.constants.keys() | part.constants.keys()):
        if whole.constants.get(name) != part.constants.get(name):
            return f"{name} is {part.constants.get(name)} instead of {whole.constants.get(name)}"
    return ""


def _exits_of_others(whole: Panel, part: Panel, history: int) -> BoolArray:
    """Return where all history leaves what the shorter one never entered."""
    entered = np.logical_or.accumulate(np.isin(part, _ENTRIES), axis=0)[history:]
    left: BoolArray = (whole == _EXIT) & (part[history:] == 0) & ~entered
    return left


def _words(name: str, ours: Panel, theirs: Panel, differ: BoolArray, bars: Bars, first: int) -> str:
    place = tuple(int(index) for index in np.argwhere(differ)[0])
    symbol = f" of {bars.symbols[place[1]]}" if len(place) > 1 else ""
    day = format_time(int(bars.times[first + place[0]]))
    return f"{name}{symbol} on {day} is {theirs[place].item():.6g} instead of {ours[place].item():.6g}"
