"""`StrategyRisk`: how strategies move together, and which of them the portfolio's risk comes from."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from stratkit.analytics.attributed import Attributed
from stratkit.analytics.basis import counts_first_bar, period_returns
from stratkit.analytics.tail import var_hist
from stratkit.frequency import ReturnPeriods
from stratkit.inference.sharpe import ROUNDING
from stratkit.panel import FloatArray, IntArray, read_only


@dataclass(frozen=True)
class StrategyRisk:
    """S strategies over n return periods; (S + 1,) arrays have the account as their last entry.

    The return of a strategy in a period is its P&L over the equity before it, so that these and the account's sum
    to the portfolio's return. `correlation` (S, S) is Pearson's over all n periods, NaN with a strategy that did not
    vary; `overlap` (S, S) counts the periods in which both moved, on its diagonal those in which one did.
    `sd` (S + 1,) is the standard deviation per period (ddof=1), `sharpe` (S + 1,) the mean over it, annualised, NaN
    where nothing varies: no risk-free rate is taken off, for a strategy holds no idle cash. `diversification_ratio`
    is sum sd(r_s)/sd(sum r_s) over the strategies (Choueifaty and Coignard 2008, Toward Maximum Diversification;
    the weights are inside r_s).
    `volatility` is the fraction of the portfolio's variance, cov(r_s, r_p)/var(r_p), and sums to 1. `var_gauss` and
    `cvar_hist` are returns of one period, losses negative: Euler contributions (Tasche 1999, Risk Contributions and
    Performance Measurement), mean_s + z cov(r_s, r_p)/sd_p and the mean of r_s over the periods with r_p <=
    var_hist; they sum to the metrics of record of the same names. NaN with fewer than two periods (`cvar_hist`
    without any); `volatility` also where the portfolio does not vary.
    """

    names: tuple[str, ...]
    n: int
    confidence: float
    correlation: FloatArray
    overlap: IntArray
    sd: FloatArray
    sharpe: FloatArray
    diversification_ratio: float
    volatility: FloatArray
    var_gauss: FloatArray
    cvar_hist: FloatArray


def strategy_returns(run: Attributed, periods: ReturnPeriods) -> FloatArray:
    """Return (n, S + 1) what each strategy and the account added to the portfolio's return of each period.

    A row sums to the return of `period_returns`; a period that starts with nothing left is 0.
    """
    total = period_returns(run.equity, run.initial_cash, periods)
    equity, pnl = run.equity[periods.period_end], run.by_strategy[periods.period_end]
    if counts_first_bar(run.equity, run.initial_cash, periods):
        equity, pnl = np.append(run.initial_cash, equity), np.vstack([np.zeros((1, pnl.shape[1])), pnl])
    before = equity[:-1, None]
    own = np.zeros((len(total), pnl.shape[1]))
    np.divide(np.diff(pnl, axis=0), before, out=own, where=before > 0)
    return read_only(np.column_stack([own, total - own.sum(axis=1)]))


def strategy_risk(run: Attributed, periods: ReturnPeriods, confidence: float = 0.95) -> StrategyRisk:
    """Return correlations and risk contributions; `confidence` is that of VaR and CVaR, a fraction."""
    returns = strategy_returns(run, periods)
    covariance = _covariance(returns)
    sd = np.sqrt(np.diag(covariance))
    sd[sd <= ROUNDING * np.abs(returns).max(axis=0, initial=1.0)] = 0.0  # equal returns differ by rounding
    with_portfolio, together = covariance.sum(axis=1), float(np.sqrt(np.maximum(covariance[:-1, :-1].sum(), 0.0)))
    return StrategyRisk(
        names=run.names,
        n=len(returns),
        confidence=confidence,
        correlation=read_only(_correlation(covariance[:-1, :-1], sd[:-1])),
        overlap=read_only(_overlap(returns[:, :-1])),
        sd=read_only(sd),
        sharpe=read_only(_sharpe(returns, sd, periods.per_year)),
        diversification_ratio=float(sd[:-1].sum()) / together if together > ROUNDING else float("nan"),
        volatility=read_only(_volatility_parts(with_portfolio)),
        var_gauss=read_only(_var_parts(returns, with_portfolio, confidence)),
        cvar_hist=read_only(_cvar_parts(returns, confidence)),
    )


def _sharpe(returns: FloatArray, sd: FloatArray, per_year: float) -> FloatArray:
    ratio = np.full(len(sd), np.nan)
    np.divide(returns.sum(axis=0) / max(len(returns), 1), sd, out=ratio, where=sd > 0)
    annual: FloatArray = ratio * np.sqrt(per_year)
    return annual


def _covariance(returns: FloatArray) -> FloatArray:
    n, width = returns.shape
    if n < 2:
        return np.full((width, width), np.nan)
    away = returns - returns.mean(axis=0)
    covariance: FloatArray = away.T @ away / (n - 1)
    return covariance


def _overlap(returns: FloatArray) -> IntArray:
    moved = (returns != 0).astype(np.int64)
    together: IntArray = moved.T @ moved
    return together


def _correlation(covariance: FloatArray, sd: FloatArray) -> FloatArray:
    product = np.outer(sd, sd)
    correlation = np.full_like(covariance, np.nan)
    np.divide(covariance, product, out=correlation, where=product > 0)
    np.fill_diagonal(correlation, np.where(sd > 0, 1.0, np.nan))
    return np.clip(correlation, -1.0, 1.0)


def _volatility_parts(with_portfolio: FloatArray) -> FloatArray:
    variance = float(with_portfolio.sum())
    return with_portfolio / variance if variance > ROUNDING**2 else np.full_like(with_portfolio, np.nan)


def _var_parts(returns: FloatArray, with_portfolio: FloatArray, confidence: float) -> FloatArray:
    if len(returns) < 2:
        return np.full_like(with_portfolio, np.nan)
    variance, mean = float(with_portfolio.sum()), np.asarray(returns.mean(axis=0))
    if variance <= ROUNDING**2:
        return mean
    parts: FloatArray = mean + NormalDist().inv_cdf(1.0 - confidence) * with_portfolio / np.sqrt(variance)
    return parts


def _cvar_parts(returns: FloatArray, confidence: float) -> FloatArray:
    if not len(returns):
        return np.full(returns.shape[1], np.nan)
    total = returns.sum(axis=1)
    worst = total <= var_hist(total, confidence).value
    # between two equal values the interpolated quantile can round to just below both
    return np.asarray(returns[worst if worst.any() else total == total.min()].mean(axis=0))
