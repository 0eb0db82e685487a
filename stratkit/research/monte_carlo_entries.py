"""`entries_at_random`: the trades of a run entered at random, with the same sides, sizes and holding times."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from stratkit.data.beside import bars_to_hold
from stratkit.data.history import traded_bars
from stratkit.engine.profiles import trades_at_next_open
from stratkit.errors import DataError
from stratkit.inference.random_entries import HeldTrades, RandomEntries, random_entries
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.research.monte_carlo_record import Procedure
from stratkit.research.monte_carlo_replay import Replayed
from stratkit.research.monte_carlo_rows import histogram, histograms, path_row
from stratkit.research.monte_carlo_run import ClosedTrades, StudiedRun
from stratkit.research.monte_carlo_settings import MonteCarloSettings
from stratkit.research.monte_carlo_words import WORDS
from stratkit.seeds import generator

Told = Callable[[int, int], None]
_INSIDE: Final = ("stop", "break_even", "trailing", "target", "liquidation", "end", "delisted")  # not at an open
_ALWAYS_IN: Final = 0.02  # share of the bars out of the market, below which there is little to place


def entries_at_random(run: StudiedRun, settings: MonteCarloSettings, told: Told | None = None) -> Procedure:
    """Compare what the trades earned with what they would have, entered at random at the same costs.

    Raises `DataError` where there is no closed trade, or where the bars are gone.
    """
    replayed = run.replayed
    if replayed is None:
        raise DataError(run.unplayable)
    if not len(run.trades):
        raise DataError("at least one trade must be closed; all are still open")
    opens, closes = _prices(replayed)
    held = held_trades(run.trades, replayed)
    found = random_entries(
        opens, closes, held, paths=settings.paths, draw=generator(settings.seed, "montecarlo", "entries"),
        first_bar=max(0, replayed.warmup_bars - replayed.history), workers=settings.workers, told=told,
    )  # fmt: skip
    placed, own, root = found.placed, found.observed, math.sqrt(run.basis.bars_per_year)
    figures: tuple[tuple[str, FloatArray, FloatArray], ...] = (
        ("P&L of the trades, of the start", own.wealth - 1.0, placed.wealth - 1.0),
        ("Mean trade, of its size", own.mean_trade, placed.mean_trade),
        ("Sharpe ratio", own.sharpe * root, placed.sharpe * root),
        ("Maximum drawdown", own.max_drawdown, placed.max_drawdown),
    )
    rows = tuple(
        path_row(name, "ratio" if name == "Sharpe ratio" else "fraction", "higher", float(real[0]), drawn, tests=True)
        for name, real, drawn in figures
    )
    words, shown = (
        WORDS["random_entries"],
        (histogram(rows[0].name, "fraction", rows[0].observed, placed.wealth - 1.0),),
    )
    return Procedure(
        "random_entries", words.title, words.tests, words.varies, found.paths, False, rows,
        histograms=histograms(*shown), notes=_notes(run, held, found, opens), not_answered=words.not_answered,
    )  # fmt: skip


def held_trades(trades: ClosedTrades, replayed: Replayed) -> HeldTrades:
    """Return the closed trades as they were held; those that meet inside a bar have a line of their own."""
    at_open = trades_at_next_open(replayed.config.execution)
    inside = np.array([reason in _INSIDE for reason in trades.exit_reason]) | (trades.exit_bar == trades.entry_bar)
    at_close = inside if at_open else trades.exit_bar == trades.entry_bar
    line = trades.stream.copy()
    for row in _meeting(trades, at_close):
        line[row] = line.max() + 1
    symbols = replayed.bars.symbols
    return HeldTrades(
        line=line,
        symbol=np.array([symbols.index(name) for name in trades.symbol], np.int64),
        entry_bar=trades.entry_bar,
        exit_bar=trades.exit_bar,
        at_close=at_close,
        side=np.sign(trades.exposure).astype(np.int64),
        exposure=np.abs(trades.exposure),
        cost=trades.cost,
    )


def _prices(replayed: Replayed) -> tuple[FloatArray, FloatArray]:
    """Return at which prices trades begin and the bars end; where fills are at the close, both are that."""
    data = replayed.config.data
    bars = traded_bars(data, bars_to_hold(data, replayed.bars))
    return (bars.open if trades_at_next_open(replayed.config.execution) else bars.close), bars.close


def _meeting(trades: ClosedTrades, at_close: BoolArray) -> list[int]:
    """Return the trades that begin in the bar in which the one before them in their stream ends."""
    found: list[int] = []
    for stream in np.unique(trades.stream):
        rows = np.flatnonzero(trades.stream == stream)
        rows = rows[np.lexsort((trades.exit_bar[rows], trades.entry_bar[rows]))]
        free_from = -1
        for row in rows:
            if trades.entry_bar[row] < free_from:
                found.append(int(row))
                continue
            free_from = int(trades.exit_bar[row] + at_close[row])
    return found


def _free_share(trades: HeldTrades, opens: FloatArray) -> float:
    """Return the share of the bars of all lines that are out of the market."""
    _, first = np.unique(trades.line, return_index=True)
    bars: IntArray = np.isfinite(opens).sum(axis=0)[trades.symbol[first]]
    held = int((trades.exit_bar - trades.entry_bar + trades.at_close).sum())
    return 1.0 - held / max(int(bars.sum()), 1)


def _notes(run: StudiedRun, held: HeldTrades, found: RandomEntries, opens: FloatArray) -> tuple[str, ...]:
    free = _free_share(held, opens)
    notes = [
        f"the run's own trades, valued like the random ones, make {found.observed.wealth[0] - 1:.1%}; its account made "
        f"{run.equity[-1] / run.initial_cash - 1:.1%}: sizes are held as fractions of equity, stops fill at the close",
        f"{free:.0%} of the bars are out of the market: that is the room in which trades are placed",
    ]
    if free < _ALWAYS_IN:
        notes.append("a rule that is always in the market leaves nothing to chance but the order of its trades")
    if found.lines > 1:
        notes.append(f"{found.lines} series of trades are placed each for itself: entries that came together do not")
    return tuple(notes)
