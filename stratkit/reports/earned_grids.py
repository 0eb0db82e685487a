"""Tables of who earned what: by strategy, symbol, month, exit reason, regime, profile, each footed to the cent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from stratkit.analytics.attributed import ACCOUNT
from stratkit.analytics.attribution import Attribution
from stratkit.analytics.footing import footed_cents
from stratkit.analytics.groups import GroupTable
from stratkit.panel import FloatArray, IntArray
from stratkit.reports.grid import Cell, Grid, Row, best_and_worst, heads, left_out, name_cell, others_name, signed_tone
from stratkit.reports.wording import NO_SHARES, cents, money, number, percent

RowMaker: TypeAlias = Callable[[GroupTable, int, int], Row]
MOST_STRATEGIES: Final = 40
MOST_SYMBOLS: Final = 20
MOST_MONTHS: Final = 120
_BOTH_ENDS: Final = "the best and the worst by P&L; the others stand together in one row"
_SHORT: Final = heads("", "P&L", "Share", "Closed", "Won", "Profit factor", "Drawdown")
_LONG: Final = heads(
    "Strategy", "P&L", "Share", "Closed", "Open", ("Won", "trades with net P&L above zero / closed trades"),
    "Profit factor", ("Expectancy", "mean R multiple of the closed trades whose risk is known"),
    ("Bars held", "mean of the closed trades"),
    ("Costs", "commission, slippage (inside the prices), borrow and funding; of the account its interest"),
    ("Drawdown", "deepest fall of the cumulative P&L from its highest value"),
    ("of initial cash", "the drawdown as a fraction of the initial cash"),
)  # fmt: skip


def earned_grid(attribution: Attribution) -> Grid:
    """Return the table of strategies, the account's interest and their sum."""
    table = attribution.by_strategy
    shown, others = best_and_worst(table.pnl[:-1], MOST_STRATEGIES)
    return Grid(
        name="earned",
        title="Who earned what",
        caption=(
            "Net P&L to the last close, open trades included, after the strategy's own costs, in account currency. "
            "To the cent, the rows sum to what the portfolio earned; the account's row is margin interest."
        ),
        heads=_LONG,
        rows=_rows(table, attribution.total, shown, others, "strategies", _long_row),
        foot=_foot(table, attribution.total, len(_LONG)),
        quiet=1 + bool(others),
        note=_noted(left_out(shown, others, "strategies", _BOTH_ENDS), table),
    )


def symbols_grid(attribution: Attribution) -> Grid:
    """Return the P&L by symbol: all, or the ten best and the ten worst."""
    table = attribution.by_symbol
    shown, others = best_and_worst(table.pnl[:-1], MOST_SYMBOLS)
    return _short_grid(
        table,
        attribution.total,
        "symbols",
        "By symbol",
        "Net P&L of the trades in each symbol; open ones at the last close.",
        shown,
        others,
        "symbol",
        left_out(shown, others, "symbols", _BOTH_ENDS),
    )


def reasons_grid(attribution: Attribution) -> Grid:
    """Return the P&L by exit reason."""
    table = attribution.by_exit_reason
    shown, others = best_and_worst(table.pnl[:-1], len(table.names))
    caption = "Net P&L of the trades by the reason of their last fill; open ones at the last close."
    return _short_grid(table, attribution.total, "exit-reasons", "By exit reason", caption, shown, others, "reason", "")


def regimes_grid(attribution: Attribution) -> Grid:
    """Return the P&L by regime; `attribution.by_regime` is known."""
    caption = (
        "Net P&L of the trades by the regime of their symbol on the bar that decided them; open ones at the last "
        "close. Few stretches of time stand behind each row: trades in one of them are not independent."
    )
    return _whole_grid(attribution.by_regime, attribution.total, "regime", "By regime", caption)


def profiles_grid(attribution: Attribution) -> Grid:
    """Return the P&L by exit profile; `attribution.by_profile` is known."""
    caption = (
        "Net P&L of the account's trades by the exit profile that was chosen at entry; open ones at the last close."
    )
    return _whole_grid(attribution.by_profile, attribution.total, "profile", "By exit profile", caption)


def months_grid(attribution: Attribution) -> Grid:
    """Return the P&L by calendar month, the newest first."""
    table = attribution.by_month
    newest = list(range(len(table.names) - 1))[::-1]
    shown, others = newest[:MOST_MONTHS], newest[MOST_MONTHS:]
    return _short_grid(
        table,
        attribution.total,
        "months",
        "By month",
        "Change of net P&L from close to close; a trade counts in the month of its end.",
        shown,
        others,
        "month",
        left_out(shown, others, "months", "the newest; the earlier ones stand in one row"),
    )


def contributed_grid(attribution: Attribution) -> Grid:
    """Return P&L by ownership beside P&L by contribution; `attribution.contributed` is known."""
    owned, split = attribution.by_strategy.pnl, attribution.contributed
    assert split is not None  # the caller asked
    shown, others = best_and_worst(split[:-1], MOST_STRATEGIES)
    columns = [_footed(values, shown, others, attribution.total) for values in (owned, split)]
    names = [name_cell(attribution.strategies[at]) for at in shown]
    names += [name_cell(others_name(len(others), "strategies"))] if others else []
    rows = tuple(
        (name, *(_cents(value) for value in (one, two, two - one)))
        for name, one, two in zip([*names, name_cell(ACCOUNT)], *columns, strict=True)
    )
    total = round(attribution.total * 100)
    return Grid(
        name="contributed",
        title="By contribution",
        caption=(
            "A netted position has one owner, but several opinions may have wanted it. Here each trade's P&L is "
            "split by the shares in the opinion that won."
        ),
        heads=heads("Strategy", "As owner", "By contribution", "Difference"),
        rows=rows,
        foot=(Cell("Total", number=False), _cents(total), _cents(total), _cents(0)),
        quiet=1 + bool(others),
        note=left_out(shown, others, "strategies", _BOTH_ENDS),
    )


def _whole_grid(table: GroupTable | None, total: float, noun: str, title: str, caption: str) -> Grid:
    """Return a table of a few groups, all of them in their own order."""
    assert table is not None  # the caller asked
    shown = list(range(len(table.names) - 1))
    return _short_grid(table, total, f"{noun}s", title, caption, shown, [], noun, "")


def _short_grid(
    table: GroupTable, total: float, name: str, title: str, caption: str, shown: list[int], others: list[int],
    noun: str, note: str,
) -> Grid:  # fmt: skip
    rows = _rows(table, total, shown, others, f"{noun}s", _short_row)
    silent = rows[-1][1].text == cents(0)  # an account without interest, or with less than a cent of rounding
    return Grid(
        name=name,
        title=title,
        caption=caption,
        heads=(heads(noun.capitalize())[0], *_SHORT[1:]),
        rows=rows[:-1] if silent else rows,
        foot=_foot(table, total, len(_SHORT)),
        quiet=(not silent) + bool(others),
        note=_noted(note, table),
        empty="No trade was made." if not len(table.names[:-1]) else "",
    )


def _rows(
    table: GroupTable, total: float, shown: list[int], others: list[int], nouns: str, row: RowMaker
) -> tuple[Row, ...]:
    """Return a row for each group shown, one for all the others, and the account's."""
    amounts = _footed(table.pnl, shown, others, total).tolist()
    rows = [row(table, at, amount) for at, amount in zip(shown, amounts, strict=False)]
    if others:
        rows.append(_others_row(table, others, nouns, amounts[-2], len(rows[0])))
    return (*rows, row(table, -1, amounts[-1]))


def _footed(values: FloatArray, shown: list[int], others: list[int], total: float) -> IntArray:
    lumped = [float(values[others].sum())] if others else []
    return footed_cents(np.array([*values[shown], *lumped, values[-1]]), total)


def _long_row(table: GroupTable, at: int, amount: int) -> Row:
    trades = bool(table.closed[at])
    blank = at == -1 and not trades  # the account has no trades to be judged by
    return (
        name_cell(table.names[at]),
        _cents(amount),
        Cell(percent(table.share[at])),
        Cell("" if blank else f"{table.closed[at]:,}"),
        Cell("" if blank else f"{table.open[at]:,}"),
        *(
            Cell("" if blank else text)
            for text in (
                percent(table.win_rate[at], 1),
                number(table.profit_factor[at]),
                number(table.expectancy_r[at], 2, signed=True) + (" R" if np.isfinite(table.expectancy_r[at]) else ""),
                number(table.avg_bars_held[at], 1),
            )
        ),
        Cell(money(table.costs[at])),
        Cell(money(table.max_drawdown[at]), tone=signed_tone(table.max_drawdown[at])),
        Cell(percent(table.max_drawdown_frac[at]), tone=signed_tone(table.max_drawdown_frac[at])),
    )


def _short_row(table: GroupTable, at: int, amount: int) -> Row:
    name, pnl, share, closed, _, won, factor, _, _, _, fall, _ = _long_row(table, at, amount)
    return (Cell(name.text.replace("_", " "), number=False, title=name.title), pnl, share, closed, won, factor, fall)


def _others_row(table: GroupTable, others: list[int], nouns: str, amount: int, width: int) -> Row:
    share, closed, opened = (float(values[others].sum()) for values in (table.share, table.closed, table.open))
    row = [name_cell(others_name(len(others), nouns)), _cents(amount), Cell(percent(share)), Cell(f"{closed:,.0f}")]
    if width == len(_LONG):
        row += [Cell(f"{opened:,.0f}"), *[Cell("")] * 4, Cell(money(float(table.costs[others].sum())))]
    return (*row, *[Cell("")] * (width - len(row)))


def _foot(table: GroupTable, total: float, width: int) -> Row:
    row = [
        Cell("Total", number=False), _cents(round(total * 100)), Cell(percent(1.0 if _has_shares(table) else np.nan)),
        Cell(f"{table.closed.sum():,}"),
    ]  # fmt: skip
    if width == len(_LONG):
        row += [Cell(f"{table.open.sum():,}"), *[Cell("")] * 4, Cell(money(float(table.costs.sum())))]
    return (*row, *[Cell("")] * (width - len(row)))


def _noted(note: str, table: GroupTable) -> str:
    """Return a note, and why there are no shares where there are none."""
    if _has_shares(table) or len(table.names) == 1:
        return note
    return " ".join(filter(None, (note, f"{NO_SHARES.capitalize()}.")))


def _has_shares(table: GroupTable) -> bool:
    return bool(np.isfinite(table.share).all())


def _cents(amount: int) -> Cell:
    return Cell(cents(amount, signed=True), tone=signed_tone(amount))
