"""Published and twice-computed figures of every return metric."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from stratkit.analytics import descriptive, relative, tail, underwater
from stratkit.analytics import returns as ratios
from stratkit.analytics.basis import Basis, basis_of
from stratkit.analytics.settings import AnalyticsSettings
from stratkit.analytics.streamed import stream_equity
from stratkit.analytics.summary import BarSummary, ReturnSummary, bar_summary, summarise
from stratkit.errors import DataError
from stratkit.frequency import ReturnPeriods
from stratkit.inference.estimate import Estimate
from stratkit.inference.sharpe import probabilistic_sharpe
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
OF_RECORD: dict[str, tuple[Callable[[FloatArray, ReturnSummary, BarSummary], Estimate], float, float]] = {
    "total_return": (lambda _, summary, __: ratios.total_return(summary), 7.034582419772811, 1e-9),
    "cagr": (lambda _, summary, __: ratios.cagr(summary, 252), 0.2770806653191571, 1e-9),
    "ann_vol": (lambda _, summary, __: ratios.ann_vol(summary, 252), 0.34405786161892116, 1e-9),
    "sharpe": (lambda _, summary, __: ratios.sharpe(summary, 252), 0.8815185699129492, 1e-9),
    "sortino": (lambda _, summary, __: ratios.sortino(summary, 252), 1.3541673631507347, 1e-9),
    "omega": (lambda _, summary, __: ratios.omega(summary), 1.1797198797718698, 1e-9),
    "stability": (lambda _, summary, __: ratios.stability(summary), 0.564634561448206, 1e-9),
    "k_ratio_2013": (lambda _, summary, __: ratios.k_ratio(summary, 252), 0.3899766716356872, 1e-7),
    "max_drawdown": (lambda _, __, bars: underwater.max_drawdown(bars), -0.6529475997249901, 1e-9),
    "max_dd_duration": (lambda _, __, bars: underwater.max_dd_duration(bars), 1230, 1e-9),
    "ulcer": (lambda _, __, bars: underwater.ulcer(bars), 0.25118981147045094, 1e-7),
    "calmar": (lambda _, summary, bars: underwater.calmar(bars, ratios.cagr(summary, 252)), 0.42435360117084214, 1e-9),
    "var95_hist": (lambda returns, _, __: tail.var_hist(returns), -0.030780025087434944, 1e-9),
    "cvar95_hist": (lambda returns, _, __: tail.cvar_hist(returns), -0.04808958498266026, 2e-3),
    "var95_gauss": (lambda _, summary, __: tail.var_gauss(summary.moments), -0.0344463676094315, 1e-9),
    "var95_cf": (lambda _, summary, __: tail.var_cf(summary.moments), -0.02567124772389612, 1e-9),
    "tail_ratio": (lambda returns, _, __: tail.tail_ratio(returns), 1.038012893300152, 1e-9),
}


@pytest.mark.parametrize("name", [pytest.param(name, id=f"metric-{name}-goog") for name in OF_RECORD])
def test_google_bought_and_held_is_of_record(name: str, goog: FloatArray, summary: ReturnSummary) -> None:
    metric, expected, tolerance = OF_RECORD[name]
    assert metric(goog, summary, bars_of(goog)).value == pytest.approx(expected, rel=tolerance)


def test_psr_of_google_is_of_record(summary: ReturnSummary) -> None:
    assert ratios.psr(summary).value == pytest.approx(0.9955552610655133, rel=1e-9)


# figures of quantstats 0.0.86, a different definition behind each: what they are is reproduced, none is adopted
QUANTSTATS = {
    "cvar": -0.04350288371248045,
    "psr": 0.995555452680773,
    "treynor": 1.7057070038795974,
    "ir": 0.017162823065849722,
    "smart_sharpe": 0.876567252744937,
    "ulcer": 0.2512483297732764,
}


@pytest.mark.parametrize("theirs", [pytest.param(QUANTSTATS, id="deviation-quantstats")])
def test_deviations_of_quantstats_are_known_and_not_adopted(
    theirs: dict[str, float], goog: FloatArray, summary: ReturnSummary
) -> None:
    # a Gaussian shortfall under the name of the historical one
    assert tail.cvar_gauss(summary.moments).value == pytest.approx(theirs["cvar"], rel=1e-6)
    assert abs(tail.cvar_hist(goog).value - theirs["cvar"]) > 1e-3
    # skewness and kurtosis without their small-sample bias
    n, own = summary.n, summary.moments
    skewness, kurtosis = stats.skew(goog, bias=False), stats.kurtosis(goog, fisher=False, bias=False)
    psr = probabilistic_sharpe(own.mean / own.sd, n, float(skewness), float(kurtosis)).value
    assert psr == pytest.approx(theirs["psr"], rel=1e-9)
    assert abs(ratios.psr(summary).value - theirs["psr"]) > 1e-8
    # n - 1 below the squares
    ulcer = underwater.ulcer(bars_of(goog)).value
    assert ulcer * math.sqrt(n / (n - 1)) == pytest.approx(theirs["ulcer"], rel=1e-6)
    assert abs(ulcer / theirs["ulcer"] - 1) > 1e-4
    # a penalty for the size of the first autocorrelation, whatever its sign
    first, lags = abs(np.corrcoef(goog[:-1], goog[1:])[0, 1]), np.arange(1, n)
    penalty = math.sqrt(1 + 2 * float(((n - lags) / n * first**lags).sum()))
    assert ratios.sharpe(summary, 252).value / penalty == pytest.approx(theirs["smart_sharpe"], rel=1e-6)
    assert abs(ratios.sharpe(summary, 252).value - theirs["smart_sharpe"]) > 1e-3
    # the whole growth over beta, and a ratio per period
    from arch.data import nasdaq, sp500

    one, other = (data.load()["Adj Close"].pct_change().dropna().to_numpy(dtype=float) for data in (nasdaq, sp500))
    pair = relative.paired(one, other)
    assert pair.n == 5030
    whole = ratios.total_return(summarise(one)).value / relative.beta(pair).value
    assert whole == pytest.approx(theirs["treynor"], rel=1e-6)
    assert relative.treynor(pair, 252).value == pytest.approx(0.0741, abs=5e-5)
    assert relative.information_ratio(pair, 252).value / math.sqrt(252) == pytest.approx(theirs["ir"], rel=1e-6)


def test_the_sharpe_ratio_of_backtesting_is_not_adopted(summary: ReturnSummary) -> None:
    # it prints 0.593 for buy and hold: geometric growth over a compounded variance
    assert abs(ratios.sharpe(summary, 252).value - 0.593) > 0.2


def test_cornish_fisher_of_the_sp500_is_less_severe_than_gaussian() -> None:
    # with fat tails the 95 % quantile moves inward: that is the expansion, not an error
    from arch.data import sp500

    moments = summarise(sp500.load()["Adj Close"].pct_change().dropna().to_numpy(dtype=float)).moments
    assert tail.var_gauss(moments).value == pytest.approx(-0.019575, abs=5e-7)
    assert tail.var_cf(moments).value == pytest.approx(-0.017619, abs=5e-7)


BACON = {
    "downside_dev": 0.0255,
    "downside_potential": 0.0137,
    "downside_freq": 0.458,
    "upside_risk": 0.02937,
    "upside_potential": 0.01771,
    "omega_sharpe": 0.29,
    "kappa2": 0.157,
    "bernardo_ledoit": 1.78,
    "d_ratio": 0.401,
    "pain_index": 0.04,
    "excess_kurt_sample": -0.41,
    "mad": 0.031,
}


def of_bacon() -> dict[str, float]:
    """The figures of the book, at a minimum acceptable return of half a percent a month."""
    summary = summarise(PORTFOLIO, mar=0.005)
    return {
        "downside_dev": ratios.downside_deviation(summary).value,
        "downside_potential": summary.loss / summary.n,
        "downside_freq": descriptive.downside_frequency(PORTFOLIO, 0.005),
        "upside_risk": descriptive.upside_risk(PORTFOLIO, 0.005),
        "upside_potential": summary.gain / summary.n,
        "omega_sharpe": ratios.omega(summary).value - 1,
        "kappa2": ratios.sortino(summary, 1).value,
        "bernardo_ledoit": ratios.omega(summarise(PORTFOLIO)).value,
        "d_ratio": descriptive.d_ratio(PORTFOLIO),
        "pain_index": descriptive.pain_index(PORTFOLIO),
        "excess_kurt_sample": descriptive.sample_excess_kurtosis(PORTFOLIO),
        "mad": descriptive.mean_absolute_deviation(PORTFOLIO),
    }


@pytest.mark.parametrize("printed", [pytest.param(BACON, id="bacon-portfolio")])
def test_figures_of_bacon_are_reproduced(printed: dict[str, float]) -> None:
    # three digits are printed of some, two of others
    coarse = {"omega_sharpe", "bernardo_ledoit", "pain_index", "excess_kurt_sample"}
    for name, value in of_bacon().items():
        assert value == pytest.approx(printed[name], abs=5.1e-3 if name in coarse else 5.1e-4), name


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=f"bacon-portfolio-tight-{name}")
        for name in ("downside_dev", "downside_potential", "upside_risk", "upside_potential")
    ],
)
def test_figures_of_bacon_are_reproduced_to_four_digits(name: str) -> None:
    assert of_bacon()[name] == pytest.approx(BACON[name], abs=6e-5)


def near_additive_drawdowns(returns: FloatArray) -> FloatArray:
    """Drawdowns as PerformanceAnalytics takes them: fractions are taken for percent, which hardly compounds them."""
    depth, peak = np.zeros(len(returns)), -1
    for bar in range(len(returns)):
        value = float(np.prod(1 + returns[peak + 1 : bar + 1] / 100))
        if value > 1:
            peak = bar
        else:
            depth[bar] = (value - 1) * 100
    return depth


@pytest.mark.parametrize(("pain", "martin"), [pytest.param(2.66, 1.70, id="bacon-pain-ratio-deviation")])
def test_drawdowns_compound_unlike_those_of_performance_analytics(pain: float, martin: float) -> None:
    growth = ratios.cagr(summarise(PORTFOLIO), 12)
    depth = near_additive_drawdowns(PORTFOLIO)
    assert growth.value / np.abs(depth).mean() == pytest.approx(pain, abs=8.5e-3)
    assert growth.value / math.sqrt(np.mean(depth**2)) == pytest.approx(martin, abs=8.5e-3)
    assert growth.value / descriptive.pain_index(PORTFOLIO) == pytest.approx(2.593, abs=5e-4)
    assert underwater.martin(bars_of(PORTFOLIO), growth).value == pytest.approx(1.695, abs=5e-4)


def test_a_d_ratio_without_a_gain_is_infinite_and_bad_returns_are_refused() -> None:
    assert descriptive.d_ratio(np.array([-0.1, 0.0])) == np.inf
    with pytest.raises(DataError, match="finite and at least 4; found 2, 1 of them not finite"):
        descriptive.sample_excess_kurtosis(np.array([0.1, np.nan]))


@pytest.mark.parametrize(
    ("adjusted", "m2", "treynor", "jensen"),
    [pytest.param(0.7591435, 0.10062, 0.7975, -0.014, id="bacon-adjusted-sharpe-m2-treynor-jensen")],
)
def test_adjusted_ratios_of_bacon_are_reproduced(adjusted: float, m2: float, treynor: float, jensen: float) -> None:
    summary, pair = summarise(PORTFOLIO), relative.paired(PORTFOLIO, BENCHMARK)
    assert ratios.adjusted_sharpe(summary, 12).value == pytest.approx(adjusted, rel=1e-6)
    assert relative.m2(pair, 12).value == pytest.approx(m2, rel=1e-4)
    assert relative.modified_treynor(pair, 12).value == pytest.approx(treynor, rel=1e-4)
    assert relative.jensen(pair, 12).value == pytest.approx(jensen, abs=5e-4)  # printed in three digits


@pytest.mark.parametrize(
    ("sharpe", "sortino", "drawdown"),
    [pytest.param(-24.406808633910085, -13.5327430750434, -0.3659073, id="empyrical-negative")],
)
def test_figures_of_negative_returns_in_empyrical_are_reproduced(
    sharpe: float, sortino: float, drawdown: float
) -> None:
    # empyrical-reloaded tests/test_stats.py, negative_returns
    returns = np.array([0, -6, -7, -1, -9, -2, -6, -8, -5]) / 100
    summary = summarise(returns)
    assert ratios.sharpe(summary, 252).value == pytest.approx(sharpe, rel=1e-7)
    assert ratios.sortino(summary, 252).value == pytest.approx(sortino, rel=1e-7)
    assert underwater.max_drawdown(bars_of(returns)).value == pytest.approx(drawdown, rel=1e-7)


@pytest.mark.parametrize(("up", "down"), [pytest.param(-0.0004336328, 0.9995602570379863, id="empyrical-capture")])
def test_captures_of_empyrical_are_reproduced_with_its_nan_row_dropped(up: float, down: float) -> None:
    # empyrical-reloaded tests/test_stats.py, all_negative against mixed
    own = np.array([-2, -6, -7, -1, -9, -2, -6, -8, -5]) / 100
    other = np.array([np.nan, 1, 10, -4, 2, 3, 2, 1, -10]) / 100
    pair = relative.paired(own, other)
    assert pair.n == 8
    assert relative.up_capture(pair, 252).value == pytest.approx(up, abs=1e-8)
    assert relative.down_capture(pair, 252).value == pytest.approx(down, abs=1e-8)


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
