"""`print_regime`: regimes on the terminal: what each was like, what follows what, a run by regime, other methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from stratkit.analytics.regime_facts import RegimeFacts, RegimeRow
from stratkit.cli.facts import facts_table, notes_table
from stratkit.cli.terminal import Terminal
from stratkit.reports.regime_charts import share_words
from stratkit.reports.regime_content import RegimeContent
from stratkit.reports.regime_grids import r_words
from stratkit.reports.regime_page import REGIME_PAGE
from stratkit.reports.regime_words import (
    agreement_words,
    brief_now,
    causal_words,
    data_words,
    duration_words,
    method_name,
    now_words,
    refit_words,
    regime_name,
    sharpe_words,
)
from stratkit.reports.wording import NO_SHARES, money, number, percent
from stratkit.research.regime_comparison import ComparedMethod, MethodComparison
from stratkit.research.regime_of_run import RunByRegime
from stratkit.research.regime_study import RegimeStudy

_SERIES: Final = 20  # of several, lines on the screen
_NAME: Final = 16  # letters of the longest regime: tables stand below each other
_SERIES_NAME: Final = 6  # letters of a symbol at least: a long date must find room on the same line
_ANY_WIDTH: Final = 1_000  # columns, in which every table has room
_READ: Final = (
    "mean, volatility and Sharpe are of the bar AFTER the label, a year; own bar: mean of the bars that made the "
    "label, which nobody could earn",
    "lasts: expected bars, 1/(1 - share of its bars that the same regime follows); * below 10 episodes",
)


def print_regime(terminal: Terminal, content: RegimeContent, folder: Path, seconds: float) -> None:
    """Print a study; `folder` is where it was kept."""
    study, out = content.study, terminal.out
    facts = study.series[0].facts
    out.print(f"[bold]{escape(content.title)}[/bold]", soft_wrap=True)
    terminal.show(facts_table(_head(study)))
    out.print()
    if content.run is not None:
        _print_run(terminal, content.run)
    if len(study.series) + len(study.left_out) > 1:
        terminal.show(_series_table(study))
        out.print()
    if len(study.series) > 1 or content.run is not None:
        terminal.show(Text(f"{facts.series} itself" if content.run is not None else facts.series, style="bold"))
    _print_regimes(terminal, facts)
    terminal.show(notes_table(_READ))
    out.print()
    if content.run is None:
        terminal.show(_moves_table(facts))
        out.print()
    if content.compared is not None:
        _print_compared(terminal, content.compared)
    for code, text in content.warnings:
        out.print(f"[yellow]warning: {escape(f'{code}: {text}')}[/yellow]", soft_wrap=True)
    where = folder / REGIME_PAGE if (folder / REGIME_PAGE).exists() else folder
    terminal.show(facts_table([("report", Text.assemble((str(where), "bold"), (f"  ({seconds:.1f} s)", "dim")))]))


def _head(study: RegimeStudy) -> list[tuple[str, Text]]:
    rows = [
        ("data", Text(data_words(study))),
        ("rule", Text(study.labels.rule)),
        ("causal", Text(causal_words(study), style="" if study.labels.causal else "bold red")),
    ]
    if learned := refit_words(study):
        rows.append(("learned", Text(learned)))
    return [*rows, ("now", Text(now_words(study, study.series[0].facts), style="bold"))]


def _print_regimes(terminal: Terminal, facts: RegimeFacts) -> None:
    has_probability = any(math.isfinite(row.probability) for row in facts.rows)
    heads = ["bars", "share", "episodes", "lasts", "mean", "volatility", "Sharpe", "own bar"]
    rows = []
    for row in facts.seen:
        cells = _now(facts, row, _regime_cells(row))
        rows.append([*cells, Text(percent(row.probability, 0))] if has_probability else cells)
    _print_columns(terminal, "regime", [*heads, "now"] if has_probability else heads, rows, 4)


def _regime_cells(row: RegimeRow) -> list[str]:
    after = row.next_bar
    return [
        regime_name(row.name), f"{row.bars:,}", percent(row.share, 1),
        f"{row.episodes:,}{'*' if row.has_few_episodes else ' '}", duration_words(row),
        percent(after.mean_ann, 1, signed=True), percent(after.volatility_ann, 1), sharpe_words(after),
        percent(row.same_bar.mean_ann, 1, signed=True),
    ]  # fmt: skip


def _now(facts: RegimeFacts, row: RegimeRow, cells: list[str]) -> list[Text]:
    is_now = facts.now is row
    style = "dim" if row.has_few_episodes else ""
    return [Text(cell, style="bold" if is_now and not place else style) for place, cell in enumerate(cells)]


def _moves_table(facts: RegimeFacts) -> Table:
    """Return the transition matrix; columns are numbered as rows are, for names would not fit."""
    seen = [code for code, row in enumerate(facts.rows) if row.bars]
    table = _table("from \\ to", [str(place) for place, _ in enumerate(seen, 1)])
    for place, code in enumerate(seen, 1):
        shares = [facts.transition[code, other] for other in seen]
        cells = [share_words(float(share)) or "-" for share in shares]
        table.add_row(f"{place} {regime_name(facts.names[code])}", *cells)
    return table


def _series_table(study: RegimeStudy) -> Table:
    table = _table("series", ["now", "sure", "bars", "most of the time", "share"], _SERIES_NAME)
    for one in study.series[:_SERIES]:
        facts = one.facts
        most = max(facts.rows, key=lambda row: row.bars)
        now = brief_now(study, facts)
        table.add_row(
            escape(facts.series), now, percent(facts.confidence, 0), f"{facts.bars:,}", regime_name(most.name),
            percent(most.share, 0),
        )  # fmt: skip
    if len(study.series) > _SERIES:
        table.add_row(f"{len(study.series) - _SERIES:,} more", "in the report")
    for name, _ in study.left_out[:_SERIES]:
        table.add_row(escape(name), "no label")
    return table


def _print_run(terminal: Terminal, run: RunByRegime) -> None:
    split = run.split
    terminal.show(Text.assemble("trades of ", (run.run_id, "bold"), ", by the regime of the bar that decided them"))
    rows = [
        [regime_name(row.name), f"{row.trades:,}", f"{row.episodes:,}", money(row.pnl, signed=True),
         percent(row.share, 0), percent(row.win_rate, 0), r_words(row), f"{row.with_r:,}"]
        for row in split.rows
    ]  # fmt: skip
    rows.append(["all closed", f"{split.trades:,}", "", money(split.pnl, signed=True), "", "", "", ""])
    _print_columns(terminal, "regime", ["trades", "episodes", "P&L", "share", "win rate", "mean R", "n"], rows, 4)
    said = []
    if split.open_trades:
        said.append(f"{split.open_trades:,} open, marked {money(split.open_pnl, signed=True)}, not in this table")
    if split.trades and not any(math.isfinite(row.share) for row in split.rows):
        said.append(NO_SHARES)
    if split.trades and not any(row.with_r for row in split.rows):
        said.append("no mean R: no trade had a stop")
    terminal.show(notes_table(said))
    terminal.out.print()
    terminal.show(Text(f"its account, on the bar after each label of {run.account_by}"))
    account = [(cells := _regime_cells(one))[:4] + cells[5:8] + [f"{one.next_bar.n:,}"] for one in run.account.seen]
    _print_columns(terminal, "regime", ["bars", "share", "episodes", "mean", "volatility", "Sharpe", "n"], account, 3)
    terminal.out.print()


def _print_compared(terminal: Terminal, found: MethodComparison) -> None:
    table = _table("method", ["causal", "regimes", "episodes", "mean length", "equal", "Rand"])
    for one in found.methods:
        if one.facts is None:
            table.add_row(method_name(one.method), "-", "not made")
            continue
        table.add_row(*_method_cells(found, one))
    terminal.show(Text(f"methods on {found.series}", style="bold"))
    terminal.show(table)
    reasons = [f"{method_name(one.method)} not made: {one.reason}" for one in found.methods if one.reason]
    terminal.show(notes_table([agreement_words(found), *reasons]))
    terminal.out.print()


def _method_cells(found: MethodComparison, one: ComparedMethod) -> list[Text]:
    pair = None if one is found.methods[0] else found.between(found.methods[0].method, one.method)
    seen = 0 if one.facts is None else len(one.facts.seen)
    cells = [
        method_name(one.method), "yes" if one.causal else "NO", str(seen), f"{one.episodes:,}",
        number(one.mean_bars, 1), "-" if pair is None else percent(pair.equal, 0),
        "-" if pair is None else number(pair.rand),
    ]  # fmt: skip
    return [Text(cell, style="red" if cell == "NO" else "") for cell in cells]


def _print_columns(
    terminal: Terminal, first: str, heads: Sequence[str], rows: Sequence[Sequence[Text | str]], parts_at: int
) -> None:
    """Print a table, on a narrow screen in two: figures that are cut off are none."""
    whole, left, right = (
        _filled(first, [*heads[part]], [[row[0], *row[1:][part]] for row in rows])
        for part in (slice(None), slice(parts_at), slice(parts_at, None))
    )
    out = terminal.out
    if out.measure(whole, options=out.options.update(width=_ANY_WIDTH)).maximum <= out.width:
        terminal.show(whole)
        return
    terminal.show(left)
    out.print()
    terminal.show(right)


def _filled(first: str, heads: Sequence[str], rows: Sequence[Sequence[Text | str]]) -> Table:
    table = _table(first, heads)
    for row in rows:
        table.add_row(*row)
    return table


def _table(first: str, heads: Sequence[str], least: int = _NAME) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(first, min_width=least, no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table
