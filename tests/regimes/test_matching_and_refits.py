"""The order of states that lasts, and when parameters are learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.errors import UsageError
from stratkit.panel import FloatArray
from stratkit.regimes.learned import Method, Reading, Refit, learned_labels, refits
from stratkit.regimes.matching import as_before, by_volatility, nearest, ordered_names
from stratkit.regimes.settings import FitSettings
from stratkit.regimes.state_fit import StateFit

FIT = FitSettings(min_bars=30, refit_bars=10)


@given(seed=st.integers(0, 10**6), states=st.integers(2, 6))
def test_shuffled_states_are_put_back(seed: int, states: int) -> None:
    draw = np.random.default_rng(seed)
    variances, means = np.exp(np.arange(states) + draw.uniform(0, 0.3, states)), draw.normal(0, 0.2, states)
    shuffle = draw.permutation(states)
    order = as_before(means[shuffle], 1.1 * variances[shuffle], means, variances)
    assert shuffle[order].tolist() == list(range(states))


def test_states_of_like_volatility_are_told_apart_by_their_means() -> None:
    means, variances = np.array([0.5, -0.5]), np.array([1.0, 1.05])
    assert as_before(means, variances, means[::-1], np.array([1.0, 1.02])).tolist() == [1, 0]


def fit_of(means: tuple[float, ...], deviations: tuple[float, ...]) -> StateFit:
    states = len(means)
    return StateFit(
        np.full(states, 1 / states), np.full((states, states), 1 / states), np.array(means), np.square(deviations)
    )


def test_names_go_with_the_states_that_continue_as_long_as_they_are_true() -> None:
    before = fit_of((1.0, -1.0), (1.0, 1.04))
    again = fit_of((-1.0, 1.0), (1.0, 1.09)).named_like(before)
    assert (again.means.tolist(), again.renamed) == ([1.0, -1.0], False)
    # what continues the calm state is now a fifth wilder than the other: it takes the name of the wild one
    turned = fit_of((-1.0, 1.0), (1.0, 1.2)).named_like(before)
    assert (turned.means.tolist(), turned.renamed) == ([-1.0, 1.0], True)
    assert np.sqrt(turned.variances) == pytest.approx([1.0, 1.2])


def test_the_nearest_pairing_is_the_cheapest_as_a_whole() -> None:
    # row 0 alone would take column 0, which would cost 9 in all; the other pairing costs 4
    assert nearest(np.array([[1.0, 2.0], [2.0, 8.0]])).tolist() == [1, 0]


def test_states_are_ordered_by_volatility_and_named_so() -> None:
    assert by_volatility(np.array([3.0, 1.0, 2.0])).tolist() == [1, 2, 0]
    assert ordered_names(3) == ("low_volatility", "medium_volatility", "high_volatility")
    assert all(len(set(ordered_names(states))) == states for states in range(2, 7))


@dataclass(frozen=True)
class Mean:
    value: float
    settled: bool = True
    renamed: bool = False


def above_mean(seen: list[FloatArray]) -> Method[Mean]:
    """Label 1 above the mean of the past; every past is kept in `seen`. Twice the past of 0.5 is refused."""

    def learn(past: FloatArray, before: Mean | None, bar: int) -> Mean | None:
        seen.append(past[:, 0])
        return None if bar == 49 else Mean(float(past.mean()), settled=bar != 39, renamed=bar != 39)

    def read(fit: Mean, observed: FloatArray) -> Reading:
        state = (observed[:, 0] > fit.value).astype(np.int64)
        return Reading(state, np.full(len(state), fit.value))

    return Method("above", ("below", "above"), "", learn, read, has_probability=False)


def test_a_fit_sees_the_bars_up_to_its_own_and_labels_those_up_to_the_next() -> None:
    series = np.arange(60.0)
    seen: list[FloatArray] = []
    labels = learned_labels(series[:, None, None], FIT, above_mean(seen))
    assert [past.tolist() for past in seen] == [series[: bar + 1].tolist() for bar in (29, 39, 49, 59)]
    assert (labels.label[:29] == -1).all()
    # the fit of bar 49 failed: the one of bar 39 stays
    assert labels.confidence[29::10, 0].tolist() == [14.5, 19.5, 19.5, 29.5]
    assert labels.refits == (29, 39, 59)
    assert labels.notes == (
        "a fit stopped before it had settled: on bar 39",
        "a fit failed; the fit before was kept: on bar 49",
        "each of 2 fits named its states anew, for the names of the fit before would no longer have been true: on bars "
        "29, 59",
    )


def test_fits_of_several_symbols_are_counted_and_their_bars_told_once_in_order() -> None:
    both = np.column_stack([np.arange(60.0), np.arange(60.0)])
    both[:5, 0] = np.nan  # too little to learn from on bar 29: its fits are on 39, 49 and 59
    notes = learned_labels(both[:, :, None], FIT, above_mean([])).notes
    assert notes[1] == "each of 2 fits failed; the fit before was kept: on bar 49"
    assert notes[2].startswith("each of 3 fits named its states anew")
    assert notes[2].endswith("on bars 29, 59")


def test_a_window_leaves_the_oldest_bars_out() -> None:
    seen: list[FloatArray] = []
    fit = FitSettings(min_bars=30, refit_bars=10, window_bars=30)
    learned_labels(np.arange(45.0)[:, None, None], fit, above_mean(seen))
    assert [(past[0], past[-1]) for past in seen] == [(0, 29), (10, 39)]
    assert refits(45, fit) == [Refit(0, 29, 39), Refit(10, 39, 45)]


def test_bars_that_a_series_has_not_are_unknown_and_unseen() -> None:
    series = np.arange(80.0)
    series[:20] = np.nan
    series[60:65] = np.nan
    seen: list[FloatArray] = []
    labels = learned_labels(series[:, None, None], FIT, above_mean(seen))
    assert len(seen[0]) == 30  # of bar 49: that of bar 39 had only twenty
    assert (labels.label[:49] == -1).all()
    assert (labels.label[60:65] == -1).all()
    assert (labels.label[65:] >= 0).all()
    assert all(np.isfinite(past).all() for past in seen)


def test_observations_of_another_shape_are_refused() -> None:
    with pytest.raises(UsageError, match=r"\(T, N, F\)"):
        learned_labels(np.zeros((5, 2)), FIT, above_mean([]))
