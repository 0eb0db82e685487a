"""`Ruin`: how likely an account is to fall by more than it may, from resampled paths, and by the Brownian closed form.

Ruin is a limit that its owner sets, such as losing half. Two falls are told apart: from the highest wealth so far (a
drawdown) and from the wealth at the start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from stratkit.errors import UsageError
from stratkit.inference.interval import Interval
from stratkit.inference.test_result import drawn_p_error
from stratkit.panel import FloatArray

_NORMAL: Final = NormalDist()


@dataclass(frozen=True)
class Ruin:
    """The share of paths that fall by `limit` (a positive fraction) or more, with its exact interval.

    `from_peak` counts drawdowns, `from_start` falls below ``(1 - limit)`` times the start; errors are Monte Carlo
    standard errors. Shares of all cases there are have no error, and an interval without width.
    """

    limit: float
    from_peak: Interval
    from_peak_error: float
    from_start: Interval
    from_start_error: float


def risk_of_ruin(
    max_drawdown: FloatArray,
    lowest: FloatArray,
    limits: Sequence[float],
    *,
    level: float = 0.95,
    is_exact: bool = False,
) -> tuple[Ruin, ...]:
    """Return the risk at each of `limits` from (P,) drawdowns (at most 0) and lowest wealths of paths that start at 1.

    Paths that reach a limit exactly count as ruined. The interval is that of Clopper and Pearson (1934), which holds
    for no case out of P too: then its upper bound says how rare ruin must be. `is_exact` = these are all the paths
    there are. Raises `UsageError` for limits outside (0, 1].

    >>> import numpy as np
    >>> (risk,) = risk_of_ruin(np.array([-0.1, -0.3]), np.array([0.95, 0.8]), [0.2])
    >>> risk.from_peak.estimate, risk.from_start.estimate
    (0.5, 0.5)
    """
    for limit in limits:
        if not 0 < limit <= 1:
            raise UsageError(f"a limit must be a fraction of the account above 0 and up to 1; found {limit:g}")
    return tuple(_ruin(limit, max_drawdown, lowest, level, is_exact) for limit in limits)


def brownian_ruin(drift: float, sd: float, fall: float, horizon: float = math.inf) -> float:
    """Return the chance that a Brownian motion ever falls by `fall` below its start, or does so within `horizon`.

    ``exp(-2 drift fall/sd^2)`` without a horizon (1 when the drift is not positive); within one,
    ``Phi((-fall - drift h)/(sd sqrt h)) + exp(-2 drift fall/sd^2) Phi((-fall + drift h)/(sd sqrt h))``. `drift` and
    `sd` are per unit of time. Source: the first-passage law of a drifted Brownian motion (D. R. Cox, H. D. Miller, The
    Theory of Stochastic Processes, 1965, section 5.7).

    >>> round(brownian_ruin(0.1, 0.2, 0.2), 4), round(brownian_ruin(0.1, 0.2, 0.2, 1.0), 4)
    (0.3679, 0.1803)
    """
    if not sd > 0 or not fall > 0 or not horizon > 0:
        raise UsageError(f"sd, fall and horizon must be positive; found {sd:g}, {fall:g} and {horizon:g}")
    power = -2.0 * drift * fall / sd**2
    if math.isinf(horizon):
        return math.exp(min(power, 0.0))
    spread = sd * math.sqrt(horizon)
    near, far = _NORMAL.cdf((-fall - drift * horizon) / spread), _NORMAL.cdf((-fall + drift * horizon) / spread)
    # far vanishes at least as fast as its factor grows; the factor alone may be too large for a number
    mirrored = math.exp(power + math.log(far)) if far > 0 else 0.0
    return min(near + mirrored, 1.0)


def wealth_ruin(mean: float, sd: float, limit: float, bars: float = math.inf) -> float:
    """Return the chance that wealth falls by the fraction `limit` below its start: `brownian_ruin` of its logarithm.

    `mean` and `sd` are those of simple returns per bar, taken as independent and normal in the logarithm, watched at
    every instant: ``m = log(1 + mean) - s^2/2`` with ``s^2 = log(1 + sd^2/(1 + mean)^2)``.

    >>> round(wealth_ruin(0.0004, 0.01, 0.2), 3)
    0.209
    """
    if not 0 < limit < 1:
        raise UsageError(f"a limit must be a fraction of the account between 0 and 1; found {limit:g}")
    variance = math.log1p((sd / (1 + mean)) ** 2)
    return brownian_ruin(math.log1p(mean) - variance / 2, math.sqrt(variance), -math.log1p(-limit), bars)


def _ruin(limit: float, max_drawdown: FloatArray, lowest: FloatArray, level: float, is_exact: bool) -> Ruin:
    paths = len(max_drawdown)
    # what a sum or product of returns misses a limit by is rounding, not luck
    slack = 1e-12
    peak, start = (int((fallen >= limit - slack).sum()) for fallen in (-max_drawdown, 1.0 - lowest))
    errors = (0.0, 0.0) if is_exact else (drawn_p_error(peak / paths, paths), drawn_p_error(start / paths, paths))
    return Ruin(
        limit, _share(peak, paths, level, is_exact), errors[0], _share(start, paths, level, is_exact), errors[1]
    )


def _share(count: int, paths: int, level: float, is_exact: bool) -> Interval:
    share = count / paths
    if is_exact:
        return Interval(share, share, share, level, "all cases")
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(count, paths - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, paths - count, 1 - tail)) if count < paths else 1.0
    return Interval(share, low, high, level, "Clopper-Pearson")
