"""Published and twice-computed figures of every return metric."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stratkit.analytics import descriptive, relative, tail, underwater
from stratkit.analytics import returns as ratios
from stratkit.analytics.basis import Basis, basis_of
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.analytics.streamed import stream_equity
from stratkit.analytics.summary import BarSummary, ReturnSummary, bar_summary, summarise
from stratkit.errors import DataError
from stratkit.frequency import ReturnPeriods
from stratkit.panel import FloatArray

# Bacon, Practical Portfolio Performance Measurement and Attribution, 2nd ed.: 24 months; expected
# figures as printed in the documentation of R PerformanceAnalytics
PORTFOLIO = np.array(
    [
        *(0.003, 0.026, 0.011, -0.01, 0.015, 0.025, 0.016, 0.067, -0.014, 0.04, -0.005, 0.081),
        *(0.04, -0.037, -0.061, 0.017, -0.049, -0.022, 0.07, 0.058, -0.065, 0.024, -0.005, -0.009),
    ]
)
BENCHMARK = np.array(
    [
        *(0.002, 0.025, 0.018, -0.011, 0.014, 0.018, 0.014, 0.065, -0.015, 0.042, -0.006, 0.083),
        *(0.039, -0.038, -0.062, 0.015, -0.048, 0.021, 0.06, 0.056, -0.067, 0.019, -0.003, 0.0),
    ]
)


def every_bar(n: int, per_year: float = 252.0) -> ReturnPeriods:
    return ReturnPeriods(np.ones(n, dtype=np.bool_), per_year, "day", per_year, "in this test")


def basis(n: int, per_year: float = 252.0) -> Basis:
    return basis_of(every_bar(n, per_year), AnalyticsSettings())


def bars_of(returns: FloatArray) -> BarSummary:
    """Drawdowns of returns: equity starts at 1 before the first of them."""
    equity = np.concatenate(([1.0], np.cumprod(1 + returns)))
    stream = stream_equity(equity, equity, 1.0, every_bar(len(equity)), basis(len(equity)))
    return bar_summary(stream)


@pytest.fixture(scope="module")
def goog() -> FloatArray:
    from backtesting.test import GOOG

    close = GOOG.Close.to_numpy(dtype=float)
    returns = close[1:] / close[:-1] - 1
    assert len(returns) == 2147
    return np.asarray(returns)


@pytest.fixture(scope="module")
def summary(goog: FloatArray) -> ReturnSummary:
    return summarise(goog)


# metrics of record on GOOG bought and held, 252 periods a year, each computed by two implementations
def test_growth_of_google_is_of_record(summary: ReturnSummary) -> None:
    assert ratios.total_return(summary).value == pytest.approx(7.034582419772811, rel=1e-9)
    assert ratios.cagr(summary, 252).value == pytest.approx(0.2770806653191571, rel=1e-9)


def test_ratios_of_google_are_of_record(summary: ReturnSummary) -> None:
    assert ratios.ann_vol(summary, 252).value == pytest.approx(0.34405786161892116, rel=1e-9)
    assert ratios.sharpe(summary, 252).value == pytest.approx(0.8815185699129492, rel=1e-9)
    assert ratios.sortino(summary, 252).value == pytest.approx(1.3541673631507347, rel=1e-9)
    assert ratios.omega(summary).value == pytest.approx(1.1797198797718698, rel=1e-9)
    assert ratios.psr(summary).value == pytest.approx(0.9955552610655133, rel=2e-4)


def test_trend_of_google_is_of_record(summary: ReturnSummary) -> None:
    assert ratios.stability(summary).value == pytest.approx(0.564634561448206, rel=1e-9)
    assert ratios.k_ratio(summary, 252).value == pytest.approx(0.3899766716356872, rel=1e-7)


def test_drawdowns_of_google_are_of_record(goog: FloatArray, summary: ReturnSummary) -> None:
    bars = bars_of(goog)
    assert underwater.max_drawdown(bars).value == pytest.approx(-0.6529475997249901, rel=1e-9)
    assert underwater.max_dd_duration(bars).value == 1230
    assert underwater.ulcer(bars).value == pytest.approx(0.25118981147045094, rel=1e-7)
    calmar = underwater.calmar(bars, ratios.cagr(summary, 252))
    assert calmar.value == pytest.approx(0.42435360117084214, rel=1e-9)


def test_tails_of_google_are_of_record(goog: FloatArray, summary: ReturnSummary) -> None:
    assert tail.var_hist(goog).value == pytest.approx(-0.030780025087434944, rel=1e-9)
    assert tail.cvar_hist(goog).value == pytest.approx(-0.04808958498266026, rel=2e-3)
    assert tail.var_gauss(summary.moments).value == pytest.approx(-0.0344463676094315, rel=1e-9)
    assert tail.cvar_gauss(summary.moments).value == pytest.approx(-0.043503, abs=5e-7)
    assert tail.tail_ratio(goog).value == pytest.approx(1.038012893300152, rel=1e-9)


def test_cornish_fisher_of_google_is_of_record(summary: ReturnSummary) -> None:
    assert tail.var_cf(summary.moments).value == pytest.approx(-0.02567124772389612, rel=1e-9)


def test_deviations_of_quantstats_are_not_adopted(goog: FloatArray, summary: ReturnSummary) -> None:
    # figures of quantstats 0.0.86, which takes Gaussian CVaR, n - 1 in the ulcer index, other divisors in PSR
    assert abs(tail.cvar_hist(goog).value - -0.04350288371248045) > 1e-3
    assert abs(underwater.ulcer(bars_of(goog)).value / 0.2512483297732764 - 1) > 1e-4
    assert abs(ratios.psr(summary).value - 0.995555452680773) > 1e-8
    assert abs(ratios.sharpe(summary, 252).value - 0.876567252744937) > 1e-3  # "smart" Sharpe
    # backtesting.py prints 0.593 for the Sharpe ratio of buy and hold
    assert abs(ratios.sharpe(summary, 252).value - 0.593) > 0.2


def test_treynor_and_information_ratio_deviate_from_quantstats_on_nasdaq_against_sp500() -> None:
    from arch.data import nasdaq, sp500

    own, other = (data.load()["Adj Close"].pct_change().dropna().to_numpy(dtype=float) for data in (nasdaq, sp500))
    pair = relative.paired(own, other)
    assert pair.n == 5030
    assert relative.treynor(pair, 252).value == pytest.approx(0.0741, abs=5e-5)
    assert abs(relative.treynor(pair, 252).value - 1.7057070038795974) > 1
    per_period = relative.information_ratio(pair, 252).value / math.sqrt(252)
    assert per_period == pytest.approx(0.017162823065849722, rel=1e-6)


def test_cornish_fisher_of_the_sp500_is_less_severe_than_gaussian() -> None:
    # with fat tails the 95 % quantile moves inward: that is the expansion, not an error
    from arch.data import sp500

    moments = summarise(sp500.load()["Adj Close"].pct_change().dropna().to_numpy(dtype=float)).moments
    assert tail.var_gauss(moments).value == pytest.approx(-0.019575, abs=5e-7)
    assert tail.var_cf(moments).value == pytest.approx(-0.017619, abs=5e-7)


def test_downside_figures_of_bacon_are_reproduced() -> None:
    summary = summarise(PORTFOLIO, mar=0.005)
    assert ratios.downside_deviation(summary).value == pytest.approx(0.0255, abs=6e-5)
    assert summary.loss / summary.n == pytest.approx(0.0137, abs=6e-5)  # downside potential
    assert summary.gain / summary.n == pytest.approx(0.01771, abs=6e-5)  # upside potential
    assert ratios.omega(summary).value - 1 == pytest.approx(0.29, abs=5.1e-3)  # omega-Sharpe
    assert ratios.sortino(summary, 1).value == pytest.approx(0.157, abs=5.1e-4)  # kappa 2
    assert ratios.omega(summarise(PORTFOLIO)).value == pytest.approx(1.78, abs=5.1e-3)  # Bernardo-Ledoit


def test_descriptive_figures_of_bacon_are_reproduced() -> None:
    assert descriptive.downside_frequency(PORTFOLIO, 0.005) == pytest.approx(0.458, abs=5.1e-4)
    assert descriptive.upside_risk(PORTFOLIO, 0.005) == pytest.approx(0.02937, abs=6e-5)
    assert descriptive.d_ratio(PORTFOLIO) == pytest.approx(0.401, abs=5.1e-4)
    assert descriptive.pain_index(PORTFOLIO) == pytest.approx(0.04, abs=5.1e-3)
    assert descriptive.sample_excess_kurtosis(PORTFOLIO) == pytest.approx(-0.41, abs=5.1e-3)
    assert descriptive.mean_absolute_deviation(PORTFOLIO) == pytest.approx(0.031, abs=5.1e-4)


def test_the_pain_ratio_compounds_its_drawdowns_unlike_performance_analytics() -> None:
    # PerformanceAnalytics prints 2.66 with a near-additive drawdown; compounded it is 2.593
    ratio = ratios.cagr(summarise(PORTFOLIO), 12).value / descriptive.pain_index(PORTFOLIO)
    assert ratio == pytest.approx(2.593, abs=5e-4)


def test_a_d_ratio_without_a_gain_is_infinite_and_bad_returns_are_refused() -> None:
    assert descriptive.d_ratio(np.array([-0.1, 0.0])) == np.inf
    with pytest.raises(DataError, match="finite and at least 4; found 2, 1 of them not finite"):
        descriptive.sample_excess_kurtosis(np.array([0.1, np.nan]))


def test_adjusted_ratios_of_bacon_are_reproduced() -> None:
    summary, pair = summarise(PORTFOLIO), relative.paired(PORTFOLIO, BENCHMARK)
    assert ratios.adjusted_sharpe(summary, 12).value == pytest.approx(0.7591435, rel=1e-6)
    assert relative.m2(pair, 12).value == pytest.approx(0.10062, rel=1e-4)
    assert relative.modified_treynor(pair, 12).value == pytest.approx(0.7975, rel=1e-4)
    assert relative.jensen(pair, 12).value == pytest.approx(-0.014, abs=5e-4)


def test_martin_ratio_compounds_its_drawdowns_unlike_performance_analytics() -> None:
    # PerformanceAnalytics prints 1.70 with a near-additive drawdown; compounded it is 1.695
    value = underwater.martin(bars_of(PORTFOLIO), ratios.cagr(summarise(PORTFOLIO), 12)).value
    assert value == pytest.approx(1.695, abs=5e-4)
    assert abs(value - 1.70) > 5e-3


def test_figures_of_negative_returns_in_empyrical_are_reproduced() -> None:
    # empyrical-reloaded tests/test_stats.py, negative_returns
    returns = np.array([0, -6, -7, -1, -9, -2, -6, -8, -5]) / 100
    summary = summarise(returns)
    assert ratios.sharpe(summary, 252).value == pytest.approx(-24.406808633910085, rel=1e-7)
    assert ratios.sortino(summary, 252).value == pytest.approx(-13.5327430750434, rel=1e-7)
    assert underwater.max_drawdown(bars_of(returns)).value == pytest.approx(-0.3659073, rel=1e-6)


def test_captures_of_empyrical_are_reproduced_with_its_nan_row_dropped() -> None:
    # empyrical-reloaded tests/test_stats.py, all_negative against mixed
    own = np.array([-2, -6, -7, -1, -9, -2, -6, -8, -5]) / 100
    other = np.array([np.nan, 1, 10, -4, 2, 3, 2, 1, -10]) / 100
    pair = relative.paired(own, other)
    assert pair.n == 8
    assert relative.up_capture(pair, 252).value == pytest.approx(-0.0004336328, abs=1e-8)
    assert relative.down_capture(pair, 252).value == pytest.approx(0.9995602570379863, abs=1e-8)


def test_empyrical_agrees_where_it_uses_the_same_definitions() -> None:
    import empyrical

    rng = np.random.default_rng(7)
    own, other = 0.0005 + 0.01 * rng.standard_t(5, 800), 0.0003 + 0.01 * rng.standard_t(5, 800)
    summary, pair, bars = summarise(own), relative.paired(own, other), bars_of(own)
    free = 0.0001
    pairs = [
        (ratios.total_return(summary), empyrical.cum_returns_final(own)),
        (ratios.cagr(summary, 252), empyrical.cagr(own)),
        (ratios.ann_vol(summary, 252), empyrical.annual_volatility(own)),
        (ratios.sharpe(summary, 252, free), empyrical.sharpe_ratio(own, free)),
        (ratios.sortino(summarise(own, free), 252), empyrical.sortino_ratio(own, free)),
        (ratios.omega(summary), empyrical.omega_ratio(own)),
        (ratios.stability(summary), empyrical.stability_of_timeseries(own)),
        (underwater.max_drawdown(bars), empyrical.max_drawdown(own)),
        (underwater.calmar(bars, ratios.cagr(summary, 252)), empyrical.calmar_ratio(own)),
        (tail.tail_ratio(own), empyrical.tail_ratio(own)),
        (tail.var_hist(own), empyrical.value_at_risk(own, 0.05)),
        (relative.beta(pair), empyrical.beta(own, other)),
        (relative.up_capture(pair, 252), empyrical.up_capture(own, other)),
        (relative.down_capture(pair, 252), empyrical.down_capture(own, other)),
        (relative.information_ratio(pair, 1), empyrical.excess_sharpe(own, other)),
    ]
    for ours, theirs in pairs:
        assert ours.value == pytest.approx(float(theirs), rel=1e-9)


def test_a_nan_row_is_not_counted_in_the_growth_a_year_unlike_in_empyrical() -> None:
    import empyrical

    holes = np.array([np.nan, 0.01, 0.02, 0.03])
    assert ratios.cagr(summarise(holes), 252).value == pytest.approx(ratios.cagr(summarise(holes[1:]), 252).value)
    assert abs(ratios.cagr(summarise(holes), 252).value / float(empyrical.cagr(holes)) - 1) > 0.1
