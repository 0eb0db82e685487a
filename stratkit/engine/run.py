"""Drives the kernel over bars: opens a book, grows the logs, closes the book into arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from stratkit.controls import Controls
from stratkit.engine.book import Book, Logs, copy_book, empty_logs, open_book, rows_needed
from stratkit.engine.layout import Market, Records
from stratkit.engine.legs import play_packages
from stratkit.engine.packages import Packages
from stratkit.engine.playing import Playing, Record, grow, play_bars
from stratkit.engine.positions import write_open_trades
from stratkit.engine.tally import Tally, open_tally
from stratkit.errors import UsageError
from stratkit.panel import FloatArray, read_only
from stratkit.risk.targets import Panels, Targets

Progress = Callable[[int, int], None]
_NOTHING: FloatArray = np.zeros(0)
_NO_RECORD = Record(_NOTHING, _NOTHING, _NOTHING, _NOTHING, np.zeros((0, 3)), np.zeros((0, 0)))


class Replay(NamedTuple):
    """The outputs of a replay: arrays per bar, rows, and what was counted."""

    equity: FloatArray
    cash: FloatArray
    gross: FloatArray
    net: FloatArray
    carry: FloatArray
    by_strategy: FloatArray
    fills: Records
    trades: Records
    decisions: Records
    no_op: int
    account_carry: float
    bankrupt_bar: int
    book: Book


def play(
    market: Market,
    targets: Targets,
    rules: Records,
    *,
    stretch_bars: int | None = None,
    progress: Progress | None = None,
) -> Replay:
    """Replay all bars with everything recorded.

    `rules` is a (1,) record array of `RULES_DTYPE`. `stretch_bars` plays in chunks of that many bars;
    it never changes the result. `progress` is told (bars done, bars) between chunks.
    """
    bars = market.close.shape[0]
    playing = begin(market, targets, rules)
    stretch = stretch_bars or (bars if progress is None else max(1, bars // 100))
    while playing.bar < bars:
        play_on(playing, min(playing.bar + stretch, bars))
        if progress is not None:
            progress(playing.bar, bars)
    return finish(playing)


def play_on(playing: Playing, stop: int) -> None:
    """Play all bars before `stop`."""
    if playing.packages is None:
        play_bars(playing, stop)
    else:
        play_packages(playing, playing.packages, stop)


def begin(market: Market, targets: Targets, rules: Records) -> Playing:
    """Return a replay of which no bar has been played."""
    bars = market.close.shape[0]
    packages = Packages.of(market, targets, rules)
    shown = targets if packages is None else targets._replace(weight=packages.shown)
    market, panels, rules = _frozen(market, shown, rules)
    book = _new_book(market, targets, rules)
    record = _new_record(bars, len(targets.strategy_cap), has_carry=_has_carry(market, rules))
    # rows that are not written cost no memory, and growing copies those that are
    logs = empty_logs(max(4096, bars // 16, 8 * rows_needed(len(book.slots))))
    return Playing(market, panels, rules, book, logs, record, packages)


def peeked(playing: Playing) -> Book:
    """Return the book as the next bar would leave it with the rows that are filled so far; nothing is played."""
    packages = None if playing.packages is None else playing.packages.copy()
    panels = playing.panels if packages is None else playing.panels._replace(weight=read_only(packages.shown))
    trial = replace(playing, book=copy_book(playing.book), packages=packages, panels=panels)
    play_on(trial, playing.bar + 1)
    playing.logs = trial.logs  # may have grown; the rows of the trial are written over
    return trial.book


def steer(playing: Playing, controls: Controls) -> None:
    """Let new caps and multipliers of strategies hold from the next bar on."""
    playing.book.strategies["cap"] = controls.max_at_risk
    playing.book.strategies["multiplier"] = controls.multiplier


def finish(playing: Playing) -> Replay:
    """Write the trades that are still open, marked at the last close, and hand on all arrays."""
    return close_book(playing.book, playing.logs, playing.record)


def stream(market: Market, targets: Targets, rules: Records, *, mar: float = 0.0, intraday: bool = False) -> Records:
    """Replay all bars and keep running sums only: the same kernel with recording compiled out.

    What is asked in packages is played with recording first, for it shows in the log which of them went through.
    """
    if len(targets.legs):
        targets = targets._replace(weight=played_weights(market, targets, rules), legs=targets.legs[:0, :0])
    tally = open_tally(float(rules[0].initial_cash), mar, intraday, market.period_end, whole=True, buckets=1)
    playing = begin_sums(market, targets, rules, tally)
    play_on(playing, market.close.shape[0])
    sums: Records = finish_sums(playing).stream[0]
    return sums


def begin_sums(market: Market, targets: Targets, rules: Records, tally: Tally) -> Playing:
    """Return a replay of which no bar has been played and that is only summed up; it plays no packages."""
    if len(targets.legs):
        raise UsageError("targets in packages must be played with recording; found some to be summed up only")
    market, panels, rules = _frozen(market, targets, rules)
    return Playing(market, panels, rules, _new_book(market, targets, rules), empty_logs(0), _NO_RECORD, tally=tally)


def finish_sums(playing: Playing) -> Tally:
    """Return the sums of a replay of which all bars are played."""
    assert playing.tally is not None  # it was begun with one
    playing.tally.stream[0, 0].open_trades = int((playing.book.slots["side"] != 0).sum())
    return playing.tally


def played_weights(market: Market, targets: Targets, rules: Records) -> FloatArray:
    """Return (T, M) the weights that the kernel is shown of targets in packages."""
    playing = begin(market, targets, rules)
    play_on(playing, market.close.shape[0])
    assert playing.packages is not None  # asked by the caller
    return playing.packages.shown


def close_book(book: Book, logs: Logs, record: Record) -> Replay:
    """Write the trades that are still open, marked at the last close, and hand on all arrays."""
    account = book.account[0]
    logs = grow(logs, book)
    write_open_trades(book.slots, book.account, book.symbols, logs)
    return Replay(
        *record,
        logs.fills[: account.fill_rows],
        logs.trades[: account.trade_rows],
        logs.decisions[: account.decision_rows],
        int(account.no_op),
        float(account.interest),
        int(account.bankrupt_bar),
        book,
    )


def _frozen(market: Market, targets: Targets, rules: Records) -> tuple[Market, Panels, Records]:
    # one type for every combination of panels, given or absent: numba compiles again for a writable one
    return Market(*map(read_only, market)), Panels(*map(read_only, targets.panels())), read_only(rules)


def _new_book(market: Market, targets: Targets, rules: Records) -> Book:
    return open_book(float(rules[0].initial_cash), targets, market.delist_bar)


def _new_record(bars: int, strategies: int, has_carry: bool) -> Record:
    equity, cash, gross, net = (np.empty(bars) for _ in range(4))
    by_strategy = np.zeros((bars if strategies > 1 else 0, strategies))
    return Record(equity, cash, gross, net, np.zeros((bars if has_carry else 0, 3)), by_strategy)


def _has_carry(market: Market, rules: Records) -> bool:
    return bool(rules[0].borrow_ann > 0 or rules[0].margin_rate_ann > 0 or len(market.funding))
