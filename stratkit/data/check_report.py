"""`CheckReport`: everything a check found in one set of bars, and a score per symbol and overall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from stratkit.data.calendars import Calendar
from stratkit.data.findings import SEVERITIES, Finding, Severity, finding_record
from stratkit.data.ordered_rows import OrderedRows
from stratkit.panel import format_time

BEST: Final = 100.0
# what one kind of finding takes: at once, per share of the bars concerned, at most
_COST: Final[dict[Severity, tuple[float, float, float]]] = {
    "error": (15.0, 100.0, 50.0),
    "warning": (1.0, 20.0, 10.0),
    "info": (0.0, 0.0, 0.0),
}


@dataclass(frozen=True)
class CheckReport:
    """What a check found in one file, or in one folder of a store.

    `findings` stand in order of severity. `rows` counts those read, repeats included; `unit` says what
    their numbers count: "line" or "row". `scores` holds a score per symbol, from 100 (nothing but
    infos) to 0: every kind of error takes 15 points and 100 x the share of the symbol's rows
    concerned, at most 50; every kind of warning 1 point and 20 x that share, at most 10. What
    concerns the whole file counts for each symbol. `score` is their mean, weighted by rows.
    """

    source: str
    unit: str
    rows: int
    frequency: str
    first: int
    last: int
    symbols: tuple[str, ...]
    calendar: Calendar
    findings: tuple[Finding, ...]
    scores: dict[str, float]
    score: float
    ordered: OrderedRows = field(compare=False, repr=False)

    def of_severity(self, *severities: Severity) -> tuple[Finding, ...]:
        """Return the findings of these severities."""
        return tuple(finding for finding in self.findings if finding.severity in severities)

    def by_code(self) -> list[list[Finding]]:
        """Return the findings of each code together, the symbols with the highest count first; file-wide ones apart."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault((finding.code, "" if finding.symbol else finding.message), []).append(finding)
        return [sorted(group, key=lambda finding: -finding.count) for group in groups.values()]

    def as_record(self) -> dict[str, Any]:
        """Return everything as plain values, stamps as text."""
        return {
            "source": self.source,
            "rows": self.rows,
            "frequency": self.frequency,
            "first": format_time(self.first),
            "last": format_time(self.last),
            "symbols": len(self.symbols),
            "calendar": {
                "name": self.calendar.name,
                "assumed": self.calendar.assumed,
                "reason": self.calendar.reason,
            },
            "score": self.score,
            "scores": self.scores,
            "counts": {name: len(self.of_severity(name)) for name in SEVERITIES},
            "rows_count": f"{self.unit}s of the file, from 1",
            "findings": [finding_record(finding) for finding in self.findings],
        }


def make_report(
    source: str, unit: str, rows: int, ordered: OrderedRows, calendar: Calendar, findings: Sequence[Finding]
) -> CheckReport:
    """Return the report of a check; scores are counted here."""
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    symbols = ordered.rows.symbols
    sizes = np.maximum(np.diff(ordered.rows.offsets), 1)
    scores = _scores(symbols, sizes.tolist(), rows, findings)
    mean = float(np.average(list(scores.values()), weights=sizes))
    return CheckReport(
        source=source,
        unit=unit,
        rows=rows,
        frequency=ordered.frequency,
        first=int(ordered.rows.times.min()),
        last=int(ordered.rows.times.max()),
        symbols=symbols,
        calendar=calendar,
        findings=tuple(sorted(findings, key=lambda finding: (rank[finding.severity], finding.code))),
        scores=scores,
        score=round(mean, 1),
        ordered=ordered,
    )


def _scores(symbols: Sequence[str], sizes: Sequence[int], rows: int, findings: Sequence[Finding]) -> dict[str, float]:
    size_of = dict(zip(symbols, sizes, strict=True))
    taken = dict.fromkeys(symbols, 0.0)
    whole = 0.0
    for finding in findings:
        at_once, per_share, most = _COST[finding.severity]
        size = rows if finding.symbol is None else size_of.get(finding.symbol, 1)
        cost = min(at_once + per_share * min(1.0, finding.count / max(size, 1)), most)
        if finding.symbol is None:
            whole += cost
        elif finding.symbol in taken:
            taken[finding.symbol] += cost
    return {symbol: round(max(0.0, BEST - whole - cost), 1) for symbol, cost in taken.items()}
