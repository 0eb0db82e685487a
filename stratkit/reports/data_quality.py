"""`write_quality_page`: one offline HTML page of what a check of bars found, with pictures of the bad spots."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stratkit.data.check_report import CheckReport
from stratkit.data.findings import SEVERITIES, Finding
from stratkit.errors import OutputError
from stratkit.panel import format_time
from stratkit.reports.offline import environment
from stratkit.reports.quality_figures import missing_map, spot_figure, spots_to_draw, svg_bytes

_SHOWN: Final = 3  # symbols of one kind of finding that stand open
_MOST: Final = 200  # ... and behind a fold; --json has all


@dataclass(frozen=True)
class _Section:
    """What the page shows of one set of bars: facts, rows of the table, pictures as data URIs."""

    title: str
    facts: str
    score: str
    counts: tuple[tuple[str, int], ...]
    groups: tuple[dict[str, Any], ...]
    map: str | None
    spots: tuple[tuple[str, str], ...]


def write_quality_page(path: Path, reports: Sequence[CheckReport]) -> Path:
    """Write the page of `reports` to `path` and return it; raises `OutputError` when that is not possible."""
    page = render_quality_page(reports)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}): choose another --html") from error
    return path


def render_quality_page(reports: Sequence[CheckReport]) -> str:
    """Return the page as text; every name and message is escaped, nothing is loaded from anywhere."""
    sections = [_section(report) for report in reports]
    text: str = environment().get_template("quality.html.j2").render(sections=sections)
    return text


def _section(report: CheckReport) -> _Section:
    names = report.symbols[0] if len(report.symbols) == 1 else f"{len(report.symbols):,} symbols"
    assumed = "assumed: " if report.calendar.assumed else ""
    span = f"{format_time(report.first)} to {format_time(report.last)}"
    facts = (
        f"{names}, {report.rows:,} rows, {report.frequency}, {span}; "
        f"calendar {report.calendar.name} ({assumed}{report.calendar.reason})"
    )
    figure = missing_map(report)
    spots = [(spot.caption, _uri(svg_bytes(spot_figure(report, spot)))) for spot in spots_to_draw(report)]
    return _Section(
        title=report.source,
        facts=facts,
        score=f"{report.score:g}",
        counts=tuple((severity, len(report.of_severity(severity))) for severity in SEVERITIES),
        groups=tuple(_group(report, own) for own in report.by_code()),
        map=None if figure is None else _uri(svg_bytes(figure)),
        spots=tuple(spots),
    )


def _group(report: CheckReport, findings: Sequence[Finding]) -> dict[str, Any]:
    lines = [_line(report, finding) for finding in findings[:_MOST]]
    return {
        "severity": findings[0].severity,
        "code": findings[0].code,
        "count": f"{sum(finding.count for finding in findings):,}",
        "lines": lines[:_SHOWN],
        "folded": lines[_SHOWN:],
        "left_out": max(0, len(findings) - _MOST),
        "todo": findings[0].todo,
    }


def _line(report: CheckReport, finding: Finding) -> tuple[str, str]:
    """Return the symbol of a finding, and what was found where."""
    more = " …" if len(finding.places) > len(finding.rows) else ""
    where = f" ({report.unit} {', '.join(str(row) for row in finding.rows)}{more})" if finding.rows else ""
    return finding.symbol if finding.symbol and len(report.symbols) > 1 else "", finding.message + where


def _uri(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
