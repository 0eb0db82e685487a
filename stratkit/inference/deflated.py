"""The deflated Sharpe ratio: how sure a Sharpe ratio is that was picked as the best of many trials.

Ratios are PER PERIOD, and so is the spread of the trials' ratios: an annual one would move the answer to 0 or 1.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

from stratkit.errors import UsageError
from stratkit.inference.estimate import Estimate
from stratkit.inference.sharpe import Convention, probabilistic_sharpe

_EULER_GAMMA: Final = 0.5772156649015329
_NORMAL: Final = NormalDist()


def expected_maximum(trials: float) -> float:
    """Return how large the largest of `trials` independent standard normal numbers is expected to be; 0 for one.

    ``(1 - g) Z(1 - 1/N) + g Z(1 - 1/(N e))``, g the Euler-Mascheroni constant, Z the normal quantile. Source: D. H.
    Bailey, M. Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (2014), eq. 1. An effective
    number of trials need not be whole.

    >>> round(expected_maximum(100), 4)
    2.5306
    """
    if not trials >= 1:
        raise UsageError(f"there must be at least one trial; found {trials:g}")
    if trials == 1:
        return 0.0
    within, beyond = _NORMAL.inv_cdf(1 - 1 / trials), _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    # the approximation falls below 0 between one trial and about 1.3, where the truth does not
    return max(0.0, (1 - _EULER_GAMMA) * within + _EULER_GAMMA * beyond)


def luck_sharpe(trial_sd: float, trials: float) -> Estimate:
    """Return the Sharpe ratio that the best of `trials` reaches by luck alone, their ratios spread by `trial_sd`.

    >>> round(float(luck_sharpe(0.04, 100)), 4)
    0.1012
    """
    if not trial_sd >= 0:
        return Estimate.undefined("the trials' Sharpe ratios have no spread that could be measured")
    return Estimate(trial_sd * expected_maximum(trials))


def luck_of_trials(n: int, trials: float, mean_correlation: float) -> Estimate:
    """Return the Sharpe ratio per period that the best of `trials` trials, alike as they are, reaches by luck alone.

    It is `luck_sharpe` at ``sqrt((1 - rho)/n)``: how far the ratios over `n` periods of trials without any skill
    spread when the mean correlation of their returns is rho; one that is NaN, which nobody could measure, or below 0
    counts as 0. The spread that the ratios really have would hold skill that differs between the trials, good or bad,
    so that an edge that only some of them catch raises the bar above itself; and a sampler that crowds its trials
    around the best makes it small, which makes luck no smaller.

    >>> round(float(luck_of_trials(10_000, 100, 0.0)), 4), float(luck_of_trials(10_000, 1, 0.0))
    (0.0253, 0.0)
    """
    if n < 2:
        return Estimate.undefined(f"at least two returns are needed; there are {n}")
    rho = min(mean_correlation, 1.0) if mean_correlation > 0 else 0.0
    return luck_sharpe(math.sqrt((1 - rho) / n), max(1.0, trials))


def deflated_sharpe(
    sharpe: float,
    n: int,
    trial_sd: float,
    trials: float,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    convention: Convention = "2012",
) -> Estimate:
    """Return DSR, the probability that the true Sharpe ratio exceeds what luck alone gives the best of `trials`.

    It is PSR at `luck_sharpe`. `sharpe` and `trial_sd` are per period, `n` counts periods, `kurtosis` is raw.
    Source as in `expected_maximum`.

    >>> round(float(deflated_sharpe(2.5 / 250**0.5, 1250, (0.5 / 250) ** 0.5, 46, -3.0, 10.0)), 3)
    0.951
    """
    luck = luck_sharpe(trial_sd, trials)
    if luck.reason:
        return luck
    return probabilistic_sharpe(sharpe, n, skewness, kurtosis, float(luck), convention)
