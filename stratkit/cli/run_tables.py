"""Runs as tables on the screen and records in JSON, for `stratkit runs list` and `show`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from stratkit.reports.comparison_rows import metric_text, symbols_text
from stratkit.reports.evidence_words import evidence_rows, sharpe_notes

if TYPE_CHECKING:
    from rich.table import Table

    from stratkit.runs.facts import RunFacts
    from stratkit.runs.query import RunRow

_LISTED: Final = (("total_return", "return", "fraction"), ("sharpe", "Sharpe", "ratio"))
_DRAWDOWN: Final = ("max_drawdown", "drawdown", "fraction")
_SYMBOLS: Final = 3  # so many are named
_TAKEN: Final = 60  # columns that all but strategies and remarks need on a narrow screen
_REMARKS: Final = 8  # columns that remarks need there
_NAME: Final = 20  # letters of a strategy that are kept together
_FILLS: Final = 5  # letters of a fill profile on a narrow screen
_ROOMY: Final = 120  # columns that have room for whole names of fill profiles
_WIDE: Final = 100  # columns of a terminal that has room for parameters


def list_record(row: RunRow) -> dict[str, Any]:
    """Return a run for JSON."""
    return asdict(row)


def list_table(rows: Sequence[RunRow], sort: str, width: int) -> Table:
    """Return runs as lines of `width` columns; a metric by which they are sorted has a column of its own."""
    metrics = [*_LISTED, _DRAWDOWN]
    if sort not in [name for name, *_ in metrics] and any(sort in row.metrics for row in rows):
        metrics.append((sort, sort, "ratio"))
    remarks = ["; ".join(filter(None, (_ill(row), ", ".join(row.tags)))) for row in rows]
    wide = width >= _WIDE
    table = _plain_table(gap=2 if wide else 1)
    table.add_column("run", no_wrap=True)
    taken = _TAKEN + _REMARKS * any(remarks) + sum(len(heading) + 1 for _, heading, _ in metrics[3:])
    longest = max((len(row.strategy) for row in rows), default=0)
    table.add_column("strategy", overflow="fold", min_width=max(9, min(longest, width - taken, _NAME)))
    if wide:
        table.add_column("parameters", overflow="fold")
    table.add_column("data", overflow="fold", min_width=6)
    table.add_column("fills", no_wrap=True)
    for _, heading, _ in metrics:
        table.add_column(heading, justify="right", no_wrap=True)
    if any(remarks):
        table.add_column("remarks", overflow="fold", min_width=7)
    for row, remark in zip(rows, remarks):
        shown = [metric_text(row.metrics.get(name), unit, signed=name == "total_return") for name, _, unit in metrics]
        cells = [
            row.run_id,
            row.strategy,
            *([_pairs(row.params)] if wide else []),
            symbols_text(row.symbols, 1),
            _profile(row.fill_profile or "", width),
            *shown,
        ]
        table.add_row(*map(_text, [*cells, *([remark] if any(remarks) else [])]))
    return table


def show_record(facts: RunFacts) -> dict[str, Any]:
    """Return what is known of a run, for JSON."""
    return {
        "run_id": facts.record.run_id,
        "folder": str(facts.record.folder),
        "files": list(facts.record.files),
        "started": facts.started,
        "seconds": facts.seconds,
        "strategy": facts.strategy,
        "symbols": list(facts.symbols),
        "start": facts.start,
        "end": facts.end,
        "rows": dict(facts.rows),
        "tags": list(facts.remarks.tags),
        "note": facts.remarks.note,
        "problems": list(facts.problems),
        "config": dict(facts.config),
        "manifest": dict(facts.manifest),
        "metrics": [dict(metric) for metric in facts.metrics],
        "trials": facts.evidence.get("trials"),
        "evidence": dict(facts.evidence) or None,
    }


def fact_lines(facts: RunFacts) -> Table:
    """Return what ran on what, when, and what was said of it."""
    from stratkit.runs.stamps import short

    implementation = facts.settings.get("type") or facts.settings.get("class_name") or facts.strategy
    span = f", {short(facts.start)} to {short(facts.end)}" if facts.start and facts.end else ""
    took = f", took {facts.seconds:.1f} s" if facts.seconds is not None else ""
    lines = {
        "run": facts.record.run_id,
        "strategy": facts.strategy + ("" if implementation == facts.strategy else f" ({implementation})"),
        "parameters": _pairs(facts.parameters),
        "data": symbols_text(facts.symbols, _SYMBOLS) + (f", {facts.bars:,} bars" if facts.bars else "") + span,
        "fills": str(facts.card.get("fill_profile", "")),
        "basis": str(facts.card.get("basis", "")),
        "started": f"{short(facts.started)}{took}",
        "command": " ".join(map(str, facts.manifest.get("command", []))),
        "tags": ", ".join(facts.remarks.tags),
        "note": facts.remarks.note,
    }
    table = _plain_table(header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in lines.items():
        if value:
            table.add_row(name, _text(value))
    return table


def metrics_table(facts: RunFacts) -> Table:
    """Return every metric of a run, with its benchmark's when it has one."""
    benchmark = facts.card.get("benchmark")
    against: Mapping[str, Any] = {}
    if isinstance(benchmark, Mapping):
        against = {str(metric["name"]): metric["value"] for metric in benchmark.get("metrics", [])}
    table = _plain_table()
    table.add_column("metric", no_wrap=True)
    table.add_column("run", justify="right", no_wrap=True)
    if against:
        table.add_column("benchmark", justify="right", no_wrap=True)
    table.add_column("", style="dim", overflow="fold")
    for metric in facts.metrics:
        name, unit = str(metric["name"]), str(metric.get("unit", "ratio"))
        beside = [metric_text(against[name], unit) if name in against else ""] if against else []
        notes = [str(metric.get("reason", ""))] if metric["value"] is None else []
        notes += [sharpe_notes(facts.evidence)[0]] if name == "sharpe" else []
        table.add_row(
            _text(str(metric.get("label", name))), metric_text(metric["value"], unit), *beside, ", ".join(notes)
        )
        for line in sharpe_notes(facts.evidence)[1:] if name == "sharpe" else ():
            table.add_row("", "", *([""] if against else []), line)
    return table


def evidence_table(facts: RunFacts) -> Table | None:
    """Return what each figure of a run's evidence says, None where trials were not counted."""
    rows = evidence_rows(facts.evidence)
    if not rows:
        return None
    table = _plain_table()
    table.add_column("evidence when it ran", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("", style="dim", overflow="fold")
    for row in rows:
        table.add_row(row.name, row.value, row.sentence)
    return table


def files_line(facts: RunFacts) -> Table:
    """Return where the files of a run are."""
    table = _plain_table(header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("folder", _text(str(facts.record.folder)))
    table.add_row("files", _text(", ".join(facts.record.files)))
    return table


def _ill(row: RunRow) -> str:
    return "" if row.state == "whole" else row.state


def _profile(name: str, width: int) -> str:
    return name if width >= _ROOMY or len(name) <= _FILLS else f"{name[: _FILLS - 1]}…"


def _pairs(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in params.items())


def _text(text: str) -> Any:
    from rich.text import Text

    return Text(text)  # text of users and files: none of it is markup


def _plain_table(header: bool = True, gap: int = 2) -> Table:
    from rich.table import Table

    return Table(box=None, padding=(0, gap, 0, 0), header_style="dim", pad_edge=False, show_header=header)
