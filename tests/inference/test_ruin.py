"""Risk of ruin: the closed form by other routes, paths against it, and shares with honest intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from stratkit.errors import UsageError
from stratkit.inference.path_resampling import every_path, stationary_paths
from stratkit.inference.ruin import brownian_ruin, risk_of_ruin, wealth_ruin
from stratkit.inference.trade_paths import trade_paths
from stratkit.seeds import generator


def test_ruin_brownian() -> None:
    """Vector "ruin-brownian": mu = .1, sigma = .2, D = .2, standard first-passage result."""
    assert brownian_ruin(0.1, 0.2, 0.2) == pytest.approx(0.3678794411714422, rel=1e-5)


@pytest.mark.parametrize("drift", [-0.05, 0.0, 0.1])
@pytest.mark.parametrize("horizon", [0.5, 3.0])
def test_within_a_horizon_it_is_the_integral_of_the_first_passage_density(drift: float, horizon: float) -> None:
    sd, fall = 0.2, 0.15

    def density(time: float) -> float:
        return (
            fall
            / (sd * math.sqrt(2 * math.pi * time**3))
            * math.exp(-((fall + drift * time) ** 2) / (2 * sd**2 * time))
        )

    assert brownian_ruin(drift, sd, fall, horizon) == pytest.approx(quad(density, 0, horizon)[0], rel=1e-7)


def test_a_long_horizon_leads_to_the_unlimited_one() -> None:
    assert brownian_ruin(0.1, 0.2, 0.2, 1e6) == pytest.approx(brownian_ruin(0.1, 0.2, 0.2), rel=1e-9)
    assert brownian_ruin(-0.1, 0.2, 0.2) == brownian_ruin(0.0, 0.2, 0.2) == 1.0
    assert brownian_ruin(-40.0, 0.2, 5.0, 1.0) == pytest.approx(1.0)
    assert brownian_ruin(40.0, 0.2, 5.0, 1.0) == 0.0


def test_paths_of_small_steps_come_to_the_closed_form() -> None:
    bars, limit = 1000, 0.2
    returns = generator(0, "small").standard_normal(20_000)
    returns = (returns - returns.mean()) / returns.std() * 0.01 + 0.0002
    sample = stationary_paths(returns, paths=20_000, bars=bars, mean_block_bars=1, draw=generator(0, "ruin"))
    (risk,) = risk_of_ruin(sample.max_drawdown, sample.lowest, [limit])
    # once a bar is seldomer than always: as if the barrier stood 0.5826 standard deviations lower (Broadie, Glasserman,
    # Kou, A Continuity Correction for Discrete Barrier Options, 1997)
    watched = 1 - (1 - limit) * math.exp(-0.5826 * 0.01)
    assert risk.from_start.estimate == pytest.approx(
        wealth_ruin(0.0002, 0.01, watched, bars), abs=4 * risk.from_start_error
    )
    assert risk.from_start.estimate < wealth_ruin(0.0002, 0.01, limit, bars)
    assert risk.from_peak.estimate > risk.from_start.estimate


def test_shares_and_errors_by_hand() -> None:
    down, low = -np.array([0.1, 0.2, 0.3, 0.5]), np.array([1.0, 0.9, 0.8, 0.5])
    ten, twenty, half = risk_of_ruin(down, low, [0.1, 0.2, 0.5])
    assert [risk.from_peak.estimate for risk in (ten, twenty, half)] == [1.0, 0.75, 0.25]
    assert [risk.from_start.estimate for risk in (ten, twenty, half)] == [0.75, 0.5, 0.25]
    assert twenty.from_peak_error == pytest.approx(math.sqrt(0.75 * 0.25 / 4))


@pytest.mark.parametrize("count", [0, 1, 37, 499, 500])
def test_intervals_are_those_of_scipy(count: int) -> None:
    down = np.where(np.arange(500) < count, -0.5, 0.0)
    (risk,) = risk_of_ruin(down, 1 + down, [0.3], level=0.9)
    expected = stats.binomtest(count, 500).proportion_ci(0.9, method="exact")
    assert (risk.from_peak.low, risk.from_peak.high) == pytest.approx((expected.low, expected.high), abs=1e-10)


def test_all_cases_have_no_error() -> None:
    exact = every_path([0.5, -0.5], bars=3)
    (risk,) = risk_of_ruin(exact.max_drawdown, exact.lowest, [0.75], is_exact=exact.is_exact)
    # two losses in a row, however the third ends: LL* and *LL, three of eight
    assert (risk.from_peak.estimate, risk.from_peak_error, risk.from_peak.low) == (0.375, 0.0, 0.375)
    assert risk.from_start.estimate == 0.25  # after a gain 0.5 x 0.5 x 1.5 is still 0.375 of the start


def test_trades_can_be_asked_too() -> None:
    sample = trade_paths(
        [-50.0, -50.0, 200.0], mode="shuffle", values="money", paths=1, draw=generator(0, "x"), capital=100.0
    )
    (risk,) = risk_of_ruin(sample.max_drawdown, sample.lowest / sample.capital, [1.0], is_exact=True)
    assert risk.from_start.estimate == pytest.approx(1 / 3)


@pytest.mark.parametrize("limit", [0.0, -0.2, 1.5])
def test_limits_that_are_no_fraction_are_refused(limit: float) -> None:
    with pytest.raises(UsageError, match="a limit must be"):
        risk_of_ruin(np.zeros(3), np.ones(3), [limit])


def test_what_no_motion_has_is_refused() -> None:
    with pytest.raises(UsageError, match="must be positive"):
        brownian_ruin(0.1, 0.0, 0.2)
    with pytest.raises(UsageError, match="between 0 and 1; found 1"):
        wealth_ruin(0.1, 0.2, 1.0)
