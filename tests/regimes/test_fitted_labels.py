"""Fitted labels: what a fit finds, that labels know no later bar, and that those that do are refused."""

from __future__ import annotations

import builtins
import logging
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_series import FED_FUNDS, sp500_returns

from stratkit.data.planted import switching_market
from stratkit.errors import UsageError
from stratkit.panel import FloatArray
from stratkit.regimes.change_points import cusum_labels, pelt_labels
from stratkit.regimes.hmm import fitted_hmm, hmm_described, hmm_labels
from stratkit.regimes.jump import JumpFit, _named, jump_labels
from stratkit.regimes.jump_features import downside_features
from stratkit.regimes.jump_path import cheapest_path, fitted_path, online_values, starting_centers
from stratkit.regimes.label import label_regimes
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.market import market_bars, own_returns
from stratkit.regimes.markov import at_rest, fitted_markov, markov_labels
from stratkit.regimes.settings import FitSettings, RegimeSettings
from stratkit.regimes.state_fit import StateFit

FIT = FitSettings(min_bars=60, refit_bars=40, restarts=2)
CAUSAL: dict[str, Callable[[FloatArray, FitSettings], RegimeLabels]] = {
    "hmm": partial(hmm_labels, seed=3),
    "markov": partial(markov_labels, seed=3),
    "jump": partial(jump_labels, seed=3),
    "cusum": cusum_labels,
}


def returns_of(bars: int, seed: int, holes: bool = True) -> FloatArray:
    """Log returns (T, 2) of two switching markets; the first return and a tenth of the others are missing."""
    columns = [np.ravel(switching_market(bars, seed, symbol=name)[0].close) for name in ("A", "B")]
    returns = np.diff(np.log(np.column_stack(columns)), axis=0, prepend=np.nan)
    if holes:
        returns[np.random.default_rng(seed).random(returns.shape) < 0.1] = np.nan
    return returns


def known(returns: FloatArray, seed: int) -> StateFit | None:
    return fitted_hmm(returns, FIT, np.random.default_rng(seed))


@pytest.mark.parametrize("method", CAUSAL)
@settings(max_examples=8)
@given(seed=st.integers(0, 10**4), kept=st.integers(61, 199), window=st.sampled_from([None, 80]))
def test_labels_stay_what_they_are_whatever_comes_behind(method: str, seed: int, kept: int, window: int | None) -> None:
    returns = returns_of(200, seed)
    fit = FIT.model_copy(update={"window_bars": window})
    whole, part = CAUSAL[method](returns, fit), CAUSAL[method](returns[:kept], fit)
    assert whole.causal
    assert np.array_equal(part.label, whole.label[:kept])
    assert np.array_equal(part.confidence, whole.confidence[:kept], equal_nan=True)
    if part.probability is not None and whole.probability is not None:
        assert np.array_equal(part.probability, whole.probability[:kept], equal_nan=True)


@pytest.mark.parametrize("method", CAUSAL)
def test_a_symbols_labels_do_not_depend_on_the_others(method: str) -> None:
    returns = returns_of(150, 5)
    whole, alone = CAUSAL[method](returns, FIT), CAUSAL[method](returns[:, 1:], FIT)
    assert np.array_equal(whole.label[:, 1:], alone.label)
    assert (np.isnan(whole.confidence) == (whole.label < 0)).all()
    assert (whole.label[np.isnan(returns)] == -1).all()


@pytest.mark.parametrize(
    "describe",
    [
        pytest.param(lambda returns: hmm_described(returns, FIT, 3), id="smoothed"),
        pytest.param(lambda returns: hmm_described(returns, FIT, 3, "viterbi"), id="viterbi"),
        pytest.param(pelt_labels, id="pelt"),
    ],
)
def test_smoothed_decoded_and_segmented_labels_know_later_bars_and_are_refused(
    describe: Callable[[FloatArray], RegimeLabels],
) -> None:
    returns = returns_of(400, 0)
    whole = describe(returns)
    assert any(not np.array_equal(describe(returns[:kept]).label, whole.label[:kept]) for kept in range(250, 400, 10))
    assert not whole.causal
    with pytest.raises(UsageError, match="must be causal"):
        whole.for_trading()


def test_a_hidden_markov_fit_finds_what_was_put_in() -> None:
    returns = returns_of(5_000, 1, holes=False)[1:, 0]
    found = known(returns, 0)
    assert found is not None
    assert found.settled
    assert np.sqrt(found.variances) == pytest.approx([0.007, 0.020], rel=0.05)
    assert np.diag(found.transition) == pytest.approx([0.99, 0.975], abs=0.008)


def test_a_fit_of_returns_a_thousand_times_as_large_has_the_same_labels() -> None:
    # hmmlearn's prior on variances is in the unit of the data: unscaled, small returns would all look alike
    returns = returns_of(300, 2)
    assert np.array_equal(hmm_labels(returns, FIT, 0).label, hmm_labels(1000 * returns, FIT, 0).label)


@pytest.mark.parametrize("fitted", [fitted_hmm, fitted_markov])
def test_a_wild_state_gets_its_name_back_from_a_fit_that_called_it_calm(fitted: Callable[..., StateFit | None]) -> None:
    returns = returns_of(1_000, 4, holes=False)[1:, 0]
    first = fitted(returns, FIT, np.random.default_rng(0))
    assert first is not None
    again = fitted(returns, FIT, np.random.default_rng(1), first.ordered(np.array([1, 0])))
    assert again is not None
    assert again.renamed
    assert again.variances == pytest.approx(first.variances, rel=0.02)
    assert again.variances[0] < again.variances[1]


def test_markov_labels_of_the_index_say_high_where_it_was_wild() -> None:
    # its first year is best told by two states of like volatility: what continued them kept wrong names for good
    returns = sp500_returns()[:760, None]
    labels = markov_labels(returns, FitSettings(), 0)
    calm, wild = (returns[labels.label == code].std() for code in (0, 1))
    assert wild > 1.3 * calm
    assert any("named its states anew" in note for note in labels.notes)


def test_a_jump_model_names_its_states_by_what_they_are_not_by_what_they_were() -> None:
    fit = JumpFit(np.array([[2.0, 0.0], [-1.0, 0.5]]), np.array([0.02, 0.1]), np.array([0.005, 0.1]))
    kept = _named(fit, np.array([[1.9, 0.0], [-1.0, 0.4]]))  # .03 under the lower name, .015 under the higher
    assert (kept.centers[:, 0].tolist(), kept.renamed) == ([-1.0, 2.0], True)
    like = JumpFit(np.array([[0.1, 0.0], [-0.1, 0.5]]), fit.mean, fit.deviation)  # .0205 and .0195: within a tenth
    kept = _named(like, np.array([[0.0, 0.0], [0.0, 0.5]]))
    assert (kept.centers[:, 0].tolist(), kept.renamed) == ([0.1, -0.1], False)


def test_random_starts_find_what_one_start_misses() -> None:
    returns = returns_of(400, 4, holes=False)[1:, 0]
    fits = [
        fitted_hmm(returns, FitSettings(min_bars=60, states=3, restarts=restarts), np.random.default_rng(0))
        for restarts in (1, 12)
    ]
    one, twelve = [_likelihood(fit, returns) for fit in fits if fit is not None]
    assert twelve > one + 1.0


def _likelihood(fit: StateFit, returns: FloatArray) -> float:
    from stratkit.regimes.filters import forward_filter

    return forward_filter(fit.log_density(returns), fit.transition, fit.start)[1]


def test_a_fit_that_used_up_its_rounds_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    import stratkit.regimes.hmm as module

    monkeypatch.setattr(module, "_MOST_ROUNDS", 2)
    labels = hmm_labels(returns_of(150, 1), FIT, 0)
    assert any("stopped before it had settled" in note for note in labels.notes)


def test_a_market_that_stands_still_is_not_fitted(caplog: pytest.LogCaptureFixture) -> None:
    still = np.zeros((150, 1))
    with caplog.at_level(logging.WARNING):
        for label in CAUSAL.values():
            labels = label(still, FIT)
            assert (labels.label == -1).all()
            assert labels.refits == ()
    assert not caplog.records


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] in {"hmmlearn", "ruptures"}:
            raise ModuleNotFoundError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"fitted by hmmlearn; this needs: pip install 'stratkit\[regime\]'"):
        hmm_labels(returns_of(80, 1), FIT, 0)
    with pytest.raises(UsageError, match=r"found by ruptures; this needs: pip install 'stratkit\[regime\]'"):
        pelt_labels(returns_of(80, 1))


def test_msw_fedfunds_fit() -> None:
    # vector msw-fedfunds-fit: Stata 14 manual, tsmswitch; there both states share one variance, which our fits do not.
    # What can be compared: the likelihood at the published figures is below that of a fit with one variance more.
    found = fitted_markov(FED_FUNDS, FIT, np.random.default_rng(0))
    assert found is not None
    published = at_rest(
        np.array([[0.9820939, 1 - 0.9820939], [0.0503587, 1 - 0.0503587]]),
        np.array([3.70877, 9.556793]), np.full(2, 2.107562**2),
    )  # fmt: skip
    assert _of_markov(published) == pytest.approx(-508.63592, rel=1e-7)
    assert _of_markov(found) > _of_markov(published)


def _of_markov(fit: StateFit) -> float:
    from stratkit.regimes.hamilton import hamilton_path

    return hamilton_path(FED_FUNDS, fit.means, fit.variances, fit.transition).loglik


def test_statsmodels_finds_what_stata_printed_and_our_filter_agrees_with_its_own() -> None:
    from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

    model = MarkovRegression(FED_FUNDS, k_regimes=2)
    fit = model.fit(disp=False)
    p00, p10, mu0, mu1, variance = fit.params
    assert [p00, p10, mu0, mu1, variance**0.5] == pytest.approx(
        [0.9820939, 0.0503587, 3.70877, 9.556793, 2.107562], rel=2e-4
    )
    ours = at_rest(np.array([[p00, 1 - p00], [p10, 1 - p10]]), np.array([mu0, mu1]), np.full(2, variance))
    assert ours.filtered(FED_FUNDS) == pytest.approx(fit.filtered_marginal_probabilities, abs=1e-8)


def test_markov_and_hidden_markov_fits_of_one_series_agree() -> None:
    returns = returns_of(2_000, 3, holes=False)[1:, 0]
    markov, hidden = fitted_markov(returns, FIT, np.random.default_rng(0)), known(returns, 0)
    assert markov is not None
    assert hidden is not None
    assert markov.variances == pytest.approx(hidden.variances, rel=0.02)
    assert markov.transition == pytest.approx(hidden.transition, abs=0.005)


# vector jump-model-fit: jumpmodels 0.1.1, 2 states, a change costs 20, not standardised
JUMPS = np.concatenate([
    np.random.RandomState(0).normal(0, 1, 80), np.random.RandomState(1).normal(4, 1, 40),
    np.random.RandomState(2).normal(0, 1, 60),
])[:, None]  # fmt: skip


def test_jump_model_fit() -> None:
    found = fitted_path(JUMPS, starting_centers(JUMPS, 2, 1, np.random.default_rng(0)), 20.0)
    assert (np.flatnonzero(np.diff(found.path)) + 1).tolist() == [80, 120]
    assert found.cost == pytest.approx(130.02882508740956, rel=1e-6)
    assert found.settled


@pytest.mark.parametrize("states", [2, 3])
@pytest.mark.parametrize("penalty", [0.5, 5.0, 40.0])
def test_our_jump_model_equals_that_of_jumpmodels(states: int, penalty: float) -> None:
    from jumpmodels.jump import JumpModel

    features = downside_features(returns_of(600, 8, holes=False)[:, :1])[:, 0]
    features = features[np.isfinite(features).all(axis=1)]
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    theirs = JumpModel(states, penalty, random_state=0).fit(features, sort_by="freq")
    ours = fitted_path(features, [theirs.centers_ + 0.01], penalty)
    assert ours.cost == pytest.approx(theirs.val_, rel=1e-9)
    assert np.array_equal(ours.path, theirs.labels_)
    values = online_values(features, theirs.centers_, penalty)
    assert np.array_equal(values.argmin(axis=1), theirs.predict_online(features))
    assert np.array_equal(cheapest_path(values, penalty)[0], theirs.predict(features))


def test_the_online_state_of_a_jump_model_comes_later_than_that_of_the_whole_path() -> None:
    # centers 0 and 4, a change costs 20: each bar at 4 costs state 0 8 more, so the third makes the change worth it
    features = np.array([0.0] * 5 + [4.0] * 10)[:, None]
    values = online_values(features, np.array([[0.0], [4.0]]), 20.0)
    assert values.argmin(axis=1).tolist() == [0] * 7 + [1] * 8
    assert values[5:9].tolist() == [[8.0, 20.0], [16.0, 20.0], [24.0, 20.0], [32.0, 20.0]]
    assert cheapest_path(values, 20.0)[0].tolist() == [0] * 5 + [1] * 10


def test_downside_features_are_those_of_pandas_weights() -> None:
    import pandas as pd

    returns = returns_of(120, 9)
    features = downside_features(returns)
    for symbol in range(2):
        own = pd.Series(returns[:, symbol]).dropna()

        def weighted(series: pd.Series, life: float) -> pd.Series:
            return series.ewm(halflife=life).mean()

        expected = [np.sqrt(weighted(own.clip(upper=0) ** 2, 10))]
        expected += [weighted(own, life) / np.sqrt(weighted(own.clip(upper=0) ** 2, life)) for life in (20, 60)]
        for number, column in enumerate(expected):
            got = features[own.index, symbol, number]
            fallen = own.index >= own.index[own.lt(0)][0]
            assert got[fallen] == pytest.approx(column.to_numpy()[fallen], rel=1e-10)
            assert np.isnan(got[~fallen]).all()
        assert np.isnan(features[np.isnan(returns[:, symbol]), symbol]).all()


def test_a_dearer_change_makes_fewer_of_them() -> None:
    returns = returns_of(500, 2)
    changes = [
        sum(
            one != other
            for one, other in pairwise(
                jump_labels(returns, FIT.model_copy(update={"jump_penalty": price}), 0).label[60:, 0]
            )
        )
        for price in (1.0, 100.0)
    ]
    assert changes[1] < changes[0]


@pytest.mark.parametrize("method", CAUSAL)
@pytest.mark.parametrize("scope", ["symbol", "market"])
def test_the_front_door_reaches_every_fitted_method(method: str, scope: str) -> None:
    bars, _ = switching_market(150, 3)
    asked = RegimeSettings.model_validate({"method": method, "scope": scope, "fit": FIT.model_dump()})
    labels = label_regimes(asked, bars, seed=3)
    direct = CAUSAL[method](own_returns((market_bars(bars) if scope == "market" else bars).close), FIT)
    assert (labels.method, labels.scope, labels.names) == (method, scope, direct.names)
    assert np.array_equal(labels.label, direct.label)
    assert labels.refits == (59, 99, 139)
