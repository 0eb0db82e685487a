"""Labels of a Markov-switching mean and variance: parameters by statsmodels, a Hamilton filter of our own.

statsmodels' filtered probabilities use parameters of the whole sample. Here parameters are learned from the past.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from stratkit.panel import FloatArray, IntArray
from stratkit.regimes.filters import forward_filter, gaussian_log_density, stationary
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.learned import Method, Reading, learned_labels, most_probable
from stratkit.regimes.matching import as_before, by_volatility, ordered_names
from stratkit.regimes.settings import FitSettings
from stratkit.seeds import generator

# rounds of expectation-maximisation come cheap, and the search by gradients alone often fails
_ROUNDS: Final = 60
_MOST_STEPS: Final = 100
_FLAT: Final = 3e-4  # gradient of log-likelihood per bar at which the search ends: .004 short of the top on 3,000 bars
_EDGE: Final = 1e-4  # of probabilities in a start: at 0 and 1 the search has no gradient


@dataclass(frozen=True)
class MarkovFit:
    """Parameters of R states, in returns per bar: `transition` (R, R) row = from, means and variances (R,)."""

    transition: FloatArray
    means: FloatArray
    variances: FloatArray
    settled: bool = True

    def ordered(self, order: IntArray) -> MarkovFit:
        """Return the same fit with its states in another order."""
        return MarkovFit(self.transition[np.ix_(order, order)], self.means[order], self.variances[order], self.settled)

    def scaled(self, factor: float) -> MarkovFit:
        """Return the fit of returns that are so many times as large."""
        return MarkovFit(self.transition, self.means * factor, self.variances * factor**2, self.settled)

    def filtered(self, returns: FloatArray) -> FloatArray:
        """Return (n, R) the probability of each state from the returns (n,) up to each, begun at long-run shares."""
        density = gaussian_log_density(returns, self.means, self.variances)
        return forward_filter(density, self.transition, stationary(self.transition))[0]


def markov_labels(returns: FloatArray, fit: FitSettings, seed: int) -> RegimeLabels:
    """Label (T, N) log returns, NaN where there is no bar, by the most probable state of a switching mean and variance.

    Causal: parameters from the bars up to each fit of the schedule, probabilities filtered from the bars up to each
    bar. The first fit goes on from each of `restarts` starts and keeps the likeliest; later ones go on from the
    likeliest start, of which the fit before is one.

    Source: J. D. Hamilton, Econometrica 57 (1989) 357.
    """
    rule = (
        f"most probable of {fit.states} states of a Markov-switching mean and variance of returns, filtered; "
        f"fitted every {fit.refit_bars} bars on {'all' if fit.window_bars is None else fit.window_bars} past bars"
    )
    method = Method("markov", ordered_names(fit.states), rule, partial(_learn, fit, seed), _read)
    return learned_labels(returns[:, :, None], fit, method)


def fitted_markov(
    returns: FloatArray, fit: FitSettings, random: np.random.Generator, before: MarkovFit | None = None
) -> MarkovFit | None:
    """Fit returns (n,) by maximum likelihood; None where they do not move or no start comes to anything.

    States are those of `before` by nearest means and variances, at first by volatility.
    """
    from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression  # a second, for this method only

    scale = float(np.std(returns)) if len(returns) > fit.states else 0.0
    if not scale > 0:
        return None
    model = MarkovRegression(returns / scale, k_regimes=fit.states, switching_variance=True)
    starts = [_spread(fit.states)] + [_drawn(random, fit.states) for _ in range(fit.restarts - 1)]
    if before is not None:
        starts = [max([*starts, before.scaled(1 / scale)], key=lambda start: _likelihood(model, start))]
    fits = [each for start in starts if (each := _maximised(model, start)) is not None]
    if not fits:
        return None
    found = max(fits, key=lambda each: _likelihood(model, each)).scaled(scale)
    if before is None:
        return found.ordered(by_volatility(found.variances))
    return found.ordered(as_before(found.means, found.variances, before.means, before.variances))


def _learn(fit: FitSettings, seed: int, past: FloatArray, before: MarkovFit | None, bar: int) -> MarkovFit | None:
    return fitted_markov(past[:, 0], fit, generator(seed, "markov", bar), before)


def _read(found: MarkovFit, observed: FloatArray) -> Reading:
    return most_probable(found.filtered(observed[:, 0]))


def _spread(states: int) -> MarkovFit:
    """Return a start with variances from a quarter to four times that of all, and states that last."""
    return MarkovFit(_staying(states, 0.95), np.zeros(states), np.geomspace(0.25, 4.0, states))


def _drawn(random: np.random.Generator, states: int) -> MarkovFit:
    return MarkovFit(
        _staying(states, random.uniform(0.7, 0.99)), 0.3 * random.standard_normal(states),
        np.exp(random.uniform(-2.0, 2.0, states)),
    )  # fmt: skip


def _staying(states: int, stays: float) -> FloatArray:
    transition = np.full((states, states), (1 - stays) / (states - 1))
    np.fill_diagonal(transition, stays)
    return transition


# statsmodels' object is untyped: Any stands for it


def _likelihood(model: Any, start: MarkovFit) -> float:
    density = gaussian_log_density(np.asarray(model.endog), start.means, start.variances)
    return forward_filter(density, start.transition, stationary(start.transition))[1]


def _maximised(model: Any, start: MarkovFit) -> MarkovFit | None:
    """Return what statsmodels finds from a start, None where it comes to nothing."""
    with warnings.catch_warnings():  # what counts is noted in the labels
        warnings.simplefilter("ignore")
        try:
            found = model.fit(
                start_params=_as_vector(model, start), em_iter=_ROUNDS, maxiter=_MOST_STEPS, gtol=_FLAT, disp=False,
                cov_type="none",
            )  # fmt: skip
        except (RuntimeError, ValueError, np.linalg.LinAlgError):  # parameters without long-run shares
            return None
    fitted = _from_vector(model, np.asarray(found.params), bool(found.mle_retvals["converged"]))
    sound = np.isfinite(fitted.transition).all() and np.isfinite(fitted.means).all() and (fitted.variances > 0).all()
    return fitted if sound else None


def _as_vector(model: Any, start: MarkovFit) -> FloatArray:
    """Return parameters as statsmodels has them: its transition matrix has columns = from, without the last row."""
    vector = np.zeros(model.k_params)
    inner = np.clip(start.transition, _EDGE, 1.0)
    inner = inner / inner.sum(axis=1, keepdims=True)
    vector[model.parameters["regime_transition"]] = inner.T[:-1].ravel()
    for state in range(model.k_regimes):
        vector[model.parameters[state, "exog"]] = start.means[state]
        vector[model.parameters[state, "variance"]] = start.variances[state]
    return vector


def _from_vector(model: Any, vector: FloatArray, settled: bool) -> MarkovFit:
    states = range(model.k_regimes)
    return MarkovFit(
        np.ascontiguousarray(model.regime_transition_matrix(vector)[:, :, 0].T),
        np.concatenate([vector[model.parameters[state, "exog"]] for state in states]),
        np.concatenate([vector[model.parameters[state, "variance"]] for state in states]),
        settled,
    )
