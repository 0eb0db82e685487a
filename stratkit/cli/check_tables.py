"""What `stratkit check` prints: a table of verdicts with the first finds, and the same as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from stratkit.cli.terminal import Terminal
    from stratkit.research.leaks import Leak
    from stratkit.research.lookahead import LookaheadReport
    from stratkit.research.suspects import Suspect
    from stratkit.research.warmup import History, WarmupReport

_STYLES = {"clean": "green", "covered": "green", "settles": "yellow"}


def lookahead_table(terminal: Terminal, found: Mapping[str, Sequence[LookaheadReport]]) -> None:
    """Print one row for each strategy, and below it the first bar of every field that looks ahead."""
    table = _table(("checked", False), ("bars", True), ("cuts", True), ("runs", True), ("found", False))
    for name, reports in found.items():
        bars = sum(report.bars for report in reports)
        cuts, runs = sum(report.cuts for report in reports), sum(report.runs for report in reports)
        verdict = next(
            (report.verdict for report in reports if not report.is_clean), "clean" if reports else "unproved"
        )
        table.add_row(name, f"{bars:,}", f"{cuts:,}", f"{runs:,}", _styled(verdict))
    terminal.show(table)
    for reports in found.values():
        for report in reports:
            for note in report.notes:
                terminal.warn(f"{report.name}: {note}")
            _print_leaks(terminal, report)


def lookahead_record(
    found: Mapping[str, Sequence[LookaheadReport]], suspects: Sequence[Suspect], seconds: float
) -> dict[str, Any]:
    """Return the finds as plain values."""
    reports = [report for several in found.values() for report in several]
    return {
        "clean": all(report.is_clean for report in reports),
        "checks": [_report(report) for report in reports],
        "suspects": [
            {"file": each.file, "line": each.line, "rule": each.rule, "message": each.message} for each in suspects
        ],
        "seconds": seconds,
    }


def warmup_table(terminal: Terminal, found: Sequence[WarmupReport]) -> None:
    """Print one row for each strategy: declared, needed, and how wrong multiples of the declared warm-up are."""
    from stratkit.research.warmup import MULTIPLES

    wrong = [(f"{multiple}x wrong", True) for multiple in MULTIPLES]
    table = _table(("strategy", False), ("declared", True), ("needed", True), *wrong, ("found", False))
    for report in found:
        shares = {history.multiple: _share(history) for history in report.histories}
        needed = f"> {report.longest_bars:,}" if report.needed_bars is None else f"{report.needed_bars:,}"
        cells = [shares.get(multiple, "-") for multiple in MULTIPLES]
        table.add_row(report.name, f"{report.declared_bars:,}", needed, *cells, _styled(report.verdict))
    terminal.show(table)
    if found:
        first = found[0]
        terminal.say(
            f"signals on {first.compared_bars} bars before {len(first.ends)} ends, {first.ends[-1]} .. {first.ends[0]}"
        )


def warmup_record(found: Sequence[WarmupReport]) -> dict[str, Any]:
    """Return the measured warm-ups as plain values."""
    return {"holds": all(report.holds for report in found), "checks": [_warmup(report) for report in found]}


def _report(report: LookaheadReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "verdict": report.verdict,
        "message": report.sentence(),
        "bars": report.bars,
        "symbols": report.symbols,
        "first": report.first,
        "last": report.last,
        "compared": list(report.compared),
        "cuts": report.cuts,
        "cuts_asked": report.cuts_asked,
        "leaking_cuts": report.leaking_cuts,
        "runs": report.runs,
        "raised": report.raised,
        "notes": list(report.notes),
        "leaks": [_leak(leak) for leak in report.leaks],
    }


def _leak(leak: Leak) -> dict[str, Any]:
    found = leak.difference
    return {
        "check": leak.check,
        "field": found.field,
        "symbol": found.symbol,
        "bar": found.bar,
        "time": leak.time,
        "value": found.whole,
        "otherwise": found.part,
        "shown_bars": leak.shown_bars,
        "reach_bars": leak.reach_bars,
        "values": found.values,
        "bars": found.bars,
        "largest": found.largest,
        "relative": found.relative,
    }


def _print_leaks(terminal: Terminal, report: LookaheadReport) -> None:
    if report.is_clean:
        return
    terminal.out.print(f"{report.name} on {report.bars:,} bars, {report.first} .. {report.last}", markup=False)
    firsts: dict[str, Leak] = {}
    for leak in report.leaks:
        firsts.setdefault(leak.difference.field, leak)
    for leak in firsts.values():
        terminal.out.print(f"  {leak.sentence()}", markup=False, soft_wrap=True)


def _warmup(report: WarmupReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "verdict": report.verdict,
        "message": report.sentence(),
        "declared_bars": report.declared_bars,
        "needed_bars": report.needed_bars,
        "longest_bars": report.longest_bars,
        "compared_bars": report.compared_bars,
        "ends": list(report.ends),
        "notes": list(report.notes),
        "histories": [
            {
                "multiple": each.multiple,
                "bars": each.bars,
                "wrong": each.wrong,
                "signals": each.signals,
                "share": each.share,
                "first": each.first,
            }
            for each in report.histories
        ],
    }


def _share(history: History) -> str:
    return f"{history.share:.1%}" if history.wrong else "none"


def _styled(verdict: str) -> str:
    style = _STYLES.get(verdict, "bold red")
    return f"[{style}]{verdict}[/{style}]"


def _table(*columns: tuple[str, bool]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for title, is_number in columns:
        table.add_column(title, justify="right" if is_number else "left", overflow="fold")
    return table
