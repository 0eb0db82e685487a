"""Pairs: statistical arbitrage between prices that are cointegrated, re-estimated as time goes on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from stratkit.compiled import compiled
from stratkit.panel import BoolArray, FloatArray
from stratkit.strategies.cointegration import PairFit, cointegrated_pairs
from stratkit.strategies.context import Context
from stratkit.strategies.legs import package_number
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.rebalancing import Period, period_starts
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

_OUT, _BLOCKED = np.int8(0), np.int8(2)  # the other states are the side of y


class PairsParams(Parameters):
    """Parameters of the pairs."""

    formation: int = bounded(252, low=30, high=2000, description="bars from which a pair is estimated", log=True)
    refit: Period = choice("monthly", description="when pairs are chosen again: first bar of a day, week or month")
    p_value: float = bounded(0.05, low=0.001, high=0.5, description="largest p value of the cointegration test")
    max_pairs: int = bounded(5, low=1, high=100, description="pairs at a time, in equal weights", log=True)
    candidates: int = bounded(20, low=1, high=2000, description="most correlated pairs that are tested", log=True)
    entry_z: float = bounded(2.0, low=0.5, high=6.0, step=0.1, description="distance to enter at [deviations]")
    exit_z: float = bounded(0.5, low=0.0, high=3.0, step=0.1, description="distance at which it has come back")
    stop_z: float = bounded(4.0, low=1.0, high=20.0, step=0.5, description="distance at which the relation is given up")
    gross: float = bounded(1.0, low=0.1, high=4.0, step=0.1, description="long plus short of all pairs [x equity]")

    @model_validator(mode="after")
    def _ordered(self) -> PairsParams:
        if not self.exit_z < self.entry_z < self.stop_z:
            raise ValueError(
                f"entry_z must lie between exit_z and stop_z; found exit_z={self.exit_z:g}, entry_z={self.entry_z:g}, "
                f"stop_z={self.stop_z:g}"
            )
        return self


class Pairs(Strategy):
    """Sell the dear and buy the cheap one of two cointegrated prices, and leave both when they are back together.

    Pairs are chosen on the first bar of a period from the window before it, by the Engle-Granger test on log prices;
    their relation then stands until the next choice. A pair enters at `entry_z` deviations, legs of equal value,
    leaves at `exit_z`, is given up at `stop_z` until it has come back once, and leaves when it is no longer chosen.
    The two legs are a package: entered and left together or not at all.
    """

    name = "pairs"
    family = "mean_reversion"
    source = (
        "R. F. Engle, C. W. J. Granger, Co-Integration and Error Correction, Econometrica 55 (1987); E. Gatev, W. N. "
        "Goetzmann, K. G. Rouwenhorst, Pairs Trading, Review of Financial Studies 19 (2006)"
    )
    needs = ("several symbols",)
    edge = (
        "Whoever must trade one of two near substitutes moves it away from the other, and pays those who bring them "
        "together again."
    )
    Params = PairsParams
    params: PairsParams

    @property
    def warmup_bars(self) -> int:
        """The formation window."""
        return self.params.formation

    def signals(self, context: Context) -> Signals:
        """Return target weights on the bars on which a pair is entered or left."""
        with np.errstate(invalid="ignore", divide="ignore"):
            log_price = np.log(np.where(context.bars.close > 0, context.bars.close, np.nan))
        book = _PairBook(self.params, log_price, context.bars.symbols)
        refits = np.flatnonzero(period_starts(context.bars.times, self.params.refit))
        refits = refits[refits >= self.warmup_bars]
        for row, stop in zip(refits.tolist(), [*refits[1:].tolist(), len(log_price)], strict=False):
            window = log_price[row - self.params.formation + 1 : row + 1]
            book.choose(cointegrated_pairs(window, self.params.p_value, self.params.candidates), row)
            book.play(row, stop)
        return self.weights(context, book.weight, legs=book.legs)


class _PairBook:
    """What is asked for pair by pair, stretch by stretch between two choices."""

    def __init__(self, params: PairsParams, log_price: FloatArray, symbols: tuple[str, ...]) -> None:
        self.weight = np.full(log_price.shape, np.nan)
        self.legs = np.zeros(log_price.shape, np.int16)
        self._params = params
        self._log_price = log_price
        self._has_bar: BoolArray = np.isfinite(log_price)
        self._watched: dict[tuple[int, int], tuple[PairFit, int]] = {}  # with the state it is in
        self._given_up: list[tuple[int, int]] = []
        self._symbols = symbols

    def choose(self, fits: list[PairFit], row: int) -> None:
        """Watch the clearest pairs from now on; one that is held and no longer among them is given up."""
        before = {pair: state for pair, (_, state) in self._watched.items()}
        best = {(fit.y, fit.x): fit for fit in fits[: self._params.max_pairs]}
        for fit in fits[: self._params.max_pairs]:  # the same two symbols the other way round go on as they were
            if (fit.x, fit.y) in before:
                del best[fit.y, fit.x]
                best[fit.x, fit.y] = _turned(fit)
        self._given_up += [pair for pair, state in before.items() if abs(state) == 1 and pair not in best]
        self._watched = {pair: (fit, before.get(pair, 0)) for pair, fit in best.items()}

    def play(self, row: int, stop: int) -> None:
        """Ask for what rows [row, stop) call for."""
        params = self._params
        busy: dict[int, int] = {}  # by symbol: the first row on which it may be asked for something else
        for pair in list(self._given_up):
            there = self._has_bar[row:stop][:, pair].any(axis=1)
            first = row + int(there.argmax()) if there.any() else stop
            if first < stop:
                self._ask(first, pair, 0.0)
                self._given_up.remove(pair)
            busy |= dict.fromkeys(pair, first + 1)
        for pair, (fit, state) in self._watched.items():
            begin = max(row, *(busy.get(symbol, row) for symbol in pair))
            z = fit.z(self._log_price[begin:stop]) if begin < stop else np.zeros(0)
            states = pair_states(z, np.int8(state), params.entry_z, params.exit_z, params.stop_z)
            sides = np.where(states == _BLOCKED, _OUT, states)
            was = np.append(state if abs(state) == 1 else 0, sides)
            for change in np.flatnonzero(np.diff(was)).tolist():
                self._ask(begin + change, pair, float(sides[change]) * params.gross / (2.0 * params.max_pairs))
            self._watched[pair] = (fit, int(states[-1]) if len(states) else state)

    def _ask(self, row: int, pair: tuple[int, int], leg: float) -> None:
        for symbol, weight in zip(pair, (leg, -leg), strict=True):
            if self._has_bar[row, symbol]:
                self.weight[row, symbol] = weight
                self.legs[row, symbol] = package_number(*(self._symbols[column] for column in sorted(pair)))


def _turned(fit: PairFit) -> PairFit:
    """Return the same relation with y and x in each other's place."""
    return PairFit(fit.x, fit.y, fit.p_value, 1.0 / fit.slope, -fit.intercept / fit.slope, fit.deviation / fit.slope)


@compiled
def pair_states(z: FloatArray, state: np.int8, entry_z: float, exit_z: float, stop_z: float) -> npt.NDArray[np.int8]:
    """Return (T,) int8 the state behind each distance: +1 long y, -1 short y, 0 out, 2 out until it has come back.

    `state` is the one before. A NaN, where one of the two has no bar, changes nothing.
    """
    states = np.empty(len(z), np.int8)
    for bar in range(len(z)):
        far = abs(z[bar])
        if far > stop_z:
            state = np.int8(2)
        elif state == 0 and far >= entry_z:
            state = np.int8(1) if z[bar] < 0 else np.int8(-1)
        elif (state == 2 and far <= exit_z) or (state == 1 and z[bar] >= -exit_z) or (state == -1 and z[bar] <= exit_z):
            state = np.int8(0)
        states[bar] = state
    return states
