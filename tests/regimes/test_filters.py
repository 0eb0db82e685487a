"""Filtered, smoothed and decoded states: published values, a plain twin, and every path counted."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from public_series import FED_FUNDS, GNP_GROWTH, sp500_returns

from stratkit.panel import FloatArray
from stratkit.regimes.filters import forward_filter, gaussian_log_density, kim_smoother, stationary, viterbi
from stratkit.regimes.hamilton import hamilton_path

EVEN = np.array([0.5, 0.5])

# umbrella world: Russell & Norvig; values of hmmlearn's tests (forward and backward lattices, rounded to four places)
UMBRELLA = np.log([[0.9, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.2], [0.9, 0.2]])
WEATHER = np.array([[0.7, 0.3], [0.3, 0.7]])
FORWARD = [[0.45, 0.1], [0.3105, 0.041], [0.023, 0.0975], [0.0408, 0.015], [0.0298, 0.0046]]
BACKWARD = [[0.0661, 0.0455], [0.0906, 0.1503], [0.4593, 0.2437], [0.69, 0.41], [1.0, 1.0]]


def chain(seed: int, bars: int, states: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Random log densities, transitions and starts."""
    draw = np.random.default_rng(seed)
    return (
        draw.normal(0, 3, (bars, states)),
        draw.dirichlet(np.ones(states), states),
        draw.dirichlet(np.ones(states)),
    )


def plain_filter(log_density: FloatArray, transition: FloatArray, start: FloatArray) -> tuple[FloatArray, float]:
    """The recursion in probabilities, as a book writes it."""
    predicted, rows, loglik = start, [], 0.0
    for density in np.exp(log_density):
        joint = predicted * density
        loglik += math.log(joint.sum())
        rows.append(joint / joint.sum())
        predicted = rows[-1] @ transition
    return np.array(rows), loglik


@pytest.mark.parametrize("bar", range(5), ids=lambda bar: f"hmm-umbrella-{bar}")
def test_the_umbrella_world_is_reproduced(bar: int) -> None:
    probability, loglik = forward_filter(UMBRELLA, WEATHER, EVEN)
    assert loglik == pytest.approx(-3.3725, abs=6e-5)
    forward = probability[bar] * math.exp(forward_filter(UMBRELLA[: bar + 1], WEATHER, EVEN)[1])
    assert forward == pytest.approx(FORWARD[bar], abs=6e-5)
    smoothed = kim_smoother(probability, WEATHER)[bar]
    assert smoothed * math.exp(loglik) / forward == pytest.approx(BACKWARD[bar], abs=6e-5)


def test_gaussian_hmm_fixed_params() -> None:
    # vector gaussian-hmm-fixed-params: hmmlearn 0.3.3 on 100 x the last 1,000 returns of the S&P 500
    values = 100 * sp500_returns()[-1000:]
    transition = np.array([[0.98, 0.02], [0.05, 0.95]])
    density = gaussian_log_density(values, np.array([0.08, -0.05]), np.array([0.36, 2.25]))
    probability, loglik = forward_filter(density, transition, EVEN)
    assert loglik == pytest.approx(-1095.203787015251, rel=1e-9)
    assert probability[-1, 1] == pytest.approx(0.6846116089256689, rel=1e-9)
    path, of_path = viterbi(density, transition, EVEN)
    assert of_path == pytest.approx(-1112.907616384988, rel=1e-9)
    assert path.sum() == 222
    smoothed = kim_smoother(probability, transition)
    assert smoothed[-1] == pytest.approx(probability[-1])
    assert np.abs(smoothed - probability).max() > 0.3  # and differs before


def test_our_filter_is_what_hmmlearn_scores() -> None:
    from hmmlearn.hmm import GaussianHMM

    values = 100 * sp500_returns()[-1000:]
    model = GaussianHMM(2, init_params="")
    model.startprob_, model.transmat_ = EVEN, np.array([[0.98, 0.02], [0.05, 0.95]])
    model.n_features = 1
    model.means_, model.covars_ = np.array([[0.08], [-0.05]]), np.array([[0.36], [2.25]])
    density = gaussian_log_density(values, np.array([0.08, -0.05]), np.array([0.36, 2.25]))
    probability, loglik = forward_filter(density, model.transmat_, EVEN)
    assert loglik == pytest.approx(model.score(values[:, None]), rel=1e-12)
    assert kim_smoother(probability, model.transmat_) == pytest.approx(model.predict_proba(values[:, None]), abs=1e-9)
    assert np.array_equal(viterbi(density, model.transmat_, EVEN)[0], model.predict(values[:, None]))


def test_hamilton_gnp_ar4() -> None:
    # vector hamilton-gnp-ar4: Hamilton (1989), parameters and probabilities of E-views and statsmodels
    stays, leaves, low, high, variance = 0.754673, 0.095915, -0.358811, 1.163516, 0.5913684624037406
    transition = np.array([[stays, 1 - stays], [leaves, 1 - leaves]])
    ar = np.array([0.013486, -0.057521, -0.246983, -0.212923])
    found = hamilton_path(GNP_GROWTH, np.array([low, high]), np.full(2, variance), transition, ar)
    assert found.loglik == pytest.approx(-181.26339, abs=2e-5)
    # of the state whose mean is 1.16
    assert found.filtered[:5, 1] == pytest.approx([0.776712, 0.949192, 0.996320, 0.990258, 0.940111], abs=2e-5)
    assert found.smoothed[:5, 1] == pytest.approx([0.968096, 0.991071, 0.998559, 0.958534, 0.540652], abs=2e-5)


# msw-fedfunds: Stata 14 manual, tsmswitch; statsmodels TestFedFundsConst
FED_MEANS, FED_SIGMA = np.array([3.70877, 9.556793]), 2.107562
FED_TRANSITION = np.array([[0.9820939, 1 - 0.9820939], [0.0503587, 1 - 0.0503587]])
FED_ROWS = [0, 1, 50, 100, 150, 225]
FED_FILTERED = [
    0.00022245601061564657, 1.0951561205292948e-05, 0.002150074039075598,
    0.9998179608676746, 0.002190326995401848, 3.7761410589670903e-06,
]  # fmt: skip
FED_SMOOTHED = [
    1.1415804594443871e-05, 5.620787455218951e-07, 0.00011385911404744316,
    0.9999965665433772, 0.00011508401564109526, 3.7761410589670903e-06,
]  # fmt: skip


def test_msw_fedfunds_loglik_and_filter_smoother() -> None:
    found = hamilton_path(FED_FUNDS, FED_MEANS, np.full(2, FED_SIGMA**2), FED_TRANSITION)
    assert found.loglik == pytest.approx(-508.63592, rel=1e-7)
    assert found.filtered[FED_ROWS, 1] == pytest.approx(FED_FILTERED, rel=1e-6, abs=1e-10)
    assert found.smoothed[FED_ROWS, 1] == pytest.approx(FED_SMOOTHED, rel=1e-6, abs=1e-10)
    # what a backtest that took the smoothed ones would have known: the same parameters, ten other quarters
    assert np.abs(found.smoothed - found.filtered).max() == pytest.approx(0.754, abs=5e-4)
    assert (found.smoothed.argmax(axis=1) != found.filtered.argmax(axis=1)).sum() == 10


@given(seed=st.integers(0, 10**6), bars=st.integers(1, 40), states=st.integers(1, 5))
def test_the_compiled_filter_equals_its_plain_twin(seed: int, bars: int, states: int) -> None:
    probability, loglik = forward_filter(*chain(seed, bars, states))
    expected, of_all = plain_filter(*chain(seed, bars, states))
    assert probability == pytest.approx(expected, abs=1e-12)
    assert loglik == pytest.approx(of_all, rel=1e-12, abs=1e-12)


@given(seed=st.integers(0, 10**6), bars=st.integers(1, 5), states=st.integers(2, 3))
def test_filter_smoother_and_path_equal_what_all_paths_say(seed: int, bars: int, states: int) -> None:
    density, transition, start = chain(seed, bars, states)
    paths = list(product(range(states), repeat=bars))
    logs = np.array([
        np.log(start[path[0]]) + density[range(bars), path].sum()
        + sum(np.log(transition[one, other]) for one, other in pairwise(path))
        for path in paths
    ])  # fmt: skip
    weight = np.exp(logs)
    probability, loglik = forward_filter(density, transition, start)
    assert loglik == pytest.approx(math.log(weight.sum()))
    smoothed = kim_smoother(probability, transition)
    for bar in range(bars):
        shares = [weight[[path[bar] == state for path in paths]].sum() for state in range(states)]
        assert smoothed[bar] == pytest.approx(np.array(shares) / weight.sum(), abs=1e-10)
    best, of_best = viterbi(density, transition, start)
    assert tuple(best) == paths[int(logs.argmax())]
    assert of_best == pytest.approx(logs.max())


@given(seed=st.integers(0, 10**6), kept=st.integers(1, 29))
def test_what_comes_later_moves_no_filtered_probability_and_moves_smoothed_ones(seed: int, kept: int) -> None:
    density, transition, start = chain(seed, 30, 3)
    whole, _ = forward_filter(density, transition, start)
    part, _ = forward_filter(density[:kept], transition, start)
    assert np.array_equal(part, whole[:kept])
    assert not np.allclose(kim_smoother(part, transition), kim_smoother(whole, transition)[:kept], atol=1e-12)


def test_a_bar_without_a_value_leaves_the_prediction() -> None:
    density = np.array([UMBRELLA[0], [math.nan, math.nan], UMBRELLA[1]])
    probability, _ = forward_filter(density, WEATHER, EVEN)
    assert probability[1] == pytest.approx(probability[0] @ WEATHER)
    assert np.isfinite(probability).all()


def test_densities_too_small_for_a_float_and_long_series_are_filtered() -> None:
    far = np.tile([-5_000.0, -5_001.0], (20_000, 1))
    probability, loglik = forward_filter(far, np.eye(2), EVEN)
    assert probability[0, 0] == pytest.approx(1 / (1 + math.exp(-1)))
    assert probability[-1].tolist() == [1.0, 0.0]
    assert loglik == pytest.approx(-5_000.0 * 20_000 + math.log(0.5))


def test_a_bar_that_no_state_allows_leaves_the_prediction_and_no_likelihood() -> None:
    density = np.array([[0.0, -math.inf], [-math.inf, -math.inf], [0.0, 0.0]])
    probability, loglik = forward_filter(density, WEATHER, EVEN)
    assert loglik == -math.inf
    assert probability[1] == pytest.approx([0.7, 0.3])


def test_shares_of_time_stay_as_they_are() -> None:
    _, transition, _ = chain(3, 1, 4)
    assert stationary(transition) @ transition == pytest.approx(stationary(transition))
