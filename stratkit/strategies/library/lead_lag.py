"""Lead and lag: what moves first, and what follows it a bar later."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stratkit.compiled import compiled
from stratkit.features.events import lag
from stratkit.features.indicators import return_std
from stratkit.features.pairwise import rolling_correlation
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.strategies.context import Context
from stratkit.strategies.legs import package_number
from stratkit.strategies.parameters import Parameters, bounded
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy


class LeadLagParams(Parameters):
    """Parameters of the lead and lag."""

    window: int = bounded(120, low=20, high=1000, description="bars of the lagged correlation", log=True)
    min_correlation: float = bounded(0.2, low=0.02, high=0.95, description="correlation from which one leads another")
    move_z: float = bounded(
        1.0, low=0.0, high=5.0, step=0.1, description="move of the leader that counts [its deviations]"
    )
    hold: int = bounded(1, low=1, high=60, description="bars until both legs are left", log=True)
    max_pairs: int = bounded(3, low=1, high=50, description="pairs at a time, in equal weights", log=True)
    gross: float = bounded(1.0, low=0.1, high=4.0, step=0.1, description="long plus short of all pairs [x equity]")


class LeadLag(Strategy):
    """After a large move of a leader take its follower the same way, hedged with the leader, for a few bars.

    One symbol leads another when its returns a bar before are correlated with the other's, over a window that ends on
    this bar. A follower takes the leader with the highest correlation; the pairs with the largest correlation x move
    come first, and a symbol stands in one pair at a time. Follower and leader, of equal value, are a package.
    """

    name = "lead_lag"
    family = "cross_asset"
    source = (
        "A. W. Lo, A. C. MacKinlay, When Are Contrarian Profits Due to Stock Market Overreaction?, "
        "Review of Financial Studies 3 (1990)"
    )
    needs = ("several symbols",)
    edge = (
        "News reaches the most traded market first; those who watch only the slower one sell too cheaply until it "
        "has caught up."
    )
    Params = LeadLagParams
    params: LeadLagParams

    @property
    def warmup_bars(self) -> int:
        """The correlation of returns with the returns before."""
        return self.params.window + 1

    def signals(self, context: Context) -> Signals:
        """Return target weights on the bars on which a pair is entered or left."""
        params, close = self.params, context.bars.close
        returns = close / lag(close) - 1.0
        usual = context.compute(return_std, params.window)
        move = returns / np.where(usual > 0, usual, np.nan)
        score, leader, side = _best_leaders(returns, move, params.window, params.min_correlation, params.move_z)
        score[: self.warmup_bars] = np.nan
        leg = params.gross / (2.0 * params.max_pairs)
        names = context.bars.symbols
        numbers = np.array([[package_number(*sorted((one, other))) for other in names] for one in names])
        weight, legs = held_pairs(score, leader, side, context.has_bar, numbers, params.hold, params.max_pairs, leg)
        return self.weights(context, weight, legs=legs)


def _best_leaders(
    returns: FloatArray, move: FloatArray, window: int, least: float, move_z: float
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return (T, N) the score of following, the column of the leader, and the side; a score of NaN = nothing to follow.

    The score is correlation x move of the leader, of the leader whose past returns are correlated most.
    """
    bars, symbols = returns.shape
    best, leader = np.full((bars, symbols), least), np.full((bars, symbols), -1)
    before = np.vstack([np.full((1, symbols), np.nan), returns[:-1]])
    for column in range(symbols):
        led = rolling_correlation(np.repeat(before[:, column : column + 1], symbols, axis=1), returns, window)
        led[:, column] = np.nan
        better = led > best
        best, leader = np.where(better, led, best), np.where(better, column, leader)
    moved = np.take_along_axis(move, np.maximum(leader, 0), axis=1)
    large = (leader >= 0) & (np.abs(moved) >= move_z)
    return np.where(large, best * np.abs(moved), np.nan), leader, np.where(moved > 0, 1.0, -1.0)


@compiled
def held_pairs(
    score: FloatArray, leader: IntArray, side: FloatArray, has_bar: BoolArray, numbers: IntArray, hold: int, most: int,
    leg: float,
) -> tuple[FloatArray, npt.NDArray[np.int16]]:  # fmt: skip
    """Return (T, N) weights and packages of pairs that are entered on the bar of their score and held for `hold` bars.

    Of the scores of one bar the highest go first, as long as there is room; a symbol stands in one pair at a time. A
    pair whose time is over is left on the first bar that one of the two has, unless its score speaks again. `numbers`
    (N, N) are those of the packages.
    """
    bars, symbols = score.shape
    weight = np.full((bars, symbols), np.nan)
    legs = np.zeros((bars, symbols), np.int16)
    held_with = np.full(symbols, -1, np.int64)  # the leader of each follower that is held
    held_side = np.zeros(symbols)
    since = np.zeros(symbols, np.int64)
    for bar in range(bars):
        taken = np.zeros(symbols, np.bool_)
        with_now = np.full(symbols, -1, np.int64)
        side_now = np.zeros(symbols)
        pairs = 0
        for follower in range(symbols):  # what goes on, and what cannot be left yet
            other = held_with[follower]
            if other < 0:
                continue
            can_leave = has_bar[bar, follower] or has_bar[bar, other]
            if bar - since[follower] < hold or not can_leave:
                with_now[follower], side_now[follower] = other, held_side[follower]
                taken[follower], taken[other] = True, True
                pairs += 1
        while pairs < most:
            best = -1
            for follower in range(symbols):
                other = leader[bar, follower]
                if not score[bar, follower] > 0 or taken[follower] or taken[other]:
                    continue
                if not (has_bar[bar, follower] and has_bar[bar, other]):
                    continue
                if best < 0 or score[bar, follower] > score[bar, best]:
                    best = follower
            if best < 0:
                break
            other = leader[bar, best]
            with_now[best], side_now[best], since[best] = other, side[bar, best], bar
            taken[best], taken[other] = True, True
            pairs += 1
        for follower in range(symbols):
            other = held_with[follower]
            if other < 0 or (with_now[follower] == other and side_now[follower] == held_side[follower]):
                continue
            for leaving in (follower, other):
                if has_bar[bar, leaving]:
                    weight[bar, leaving] = 0.0
                    legs[bar, leaving] = numbers[follower, other]
        for follower in range(symbols):
            other = with_now[follower]
            if other < 0 or (held_with[follower] == other and held_side[follower] == side_now[follower]):
                continue
            weight[bar, follower] = side_now[follower] * leg
            weight[bar, other] = -side_now[follower] * leg
            legs[bar, follower] = numbers[follower, other]
            legs[bar, other] = numbers[follower, other]
        held_with, held_side = with_now, side_now
    return weight, legs
