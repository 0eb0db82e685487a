"""Tables of what caps saved or cost, of strategies that failed, and of alerts."""

from __future__ import annotations

from typing import Final

from stratkit.analytics.attributed import ACCOUNT
from stratkit.panel import format_time
from stratkit.reports.content import Fault, RaisedAlert
from stratkit.reports.grid import Cell, Grid, Head, Row, heads, name_cell, signed_tone
from stratkit.reports.wording import MISSING, money
from stratkit.research.refused_trades import CapEffect

MOST: Final = 50
_GRAVE: Final = ("critical", "error")
_LONGEST_MESSAGE: Final = 300


def caps_grid(effects: tuple[CapEffect, ...]) -> Grid:
    """Return what each cap refused and what that saved or cost, the largest effect first."""
    ranked = sorted(effects, key=lambda effect: -abs(effect.pnl or 0.0))
    return Grid(
        name="caps",
        title="What the caps did",
        caption=(
            "What was refused or cut off was played on its own, without caps. What it would have lost was saved; "
            "what it would have won was the price of the cap. An entry refused anew while its trade was on counts once."
        ),
        heads=(
            Head("Cap", number=False), *heads("Strategy", "Refused", "Reduced", "Trades alone", "They would have made"),
            Head("The cap", number=False),
        ),
        rows=tuple(_cap_row(effect) for effect in ranked[:MOST]),
        note=_more(len(ranked), "the largest effects"),
    )  # fmt: skip


def faults_grid(faults: tuple[Fault, ...]) -> Grid:
    """Return the strategies that failed, the most frequent first."""
    ranked = sorted(faults, key=lambda fault: -fault.count)
    return Grid(
        name="faults",
        title="Strategies that failed",
        caption="They were passed over at these bars, and the run went on.",
        heads=(*heads("Strategy", "Times"), Head("What it said first", number=False)),
        rows=tuple(
            (name_cell(fault.strategy), Cell(f"{fault.count:,}"), _message(fault.first)) for fault in ranked[:MOST]
        ),
        note=_more(len(ranked), "the most frequent"),
    )


def alerts_grid(alerts: tuple[RaisedAlert, ...]) -> Grid:
    """Return the alerts, the newest first."""
    ranked = sorted(alerts, key=lambda alert: -alert.time)
    return Grid(
        name="alerts",
        title="Alerts",
        caption="Raised while the run was played, at the time of the bar.",
        heads=tuple(Head(text, number=False) for text in ("Time", "Severity", "Strategy", "What")),
        rows=tuple(
            (
                Cell(format_time(alert.time), number=False),
                Cell(alert.severity, number=False, tone="loss" if alert.severity in _GRAVE else ""),
                name_cell(alert.strategy or ACCOUNT),
                _message(alert.message),
            )
            for alert in ranked[:MOST]
        ),
        note=_more(len(ranked), "the newest"),
    )


def _cap_row(effect: CapEffect) -> Row:
    counts = (effect.refused, effect.reduced, effect.trades)
    made = Cell(MISSING) if effect.pnl is None else Cell(money(effect.pnl, signed=True), tone=signed_tone(effect.pnl))
    said = f"{effect.verdict} {money(abs(effect.pnl or 0.0))}" if effect.verdict else "changed nothing"
    return (
        Cell(effect.rule.replace("_", " "), number=False),
        name_cell(effect.strategy),
        *(Cell(f"{count:,}") for count in counts),
        made,
        Cell("target weights are not replayed" if effect.pnl is None else said, number=False),
    )


def _message(text: str) -> Cell:
    flat = " ".join(text.split())
    cut = flat if len(flat) <= _LONGEST_MESSAGE else flat[: _LONGEST_MESSAGE - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return Cell(cut, number=False)


def _more(count: int, which: str) -> str:
    return f"{MOST} of {count:,} are shown, {which}." if count > MOST else ""
