"""`stratkit runs ledger`: how often each strategy was tried on which symbols, and what the best trial is worth."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from stratkit.cli.runs import REPORTS, OutOption
from stratkit.cli.terminal import DebugOption, JsonOption, QuietOption, SeedOption, Terminal

_LISTED: Final = 20  # trials on the screen


def ledger(
    strategy: Annotated[
        str | None,
        typer.Option("--strategy", metavar="NAME", help="Only trials of this strategy, its file or its class."),
    ] = None,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Only trials on this symbol.")] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help=f"So many trials of one group; default {_LISTED}."),
    ] = None,
    out: OutOption = REPORTS,
    as_json: JsonOption = False,
    seed: SeedOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Count the trials: how often was each strategy tried on which symbols, and what is the best of them worth?

    When --strategy and --symbol leave one group of trials, they are listed, the newest first, with what N means.
    """
    from stratkit.cli.ledger_tables import group_record, group_tables, groups_table
    from stratkit.runs.ledger import open_ledger
    from stratkit.runs.ledger_groups import trial_groups

    terminal = Terminal(as_json, quiet)
    with open_ledger(out, for_reading=True) as opened:
        groups = trial_groups(opened, strategy, symbol)
        for notice in opened.notices:
            terminal.warn(notice)
    filtered = strategy is not None or symbol is not None
    is_named = filtered and len(groups) == 1
    if as_json:
        terminal.emit({"folder": str(out), "groups": [group_record(group, is_named) for group in groups]})
    elif is_named:
        for part in group_tables(groups[0], limit or _LISTED):
            terminal.show(part)
    elif groups:
        terminal.show(groups_table(groups))
        terminal.say("best, luck: Sharpe ratios a year; --strategy NAME lists the trials and says what N means")
    else:
        terminal.say(f"no trial {'like this ' if filtered else ''}in {out}; stratkit backtest makes one")
