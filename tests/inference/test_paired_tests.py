"""Signed ranks, sign flips, Diebold-Mariano: published figures, scipy as oracle, counted cases, and sizes."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paired_samples import factor, pair
from scipy import stats

from stratkit.errors import UsageError
from stratkit.inference.paired_tests import diebold_mariano, sign_flip
from stratkit.inference.signed_rank import wilcoxon
from stratkit.panel import FloatArray
from stratkit.seeds import generator

# Hollander and Wolfe's depression scores, as in R's ?wilcox.test
BEFORE = np.array([1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])


@pytest.mark.parametrize("vector", ["wilcoxon-hollander-wolfe"])
def test_the_exact_signed_rank_test_of_rs_example_is_reproduced(vector: str) -> None:
    found = wilcoxon(BEFORE - AFTER)
    assert (found.test.statistic, found.p_greater, found.test.p_value) == (40, 0.01953125, 0.0390625)
    assert (found.n, found.zeros, found.is_exact) == (9, 0, True)


@pytest.mark.parametrize("vector", ["wilcoxon-mkt-smb"])
def test_the_normal_signed_rank_test_of_r_is_reproduced_on_unrounded_differences(vector: str) -> None:
    # R wilcox.test(paired = TRUE), which ranks differences with their noise in the last digit
    found = wilcoxon(factor("Mkt-RF") - factor("SMB"), rounding=None)
    assert found.test.statistic == 99595
    assert found.test.p_value == pytest.approx(0.0214665483703702, rel=1e-7)


def test_rounding_restores_the_ties_that_noise_broke() -> None:
    difference = factor("Mkt-RF") - factor("SMB")
    assert wilcoxon(difference).test.statistic == 99593.5
    assert wilcoxon(difference).test.statistic == wilcoxon(np.round(difference, 2), rounding=None).test.statistic
    assert wilcoxon(1e-6 * difference).test.p_value == wilcoxon(difference).test.p_value


@given(st.integers(0, 1000), st.integers(1, 80), st.sampled_from([1, 50]), st.floats(-0.5, 0.5))
def test_signed_ranks_are_those_of_scipy(seed: int, n: int, decimals: int, shift: float) -> None:
    difference = np.round(generator(seed, "ranks").standard_normal(n) + shift, decimals)
    found = wilcoxon(difference)
    assert found.zeros == int((difference == 0).sum())
    assert found.n == n - found.zeros
    if not found.n:
        assert math.isnan(found.test.p_value)
        return
    assert found.is_exact == (n < 50 and not found.zeros and len(np.unique(np.abs(difference))) == n)
    how = "exact" if found.is_exact else "approx"
    for alternative, p_value in (("two-sided", found.test.p_value), ("greater", found.p_greater)):
        options = {"correction": True, "alternative": alternative}
        oracle = stats.wilcoxon(difference, zero_method="wilcox", method=how, **options)
        assert p_value == pytest.approx(float(oracle.pvalue), rel=1e-9)


def test_days_without_a_difference_are_dropped_and_counted() -> None:
    found = wilcoxon(np.array([0.0, 0.3, -0.1, 0.0, 0.2, 1e-17]))
    assert (found.n, found.zeros) == (3, 3)
    nothing = wilcoxon(np.zeros(5))
    assert (nothing.n, nothing.zeros) == (0, 5)
    assert nothing.test.reason == "no period differs"


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=9), st.integers(1, 3))
def test_exact_sign_flips_are_counted_over_all_signs(values: list[float], block: int) -> None:
    difference = np.array(values)
    block = min(block, len(values) // 2)
    sums = [difference[begin : begin + block].sum() for begin in range(0, len(values), block)]
    size = abs(sum(sums)) - 1e-12 * sum(abs(each) for each in sums)
    totals = [abs(sum(s * each for s, each in zip(signs, sums))) for signs in product((-1, 1), repeat=len(sums))]
    found = sign_flip(difference, block=block, reps=9, draw=generator(0, "unused"))
    assert found.p_value == sum(total >= size for total in totals) / 2 ** len(sums)
    assert found.p_error == 0.0


def test_exact_sign_flips_are_those_of_scipy() -> None:
    oracle = stats.permutation_test(
        (BEFORE - AFTER,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    found = sign_flip(BEFORE - AFTER, reps=1, draw=generator(0, "unused"))
    assert found.p_value == pytest.approx(float(oracle.pvalue), rel=1e-12)
    assert found.statistic == pytest.approx(float((BEFORE - AFTER).mean()))


def test_drawn_sign_flips_come_near_the_exact_p_value_and_carry_their_error(monkeypatch: pytest.MonkeyPatch) -> None:
    difference = generator(0, "drawn").standard_normal(18) + 0.3
    exact = sign_flip(difference, reps=1, draw=generator(0, "unused")).p_value
    monkeypatch.setattr("stratkit.inference.paired_tests._EXACT_TO", 5)
    drawn = sign_flip(difference, reps=20_000, draw=generator(0, "signs"))
    assert drawn.p_value == pytest.approx(exact, abs=4 * drawn.p_error)
    assert drawn.p_error == pytest.approx(math.sqrt(drawn.p_value * (1 - drawn.p_value) / 20_000))
    monkeypatch.setattr("stratkit.inference.paired_tests._AT_ONCE", 18 * 700)
    assert sign_flip(difference, reps=20_000, draw=generator(0, "signs")).p_value == pytest.approx(exact, abs=0.02)


def test_a_drawn_p_value_is_never_zero() -> None:
    assert sign_flip(np.full(200, 1.0), reps=99, draw=generator(0, "sure")).p_value == 0.01


@pytest.mark.parametrize(("block", "low", "high"), [(1, 0.25, 0.5), (20, 0.02, 0.10)])
def test_autocorrelation_breaks_single_signs_and_blocks_mend_them(block: int, low: float, high: float) -> None:
    rejected = 0
    for seed in range(300):
        difference = generator(seed, "memory").standard_normal(600)
        for t in range(1, 600):
            difference[t] += 0.6 * difference[t - 1]
        rejected += sign_flip(difference, block=block, reps=199, draw=generator(seed, "flips")).p_value <= 0.05
    assert low < rejected / 300 < high


E1 = [0.9, -1.2, 0.4, 1.5, -0.7, -0.3, 1.1, -1.6, 0.8, 0.2, -0.9, 1.3, -0.5, 0.6, -1.4, 0.7, 1.0, -0.2, -1.1, 0.5]
E2 = [0.6, -0.8, 0.7, 1.1, -0.9, 0.1, 0.8, -1.0, 0.9, -0.3, -0.6, 1.0, -0.8, 0.2, -0.9, 1.0, 0.6, -0.5, -0.7, 0.3]


@pytest.mark.parametrize("vector", ["dm-h1-power2"])
def test_diebold_mariano_is_that_of_rs_forecast(vector: str) -> None:
    found = diebold_mariano(np.array(E1), np.array(E2), h=1, power=2)
    assert (found.statistic, found.p_value) == pytest.approx((2.59597747485684, 0.0177367793646646), rel=1e-9)


def plain_diebold_mariano(d: FloatArray, h: int) -> float:
    n, mean = len(d), sum(d) / len(d)
    gamma = [sum((d[t] - mean) * (d[t - k] - mean) for t in range(k, n)) / n for k in range(h)]
    variance = (gamma[0] + 2 * sum(gamma[1:])) / n
    return float(mean / math.sqrt(variance) * math.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n))


def test_longer_horizons_and_other_powers_follow_the_formula() -> None:
    first, second = generator(0, "forecasts").standard_normal((2, 80))
    first[1:] += 0.5 * first[:-1]
    d = np.abs(first) ** 1.5 - np.abs(second) ** 1.5
    assert diebold_mariano(first, second, 4, 1.5).statistic == pytest.approx(plain_diebold_mariano(d, 4), rel=1e-9)


def test_a_negative_variance_falls_back_to_bartlett_and_says_so() -> None:
    first = np.tile([2.0, 0.1], 20)
    second = np.tile([0.1, 2.1], 20)
    found = diebold_mariano(first, second, h=2)
    assert "Bartlett" in found.assumes
    assert found.is_defined
    assert "Bartlett" not in diebold_mariano(first, second, h=1).assumes


def test_forecasts_that_are_equally_wrong_have_a_reason_and_no_p_value() -> None:
    found = diebold_mariano(np.array(E1), -np.array(E1))
    assert math.isnan(found.p_value)
    assert "do not vary" in found.reason


def test_what_is_no_paired_sample_is_refused() -> None:
    first, second = pair(40, "refused")
    draw = generator(0, "refused")
    with pytest.raises(UsageError, match="all of them finite"):
        wilcoxon(np.array([0.1, np.nan]))
    with pytest.raises(UsageError, match="all of them finite"):
        sign_flip(np.array([0.1, np.inf]), reps=9, draw=draw)
    with pytest.raises(UsageError, match="n / 2 = 20"):
        sign_flip(first, block=21, reps=9, draw=draw)
    with pytest.raises(UsageError, match="at least one draw"):
        sign_flip(first, reps=0, draw=draw)
    with pytest.raises(UsageError, match="one shape"):
        diebold_mariano(first, second[:30])
    with pytest.raises(UsageError, match="horizon"):
        diebold_mariano(first, second, h=21)
