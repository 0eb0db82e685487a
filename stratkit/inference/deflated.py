"""The deflated Sharpe ratio: how sure a Sharpe ratio is that was picked as the best of many trials.

Ratios are PER PERIOD, and so is the spread of the trials' ratios: an annual one would move the answer to 0 or 1.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.estimate import Estimate
from stratkit.inference.sharpe import Convention, probabilistic_sharpe
from stratkit.panel import FloatArray

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


def minimum_backtest_years(sharpe_ann: float, trials: float) -> Estimate:
    """Return MinBTL: years below which the best of `trials` without any edge is expected to reach `sharpe_ann`.

    ``(E[max] / SR)^2``. Source: D. H. Bailey, J. Borwein, M. Lopez de Prado, Q. J. Zhu, Pseudo-Mathematics and
    Financial Charlatanism, Notices of the AMS 61 (2014).

    >>> round(float(minimum_backtest_years(1.0, 45)), 1)
    5.0
    """
    if not sharpe_ann > 0:
        return Estimate.undefined("the Sharpe ratio is not above 0")
    return Estimate((expected_maximum(trials) / sharpe_ann) ** 2)


def effective_trials(correlation: FloatArray) -> float:
    """Return how many independent trials M correlated ones are worth: ``rho + (1 - rho) M``, rho the mean correlation.

    `correlation` (M, M). A mean below 0 counts as 0. Source: Bailey and Lopez de Prado (2014), appendix 3.

    >>> effective_trials(np.array([[1.0, 0.5], [0.5, 1.0]]))
    1.5
    """
    count = _checked(correlation)
    if count == 1:
        return 1.0
    return effective_of_mean((float(correlation.sum()) - count) / (count * (count - 1)), count)


def effective_of_mean(mean_correlation: float, trials: int) -> float:
    """Return how many independent trials `trials` are worth whose mean correlation is known, as `effective_trials`.

    NaN, a correlation that nobody could measure, counts as 0: all of them are then independent.

    >>> effective_of_mean(0.5, 2), effective_of_mean(float("nan"), 3)
    (1.5, 3.0)
    """
    rho = mean_correlation if mean_correlation > 0 else 0.0
    return rho + (1 - rho) * max(trials, 1)


def effective_rank(correlation: FloatArray) -> float:
    """Return the effective rank of a correlation matrix: the exponential of the entropy of its eigenvalues' shares.

    `correlation` (M, M); 1 when all trials are the same, M when none are correlated. Source: O. Roy, M. Vetterli, The
    Effective Rank, EUSIPCO (2007).

    >>> round(effective_rank(np.eye(3)), 6)
    3.0
    """
    _checked(correlation)
    values = np.linalg.eigvalsh(correlation)
    share = values[values > 0] / values[values > 0].sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def _checked(correlation: FloatArray) -> int:
    if correlation.ndim != 2 or correlation.shape[0] != correlation.shape[1] or not len(correlation):
        raise UsageError(f"a correlation matrix must be square; found the shape {correlation.shape}")
    if not np.isfinite(correlation).all():
        raise UsageError("a correlation matrix must be finite: leave out trials whose returns do not vary")
    return len(correlation)
