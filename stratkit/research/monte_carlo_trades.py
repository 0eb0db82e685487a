"""`trade_shuffle`, `trade_resample`: the closed trades of a run in another order, or drawn anew with replacement."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from stratkit.errors import DataError
from stratkit.inference.trade_paths import TradeMode, TradeSample, observed_trades, trade_paths
from stratkit.panel import FloatArray
from stratkit.research.monte_carlo_record import Fan, PathRow, Procedure, ProcedureName
from stratkit.research.monte_carlo_rows import histogram, histograms, path_row
from stratkit.research.monte_carlo_run import StudiedRun
from stratkit.research.monte_carlo_settings import MonteCarloSettings
from stratkit.research.monte_carlo_words import WORDS
from stratkit.seeds import generator

Told = Callable[[int, int], None]
LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_OTHER_ACCOUNT: Final = 0.02  # by so much of the account the trades alone may lead elsewhere before it is said


def trade_shuffle(run: StudiedRun, settings: MonteCarloSettings, told: Told | None = None) -> Procedure:
    """Return the drawdown and the losing streak of the run beside those of its trades in other orders."""
    own, sample = _played(run, settings, "shuffle", told)
    rows = (
        _row("Maximum drawdown, by trade", own.max_drawdown, sample.max_drawdown, sample, tests=True),
        _streak_row(own, sample, tests=True),
        _lowest_row(own, sample),
    )
    deeper = float((sample.max_drawdown < own.max_drawdown[0] - 1e-12).mean())
    notes = (f"{deeper:.1%} of the orders fall deeper than the run did", *_notes(run, own))
    return _made("trade_shuffle", run, own, sample, rows, notes)


def trade_resample(run: StudiedRun, settings: MonteCarloSettings, told: Told | None = None) -> Procedure:
    """Return what as many trades come to, drawn from those of the run with replacement."""
    own, sample = _played(run, settings, "resample", told)
    rows = (
        path_row("Total return, of closed trades", "fraction", "higher", float(own.final[0]) - 1.0, sample.final - 1.0,
                 is_exact=sample.is_exact, has_interval=True),
        _row("Maximum drawdown, by trade", own.max_drawdown, sample.max_drawdown, sample),
        _streak_row(own, sample, tests=False),
        _lowest_row(own, sample),
    )  # fmt: skip
    lost = float((sample.final < 1.0).mean())
    return _made(
        "trade_resample", run, own, sample, rows, (f"{lost:.1%} of the paths end with a loss", *_notes(run, own))
    )


def _played(
    run: StudiedRun, settings: MonteCarloSettings, mode: TradeMode, told: Told | None
) -> tuple[TradeSample, TradeSample]:
    if len(run.trades) < 2:
        closed = "no trade is" if not len(run.trades) else "one trade is"
        raise DataError(f"at least two trades must be closed; {closed}")
    share = run.trades.share
    own = observed_trades(share, values="returns")
    sample = trade_paths(
        share, mode=mode, values="returns", paths=settings.paths, draw=generator(settings.seed, "montecarlo", mode),
        workers=settings.workers, told=told,
    )  # fmt: skip
    return own, sample


def _row(name: str, own: FloatArray, drawn: FloatArray, sample: TradeSample, *, tests: bool = False) -> PathRow:
    return path_row(name, "fraction", "higher", float(own[0]), drawn, tests=tests, is_exact=sample.is_exact)


def _streak_row(own: TradeSample, sample: TradeSample, *, tests: bool) -> PathRow:
    drawn = sample.losing_streak.astype(np.float64)
    return path_row(
        "Longest losing streak", "count", "lower", float(own.losing_streak[0]), drawn, tests=tests,
        is_exact=sample.is_exact,
    )  # fmt: skip


def _lowest_row(own: TradeSample, sample: TradeSample) -> PathRow:
    return path_row(
        "Lowest equity, of the start", "ratio", "higher", float(own.lowest[0]), sample.lowest, is_exact=sample.is_exact
    )


def _made(
    name: ProcedureName, run: StudiedRun, own: TradeSample, sample: TradeSample, rows: tuple[PathRow, ...],
    notes: tuple[str, ...],
) -> Procedure:  # fmt: skip
    words = WORDS[name]
    drawn = {"Maximum drawdown, by trade": sample.max_drawdown, "Total return, of closed trades": sample.final - 1.0}
    shown = [histogram(row.name, row.unit, row.observed, drawn[row.name]) for row in rows if row.name in drawn]
    fan = Fan(
        "Equity after each trade", "trades", np.array(LEVELS), sample.steps, sample.quantiles(LEVELS), own.equity[0]
    )
    return Procedure(
        name, words.title, words.tests, words.varies, sample.paths, sample.is_exact, rows,
        histograms=histograms(*shown), fans=(fan,), notes=notes,
        not_answered=words.not_answered,
    )  # fmt: skip


def _notes(run: StudiedRun, own: TradeSample) -> tuple[str, ...]:
    said = [
        "a trade counts as its net P&L over the equity before its entry; losses inside a trade are not seen, so "
        "drawdowns are shallower than those of the account"
    ]
    if run.open_trades:
        many = "trades are" if run.open_trades > 1 else "trade is"
        said.append(f"{run.open_trades} {many} still open and left out")
    whole, alone = run.equity[-1] / run.initial_cash - 1.0, float(own.final[0]) - 1.0
    if not math.isclose(whole, alone, abs_tol=_OTHER_ACCOUNT * max(1.0, abs(whole))):
        said.append(
            f"compounded one after the other the trades return {alone:.1%}, the account returned {whole:.1%}: trades "
            "that overlap, or are open, make the difference"
        )
    return tuple(said)
