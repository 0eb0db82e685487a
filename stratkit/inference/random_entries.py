"""`RandomEntries`: what a run's trades would have come to, had they been entered at random.

Each slot keeps the number of its trades and of each its holding time, side, exposure and cost; only when they are
entered is drawn anew, every arrangement without overlap in a slot equally likely. It asks whether the entries have an
edge over the exposure that they brought. That costs are realistic it takes for granted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stratkit.errors import DataError, UsageError
from stratkit.inference import entry_kernels as kernels
from stratkit.inference.entry_kernels import Lines, OwnBars
from stratkit.inference.path_chunks import Told, in_chunks
from stratkit.inference.sharpe import ROUNDING
from stratkit.inference.split_mix import path_keys
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import BoolArray, FloatArray, IntArray

EntryFigure = Literal["wealth", "max_drawdown", "sharpe", "mean_trade"]


@dataclass(frozen=True)
class HeldTrades:
    """K trades as they were held, all (K,).

    `line` is the slot, each of one symbol; `symbol` a column of the prices. A trade enters at the open of row
    `entry_bar` and leaves at the open of row `exit_bar`, or at its close where `at_close` (a stop inside the bar, the
    end of the data). `side` is +1 or -1, `exposure` the value held as a fraction of the equity, `cost` a fraction of
    that value for entry and exit together.
    """

    line: IntArray
    symbol: IntArray
    entry_bar: IntArray
    exit_bar: IntArray
    at_close: BoolArray
    side: IntArray
    exposure: FloatArray
    cost: FloatArray


@dataclass(frozen=True)
class PlacedFigures:
    """Figures of P placings, (P,): `wealth` of an account that starts at 1, `max_drawdown` at most 0, `mean` and `sd`
    (ddof=1) of its returns per bar, `mean_trade` the mean net return of the trades on what they held.
    """

    wealth: FloatArray
    max_drawdown: FloatArray
    mean: FloatArray
    sd: FloatArray
    mean_trade: FloatArray

    @property
    def sharpe(self) -> FloatArray:
        """mean/sd per bar; NaN for an account that does not vary."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.sd > ROUNDING, self.mean / self.sd, math.nan)


@dataclass(frozen=True)
class RandomEntries:
    """`placed` are the figures of random entries, `observed` (1,) those of the entries as they were, by the same rule.

    The account holds a constant fraction while it is in a trade, so `observed` differs a little from a run that holds a
    constant quantity or leaves inside a bar.
    """

    placed: PlacedFigures
    observed: PlacedFigures
    trades: int
    lines: int

    @property
    def paths(self) -> int:
        """Number of placings, P."""
        return len(self.placed.wealth)

    def p_value(self, figure: EntryFigure) -> tuple[float, float]:
        """Return ``(1 + # at least as good) / (1 + P)`` and its Monte Carlo standard error; NaN where it is undefined.

        More is better for every figure: a smaller drawdown is the larger number.
        """
        real = float(getattr(self.observed, figure)[0])
        if math.isnan(real):
            return math.nan, math.nan
        p_value = (1 + int((getattr(self.placed, figure) >= real).sum())) / (1 + self.paths)
        return p_value, drawn_p_error(p_value, self.paths)


def random_entries(
    opens: FloatArray,
    closes: FloatArray,
    trades: HeldTrades,
    *,
    paths: int,
    draw: np.random.Generator,
    first_bar: int = 0,
    workers: int = 1,
    told: Told | None = None,
) -> RandomEntries:
    """Place `trades` at random on the bars of (T, N) prices, `paths` times, and play the account each time.

    NaN = the symbol has no bar: holding times count the symbol's own bars, and it is placed on those alone, from row
    `first_bar` on (the bars that a strategy needs before its first decision). `draw`, `workers` and `told` as in
    `path_resampling.stationary_paths`. Raises `UsageError` for trades that overlap in their line or end before they
    begin, `DataError` for ones that stand on no bar of their symbol.
    """
    own = own_bars(opens, closes)
    if not len(trades.line):
        raise UsageError("at least one trade must be given: there is nothing to place")
    if paths < 1:
        raise UsageError(f"at least one path must be asked for; found {paths}")
    lines, entry = lines_of(own, trades, first_bar, len(opens))
    found, observed = np.empty((paths, kernels.COLUMNS)), np.empty((1, kernels.COLUMNS))
    keys = path_keys(draw, paths)
    held = int(lines.length.sum())

    def play(first: int, stop: int) -> None:
        kernels.play_entries(own, lines, keys[first:stop], len(opens), found[first:stop])

    order = np.arange(len(entry)) - np.repeat(lines.begin[:-1], np.diff(lines.begin))
    kernels.play_placed(own, lines, order, entry, len(opens), observed[0])
    in_chunks(play, paths, len(opens) + held, workers=workers, told=told)
    return RandomEntries(_figures(found), _figures(observed), len(entry), len(lines.symbol))


def own_bars(opens: FloatArray, closes: FloatArray) -> OwnBars:
    """Return the bars that each symbol of (T, N) prices has, with the moves into, through and out of them."""
    if opens.ndim != 2 or opens.shape != closes.shape:
        raise UsageError(f"opens and closes must both be (T, N); found {opens.shape} and {closes.shape}")
    present = (np.isfinite(opens) & np.isfinite(closes)).T
    row = np.nonzero(present)[1]
    own = np.concatenate(([0], np.cumsum(present.sum(axis=1))))
    opened, closed = opens.T[present], closes.T[present]
    if not (opened > 0).all() or not (closed > 0).all():
        raise DataError("prices must be positive, since moves are taken as ratios")
    before = np.concatenate((closed[:1], closed[:-1]))  # of a symbol's first bar it is never used
    return OwnBars(own, row, opened, closed, closed / opened - 1.0, closed / before - 1.0, opened / before - 1.0)


def lines_of(own: OwnBars, trades: HeldTrades, first_bar: int, rows: int) -> tuple[Lines, IntArray]:
    """Return the trades sorted into lines, and (K,) the own bar that each of them really entered on."""
    sort = np.lexsort((trades.entry_bar, trades.line))
    line, symbol = trades.line[sort], trades.symbol[sort]
    place = np.full((len(own.own) - 1, rows), -1)
    counts = np.diff(own.own)
    place[np.repeat(np.arange(len(counts)), counts), own.row] = np.arange(len(own.row)) - np.repeat(
        own.own[:-1], counts
    )
    entry, leave = place[symbol, trades.entry_bar[sort]], place[symbol, trades.exit_bar[sort]]
    if (entry < 0).any() or (leave < 0).any():
        raise DataError(
            f"trades must enter and leave on bars of their symbol; {int(((entry < 0) | (leave < 0)).sum())} do not"
        )
    length = leave - entry + trades.at_close[sort]
    if (length < 1).any():
        raise UsageError("a trade must leave after it has entered; one that leaves inside its bar leaves at_close")
    fresh = np.flatnonzero(np.concatenate(([True], line[1:] != line[:-1])))
    begin = np.append(fresh, len(line))
    same = line[1:] == line[:-1]
    if (symbol[1:] != symbol[:-1])[same].any():
        raise UsageError("the trades of a line must all be in one symbol")
    if (entry[1:] < entry[:-1] + length[:-1])[same].any():
        raise UsageError("the trades of a line must not overlap: give those that do lines of their own")
    earliest = np.array([int(np.searchsorted(own.row[own.own[s] : own.own[s + 1]], first_bar)) for s in symbol[fresh]])
    first = np.minimum(earliest, entry[fresh])  # a trade that was entered before shows that it could be
    weight = trades.side[sort] * trades.exposure[sort]
    lines = Lines(begin, symbol[fresh], first, length, trades.at_close[sort], weight, trades.cost[sort])
    return lines, entry


def _figures(found: FloatArray) -> PlacedFigures:
    column = np.ascontiguousarray(found.T)
    return PlacedFigures(
        wealth=column[kernels.WEALTH],
        max_drawdown=column[kernels.DRAWDOWN],
        mean=column[kernels.MEAN],
        sd=column[kernels.SD],
        mean_trade=column[kernels.TRADE],
    )
