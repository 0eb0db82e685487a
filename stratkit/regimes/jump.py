"""Labels of a statistical jump model: clusters of features, with a price on every change of state.

The label of a bar is the end of the cheapest path up to it. The cheapest path through all bars, which is what a fit
finds, looks ahead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from stratkit.panel import FloatArray
from stratkit.regimes.jump_features import downside_features
from stratkit.regimes.jump_path import fitted_path, online_values, starting_centers
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.learned import Method, Reading, fitted_how_often, learned_labels
from stratkit.regimes.matching import by_volatility, nearest, ordered_names, with_true_names
from stratkit.regimes.settings import FitSettings
from stratkit.seeds import generator

_CLIPPED: Final = 3.0  # standard deviations, as published: one crash shall not be a state of its own


@dataclass(frozen=True)
class JumpFit:
    """Centers (R, F) of states in standard deviations from the mean of each feature (F,).

    `renamed` tells whether its states have other names than those of the fit before that they continue.
    """

    centers: FloatArray
    mean: FloatArray
    deviation: FloatArray
    settled: bool = True
    renamed: bool = False

    def standard(self, features: FloatArray) -> FloatArray:
        """Return features (n, F) in standard deviations from the mean, at most three."""
        return np.clip((features - self.mean) / self.deviation, -_CLIPPED, _CLIPPED)

    def seen_from(self, mean: FloatArray, deviation: FloatArray) -> FloatArray:
        """Return the centers in standard deviations from another mean."""
        return np.asarray((self.centers * self.deviation + self.mean - mean) / deviation)


def jump_labels(returns: FloatArray, fit: FitSettings, seed: int) -> RegimeLabels:
    """Label (T, N) log returns, NaN where there is no bar, by the state that the cheapest path up to each bar ends in.

    Causal: centers, means and deviations of features from the bars up to each fit of the schedule. Every fit starts
    from the fit before and from `restarts` others, and keeps the cheapest. `confidence` is how much dearer the next
    best state is, as a share of the price of a change.

    Source: P. Nystrup, E. Lindström, H. Madsen, Expert Systems with Applications 150 (2020) 113307; features of
    Y. Shu, C. Yu, J. M. Mulvey, Journal of Asset Management 25 (2024) 493.
    """
    rule = (
        f"jump model of {fit.states} states of downside features, a change costs {fit.jump_penalty:g}; "
        f"{fitted_how_often(fit)}"
    )
    learn, read = partial(_learn, fit, seed), partial(_read, fit.jump_penalty)
    method = Method("jump", ordered_names(fit.states, "downside"), rule, learn, read, has_probability=False)
    return learned_labels(downside_features(returns), fit, method)


def _learn(fit: FitSettings, seed: int, past: FloatArray, before: JumpFit | None, bar: int) -> JumpFit | None:
    mean, deviation = past.mean(axis=0), past.std(axis=0)
    if not (deviation > 0).all():
        return None
    standard = JumpFit(np.empty(0), mean, deviation).standard(past)
    starts = starting_centers(standard, fit.states, fit.restarts, generator(seed, "jump", bar))
    known = None if before is None else before.seen_from(mean, deviation)
    found = fitted_path(standard, starts if known is None else [known, *starts], fit.jump_penalty)
    return _named(JumpFit(found.centers, mean, deviation, found.settled), known)


def _read(penalty: float, found: JumpFit, features: FloatArray) -> Reading:
    values = online_values(found.standard(features), found.centers, penalty)
    best, second = np.sort(values, axis=1)[:, :2].T
    return Reading(values.argmin(axis=1), np.minimum((second - best) / penalty, 1.0))


def _named(fit: JumpFit, known: FloatArray | None) -> JumpFit:
    """Return the fit with its states in the order of the one before, by nearest centers, at first by falls.

    So they go again where one would have clearly more of it than one whose name says more.
    """
    if known is None:
        return replace(fit, centers=fit.centers[by_volatility(fit.centers[:, 0])])
    continued = nearest(((fit.centers[None, :, :] - known[:, None, :]) ** 2).sum(axis=2))
    falls = fit.seen_from(np.zeros_like(fit.mean), np.ones_like(fit.mean))[:, 0]
    order, renamed = with_true_names(continued, falls)
    return replace(fit, centers=fit.centers[order], renamed=renamed)
