"""`strategies_table`, `regimes_table`, `caps_table`: who earned what, and what caps came to; faults and alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from rich.markup import escape
from rich.table import Table

from stratkit.alerts.alert import Alert
from stratkit.analytics.attribution import Attribution
from stratkit.analytics.footing import footed_cents
from stratkit.analytics.groups import GroupTable
from stratkit.panel import format_time
from stratkit.reports.wording import MISSING, number, percent
from stratkit.research.refused_trades import CapEffect
from stratkit.strategies.faults import Fault

_SHOWN_ALERTS: Final = 5


def strategies_table(attribution: Attribution) -> Table:
    """Return what each strategy earned, its P&L footed to the cent, with what became of its proposals."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("strategy", overflow="fold")
    became = ("proposed", "entered", "capped", "refused", "combined away")
    for heading in ("P&L", "trades", "win rate", "drawdown", *became):
        table.add_column(heading, justify="right", no_wrap=len(heading) < 10)
    earned, funnel = attribution.by_strategy, attribution.funnel
    cents = footed_cents(earned.pnl, attribution.total)
    away = funnel.of("deduplicated", "outvoted", "below_floor", "over_strategy_limit", "over_total_limit")
    otherwise = funnel.of("refused", "expired")
    for place, name in enumerate(earned.names):
        counts: list[str] = [""] * 5
        if place < len(funnel.strategies):
            steps = (funnel.generated, funnel.approved, funnel.capped, otherwise, away)
            counts = [f"{int(step[place]):,}" for step in steps]
        elif not cents[place]:  # the account, where nothing was charged to it
            continue
        trades = int(earned.closed[place] + earned.open[place])
        rate = percent(float(earned.win_rate[place])) if np.isfinite(earned.win_rate[place]) else MISSING
        fall = percent(float(earned.max_drawdown_frac[place]))
        table.add_row(escape(name), number(cents[place] / 100.0, 2), f"{trades:,}", rate, fall, *counts)
    table.add_row("[bold]together[/bold]", f"[bold]{number(cents.sum() / 100.0, 2)}[/bold]")
    return table


def regimes_table(earned: GroupTable, total: float) -> Table:
    """Return what the trades earned by the regime of the bar that decided them, footed to the cent."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("regime", overflow="fold")
    for heading in ("P&L", "closed", "win rate", "mean R", "drawdown"):
        table.add_column(heading, justify="right", no_wrap=True)
    cents = footed_cents(earned.pnl, total)
    for place, name in enumerate(earned.names):
        if place == len(earned.names) - 1 and not cents[place]:  # the account, where nothing was charged to it
            continue
        rate = percent(float(earned.win_rate[place])) if np.isfinite(earned.win_rate[place]) else MISSING
        mean_r = float(earned.expectancy_r[place])
        table.add_row(
            escape(name), number(cents[place] / 100.0, 2), f"{int(earned.closed[place]):,}", rate,
            number(mean_r, 2) if np.isfinite(mean_r) else MISSING, percent(float(earned.max_drawdown_frac[place])),
        )  # fmt: skip
    table.add_row("[bold]together[/bold]", f"[bold]{number(cents.sum() / 100.0, 2)}[/bold]")
    return table


def caps_table(effects: Sequence[CapEffect]) -> Table:
    """Return what each cap refused and cut, and what the trades would have made that it stood in the way of."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("cap", no_wrap=True)
    table.add_column("strategy", overflow="fold")
    for heading in ("refused", "reduced", "trades alone", "their P&L"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", style="dim")
    for effect in effects:
        pnl = MISSING if effect.pnl is None else number(effect.pnl, 2)
        counts = (f"{count:,}" for count in (effect.refused, effect.reduced, effect.trades))
        said = {"cost": "what the cap cost", "saved": "what the cap saved"}.get(effect.verdict, "")
        table.add_row(effect.rule, escape(effect.strategy), *counts, pnl, said)
    if not effects:
        table.add_row("none", "nothing was refused or reduced")
    return table


def fault_lines(faults: Sequence[Fault]) -> list[str]:
    """Return one line per strategy that failed and was passed over."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(fault.strategy, []).append(fault.message)
    return [
        f"{name} failed {len(messages):,} {'time' if len(messages) == 1 else 'times'} and was passed over; "
        f"first: {messages[0]}"
        for name, messages in found.items()
    ]


def alert_lines(alerts: Sequence[Alert]) -> list[str]:
    """Return the first alerts, and how many more there are."""
    shown = [f"{format_time(alert.time)} {alert.severity}: {alert.message}" for alert in alerts[:_SHOWN_ALERTS]]
    more = len(alerts) - len(shown)
    return [*shown, f"and {more:,} more, in alerts.json and the report"] if more > 0 else shown
