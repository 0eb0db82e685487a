"""Tables of what each strategy earned in each month or week."""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.analytics.attributed import ACCOUNT
from stratkit.analytics.review import Review
from stratkit.panel import FloatArray
from stratkit.reports.grid import (
    Cell,
    Grid,
    Head,
    Row,
    deepest_of,
    largest,
    name_cell,
    others_name,
    signed_tone,
    strength,
)
from stratkit.reports.wording import money, number, percent

MOST_COLUMNS: Final = 8
MOST_MONTHS: Final = 60
MOST_WEEKS: Final = 13
_SHOWN: Final = 0.005  # money below half a cent is rounding
_WHOLE: Final = 1_000.0  # a table with such amounts is shown without cents
_SHORTENED: Final = 1e7  # from here on in millions


def review_grid(review: Review) -> Grid:
    """Return periods x strategies, the newest first: P&L, and below it the trades that ended and those that won.

    Earlier periods share a row and further strategies a column, so that every sum is what it is in full.
    """
    pnl, names, notes = _columns(review)
    most = MOST_MONTHS if review.every == "month" else MOST_WEEKS
    first = max(0, len(review.periods) - most)
    digits = 0 if np.abs(pnl[:, -1]).max(initial=0.0) >= _WHOLE else 2
    deepest = [deepest_of(pnl[first:, :-1])] * (pnl.shape[1] - 1) + [deepest_of(pnl[first:, -1])]
    rows = [
        (Cell(review.periods[at], number=False), *_cells(pnl[at], digits, deepest, [note[at] for note in notes]))
        for at in reversed(range(first, len(review.periods)))
    ]
    if first:
        rows.append((Cell("before", number=False), *_sums(pnl[:first], digits)))
    return Grid(
        name=f"{review.every}s-by-strategy",
        title=f"{review.every.capitalize()} by {review.every}",
        caption=(
            f"Change of net P&L in each {review.every}, open trades included, in account currency; below it the trades "
            "that ended and how many of them won."
        ),
        heads=(Head(review.every.capitalize(), number=False), *(Head(name.text, title=name.title) for name in names)),
        rows=tuple(rows),
        foot=(Cell("Total", number=False), *_sums(pnl, digits)),
        heat=True,
        quiet=int(bool(first)),
    )


def _columns(review: Review) -> tuple[FloatArray, list[Cell], list[list[str]]]:
    """Return P&L by column (the sum last), the names and the notes: the largest strategies, the others, the account."""
    earned = review.pnl.sum(axis=0)
    strategies = len(review.names) - 1
    shown, others = largest(earned[:-1], MOST_COLUMNS if strategies <= MOST_COLUMNS else MOST_COLUMNS - 1)
    groups = [[at] for at in shown] + ([others] if others else [])
    names = [name_cell(review.names[at]) for at in shown]
    names += [Cell(others_name(len(others), "strategies"))] if others else []
    if np.abs(review.pnl[:, -1]).max(initial=0.0) >= _SHOWN:
        groups, names = [*groups, [strategies]], [*names, Cell(ACCOUNT)]
    every = [*groups, list(range(strategies + 1))]
    pnl = np.column_stack([review.pnl[:, group].sum(axis=1) for group in every])
    return pnl, [*names, Cell("All")], [_notes(review, group) for group in every]


def _notes(review: Review, group: list[int]) -> list[str]:
    trades = review.trades[:, group].sum(axis=1)
    won = np.nansum(review.trades[:, group] * review.win_rate[:, group], axis=1)
    return [
        f"{count:,} \N{MIDDLE DOT} {percent(wins / count, 0)}" if count else ""
        for count, wins in zip(trades.tolist(), won.tolist(), strict=True)
    ]


def _cells(pnl: FloatArray, digits: int, deepest: list[float], notes: list[str]) -> Row:
    return tuple(
        Cell(_amount(value, digits), tone=signed_tone(value), note=note, strength=strength(value, deep))
        for value, deep, note in zip(pnl.tolist(), deepest, notes, strict=True)
    )


def _amount(value: float, digits: int) -> str:
    if abs(value) < 0.5 * 10.0**-digits:
        return "\N{MIDDLE DOT}"
    return money(value) if abs(value) >= _SHORTENED else number(value, digits)


def _sums(pnl: FloatArray, digits: int) -> Row:
    return tuple(Cell(_amount(value, digits)) for value in pnl.sum(axis=0).tolist())
