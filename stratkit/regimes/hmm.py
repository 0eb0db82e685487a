"""Labels of a Gaussian hidden Markov model: parameters by hmmlearn, probabilities by a forward filter of our own.

hmmlearn's `predict` and `predict_proba` look at the whole series. Here they are never asked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from stratkit.errors import UsageError, needs_extra
from stratkit.panel import FloatArray
from stratkit.regimes.filters import kim_smoother, viterbi
from stratkit.regimes.labels import UNKNOWN, RegimeLabels
from stratkit.regimes.learned import Method, Reading, learned_labels, most_probable
from stratkit.regimes.matching import ordered_names
from stratkit.regimes.settings import FitSettings
from stratkit.regimes.state_fit import StateFit, filtered_rule, staying
from stratkit.seeds import generator

if TYPE_CHECKING:
    from hmmlearn.hmm import GaussianHMM

_FIRST_ROUNDS: Final = 10  # that each start is given
_GO_ON: Final = 2  # of the likeliest starts; one that leads after few rounds need not end highest
_MOST_ROUNDS: Final = 200  # that this one is given
_GAIN: Final = 1e-3  # of log-likelihood in a round below which a fit has settled


def hmm_labels(returns: FloatArray, fit: FitSettings, seed: int) -> RegimeLabels:
    """Label (T, N) log returns, NaN where there is no bar, by the most probable state of a hidden Markov model.

    Causal: parameters from the bars up to each fit of the schedule, probabilities filtered from the bars up to each
    bar. Every fit starts from the fit before and from `restarts` random points, all given a few rounds, of which the
    two likeliest go on to the end. Needs the extra `regime`.

    Source: L. R. Rabiner, Proc. IEEE 77 (1989) 257.
    """
    _hmm_class()  # what is missing is said before any bar is looked at
    rule = filtered_rule(fit, "a Gaussian hidden Markov model of returns")
    method = Method("hmm", ordered_names(fit.states), rule, partial(_learn, fit, seed), _read)
    return learned_labels(returns[:, :, None], fit, method)


def hmm_described(
    returns: FloatArray, fit: FitSettings, seed: int, form: Literal["smoothed", "viterbi"] = "smoothed"
) -> RegimeLabels:
    """Label (T, N) log returns by ONE fit to all bars, smoothed or as the likeliest path: to describe, not to trade."""
    label, confidence = np.full(returns.shape, UNKNOWN), np.full(returns.shape, np.nan)
    probability = np.full((*returns.shape, fit.states), np.nan)
    for symbol in range(returns.shape[1]):
        places = np.flatnonzero(np.isfinite(returns[:, symbol]))
        values = np.ascontiguousarray(returns[places, symbol])
        found = fitted_hmm(values, fit, generator(seed, "hmm", "all"))
        if found is None:
            continue
        smoothed = kim_smoother(found.filtered(values), found.transition)
        path = smoothed.argmax(axis=1)
        if form == "viterbi":
            path, _ = viterbi(found.log_density(values), found.transition, found.start)
        label[places, symbol], probability[places, symbol] = path, smoothed
        confidence[places, symbol] = smoothed[np.arange(len(path)), path]
    return RegimeLabels(
        f"hmm_{form}", ordered_names(fit.states), label.astype(np.int8), confidence, causal=False,
        probability=probability, rule=f"one fit of {fit.states} states to all bars, {form}; uses future bars",
    )  # fmt: skip


def fitted_hmm(
    returns: FloatArray, fit: FitSettings, random: np.random.Generator, before: StateFit | None = None
) -> StateFit | None:
    """Fit returns (n,) by expectation-maximisation; None where they do not move or no start comes to anything.

    States are those of `before` by nearest means and variances, at first by volatility.
    """
    scale = float(np.std(returns)) if len(returns) > fit.states else 0.0
    if not scale > 0:
        return None
    # hmmlearn's prior of a variance (.01) is one of standardised figures: on raw returns it would be all they have
    values = (returns / scale)[:, None]
    starts = [_spread(float(values.mean()), fit.states)]
    starts += [_drawn(random, float(values.mean()), fit.states) for _ in range(fit.restarts - 1)]
    starts += [before.scaled(1 / scale)] if before is not None else []
    with _silence():
        models = [model for start in starts if (model := _rounds(values, start, _FIRST_ROUNDS)) is not None]
        ahead = sorted(models, key=_likelihood, reverse=True)[:_GO_ON]
        ended = [model for each in ahead if (model := _rounds(values, _parameters(each), _MOST_ROUNDS)) is not None]
    if not ended:
        return None
    return _parameters(max(ended, key=_likelihood)).scaled(scale).named_like(before)


def _learn(fit: FitSettings, seed: int, past: FloatArray, before: StateFit | None, bar: int) -> StateFit | None:
    return fitted_hmm(past[:, 0], fit, generator(seed, "hmm", bar), before)


def _read(found: StateFit, observed: FloatArray) -> Reading:
    return most_probable(found.filtered(observed[:, 0]))


def _spread(mean: float, states: int) -> StateFit:
    """Return a start with variances from a quarter to four times that of all, and states that last."""
    return _start(np.full(states, mean), np.geomspace(0.25, 4.0, states), 0.95)


def _drawn(random: np.random.Generator, mean: float, states: int) -> StateFit:
    means = mean + 0.3 * random.standard_normal(states)
    return _start(means, np.exp(random.uniform(-2.0, 2.0, states)), random.uniform(0.7, 0.99))


def _start(means: FloatArray, variances: FloatArray, stays: float) -> StateFit:
    states = len(means)
    return StateFit(np.full(states, 1 / states), staying(states, stays), means, variances)


def _rounds(values: FloatArray, start: StateFit, rounds: int) -> GaussianHMM | None:
    """Return hmmlearn's model after at most so many rounds from a start; None where it came to nothing."""
    model = _hmm_class()(
        len(start.means), n_iter=rounds, tol=_GAIN, init_params="", params="stmc", implementation="scaling"
    )
    model.startprob_, model.transmat_ = start.start, start.transition
    model.means_, model.covars_ = start.means[:, None], start.variances[:, None]
    try:
        model.fit(values)
    except ValueError:  # a state that no bar is in any more
        return None
    found = _parameters(model)
    rows = np.append(found.transition.sum(axis=1), found.start.sum())
    sound = np.isfinite(found.means).all() and (found.variances > 0).all() and np.allclose(rows, 1.0)
    return model if sound and np.isfinite(_likelihood(model)) else None


def _likelihood(model: GaussianHMM) -> float:
    return float(model.monitor_.history[-1])


def _parameters(model: GaussianHMM) -> StateFit:
    # `converged` is also true of a model that has used up its rounds
    settled = bool(model.monitor_.converged) and model.monitor_.iter < model.n_iter
    return StateFit(
        np.array(model.startprob_), np.array(model.transmat_), np.array(model.means_[:, 0]),
        np.array(model.covars_[:, 0, 0]), settled,
    )  # fmt: skip


def _hmm_class() -> Any:  # hmmlearn is untyped
    try:
        from hmmlearn.hmm import GaussianHMM  # pulls scikit-learn, for this method only
    except ModuleNotFoundError:
        raise UsageError(f"hidden Markov labels are fitted by hmmlearn; {needs_extra('regime')}") from None
    return GaussianHMM


@contextmanager
def _silence() -> Iterator[None]:
    """Keep hmmlearn's words on single rounds from the terminal: what counts is noted in the labels."""
    log = logging.getLogger("hmmlearn.base")
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before
