"""`TradeSample`: what the closed trades of a run come to in another order, or drawn anew with replacement.

Both ask about the luck of the path that a set of trades took. Neither says whether the trades have an edge: a shuffle
leaves the final equity as it is, and resampling takes the trades for what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from stratkit.errors import DataError, UsageError
from stratkit.inference import trade_kernels as kernels
from stratkit.inference.enumeration import ORDERED, RESAMPLED, all_block_resamples, all_orders
from stratkit.inference.path_chunks import Told, in_chunks
from stratkit.inference.path_sample import GRID, KEPT_PATHS, grid_of
from stratkit.inference.split_mix import path_keys
from stratkit.panel import FloatArray, IntArray, read_only

TradeMode = Literal["shuffle", "resample"]
TradeValues = Literal["returns", "money"]


@dataclass(frozen=True)
class TradeSample:
    """Figures of P paths of n trades, all (P,), in money of an account that starts with `capital`.

    `final` is the equity at the end, `lowest` the lowest one (at most `capital`). `max_drawdown` is a fraction of the
    peak, at most 0; below -1 where sums of money lose more than there was. `max_drawdown_money` is the largest fall in
    money, at most 0. `losing_streak` counts the most losing trades in a row; a trade of exactly zero ends a streak.
    `equity` (P', g) are multiples of the capital after `steps` (g,) trades, of the first 65,536 paths. `is_exact` tells
    that every order (or resample) is here, each once.
    """

    mode: TradeMode
    values: TradeValues
    trades: int
    capital: float
    final: FloatArray
    lowest: FloatArray
    max_drawdown: FloatArray
    max_drawdown_money: FloatArray
    losing_streak: IntArray
    steps: IntArray
    equity: FloatArray
    is_exact: bool = False

    @property
    def paths(self) -> int:
        """Number of paths, P."""
        return len(self.final)

    def quantiles(self, levels: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> FloatArray:
        """Return (q, g) the levels' quantiles of `equity` at each step, the bands of a fan."""
        return np.asarray(np.quantile(self.equity, levels, axis=0))


def trade_paths(
    outcomes: npt.ArrayLike,
    *,
    mode: TradeMode,
    values: TradeValues,
    paths: int,
    draw: np.random.Generator,
    capital: float = 1.0,
    exact_when_small: bool = True,
    grid: int = GRID,
    workers: int = 1,
    told: Told | None = None,
) -> TradeSample:
    """Shuffle (n,) closed trades, or draw n of them with replacement, and follow the account.

    `values` says what `outcomes` are: "returns" are fractions of the account and compound, "money" is added to
    `capital`. An account of returns that has fallen to zero stays there; one of money is followed below zero. Up to 7
    trades are put into each of their n! orders and up to 5 drawn in each of n^n ways, whatever `paths` says, unless
    `exact_when_small` is off. `draw`, `grid`, `workers` and `told` as in `path_resampling.stationary_paths`. Raises
    `DataError` for outcomes that are not finite, `UsageError` without trades, paths or capital.

    >>> draw = np.random.default_rng(0)
    >>> sample = trade_paths([100, -50, -25], mode="shuffle", values="money", paths=9, draw=draw, capital=1000)
    >>> sample.paths, sample.is_exact, sample.final.tolist()[:2], sample.max_drawdown_money.min()
    (6, True, [1025.0, 1025.0], np.float64(-75.0))
    """
    own = _checked(outcomes, paths, capital)
    if exact_when_small and len(own) <= (ORDERED if mode == "shuffle" else RESAMPLED):
        return _every(own, mode, values, capital, grid)
    found = np.empty((paths, kernels.COLUMNS))
    steps = grid_of(len(own), grid)
    equity = np.empty((min(paths, KEPT_PATHS), len(steps)))
    keys = path_keys(draw, paths)
    shuffled, compounds = mode == "shuffle", values == "returns"

    def play(first: int, stop: int) -> None:
        kept = equity[first:stop] if first < len(equity) else equity[:0]
        kernels.play_drawn_trades(own, keys[first:stop], shuffled, compounds, capital, found[first:stop], steps, kept)

    in_chunks(play, paths, len(own), workers=workers, told=told)
    return _sample(found, mode, values, len(own), capital, steps, equity, is_exact=False)


def observed_trades(
    outcomes: npt.ArrayLike, *, values: TradeValues, capital: float = 1.0, grid: int = GRID
) -> TradeSample:
    """Return the one path that the trades really took, in the order given: what the others are held against."""
    own = _checked(outcomes, 1, capital)
    return _played(own, np.arange(len(own))[None], "shuffle", values, capital, grid, is_exact=False)


def resampled_trades(n: int, *, mode: TradeMode, paths: int, draw: np.random.Generator) -> IntArray:
    """Return (paths, n) which trade stands at which place: what `trade_paths` plays for the same generator."""
    return kernels.chosen_trades(path_keys(draw, paths), n, mode == "shuffle")


def _every(own: FloatArray, mode: TradeMode, values: TradeValues, capital: float, grid: int) -> TradeSample:
    rows = all_orders(len(own)) if mode == "shuffle" else all_block_resamples(len(own), len(own))
    return _played(own, rows, mode, values, capital, grid, is_exact=True)


def _played(
    own: FloatArray, rows: IntArray, mode: TradeMode, values: TradeValues, capital: float, grid: int, *, is_exact: bool
) -> TradeSample:
    found = np.empty((len(rows), kernels.COLUMNS))
    steps = grid_of(len(own), grid)
    equity = np.empty((len(rows), len(steps)))
    kernels.play_trades(own, rows, values == "returns", capital, found, steps, equity)
    return _sample(found, mode, values, len(own), capital, steps, equity, is_exact=is_exact)


def _sample(
    found: FloatArray, mode: TradeMode, values: TradeValues, trades: int, capital: float, steps: IntArray,
    equity: FloatArray, *, is_exact: bool,
) -> TradeSample:  # fmt: skip
    column = np.ascontiguousarray(found.T)
    return TradeSample(
        mode=mode,
        values=values,
        trades=trades,
        capital=capital,
        final=column[kernels.FINAL],
        lowest=column[kernels.LOWEST],
        max_drawdown=column[kernels.DRAWDOWN],
        max_drawdown_money=column[kernels.MONEY],
        losing_streak=column[kernels.STREAK].astype(np.int64),
        steps=steps,
        equity=equity,
        is_exact=is_exact,
    )


def _checked(outcomes: npt.ArrayLike, paths: int, capital: float) -> FloatArray:
    own = read_only(np.ascontiguousarray(outcomes, dtype=np.float64))  # one kind of array: compiled once
    if own.ndim != 1 or not len(own):
        raise UsageError(f"at least one closed trade must be given, (n,); found the shape {own.shape}")
    if not np.isfinite(own).all():
        raise DataError(f"the outcomes of trades must be finite; {int((~np.isfinite(own)).sum())} are not")
    if paths < 1:
        raise UsageError(f"at least one path must be asked for; found {paths}")
    if not 0 < capital < np.inf:
        raise UsageError(f"the capital must be a positive sum of money; found {capital:g}")
    return own
