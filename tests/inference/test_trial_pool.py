"""Trials that count together on different bars: one grid of time, and their mean correlation without the matrix."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.errors import UsageError
from stratkit.inference.deflated import deflated_sharpe, expected_maximum
from stratkit.inference.evidence import evidence, evidence_of_pool
from stratkit.inference.trial_pool import (
    DatedSums,
    TrialPool,
    effective_rank,
    effective_rank_of,
    mean_correlation,
    on_common_grid,
)
from stratkit.inference.trial_sums import TrialSums, bucket_edges, trial_sums
from stratkit.panel import FloatArray
from stratkit.seeds import generator

DAY = 86_400_000_000_000


def noise(bars: int, trials: int, *name: str | int) -> FloatArray:
    return 0.01 * generator(1, "pool", *name).standard_normal((bars, trials))


def dated(returns: FloatArray, start: int = 0, step: int = 1) -> DatedSums:
    """The sums of returns that begin on day `start`, one each `step` days."""
    stamps = (start + step * np.arange(len(returns))) * DAY
    return DatedSums(bucket_edges(stamps), trial_sums(returns))


@given(st.integers(2, 12), st.integers(3, 40), st.integers(0, 2**32 - 1))
def test_the_mean_correlation_is_that_of_the_matrix(trials: int, rows: int, seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal((rows, trials)) + np.arange(rows)[:, None] / rows
    matrix = np.corrcoef(values, rowvar=False)
    expected = (matrix.sum() - trials) / (trials * (trials - 1))
    found, varying = mean_correlation([values])
    assert varying == trials
    assert found == pytest.approx(expected, abs=1e-9)
    split, _ = mean_correlation([values[:, :1], values[:, 1:]])
    assert split == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("correlation", "expected"),
    [
        pytest.param(np.eye(3), 3.0, id="effective-rank-of-three"),
        pytest.param(np.array([[1, 0.1], [0.1, 1]]), 2.0, id="effective-rank-of-two"),
        pytest.param(np.array([[1, 0.1, 0.7], [0.1, 1, 0.8], [0.7, 0.8, 1]]), 1.84, id="effective-rank-of-alike"),
    ],
)
def test_the_effective_ranks_of_the_2025_paper_are_reproduced(correlation: FloatArray, expected: float) -> None:
    # Lopez de Prado, Lipton, Zoonekynd (2025), SSRN 5520741; the third is no matrix that columns can have
    assert effective_rank(correlation) == pytest.approx(expected, abs=0.02)


def test_the_effective_rank_of_columns_is_that_of_their_correlation_matrix() -> None:
    columns = noise(40, 1, "ranked") + noise(40, 5, "ranked too")
    correlation = np.atleast_2d(np.corrcoef(columns, rowvar=False))
    assert effective_rank_of([columns]) == pytest.approx(effective_rank(correlation), rel=1e-9)


def test_columns_that_never_vary_take_no_part() -> None:
    values = noise(50, 3, "flat")
    with_flat = np.column_stack([values, np.full(50, 0.01), np.zeros(50)])
    assert mean_correlation([with_flat]) == mean_correlation([values])
    mean, varying = mean_correlation([with_flat[:, 2:]])
    assert (math.isnan(mean), varying) == (True, 1)


def test_evidence_of_one_set_of_bars_counts_as_the_matrix_does() -> None:
    shared = noise(2000, 1, "shared")
    returns = shared + noise(2000, 20, "own")
    sums = trial_sums(returns)
    shares = np.linalg.eigvalsh(np.corrcoef(sums.total / sums.count[:, None], rowvar=False)) / 20
    expected = math.exp(-(shares * np.log(shares)).sum())
    assert evidence(returns[:, 0], sums).effective_trials == pytest.approx(expected)


# a third matrix of these tests has a negative eigenvalue: no returns correlate like that
@pytest.mark.parametrize(("correlation", "expected"), [(np.eye(3), 3.0), (np.array([[1, 0.1], [0.1, 1]]), 2.0)])
def test_the_effective_rank_is_that_of_the_reference_tests(correlation: FloatArray, expected: float) -> None:
    # columns that are orthogonal to each other and to a constant, mixed so that they correlate as asked
    apart = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], float)[:, : len(correlation)]
    mixed = apart @ np.linalg.cholesky(correlation).T
    assert np.allclose(np.corrcoef(mixed, rowvar=False), correlation)
    assert effective_rank_of([mixed]) == pytest.approx(expected, abs=0.02)


def test_buckets_go_where_their_midpoint_lies() -> None:
    long = DatedSums(np.array([0, 512]), TrialSums(np.array([2]), np.array([[4.0]]), np.array([[9.0]])))
    short = DatedSums(
        np.array([100, 102, 104, 110]),
        TrialSums(np.array([2, 2, 1]), np.array([[2.0], [6.0], [5.0]]), np.array([[3.0], [20.0], [25.0]])),
    )
    # the whole time is cut into 64 buckets of 8: the midpoints are 256, then 101, 103 and 107
    found = on_common_grid([long, short])
    assert np.flatnonzero(np.isfinite(found[0][:, 0])).tolist() == [32]
    assert np.flatnonzero(np.isfinite(found[1][:, 0])).tolist() == [12, 13]
    assert found[1][[12, 13], 0].tolist() == [2.0, 5.0]  # (2 + 6) / 4 returns, and 5 of one
    assert found[0][32, 0] == 2.0


def test_the_same_returns_on_trimmed_bars_are_hardly_a_second_trial() -> None:
    one = noise(3000, 1, "trimmed")
    for left_out in (1, 20):
        pool = TrialPool(dated(one[left_out:], left_out), (dated(one),))
        assert pool.trials == 2
        assert evidence_of_pool(one[left_out:, 0], pool).effective_trials < 1.6
    # the correlation of sums whose borders lie elsewhere is lower, never what it is among strangers
    strangers = TrialPool(dated(noise(3000, 1, "other")), (dated(one),))
    assert evidence_of_pool(one[:, 0], strangers).effective_trials > 1.85


def test_trials_that_never_met_are_independent() -> None:
    one = noise(1000, 1, "met")
    apart = TrialPool(dated(one), (dated(one, start=1000),))
    assert evidence_of_pool(one[:, 0], apart).effective_trials == pytest.approx(2.0)


def test_trials_count_for_luck_beside_one_on_far_longer_bars() -> None:
    short, long = noise(300, 10, "short"), noise(30_000, 1, "long")
    pool = TrialPool(dated(short, start=11_750), (dated(long),))
    # all bars of the ten lie in one of the 64 buckets of the whole time, where they do not vary
    assert pool.mean_correlation([part.sums.shares() for part in pool.parts])[1] == pytest.approx(11)
    found = evidence_of_pool(short[:, 0], pool)
    assert float(found.luck) == pytest.approx(expected_maximum(11) / math.sqrt(300))


@pytest.mark.parametrize("year", [1700, 1800, 2150, 2250])
def test_centuries_ago_and_ahead_have_edges_that_rise(year: int) -> None:
    start = int(np.datetime64(f"{year}-01-01", "ns").astype(np.int64))
    edges = bucket_edges(start + DAY * np.arange(600))
    assert (np.diff(edges) > 0).all()
    assert edges[-1] == start + 600 * DAY
    first = int(np.datetime64("1690-01-01", "ns").astype(np.int64))
    long = DatedSums(np.array([first, start + 600 * DAY]), trial_sums(noise(2, 1, "centuries")))
    late = on_common_grid([long, DatedSums(edges, trial_sums(noise(600, 1, "late")))])[1]
    assert np.flatnonzero(np.isfinite(late[:, 0])).max() == 63


def test_a_trial_that_was_stopped_early_is_a_trial_without_spread_or_overfitting() -> None:
    returns = noise(1600, 9, "stopped")
    same = dated(returns)
    plain = evidence_of_pool(returns[:, 0], TrialPool(same))
    found = evidence_of_pool(returns[:, 0], TrialPool(same, unfinished=91))
    assert (found.trials, found.same_bars) == (100, 9)
    assert found.effective_trials == plain.effective_trials  # they are taken to be like those that were finished
    assert plain.overfitting is not None
    assert found.overfitting is not None
    assert found.overfitting.probability == plain.overfitting.probability
    assert float(found.luck) > float(plain.luck)
    assert float(found.deflated) < float(plain.deflated)


def test_with_every_other_trial_stopped_early_all_count_as_independent() -> None:
    returns = noise(500, 1, "alone")
    found = evidence_of_pool(returns[:, 0], TrialPool(dated(returns), unfinished=3))
    assert (found.trials, found.effective_trials) == (4, 1.0)
    assert float(found.luck) == pytest.approx(expected_maximum(4) / math.sqrt(500))
    assert float(found.deflated) < float(found.probabilistic)


def test_the_risk_free_rate_lowers_the_ratios_of_all() -> None:
    returns = noise(900, 12, "free") + 0.0004
    same, rate = dated(returns), 0.0003
    excess = returns - rate
    assert same.sums.less(rate).sharpes() == pytest.approx(excess.mean(axis=0) / excess.std(axis=0, ddof=1))
    found = evidence_of_pool(returns[:, 0], TrialPool(same), risk_free=rate)
    of_excess = evidence_of_pool(excess[:, 0], TrialPool(dated(excess)))
    for name in ("sharpe", "probabilistic", "deflated", "luck"):
        assert float(getattr(found, name)) == pytest.approx(float(getattr(of_excess, name)))
    assert found.overfitting is not None
    assert of_excess.overfitting is not None
    assert found.overfitting.probability == of_excess.overfitting.probability


def test_superior_ability_stands_on_the_returns_that_are_kept_and_on_eight_trials() -> None:
    returns = noise(800, 10, "superior")
    returns[:, 3] += 0.002
    pool = TrialPool(dated(returns), returns=returns[:, 2:6])
    found = evidence_of_pool(returns[:, 3], pool, draw=generator(0, "evidence"))
    assert found.superior is not None
    assert (found.superior.trials, found.superior.best, found.same_bars) == (4, 1, 10)
    assert found.superior.p_value < 0.05
    assert evidence_of_pool(returns[:, 3], pool).superior is None
    few = TrialPool(dated(returns[:, :7]), returns=returns[:, :7])
    assert evidence_of_pool(returns[:, 3], few, draw=generator(0, "evidence")).superior is None
    flat = TrialPool(dated(np.zeros((800, 8))), returns=np.zeros((800, 8)))
    assert evidence_of_pool(np.zeros(800), flat, draw=generator(0, "evidence")).superior is None


def test_trials_on_other_bars_only_leave_no_overfitting() -> None:
    pool = TrialPool(None, (dated(noise(400, 9, "others")),), unfinished=1)
    found = evidence_of_pool(noise(100, 1, "mine")[:, 0], pool)
    assert (found.trials, found.same_bars, found.overfitting) == (10, 0, None)


@given(st.floats(1.0, 3.0))
def test_luck_is_never_below_nothing_and_never_falls_with_more_trials(trials: float) -> None:
    assert 0.0 <= expected_maximum(trials) <= expected_maximum(trials + 0.01)
    assert float(deflated_sharpe(0.05, 500, 0.04, trials)) <= float(deflated_sharpe(0.05, 500, 0.04, 1))


def test_one_return_has_no_edges() -> None:
    with pytest.raises(UsageError, match="at least two return periods must be given; found 1"):
        bucket_edges(np.array([5]))
