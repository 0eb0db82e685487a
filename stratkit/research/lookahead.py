"""`LookaheadReport`: whether anything that was computed at a bar could know what came after it.

Two proofs, repeated at many bars: nothing up to a bar changes when the bars behind it are taken
away (truncation), and nothing changes when they are other ones (perturbation). Everything is
compared on every bar, bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from stratkit.data.bars import Bars
from stratkit.data.resample import bar_ends
from stratkit.errors import StratkitError, UsageError
from stratkit.panel import format_time
from stratkit.research.cuts import choose_cuts, spread_cuts
from stratkit.research.futures import FUTURES, other_future
from stratkit.research.later_series import ReadsSeries, with_other_later, without_later
from stratkit.research.leaks import Leak, size_hint
from stratkit.research.outputs import CausalSource, Difference, Outputs, differences
from stratkit.seeds import generator

Verdict = Literal["clean", "leak", "random", "unproved"]
Progress = Callable[[int, int], None]

CUTS: Final = 200
FRESH_CUTS: Final = 24  # cuts at which the code is loaded anew, so that nothing it keeps can hide a leak
_TABLE_CUTS: Final = 12  # cuts, early and late, at which tables of its own are cut too
_FUTURES_PER_CUT: Final = 2  # of the kinds, in turn


@dataclass(frozen=True)
class LookaheadReport:
    """What a proof found; `leaks` holds the first bar of each field and check, the earliest first.

    `verdict` is ``clean``; ``leak``; ``random`` when two equal runs differ, so that nothing can be
    proved; or ``unproved`` when it could not be run on any shorter history, or never without later
    rows of its own tables. `cuts` of `cuts_asked`
    were made before the time budget ended, at which `leaking_cuts` showed a leak.
    """

    name: str
    verdict: Verdict
    bars: int
    symbols: int
    first: str
    last: str
    compared: tuple[str, ...]
    cuts: int
    cuts_asked: int
    leaking_cuts: int
    runs: int
    raised: int
    leaks: tuple[Leak, ...]
    notes: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found and something was proved."""
        return self.verdict == "clean"

    def sentence(self) -> str:
        """Return what was found, in one message for the person who has to mend it."""
        if self.verdict == "random":
            return (
                f"{self.name}: two equal runs must give the same; {self.leaks[0].sentence()}: seed what is random in it"
            )
        if self.verdict == "unproved":
            return f"{self.name}: it must run on a part of its bars and tables to be proved; {self.notes[0]}"
        if self.verdict == "clean":
            return f"{self.name}: nothing depends on later bars at {self.cuts} cuts"
        leak = self.leaks[0]
        more = "" if self.leaking_cuts < 2 else f"; {self.leaking_cuts} of {self.cuts} cuts show a leak"
        return f"{self.name} looks ahead: {leak.sentence()}{more}{size_hint(self.leaks)}"


@dataclass
class _Probe:
    """One proof under way: the source, its outputs on all bars, and what was found so far."""

    bars: Bars
    whole: Outputs
    tolerance: float
    leaks: list[Leak] = field(default_factory=list)
    leaking: set[int] = field(default_factory=set)
    runs: int = 0
    raised: int = 0
    compared: int = 0
    complaint: str = ""
    table_cuts: dict[int, bool] = field(default_factory=dict)  # bars shown; whether it ran

    @property
    def knows_nothing_of_tables(self) -> bool:
        """Whether it raised at every cut of its own tables."""
        return bool(self.table_cuts) and not any(self.table_cuts.values())

    def compare(
        self, source: CausalSource, bars: Bars, shown: int, check: str, known_until_ns: int | None = None
    ) -> bool:
        """Compare the first `shown` bars of the outputs on other `bars`; whether it could be."""
        self.runs += 1
        try:
            here = source if known_until_ns is None else source.fresh(known_until_ns)
            part = here.outputs(bars)
        except StratkitError as error:
            self.raised += 1
            self.complaint = self.complaint or str(error)
            return False
        self.compared += 1
        self.note(check, shown, differences(self.whole, part, shown, self.tolerance))
        return True

    def note(self, check: str, shown: int, found: Iterator[Difference]) -> None:
        for difference in found:
            time = None if difference.bar is None else format_time(int(self.bars.times[difference.bar]))
            self.leaks.append(Leak(check, shown, time, difference))
            self.leaking.add(shown)


def check_lookahead(
    source: CausalSource,
    bars: Bars,
    *,
    cuts: int = CUTS,
    seed: int = 0,
    tolerance: float = 0.0,
    budget_s: float | None = None,
    progress: Progress | None = None,
) -> LookaheadReport:
    """Prove that the outputs of `source` at every bar use nothing behind it, or find where they do.

    At each of `cuts` bars (chosen by `choose_cuts`) the outputs are computed again: without the
    later bars; without the symbols that appear later; with other later bars, two kinds of `FUTURES`
    in turn; and, where the source brings tables of its own, without their later rows. What external
    series say that becomes known after the bar is taken away with the bars, and changed on its own. `tolerance`
    is relative, 0 = bit for bit. Stops early when `budget_s` seconds are over. A source that raises
    on a short history is counted, not accused. Raises `StratkitError` when it raises on all bars.
    """
    if cuts < 1 or len(bars.times) < 2:
        raise UsageError(f"a proof needs at least 1 cut and 2 bars; found {cuts} and {len(bars.times)}")
    begun = time.monotonic()
    middle = max(1, len(bars.times) * 2 // 3)
    before = _tried(source, bars.slice(0, middle))  # the first run of all: nothing has seen later bars yet
    whole = source.outputs(bars)
    probe = _Probe(bars, whole, tolerance, runs=2)
    if _is_random(source, bars, whole, probe):
        return _report(source, probe, "random", 0, cuts)
    _check_memory(source, before, middle, probe)
    chosen = choose_cuts(whole, bars, cuts, seed)
    tabled = spread_cuts(chosen, _TABLE_CUTS) if source.dated_tables() else []
    chosen = list(dict.fromkeys([*tabled, *chosen]))
    done = 0
    for done, shown in enumerate(chosen, start=1):
        here = source.fresh() if done <= FRESH_CUTS else source
        _cut(here, shown, done, seed, probe)
        if shown in tabled:
            _cut_tables(source, shown, probe)
        if progress is not None:
            progress(done, len(chosen))
        if budget_s is not None and time.monotonic() - begun > budget_s:
            break
    else:
        _close_in(source, probe)
    proved = probe.compared and not probe.knows_nothing_of_tables
    verdict: Verdict = "leak" if probe.leaks else "clean" if proved else "unproved"
    return _report(source, probe, verdict, done, len(chosen))


def _cut(source: CausalSource, shown: int, turn: int, seed: int, probe: _Probe) -> None:
    part, known_ns = probe.bars.slice(0, shown), _end_ns(probe.bars, shown)
    ended = without_later(source, known_ns)
    probe.compare(ended, part, shown, "truncation")
    listed = np.flatnonzero(np.isfinite(part.close).any(axis=0)).tolist()
    if 0 < len(listed) < len(part.symbols):
        known = tuple(part.symbols[column] for column in listed)
        probe.compare(ended, part.select(known), shown, "universe")
    kinds = list(FUTURES)
    for place in range(turn * _FUTURES_PER_CUT, (turn + 1) * _FUTURES_PER_CUT):
        kind = kinds[place % len(kinds)]
        draw = generator(seed, "research", "future", kind, shown)
        probe.compare(source, other_future(probe.bars, shown, kind, draw), shown, f"future: {kind}")
    if isinstance(source, ReadsSeries) and source.series:
        draw = generator(seed, "research", "later series", shown)
        changed = with_other_later(source, known_ns, draw)
        probe.compare(changed.fresh() if source.dated_tables() else changed, probe.bars, shown, "series")


def _end_ns(bars: Bars, shown: int) -> int:
    """Return when the last of the shown bars ends."""
    return int(bar_ends(bars.times[shown - 1 : shown], bars.frequency)[0])


def _cut_tables(source: CausalSource, shown: int, probe: _Probe) -> None:
    """Hide what its own tables say from the close of the last shown bar on."""
    close_ns = _end_ns(probe.bars, shown)
    known_until_ns = min(close_ns, int(probe.bars.times[shown]))
    leaks = len(probe.leaks)
    part = probe.bars.slice(0, shown)
    probe.table_cuts[shown] = probe.compare(without_later(source, close_ns), part, shown, "tables", known_until_ns)
    seen = {leak.difference.field for leak in probe.leaks[:leaks] if leak.shown_bars == shown}
    probe.leaks[leaks:] = [leak for leak in probe.leaks[leaks:] if leak.difference.field not in seen]


def _close_in(source: CausalSource, probe: _Probe) -> None:
    """Bisect to the earliest table cut that does not raise: there nearly all rows are hidden."""
    ran = [shown for shown, done in probe.table_cuts.items() if done]
    raised = [shown for shown, done in probe.table_cuts.items() if not done and shown < min(ran, default=0)]
    if probe.leaks or not raised:
        return
    low, high = max(raised), min(ran)
    while high - low > 1 and not probe.leaks:
        middle = (low + high) // 2
        ended = without_later(source, _end_ns(probe.bars, middle))
        probe.compare(ended, probe.bars.slice(0, middle), middle, "truncation")
        _cut_tables(source, middle, probe)
        low, high = (low, middle) if probe.table_cuts[middle] else (middle, high)


def _is_random(source: CausalSource, bars: Bars, whole: Outputs, probe: _Probe) -> bool:
    """Note a second equal run that differs, unless fresh copies agree: then it only remembers."""
    rows = len(bars.times)
    again = list(differences(whole, source.outputs(bars), rows, probe.tolerance))
    first, second = source.fresh().outputs(bars), source.fresh().outputs(bars)
    probe.runs += 3
    drawn = list(differences(first, second, rows, probe.tolerance))
    if not drawn:
        probe.whole = first
        probe.note("state", rows, iter(again or list(differences(first, whole, rows, probe.tolerance))))
        return False
    probe.note("equal runs", rows, iter(drawn))
    return True


def _check_memory(source: CausalSource, before: Outputs | None, shown: int, probe: _Probe) -> None:
    """Compare a part of the bars before and after all of them were seen."""
    after = _tried(source, probe.bars.slice(0, shown))
    probe.runs += 1
    if before is not None and after is not None:
        probe.note("state", shown, differences(before, after, shown, probe.tolerance))


def _tried(source: CausalSource, bars: Bars) -> Outputs | None:
    try:
        return source.outputs(bars)
    except StratkitError:  # on a part of the bars: counted where it matters
        return None


def _report(source: CausalSource, probe: _Probe, verdict: Verdict, done: int, asked: int) -> LookaheadReport:
    times = probe.bars.times
    return LookaheadReport(
        name=source.name,
        verdict=verdict,
        bars=len(times),
        symbols=len(probe.bars.symbols),
        first=format_time(int(times[0])),
        last=format_time(int(times[-1])),
        compared=(*probe.whole.panels, *probe.whole.constants),
        cuts=done,
        cuts_asked=asked,
        leaking_cuts=len(probe.leaking),
        runs=probe.runs,
        raised=probe.raised,
        leaks=_firsts(probe.leaks),
        notes=tuple(_notes(source, probe, done, asked)),
    )


def _firsts(leaks: list[Leak]) -> tuple[Leak, ...]:
    """Return the earliest leak of each field and check; signals stand before indicators of the same bar."""
    firsts: dict[tuple[str, str], Leak] = {}
    for leak in sorted(leaks, key=lambda leak: (_bar(leak), -leak.difference.values)):
        firsts.setdefault((leak.check, leak.difference.field), leak)
    return tuple(sorted(firsts.values(), key=lambda leak: (leak.difference.field.startswith("indicator"), _bar(leak))))


def _bar(leak: Leak) -> int:
    return -1 if leak.difference.bar is None else leak.difference.bar


def _notes(source: CausalSource, probe: _Probe, done: int, asked: int) -> Iterator[str]:
    if probe.knows_nothing_of_tables:
        yield f"without later rows of its own tables ({', '.join(source.dated_tables())}) it raised at every cut"
    if probe.raised:
        yield f"it raised in {probe.raised} of {probe.runs} runs, which proves nothing: {probe.complaint}"
    if done < asked and not any(leak.check == "equal runs" for leak in probe.leaks):
        yield f"the time ended after {done} of {asked} cuts"
    signals = [probe.whole.panels[name] for name in ("side", "weight") if name in probe.whole.panels]
    if signals and not any((np.isfinite(panel) & (panel != 0)).any() for panel in signals):
        yield "it has no opinion on any of these bars, so little is proved: give it bars on which it trades"
    tables = source.dated_tables()
    if tables and not probe.knows_nothing_of_tables:
        yield f"tables of its own were cut too ({', '.join(tables)}); when their rows became known is taken from them"
