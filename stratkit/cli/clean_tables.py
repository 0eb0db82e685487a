"""A cleaning as tables on the screen and records in JSON, for `stratkit data clean`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from stratkit.cli.bar_tables import literal, time_text

if TYPE_CHECKING:
    from rich.table import Table

    from stratkit.data.check_report import CheckReport
    from stratkit.data.cleaning import Cleaning, Settled
    from stratkit.data.raw_rows import RawRows
    from stratkit.data.repair import Change

_TEXT_SHOWN = 40  # letters of a line as it stands in a file


def proposal_table(cleaning: Cleaning) -> Table:
    """Return the repairs that take part: rows touched, and one of them before and after."""
    table = _table("repair", "rows", "example", "before", "after")
    for record in _proposals(cleaning):
        example = record["example"]
        cells = (record["repair"], f"{record['rows']:,}", example["where"], example["before"], example["after"])
        table.add_row(*map(literal, cells))
    return table


def offer_table(cleaning: Cleaning) -> Table:
    """Return the repairs that wait for an option or for their name."""
    table = _table("could be repaired too", "found", "finding", "add")
    for offer in cleaning.offers:
        table.add_row(*map(literal, (offer.name, f"{offer.count:,}", offer.code, offer.ask)))
    return table


def cleaning_record(cleaning: Cleaning) -> dict[str, Any]:
    """Return what a cleaning does, for JSON."""
    from stratkit.data.cleaning import obstacle

    return {
        "source": str(cleaning.before.path),
        "rows_read": len(cleaning.before.line),
        "rows_written": len(cleaning.after.line),
        "columns_left_out": list(cleaning.before.unread),
        "repairs": _proposals(cleaning),
        "offers": [vars(offer) for offer in cleaning.offers],
        "obstacle": obstacle(cleaning),
    }


def remains_record(report: CheckReport) -> list[dict[str, Any]]:
    """Return what a check of the result finds, for JSON."""
    return [
        {"code": one.code, "severity": one.severity, "symbol": one.symbol, "count": one.count, "message": one.message}
        for one in report.findings
    ]


def remains_text(report: CheckReport) -> str:
    """Return what a check of the result finds, in a line per severity."""
    lines = [f"left  score {report.score:.0f} of 100"]
    for severity in ("error", "warning"):
        counts: dict[str, int] = {}
        for one in report.findings:
            if one.severity == severity:
                counts[one.code] = counts.get(one.code, 0) + one.count
        shown = ", ".join(f"{code} {count:,}" for code, count in counts.items())
        lines.append(f"      {severity}s: {shown or 'none'}")
    return "\n".join(lines)


def _proposals(cleaning: Cleaning) -> list[dict[str, Any]]:
    settled = [_settled_record(cleaning, one) for one in cleaning.settled]
    return [*settled, *(_change_record(cleaning, change) for change in cleaning.changes)]


def _settled_record(cleaning: Cleaning, settled: Settled) -> dict[str, Any]:
    line = int(settled.lines[0])
    text = settled.text.get(line, "")
    shown = text if len(text) <= _TEXT_SHOWN else text[: _TEXT_SHOWN - 1] + "…"
    after = "left out" if settled.left_out else f"read as {_stamp(cleaning.before, line)}"
    example = {"where": f"{cleaning.before.unit} {line:,}", "before": shown, "after": after}
    return {"repair": settled.name, "rows": len(settled.lines), "reason": settled.reason, "example": example}


def _change_record(cleaning: Cleaning, change: Change) -> dict[str, Any]:
    before, after = _example(cleaning, change)
    example = {"where": _where(cleaning.before, _line(cleaning, change)), "before": before, "after": after}
    return {
        "repair": change.repair.name,
        "rows": change.touched,
        "reason": change.repair.reason,
        "example": example,
    }


def _line(cleaning: Cleaning, change: Change) -> int:
    """Return the row of the source that stands for a change."""
    if change.fields:
        return int(change.fields[0].line[0])
    if len(change.dropped.line):
        return int(change.dropped.line[0])
    return int(cleaning.before.line[0])


def _example(cleaning: Cleaning, change: Change) -> tuple[str, str]:
    if change.fields:
        line = _line(cleaning, change)
        parts = [
            (one.field, one.old[one.line == line][0], one.new[one.line == line][0])
            for one in change.fields
            if (one.line == line).any()
        ]
        name, old, new = parts[0]
        if name == "timestamp":
            return time_text(int(old)), time_text(int(new))
        return f"{name} {old:.10g}", f"{name} {new:.10g}"
    if len(change.dropped.line):
        rows = change.dropped.rows
        prices = {"o": rows.open[0], "h": rows.high[0], "l": rows.low[0], "c": rows.close[0]}
        return " ".join(f"{letter} {price:.6g}" for letter, price in prices.items()), "taken out"
    times = cleaning.before.rows.times
    return f"begins {time_text(int(times[0]))}", f"begins {time_text(int(cleaning.after.rows.times[0]))}"


def _where(raw: RawRows, line: int) -> str:
    row = int((raw.line == line).argmax())
    return f"{raw.unit} {line:,}: {raw.rows.symbol_at(row)}, {_stamp(raw, line)}"


def _stamp(raw: RawRows, line: int) -> str:
    return time_text(int(raw.rows.times[int((raw.line == line).argmax())]))


def _table(*titles: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for title in titles:
        justify: Literal["left", "right"] = "right" if title in ("rows", "found") else "left"
        table.add_column(title, justify=justify, overflow="fold", no_wrap=title in (titles[0], "rows", "found"))
    return table
