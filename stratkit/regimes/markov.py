"""Labels of a Markov-switching mean and variance: parameters by statsmodels, a Hamilton filter of our own.

statsmodels' filtered probabilities use parameters of the whole sample. Here parameters are learned from the past.
"""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any, Final

import numpy as np

from stratkit.panel import FloatArray
from stratkit.regimes.filters import forward_filter, stationary
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.learned import Method, Reading, learned_labels, most_probable
from stratkit.regimes.matching import ordered_names
from stratkit.regimes.settings import FitSettings
from stratkit.regimes.state_fit import StateFit, filtered_rule, staying
from stratkit.seeds import generator

# rounds of expectation-maximisation come cheap, and the search by gradients alone often fails
_ROUNDS: Final = 60
_MOST_STEPS: Final = 100
_FLAT: Final = 3e-4  # gradient of log-likelihood per bar at which the search ends: .004 short of the top on 3,000 bars
_EDGE: Final = 1e-4  # of probabilities in a start: at 0 and 1 the search has no gradient


def markov_labels(returns: FloatArray, fit: FitSettings, seed: int) -> RegimeLabels:
    """Label (T, N) log returns, NaN where there is no bar, by the most probable state of a switching mean and variance.

    Causal: parameters from the bars up to each fit of the schedule, probabilities filtered from the bars up to each
    bar. The first fit goes on from each of `restarts` starts and keeps the likeliest; later ones go on from the
    likeliest start, of which the fit before is one.

    Source: J. D. Hamilton, Econometrica 57 (1989) 357.
    """
    rule = filtered_rule(fit, "a Markov-switching mean and variance of returns")
    method = Method("markov", ordered_names(fit.states), rule, partial(_learn, fit, seed), _read)
    return learned_labels(returns[:, :, None], fit, method)


def at_rest(transition: FloatArray, means: FloatArray, variances: FloatArray, settled: bool = True) -> StateFit:
    """Return the fit of states that begin at their long-run shares."""
    return StateFit(stationary(transition), transition, means, variances, settled)


def fitted_markov(
    returns: FloatArray, fit: FitSettings, random: np.random.Generator, before: StateFit | None = None
) -> StateFit | None:
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
    return max(fits, key=lambda each: _likelihood(model, each)).scaled(scale).named_like(before)


def _learn(fit: FitSettings, seed: int, past: FloatArray, before: StateFit | None, bar: int) -> StateFit | None:
    return fitted_markov(past[:, 0], fit, generator(seed, "markov", bar), before)


def _read(found: StateFit, observed: FloatArray) -> Reading:
    return most_probable(found.filtered(observed[:, 0]))


def _spread(states: int) -> StateFit:
    """Return a start with variances from a quarter to four times that of all, and states that last."""
    return at_rest(staying(states, 0.95), np.zeros(states), np.geomspace(0.25, 4.0, states))


def _drawn(random: np.random.Generator, states: int) -> StateFit:
    return at_rest(
        staying(states, random.uniform(0.7, 0.99)), 0.3 * random.standard_normal(states),
        np.exp(random.uniform(-2.0, 2.0, states)),
    )  # fmt: skip


# statsmodels' object is untyped: Any stands for it


def _likelihood(model: Any, start: StateFit) -> float:
    return forward_filter(start.log_density(np.asarray(model.endog)), start.transition, start.start)[1]


def _maximised(model: Any, start: StateFit) -> StateFit | None:
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
    transition, means, variances = _from_vector(model, np.asarray(found.params))
    if not (np.isfinite(transition).all() and np.isfinite(means).all() and (variances > 0).all()):
        return None
    return at_rest(transition, means, variances, bool(found.mle_retvals["converged"]))


def _as_vector(model: Any, start: StateFit) -> FloatArray:
    """Return parameters as statsmodels has them: its transition matrix has columns = from, without the last row."""
    vector = np.zeros(model.k_params)
    inner = np.clip(start.transition, _EDGE, 1.0)
    inner = inner / inner.sum(axis=1, keepdims=True)
    vector[model.parameters["regime_transition"]] = inner.T[:-1].ravel()
    for state in range(model.k_regimes):
        vector[model.parameters[state, "exog"]] = start.means[state]
        vector[model.parameters[state, "variance"]] = start.variances[state]
    return vector


def _from_vector(model: Any, vector: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    states = range(model.k_regimes)
    return (
        np.ascontiguousarray(model.regime_transition_matrix(vector)[:, :, 0].T),
        np.concatenate([vector[model.parameters[state, "exog"]] for state in states]),
        np.concatenate([vector[model.parameters[state, "variance"]] for state in states]),
    )
