"""`DEFINITIONS`: label, unit, direction, group and formula of every metric, in order of display."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from stratkit.analytics.basis import Basis
from stratkit.analytics.scorecard import Better, Metric, Unit
from stratkit.inference.estimate import Estimate

Symbol = Literal["P", "B", "f", "MAR", "c"]
Group = Literal["returns", "risk", "benchmark", "trades", "costs"]


@dataclass(frozen=True)
class Definition:
    """What a metric is.

    `source` is where the formula is from, `differs` where other libraries compute something else;
    `given` names the symbols of the formula whose values depend on the basis of the run.
    """

    name: str
    label: str
    unit: Unit
    better: Better
    group: Group
    formula: str
    source: str = ""
    differs: str = ""
    given: tuple[Symbol, ...] = ()


_ROWS: Final = (
    # ---- returns
    Definition("total_return", "Total return", "fraction", "higher", "returns", "prod(1 + r) - 1"),
    Definition(
        "cagr", "CAGR", "fraction", "higher", "returns", "prod(1 + r)^(P/n) - 1",
        differs="ffn and backtesting.py count calendar days / 365.25; empyrical counts NaN rows in n",
        given=("P",),
    ),
    Definition(
        "sharpe", "Sharpe ratio", "ratio", "higher", "returns",
        "mean(r - f)/sd(r - f, ddof=1) sqrt(P); interval: Mertens (2002), 95 %; "
        "as of 1 trial: the evidence of a run counts all",
        "Sharpe 1994; Mertens 2002",
        "backtesting.py divides the geometric annual return by a compounded-variance volatility",
        given=("P", "f"),
    ),
    Definition(
        "sharpe_bar", "Sharpe ratio, per bar", "ratio", "higher", "returns",
        "mean(r_bar - f)/sd(r_bar, ddof=1) sqrt(B); shown beside the ratio per "
        "session day, which is the record; as of 1 trial: the evidence of a run counts all",
        given=("B", "f"),
    ),
    Definition(
        "psr", "Probabilistic Sharpe ratio", "probability", "higher", "returns",
        "P(true Sharpe > 0) = Phi(SR sqrt(n - 1)/sqrt(1 - g3 SR + (g4 - 1)/4 SR^2)), SR per period, raw kurtosis g4; "
        "as of 1 trial: the evidence of a run counts all",
        "Bailey and Lopez de Prado 2012",
        "quantstats once took excess kurtosis; the 2025 convention puts the hypothesis into the variance",
    ),
    Definition(
        "min_track_record", "Minimum track record", "count", "lower", "returns",
        "1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (z/SR)^2 periods, z of 95 %: when PSR reaches 95 %",
        "Bailey and Lopez de Prado 2012",
    ),
    Definition(
        "adjusted_sharpe", "Adjusted Sharpe ratio", "ratio", "higher", "returns",
        "SR (1 + S/6 SR - K/24 SR^2), SR = (cagr - f)/ann_vol, skewness S, excess kurtosis K; "
        "as of 1 trial: the evidence of a run counts all",
        "Pezier 2004; Bacon, Practical Portfolio Performance, 2nd ed.",
        given=("f",),
    ),
    Definition(
        "sortino", "Sortino ratio", "ratio", "higher", "returns",
        "(mean(r) - MAR)/sqrt(mean(min(r - MAR, 0)^2)) sqrt(P), mean over all n",
        "Sortino and Price 1994",
        "backtesting.py takes a geometric numerator",
        given=("P", "MAR"),
    ),
    Definition(
        "calmar", "Calmar ratio", "ratio", "higher", "returns", "cagr/abs(max_drawdown), the whole run",
        "Young 1991",
        "Young looked at 36 months; ffn uses its calendar CAGR",
    ),
    Definition(
        "omega", "Omega ratio", "ratio", "higher", "returns", "sum (r - MAR)+ / sum (MAR - r)+",
        "Keating and Shadwick 2002",
        "quantstats calls its value at 0 the profit factor of returns",
        given=("MAR",),
    ),
    Definition(
        "martin", "Martin ratio", "ratio", "higher", "returns", "(cagr - f)/ulcer",
        "Martin 1987",
        "PerformanceAnalytics adds returns up in its drawdown (Bacon's months: 1.70; compounded 1.695)",
        given=("f",),
    ),
    Definition("stability", "Stability", "ratio", "neither", "returns", "R^2 of log equity on time, per period"),
    Definition(
        "k_ratio", "K-ratio", "ratio", "higher", "returns",
        "slope/SE(slope) sqrt(P)/n of log equity on time",
        "Kestner 2013",
        "the versions of 1996 (slope/(SE sqrt n)) and 2003 (slope/(SE n)) are not annualised",
        given=("P",),
    ),
    # ---- risk
    Definition(
        "ann_vol", "Volatility", "fraction", "neither", "risk", "sd(r, ddof=1) sqrt(P)",
        differs="backtesting.py compounds the variance",
        given=("P",),
    ),
    Definition(
        "ann_vol_bar", "Volatility, per bar", "fraction", "neither", "risk",
        "sd(r_bar, ddof=1) sqrt(B); shown beside the volatility per session day",
        given=("B",),
    ),
    Definition(
        "max_drawdown", "Maximum drawdown", "fraction", "higher", "risk",
        "min(E/cummax(E) - 1) over all bars, E starts at the initial cash",
    ),
    Definition(
        "max_dd_duration", "Longest drawdown", "bars", "lower", "risk",
        "bars from a peak to the bar of recovery, or to the end",
        differs="quantstats counts days, backtesting.py calendar time",
    ),
    Definition(
        "ulcer", "Ulcer index", "fraction", "lower", "risk", "sqrt(mean(drawdown^2)) over all bars",
        "Martin 1987",
        "quantstats divides by n - 1; ffn includes the baseline and works in percent",
    ),
    Definition(
        "downside_deviation", "Downside deviation", "fraction", "lower", "risk",
        "sqrt(mean(min(r - MAR, 0)^2)) sqrt(P), mean over all n",
        "Sortino and Price 1994",
        given=("P", "MAR"),
    ),
    Definition(
        "var_hist", "VaR, historical", "fraction", "higher", "risk",
        "1 - c linear quantile of r, one period",
        differs="quantstats' VaR is the Gaussian one",
        given=("c",),
    ),
    Definition(
        "cvar_hist", "CVaR, historical", "fraction", "higher", "risk",
        "mean of the r <= VaR at c, one period",
        differs="quantstats: Gaussian since 0.0.83, before that the mean below the Gaussian VaR",
        given=("c",),
    ),
    Definition(
        "var_gauss", "VaR, Gaussian", "fraction", "higher", "risk",
        "mean + z sd (ddof=1), z the normal quantile of 1 - c, one period",
        given=("c",),
    ),
    Definition(
        "cvar_gauss", "CVaR, Gaussian", "fraction", "higher", "risk",
        "mean - phi(z)/(1 - c) sd (ddof=1), c = c, one period",
        given=("c",),
    ),
    Definition(
        "var_cf", "VaR, Cornish-Fisher", "fraction", "higher", "risk",
        "mean + z' sd (ddof=0), z' = z + (z^2 - 1)S/6 + (z^3 - 3z)K/24 - (2z^3 - 5z)S^2/36 at c; n/a where z' falls as "
        "z rises, so that a milder quantile would lose more",
        "Favre and Galeano 2002",
        given=("c",),
    ),
    Definition(
        "tail_ratio", "Tail ratio", "ratio", "higher", "risk", "abs(95th percentile of r)/abs(5th percentile of r)"
    ),
    Definition("skewness", "Skewness", "ratio", "higher", "risk", "mean((r - mean)^3)/sd^3, ddof=0"),
    Definition("excess_kurtosis", "Excess kurtosis", "ratio", "lower", "risk", "mean((r - mean)^4)/sd^4 - 3, ddof=0"),
    # ---- benchmark
    Definition(
        "benchmark_total_return", "Benchmark total return", "fraction", "neither", "benchmark", "prod(1 + b) - 1"
    ),
    Definition(
        "benchmark_cagr", "Benchmark CAGR", "fraction", "neither", "benchmark", "prod(1 + b)^(P/n) - 1",
        given=("P",),
    ),
    Definition(
        "benchmark_ann_vol", "Benchmark volatility", "fraction", "neither", "benchmark",
        "sd(b, ddof=1) sqrt(P)",
        given=("P",),
    ),
    Definition(
        "benchmark_sharpe", "Benchmark Sharpe ratio", "ratio", "neither", "benchmark",
        "mean(b - f)/sd(b - f, ddof=1) sqrt(P); interval: Mertens (2002), 95 %; "
        "1 trial: nothing was picked",
        given=("P", "f"),
    ),
    Definition(
        "benchmark_max_drawdown", "Benchmark maximum drawdown", "fraction", "neither", "benchmark",
        "min(B/cummax(B) - 1) over all bars",
    ),
    Definition(
        "information_ratio", "Information ratio", "ratio", "higher", "benchmark",
        "mean(r - b)/sd(r - b, ddof=1) sqrt(P)",
        "Grinold and Kahn 1999",
        "empyrical (excess_sharpe), quantstats and ffn do not annualise it",
        given=("P",),
    ),
    Definition(
        "tracking_error", "Tracking error", "fraction", "lower", "benchmark", "sd(r - b, ddof=1) sqrt(P)",
        given=("P",),
    ),
    Definition("beta", "Beta", "ratio", "neither", "benchmark", "cov(r, b)/var(b)"),
    Definition(
        "alpha", "Alpha", "fraction", "higher", "benchmark", "(mean(r - f) - beta mean(b - f)) P",
        differs="empyrical compounds it, (1 + a)^P - 1; backtesting.py takes total returns",
        given=("P", "f"),
    ),
    Definition(
        "jensen", "Jensen's alpha", "fraction", "higher", "benchmark",
        "(cagr - f) - beta (benchmark cagr - f)",
        "Jensen 1968; Bacon, 2nd ed.",
        given=("f",),
    ),
    Definition("correlation", "Correlation", "ratio", "neither", "benchmark", "cov(r, b)/(sd(r) sd(b))"),
    Definition(
        "treynor", "Treynor ratio", "ratio", "higher", "benchmark", "mean(r - f) P/beta",
        "Treynor 1965",
        "quantstats divides the total return by beta",
        given=("P", "f"),
    ),
    Definition(
        "modified_treynor", "Modified Treynor ratio", "ratio", "higher", "benchmark",
        "(cagr - f)/(beta sd(b, ddof=0) sqrt(P))",
        "Bacon, 2nd ed.",
        given=("P", "f"),
    ),
    Definition(
        "m2", "M2", "fraction", "higher", "benchmark", "f + (cagr - f) sd(b)/sd(r)",
        "Modigliani and Modigliani 1997",
        given=("f",),
    ),
    Definition(
        "up_capture", "Up capture", "ratio", "higher", "benchmark",
        "annualised growth of r over that of b, periods with b > 0",
        given=("P",),
    ),
    Definition(
        "down_capture", "Down capture", "ratio", "lower", "benchmark",
        "annualised growth of r over that of b, periods with b < 0",
        given=("P",),
    ),
    # ---- trades
    Definition("trades", "Closed trades", "count", "neither", "trades", "trades that went from flat to flat"),
    Definition("open_trades", "Open trades", "count", "neither", "trades", "trades still open at the last bar"),
    Definition("win_rate", "Win rate", "fraction", "higher", "trades", "trades with net P&L > 0 / all closed trades"),
    Definition(
        "profit_factor", "Profit factor", "ratio", "higher", "trades",
        "gross profit/gross loss of closed trades, net of costs; infinite when nothing was lost",
        differs="quantstats' is that of returns",
    ),
    Definition("expectancy", "Expectancy", "money", "higher", "trades", "mean net P&L of a closed trade"),
    Definition(
        "expectancy_r", "Expectancy in R", "R", "higher", "trades",
        "mean R multiple of the closed trades whose initial risk is known",
    ),
    Definition("avg_win", "Average win", "money", "higher", "trades", "mean net P&L of the winners"),
    Definition("avg_loss", "Average loss", "money", "higher", "trades", "mean net P&L of the losers"),
    Definition("payoff", "Payoff ratio", "ratio", "higher", "trades", "average win/abs(average loss)"),
    Definition(
        "kelly", "Kelly fraction", "fraction", "higher", "trades", "W - (1 - W)/payoff, W the win rate", "Kelly 1956"
    ),
    Definition(
        "sqn", "SQN", "ratio", "higher", "trades",
        "sqrt(n) mean/sd(ddof=1) of R multiples (of net P&L unless the initial risk of every trade is known)",
        "Tharp 2008",
    ),
    Definition(
        "sqn100", "SQN 100", "ratio", "higher", "trades", "SQN with sqrt(min(n, 100)): comparable between runs",
        "Tharp 2008",
        "backtesting.py's SQN is the uncapped one, on P&L",
    ),
    Definition("avg_bars_held", "Average holding", "bars", "neither", "trades", "mean own bars from entry to exit"),
    Definition("exposure_time", "Time in market", "fraction", "neither", "trades", "bars with a position/all bars"),
    Definition(
        "avg_exposure", "Average exposure", "fraction", "neither", "trades", "mean gross exposure/equity over all bars"
    ),
    Definition("avg_mae", "Average MAE", "fraction", "higher", "trades", "mean worst excursion/entry price"),
    Definition("avg_mfe", "Average MFE", "fraction", "higher", "trades", "mean best excursion/entry price"),
    Definition("avg_mae_r", "Average MAE in R", "R", "higher", "trades", "mean worst excursion in R"),
    Definition("avg_mfe_r", "Average MFE in R", "R", "higher", "trades", "mean best excursion in R"),
    Definition(
        "ambiguous_trades", "Ambiguous trades", "count", "lower", "trades",
        "closed trades with a bar that held both the stop and the next target",
    ),
    # ---- costs
    Definition("commission", "Commission", "money", "lower", "costs", "sum over fills"),
    Definition(
        "slippage", "Spread and slippage", "money", "lower", "costs",
        "sum over fills of (price - price before slippage) x quantity; already inside the prices",
    ),
    Definition("borrow", "Borrow", "money", "lower", "costs", "sum over bars, paid on shorts"),
    Definition("funding", "Funding", "money", "lower", "costs", "sum over bars; negative = received"),
    Definition("interest", "Margin interest", "money", "lower", "costs", "sum over bars, paid on negative cash"),
    Definition(
        "cost_total", "All costs", "money", "lower", "costs", "commission + slippage + borrow + funding + interest"
    ),
    Definition(
        "cost_ann", "Cost a year", "fraction", "lower", "costs", "all costs/mean equity/years, years = n/P",
        given=("P",),
    ),
    Definition(
        "turnover_ann", "Turnover a year", "ratio", "lower", "costs",
        "traded notional (buys and sells)/mean equity/years, years = n/P",
        given=("P",),
    ),
)  # fmt: skip

DEFINITIONS: Final = {row.name: row for row in _ROWS}


def metric(name: str, estimate: Estimate, n: int, basis: Basis, interval: tuple[float, float] | None = None) -> Metric:
    """Return the metric called `name` with its formula filled in from the basis."""
    row = DEFINITIONS[name]
    where = ", ".join([basis.symbols[symbol] for symbol in row.given])
    formula = f"{row.formula}; {where}" if where else row.formula
    return Metric(
        name, row.label, estimate.value, row.unit, row.better, formula, n, row.group, interval, estimate.reason
    )
