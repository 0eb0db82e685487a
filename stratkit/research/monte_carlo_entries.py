"""`random_entries`: the trades of a run begun at random, with the same sides, sizes and holding times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.data.beside import bars_to_hold
from stratkit.data.history import traded_bars
from stratkit.engine.profiles import trades_at_next_open
from stratkit.errors import DataError
from stratkit.inference.random_entries import EntryStream, every_entry_pnl, random_entry_pnl
from stratkit.panel import FloatArray
from stratkit.research.monte_carlo_record import Procedure
from stratkit.research.monte_carlo_replay import Replayed
from stratkit.research.monte_carlo_rows import histogram, histograms, path_row
from stratkit.research.monte_carlo_run import ClosedTrades, StudiedRun
from stratkit.research.monte_carlo_settings import MonteCarloSettings
from stratkit.research.monte_carlo_words import WORDS
from stratkit.seeds import generator

Told = Callable[[int, int], None]
_ALWAYS_IN: Final = 0.02  # share of the bars out of the market, below which there is little to place


def random_entries(run: StudiedRun, settings: MonteCarloSettings, told: Told | None = None) -> Procedure:
    """Compare what the trades earned with what they would have, begun at random.

    All are valued alike, from one price to another without costs. Raises `DataError` where there is no closed trade,
    or where the bars are gone.
    """
    if run.replayed is None:
        raise DataError(run.unplayable)
    if not len(run.trades):
        raise DataError("at least one trade must be closed; all are still open")
    streams = entry_streams(run.trades, run.replayed)
    own = np.concatenate([stream.own_pnl for stream in streams])
    is_exact = len(streams) == 1 and streams[0].cases <= settings.paths
    total, wins = _enumerated(streams[0]) if is_exact else _drawn(streams, settings, told)
    count = len(own)
    options = {"tests": True, "is_exact": is_exact}
    rows = (
        path_row("P&L of the entries", "fraction", "higher", float(own.sum()), total, **options),
        path_row("Mean trade", "fraction", "higher", float(own.mean()), total / count, **options),
        path_row("Winning trades", "fraction", "higher", float((own > 0).mean()), wins / count, **options),
    )
    words, shown = WORDS["random_entries"], histogram("P&L of the entries", "fraction", rows[0].observed, total)
    return Procedure(
        "random_entries", words.title, words.tests, words.varies, len(total), is_exact, rows,
        histograms=histograms(shown), notes=_notes(run, streams, own),
    )  # fmt: skip


def entry_streams(trades: ClosedTrades, replayed: Replayed) -> list[EntryStream]:
    """Return the trades of each strategy on each symbol, on the bars of that symbol from the end of the warm-up on."""
    data = replayed.config.data
    bars = traded_bars(data, bars_to_hold(data, replayed.bars))
    at_open = trades_at_next_open(replayed.config.execution)
    warmup = max(0, replayed.warmup_bars - replayed.history)
    found = []
    for number in np.unique(trades.stream):
        rows = np.flatnonzero(trades.stream == number)
        column = bars.symbols.index(trades.symbol[rows[0]])
        found.append(_stream(trades, rows, bars, column, warmup, at_open))
    return found


def _stream(
    trades: ClosedTrades, rows: Sequence[int], bars: Bars, column: int, warmup: int, at_open: bool
) -> EntryStream:
    own = np.flatnonzero(np.isfinite(bars.close[:, column]))
    begin = min(warmup, int(trades.entry_bar[rows].min()))
    own = own[own >= begin]
    prices, close = (panel[own, column] for panel in (bars.open if at_open else bars.close, bars.close))
    # an exit stands on a bar of its symbol, or where its bars had ended
    entry, leave = (
        np.minimum(np.searchsorted(own, edge[rows]), len(own) - 1) for edge in (trades.entry_bar, trades.exit_bar)
    )
    return EntryStream(prices, close / prices - 1.0, entry, leave - entry, trades.exposure[rows])


def _enumerated(stream: EntryStream) -> tuple[FloatArray, FloatArray]:
    found = every_entry_pnl(stream)
    return found.sum(axis=1), (found > 0).sum(axis=1).astype(np.float64)


def _drawn(
    streams: Sequence[EntryStream], settings: MonteCarloSettings, told: Told | None
) -> tuple[FloatArray, FloatArray]:
    total, wins = np.zeros(settings.paths), np.zeros(settings.paths)
    for number, stream in enumerate(streams):
        draw, place = generator(settings.seed, "montecarlo", "entries", number), 0
        for part in random_entry_pnl(stream, settings.paths, draw):
            total[place : place + len(part)] += part.sum(axis=1)
            wins[place : place + len(part)] += (part > 0).sum(axis=1)
            place += len(part)
            if told is not None:
                told(number * settings.paths + place, len(streams) * settings.paths)
    return total, wins


def _notes(run: StudiedRun, streams: Sequence[EntryStream], own: FloatArray) -> tuple[str, ...]:
    free = sum(stream.free_bars for stream in streams) / sum(len(stream.prices) - 1 for stream in streams)
    assert run.replayed is not None  # the streams come from it
    price = "open" if trades_at_next_open(run.replayed.config.execution) else "close"
    notes = [
        f"all trades are valued from the {price} of one bar to the {price} of another, before costs, as fractions of "
        f"the equity before each: so the run's own make {own.sum():.1%} in sum; its account says {run.trades.share.sum():.1%}",
        f"{free:.0%} of the bars are out of the market: that is the room in which trades are placed",
    ]
    if free < _ALWAYS_IN:
        notes.append("a rule that is always in the market leaves almost nothing to chance but the order of its trades")
    if len(streams) > 1:
        notes.append(f"the {len(streams)} series of trades are placed each for itself: entries that came together do not")
    return tuple(notes)
