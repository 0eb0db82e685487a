"""`--fills all`: one strategy under every fill profile, in one table: what the fill assumption alone is worth."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.markup import escape
from rich.table import Table

from stratkit.cli.finished import FinishedRun, keep_run, title
from stratkit.cli.runs import REPORTS
from stratkit.cli.summary import costs_line, exit_lines
from stratkit.engine.layout import ENGINE_SEMANTICS
from stratkit.engine.profiles import fill_options, given_labels
from stratkit.reports.evidence_words import trials_words
from stratkit.reports.wording import in_unit, number
from stratkit.research.fills import FillsComparison, FillsRun, compare_fills
from stratkit.runs.table_digest import table_digest

if TYPE_CHECKING:
    from stratkit.cli.terminal import Terminal
    from stratkit.config import FileConfig
    from stratkit.data.bars import Bars

_HEADINGS: Final = {
    "total_return": "return",
    "sharpe": "Sharpe",
    "max_drawdown": "drawdown",
    "trades": "trades",
    "win_rate": "win rate",
}
_OF_SPREAD: Final = ("total_return", "sharpe", "max_drawdown")


def compare_all_fills(terminal: Terminal, config: FileConfig, bars: Bars, seconds: dict[str, float], out: Path) -> None:
    """Replay the configured strategy under every profile, keep the runs, and print them side by side."""
    started = datetime.now(UTC)
    compared = compare_fills(config.run(), bars, told=lambda profile: terminal.say(f"fills {profile}"))
    if compared.inputs.detail is not None and compared.inputs.detail.doubt:
        terminal.warn(compared.inputs.detail.doubt)
    kept = [_kept(terminal, config, bars, run, started, seconds, out) for run in compared.runs]
    if terminal.as_json:
        terminal.emit(_as_record(compared, kept))
    else:
        _print(terminal, compared, kept, out)


def _kept(
    terminal: Terminal,
    config: FileConfig,
    bars: Bars,
    run: FillsRun,
    started: datetime,
    seconds: dict[str, float],
    out: Path,
) -> FinishedRun:
    """Keep the run of one profile as a run of its own: tables and figures of merit, no page."""
    execution = config.execution.model_copy(update={"profile": run.profile})
    report = config.report.model_copy(update={"html": False, "png": False})
    under = config.model_copy(update={"execution": execution, "report": report})
    command = ("stratkit", *sys.argv[1:])
    finished = FinishedRun(
        under, bars, run.result, run.scorecard, None, tuple(terminal.noted), command, started, dict(seconds)
    )
    return keep_run(finished, out)


def _as_record(compared: FillsComparison, kept: list[FinishedRun]) -> dict[str, Any]:
    return {
        "profiles": [_profile_record(run, finished) for run, finished in zip(compared.runs, kept, strict=True)],
        "spread": {name: compared.spread(name) for name in _OF_SPREAD},
        "data": kept[0].as_record()["data"],
        "config": {key: value for key, value in kept[0].config.plain().items() if key not in ("execution", "report")},
    }


def _profile_record(run: FillsRun, finished: FinishedRun) -> dict[str, Any]:
    return {
        "profile": run.profile,
        "label": run.label,
        "optimistic": run.optimistic,
        "engine_semantics": ENGINE_SEMANTICS,
        "fill_options": fill_options(finished.config.execution),
        "run_id": finished.run_id,
        "folder": str(finished.record.folder) if finished.record else None,
        "fills": len(run.result.fills),
        "fills_sha256": table_digest(run.result.fills_columns()),
        "ambiguous_bars": int(run.result.trades["ambiguous"].sum()),
        "metrics": [asdict(metric) for metric in run.scorecard],
        "warnings": list(finished.all_warnings),
        "evidence": None if finished.evidence is None else dict(finished.evidence),
    }


def _print(terminal: Terminal, compared: FillsComparison, kept: list[FinishedRun], out: Path) -> None:
    first = kept[0]
    given = ", ".join(given_labels(first.config.execution))
    terminal.out.print(f"[bold]{escape(title(first))}[/bold], the same signals under every fill profile")
    if given:
        terminal.out.print(f"in every profile: {given}")
    terminal.out.print(f"[dim]costs {escape(costs_line(first))}[/dim]")
    exits = "; ".join(exit_lines(first)) or "as the strategy says"
    terminal.out.print(f"[dim]exits {escape(exits)}[/dim]")
    terminal.show(_table(compared))
    points = {name: 100 * compared.spread(name) for name in ("total_return", "max_drawdown")}
    terminal.out.print(
        f"the assumption alone moves: return {number(points['total_return'])} points, Sharpe "
        f"{number(compared.spread('sharpe'))}, drawdown {number(points['max_drawdown'])} points"
    )
    terminal.out.print(f"[dim]Sharpe ratios: {trials_words(kept[-1].evidence)} up to now[/dim]")
    if any(run.optimistic for run in compared.runs):
        terminal.out.print("[dim]optimistic: filled at the close that decided, which nobody could have traded[/dim]")
    for alike in _alike(compared):
        terminal.out.print(f"[dim]filled alike, for no bar parts them: {', '.join(alike)}[/dim]")
    for warning in dict.fromkeys(warning for finished in kept for warning in finished.all_warnings):
        if not warning.startswith("optimistic"):
            terminal.out.print(f"[yellow]warning: {escape(warning)}[/yellow]")
    ids = " ".join(finished.run_id for finished in kept)
    where = "" if out == REPORTS else f" --out {shlex.quote(str(out))}"
    terminal.out.print(f"[dim]all are kept: stratkit runs compare {escape(ids + where)}[/dim]", soft_wrap=True)


def _alike(compared: FillsComparison) -> list[list[str]]:
    """Return the profiles that made the same fills, group by group."""
    groups: dict[str, list[str]] = {}
    for run in compared.runs:
        groups.setdefault(table_digest(run.result.fills_columns()), []).append(run.profile)
    return [names for names in groups.values() if len(names) > 1]


def _table(compared: FillsComparison) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("profile", no_wrap=True)
    card = compared.runs[0].scorecard
    names = [name for name in _HEADINGS if name in card]
    for name in names:
        table.add_column(_HEADINGS[name], justify="right", no_wrap=True)
    table.add_column("ambiguous", justify="right")
    table.add_column("", style="dim")
    for run in compared.runs:
        figures = [
            in_unit(run.scorecard.value(name), run.scorecard[name].unit, signed=name == "total_return")
            for name in names
        ]
        note = "optimistic" if run.optimistic else ""
        table.add_row(run.profile, *figures, f"{int(run.result.trades['ambiguous'].sum()):,}", note)
    return table
