"""`World`: how the returns of a calibration come about; every figure of it is known because it was put there.

All series have the mean 0 and the standard deviation 1 and are correlated by .5: means and volatility are added by
whoever asks. The noise of a pair hangs on the seed, the world, its length and its number alone, so that every test and
every planted effect sees the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.panel import FloatArray
from stratkit.seeds import generator

CORRELATION: Final = 0.5
# daily returns of an index: shocks to the variance die out by half in 34 days
ARCH: Final = 0.08
GARCH: Final = 0.90
BURN_IN: Final = 250  # .98^250 of the first variance is left


@dataclass(frozen=True)
class World:
    """Autocorrelation `rho` of first order, GARCH(1,1) or not, Student's t with `freedom` degrees or a normal (None).

    Variances of a GARCH world are each series' own, its shocks are correlated; under t both series have their wild
    periods together.
    """

    name: str
    rho: float = 0.0
    is_garch: bool = False
    freedom: int | None = None

    @property
    def is_normal(self) -> bool:
        return not self.is_garch and self.freedom is None


IID, AR1, AR3 = World("iid normal"), World("AR(1) .1", rho=0.1), World("AR(1) .3", rho=0.3)
GARCH11, STUDENT = World("GARCH(1,1)", is_garch=True), World("Student t(5)", freedom=5)
MAIN: Final = (IID, AR1, AR3, GARCH11, STUDENT)
# for the limits of the command's warning, primary test only
EDGE: Final = (
    World("AR(1) -.5", rho=-0.5),
    World("AR(1) -.3", rho=-0.3),
    World("AR(1) .5", rho=0.5),
    World("AR(1) .7", rho=0.7),
)
WORLDS: Final = {world.name: world for world in (*MAIN, *EDGE)}


def noise(world: World, n: int, pairs: range, columns: int, seed: int) -> FloatArray:
    """Return (pairs, n, columns); the first two columns of a pair do not depend on how many are asked for."""
    shocks = np.stack([_shocks(world, n, columns, generator(seed, "calibration", world.name, n, p)) for p in pairs])
    if world.is_garch:
        return _garch(shocks)[:, BURN_IN:]
    return _autoregressive(shocks, world.rho) if world.rho else shocks


def _shocks(world: World, n: int, columns: int, draw: np.random.Generator) -> FloatArray:
    rows = n + BURN_IN * world.is_garch
    scale = np.ones(rows)
    if world.freedom is not None:  # a normal over the root of a chi-square, with the variance 1
        scale = np.sqrt((world.freedom - 2) / draw.chisquare(world.freedom, rows))
    common, *own = draw.standard_normal((1 + columns, rows))
    mixed = math.sqrt(CORRELATION) * common + math.sqrt(1 - CORRELATION) * np.array(own)
    return np.asarray((scale * mixed).T)


def _garch(shocks: FloatArray) -> FloatArray:
    out = np.empty_like(shocks)
    variance = np.ones_like(shocks[:, 0])
    for t in range(shocks.shape[1]):
        out[:, t] = np.sqrt(variance) * shocks[:, t]
        variance = (1 - ARCH - GARCH) + ARCH * out[:, t] ** 2 + GARCH * variance
    return out


def _autoregressive(shocks: FloatArray, rho: float) -> FloatArray:
    out = np.empty_like(shocks)
    out[:, 0] = shocks[:, 0]  # from the stationary distribution on
    for t in range(1, shocks.shape[1]):
        out[:, t] = rho * out[:, t - 1] + math.sqrt(1 - rho**2) * shocks[:, t]
    return out
