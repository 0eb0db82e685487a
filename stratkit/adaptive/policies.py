"""`arm_values`: what each arm is worth to a policy that has to choose one; the highest wins.

Sources: UCB1: P. Auer, N. Cesa-Bianchi, P. Fischer, Machine Learning 47 (2002), p. 237. Gaussian Thompson sampling:
S. Agrawal, N. Goyal, AISTATS 2013, algorithm 2. Discounted and sliding-window UCB: A. Garivier, E. Moulines, ALT 2011,
sections 2 and 3, here with the constant of UCB1, sqrt(2 ln t / n), in the place of theirs. The width of a bonus for
rewards of a known deviation: T. Lattimore, C. Szepesvari, Bandit Algorithms (2020), section 8.1.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stratkit.adaptive.settings import SelectorSettings
from stratkit.panel import FloatArray

_LEAST_UNIFORM: Final = 2.0**-54  # half the step of a uniform number: the normal quantile of 0 has no value


def arm_values(
    settings: SelectorSettings, q: FloatArray, weight: FloatArray, total: FloatArray, uniform: FloatArray
) -> FloatArray:
    """Return (K, A) values of A arms for K choices from rows of an `ArmTable`, all (K, A)."""
    if settings.policy == "epsilon_greedy":
        return q
    if settings.policy == "thompson":
        return thompson_draws(weight, total, uniform, settings.reward_sd_r)
    low, high = settings.reward_range_r
    mean = (total / np.where(weight > 0, weight, 1.0) - low) / (high - low)
    return upper_bounds(mean, weight, weight.sum(axis=1), settings.bound_width)


def upper_bounds(mean: FloatArray, weight: FloatArray, trades: FloatArray, width: float = 1.0) -> FloatArray:
    """Return mean + width x sqrt(2 ln t / n), infinite for an arm that was not tried.

    `mean` (K, A) of rewards scaled to [0, 1], `weight` (K, A) is n, `trades` (K,) is t: the sum of n over all arms,
    which is what a discount or a window has left of it; ln t is 0 where less than one trade is left.
    """
    logarithm = np.log(np.maximum(trades, 1.0))[:, None]
    bound = mean + width * np.sqrt(2.0 * logarithm / np.where(weight > 0, weight, 1.0))
    return np.where(weight > 0, bound, np.inf)


def thompson_draws(weight: FloatArray, total: FloatArray, uniform: FloatArray, sd: float) -> FloatArray:
    """Return a draw per arm from N(total / (n + 1), sd^2 / (n + 1)): the belief about its mean reward in R."""
    from scipy.special import ndtri  # a tenth of a second to import, for this policy only

    normal = ndtri(np.maximum(uniform, _LEAST_UNIFORM))
    draws: FloatArray = total / (weight + 1.0) + sd / np.sqrt(weight + 1.0) * normal
    return draws
