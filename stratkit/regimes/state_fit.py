"""`StateFit`: fitted parameters of a model whose hidden states follow each other like a Markov chain."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stratkit.panel import FloatArray, IntArray
from stratkit.regimes.filters import forward_filter, gaussian_log_density
from stratkit.regimes.learned import fitted_how_often
from stratkit.regimes.matching import as_before, by_volatility, with_true_names
from stratkit.regimes.settings import FitSettings


@dataclass(frozen=True)
class StateFit:
    """Parameters of R states, in returns per bar.

    `start` (R,) are the probabilities before the first bar, `transition` (R, R) has a row for each state left, `means`
    and `variances` are (R,). `settled` tells whether the fit came to rest, `renamed` whether its states have other
    names than those of the fit before that they continue.
    """

    start: FloatArray
    transition: FloatArray
    means: FloatArray
    variances: FloatArray
    settled: bool = True
    renamed: bool = False

    def ordered(self, order: IntArray) -> StateFit:
        """Return the same fit with its states in another order."""
        return replace(
            self, start=self.start[order], transition=self.transition[np.ix_(order, order)], means=self.means[order],
            variances=self.variances[order],
        )  # fmt: skip

    def scaled(self, factor: float) -> StateFit:
        """Return the fit of returns that are so many times as large."""
        return replace(self, means=self.means * factor, variances=self.variances * factor**2)

    def named_like(self, before: StateFit | None) -> StateFit:
        """Return the fit with its states in the order of the one before, by nearest means and variances.

        The first one has none before it: its states go by volatility. So they do, and are `renamed`, where one would be
        clearly more volatile than one whose name says more.
        """
        if before is None:
            return self.ordered(by_volatility(self.variances))
        continued = as_before(self.means, self.variances, before.means, before.variances)
        order, renamed = with_true_names(continued, np.sqrt(self.variances))
        return replace(self.ordered(order), renamed=renamed)

    def log_density(self, returns: FloatArray) -> FloatArray:
        """Return (n, R) the log density of returns under each state."""
        return gaussian_log_density(returns, self.means, self.variances)

    def filtered(self, returns: FloatArray) -> FloatArray:
        """Return (n, R) the probability of each state from the returns (n,) up to each."""
        return forward_filter(self.log_density(returns), self.transition, self.start)[0]


def staying(states: int, stays: float) -> FloatArray:
    """Return a transition matrix (R, R) by which each state stays with one probability, and goes to any other alike.

    >>> staying(2, 0.75)
    array([[0.75, 0.25],
           [0.25, 0.75]])
    """
    transition = np.full((states, states), (1 - stays) / (states - 1))
    np.fill_diagonal(transition, stays)
    return transition


def filtered_rule(fit: FitSettings, model: str) -> str:
    """Return in words how labels are made by the states of a model that is fitted again and again."""
    return f"most probable of {fit.states} states of {model}, filtered; {fitted_how_often(fit)}"
