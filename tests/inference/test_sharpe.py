"""The Sharpe ratio's standard error, interval, PSR and track record against published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stratkit.errors import UsageError
from stratkit.inference.sharpe import (
    minimum_track_record,
    probabilistic_sharpe,
    sample_moments,
    sharpe_interval,
    sharpe_ratio,
    sharpe_se,
    sharpe_variance_term,
)

# the monthly hedge fund of Lopez de Prado, Lipton, Zoonekynd (2025), SSRN 5520741
FUND = {"sharpe": 0.036 / 0.079, "skewness": -2.448, "kurtosis": 10.164}


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "expected"),
    [
        pytest.param(FUND["skewness"], FUND["kurtosis"], 0.329, id="lll2025-se-nonnormal"),
        pytest.param(0.0, 3.0, 0.214, id="lll2025-se-normal"),
    ],
)
def test_standard_errors_of_the_2025_paper_are_reproduced(skewness: float, kurtosis: float, expected: float) -> None:
    assert sharpe_se(FUND["sharpe"], 24, skewness, kurtosis).value == pytest.approx(expected, abs=5.1e-4)


@pytest.mark.parametrize("vector", ["sharper-mertens-se-ff600"])
def test_both_errors_equal_those_of_the_r_package_sharper_on_french_market_returns(vector: str) -> None:
    # SharpeR .t_se_normal and .t_se_Mertens on the last 600 months of Mkt-RF
    from arch.data import frenchdata

    market = frenchdata.load().to_numpy()[-600:, 0]
    moments = sample_moments(market)
    ratio = sharpe_ratio(moments)
    assert ratio.value == pytest.approx(0.11146701937636, rel=1e-9)
    by_n = ratio.value * math.sqrt(600 / 599)  # its normal error is that of the ratio with the divisor n
    assert sharpe_se(by_n, moments.n).value == pytest.approx(0.0409516548214736, rel=1e-9)
    se = sharpe_se(ratio.value, moments.n, moments.skewness, moments.kurtosis)
    assert se.value == pytest.approx(0.0422710352232128, rel=1e-9)


def test_the_error_under_autocorrelation_scales_each_term_by_its_published_factor() -> None:
    # Lopez de Prado, Lipton, Zoonekynd (2025): rho = .5 gives 3, 1 + 1 + 1/3 and 1 + 2/3 by hand
    term = 3 * 1 - (7 / 3) * (-0.5) * 0.2 + (5 / 3) * (5.0 - 1) / 4 * 0.2**2
    assert sharpe_variance_term(0.2, -0.5, 5.0, 0.5) == pytest.approx(term, rel=1e-12)
    assert sharpe_se(0.2, 100, -0.5, 5.0, 0.5).value == pytest.approx(math.sqrt(term / 100), rel=1e-12)


@pytest.mark.parametrize("expected", [pytest.param(0.9132343068848602, id="psr-2012-nonnormal")])
def test_psr_of_the_2012_paper_is_reproduced(expected: float) -> None:
    # Bailey and Lopez de Prado 2012 print 0.913; digits of esvhd/pypbo
    psr = probabilistic_sharpe(1.585 / math.sqrt(12), 24, -2.448, 10.164)
    assert psr.value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("expected", [pytest.param(0.9955552610655133, id="psr-goog")])
def test_psr_of_google_bought_and_held_is_reproduced(expected: float) -> None:
    from backtesting.test import GOOG

    close = GOOG.Close.to_numpy(dtype=float)
    moments = sample_moments(close[1:] / close[:-1] - 1)
    psr = probabilistic_sharpe(sharpe_ratio(moments).value, moments.n, moments.skewness, moments.kurtosis)
    # quantstats 0.0.86 takes other divisors: 0.995555452680773
    assert psr.value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [pytest.param(0.0, 0.966, id="psr-2025-ar1-above-0"), pytest.param(0.1, 0.900, id="psr-2025-ar1-above-.1")],
)
def test_psr_of_the_2025_convention_with_autocorrelation_is_reproduced(threshold: float, expected: float) -> None:
    psr = probabilistic_sharpe(
        FUND["sharpe"], 24, FUND["skewness"], FUND["kurtosis"], threshold, convention="2025", autocorrelation=0.2
    )
    assert psr.value == pytest.approx(expected, abs=5.1e-4)


def test_the_two_conventions_differ_as_published() -> None:
    old, new = (
        probabilistic_sharpe(FUND["sharpe"], 24, FUND["skewness"], FUND["kurtosis"], convention=convention).value
        for convention in ("2012", "2025")
    )
    assert (round(old, 3), round(new, 3)) == (0.913, 0.987)


@pytest.mark.parametrize(
    "expected", [pytest.param([2.731187801728176, 2.828833586945237, 27.3529201960403], id="mintrl-2012-exhibit")]
)
def test_track_records_of_the_2012_paper_are_reproduced(expected: list[float]) -> None:
    daily = minimum_track_record(2 / math.sqrt(250), threshold=1 / math.sqrt(250)).value / 250
    weekly = minimum_track_record(2 / math.sqrt(52), threshold=1 / math.sqrt(52)).value / 52
    monthly = minimum_track_record(3 / math.sqrt(12), -0.72, 5.78, threshold=2.5 / math.sqrt(12)).value / 12
    assert [daily, weekly, monthly] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("expected", [pytest.param([0.7152, 1.1593], id="mintrl-2012-hfr")])
def test_track_records_of_hedge_fund_indices_are_reproduced(expected: list[float]) -> None:
    first = minimum_track_record(0.7079, -0.225, 2.957).value / 12
    second = minimum_track_record(0.8183, -1.4455, 7.0497).value / 12
    assert [first, second] == pytest.approx(expected, abs=5.1e-5)


@pytest.mark.parametrize("expected", [pytest.param(13.029, id="mintrl-2025")])
def test_track_record_of_the_2025_convention_is_reproduced(expected: float) -> None:
    least = minimum_track_record(FUND["sharpe"], FUND["skewness"], FUND["kurtosis"], convention="2025")
    assert least.value == pytest.approx(expected, abs=5.1e-4)


def test_confidence_moves_the_track_record() -> None:
    assert minimum_track_record(0.1, confidence=0.99).value > minimum_track_record(0.1).value


def test_moments_equal_scipy_and_drop_nan_rows() -> None:
    values = np.random.default_rng(1).standard_t(5, 500)
    holes = np.insert(values, [3, 77], np.nan)
    moments = sample_moments(holes)
    assert moments.n == 500
    assert moments.sd == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert moments.skewness == pytest.approx(stats.skew(values), rel=1e-12)
    assert moments.kurtosis == pytest.approx(stats.kurtosis(values, fisher=False), rel=1e-12)


def test_a_psr_reaches_its_confidence_exactly_at_the_minimum_track_record() -> None:
    # n = 1 + 7 (z/0.25)^2 would be fractional: take the level that an n of 101 gives
    psr = probabilistic_sharpe(0.25, 101, -0.5, 4.0)
    assert minimum_track_record(0.25, -0.5, 4.0, confidence=psr.value).value == pytest.approx(101.0, rel=1e-9)


def test_the_interval_is_symmetric_and_widens_with_its_level() -> None:
    narrow, wide = sharpe_interval(0.1, 250, level=0.9), sharpe_interval(0.1, 250, level=0.99)
    assert narrow.high - 0.1 == pytest.approx(0.1 - narrow.low)
    assert wide.low < narrow.low < narrow.high < wide.high
    assert wide.scaled(2.0).high == pytest.approx(2 * wide.high)
    # 1.6449 x sqrt((1 + 0.005)/250) = 0.104286
    assert narrow.high == pytest.approx(0.1 + 1.6448536269514722 * math.sqrt(1.005 / 250), rel=1e-12)


def test_a_variance_term_of_zero_or_less_gives_nan_with_a_reason() -> None:
    assert sharpe_variance_term(1.0, 3.0, 4.0) == pytest.approx(1 - 3 + 0.75)
    for estimate in (
        sharpe_se(1.0, 100, 3.0, 4.0),
        probabilistic_sharpe(1.0, 100, 3.0, 4.0),
        minimum_track_record(1.0, 3.0, 4.0),
    ):
        assert math.isnan(estimate.value)
        assert "skewness is too large" in estimate.reason
    interval = sharpe_interval(1.0, 100, 3.0, 4.0)
    assert not interval.is_defined
    assert "skewness is too large" in interval.reason


@pytest.mark.parametrize(
    ("values", "reason"), [([], "there are 0"), ([0.1], "there are 1"), ([0.1] * 5, "do not vary")]
)
def test_too_few_or_constant_returns_have_no_sharpe_ratio(values: list[float], reason: str) -> None:
    ratio = sharpe_ratio(sample_moments(values))
    assert math.isnan(ratio.value)
    assert reason in ratio.reason


def test_a_sharpe_at_its_threshold_needs_an_endless_track_record() -> None:
    assert "no track record is long enough" in minimum_track_record(0.1, threshold=0.1).reason


@pytest.mark.parametrize("wrong", [0.0, 1.0, 95.0])
def test_a_level_that_is_no_fraction_is_refused(wrong: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1, such as"):
        sharpe_interval(0.1, 100, level=wrong)
    with pytest.raises(UsageError, match="between 0 and 1, such as"):
        minimum_track_record(0.1, confidence=wrong)


def test_an_autocorrelation_of_one_is_refused() -> None:
    with pytest.raises(UsageError, match="between -1 and 1"):
        sharpe_se(0.1, 100, autocorrelation=1.0)


@given(st.floats(-0.5, 0.5), st.integers(2, 5000), st.floats(-1, 1), st.floats(3, 9))
def test_psr_rises_with_the_sharpe_and_is_one_half_at_its_threshold(
    ratio: float, n: int, skewness: float, kurtosis: float
) -> None:
    at = probabilistic_sharpe(ratio, n, skewness, kurtosis, threshold=ratio).value
    below = probabilistic_sharpe(ratio, n, skewness, kurtosis, threshold=ratio - 0.01).value
    assert at == 0.5
    assert below >= at
