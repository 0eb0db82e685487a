"""Drawdown metrics on a `BarSummary`: ulcer index, Calmar and Martin ratios."""

from __future__ import annotations

import math

from stratkit.analytics.summary import BarSummary
from stratkit.inference.estimate import Estimate

_NO_DRAWDOWN = "there was no drawdown"


def max_drawdown(bars: BarSummary) -> Estimate:
    """Return min(E/cummax(E) - 1), the initial cash counting as the first peak; 0 or negative."""
    return Estimate(bars.max_drawdown)


def max_dd_duration(bars: BarSummary) -> Estimate:
    """Return the most bars from a peak to the bar of recovery, or to the end while under water."""
    return Estimate(float(bars.longest_drawdown_bars))


def ulcer(bars: BarSummary) -> Estimate:
    """Return sqrt(mean(drawdown^2)) over the bars, a positive fraction (Martin 1987)."""
    return Estimate(math.sqrt(bars.drawdown_square))


def calmar(bars: BarSummary, cagr: Estimate) -> Estimate:
    """Return cagr/abs(max_drawdown) over the whole run."""
    if bars.max_drawdown == 0:
        return Estimate.undefined(_NO_DRAWDOWN)
    return Estimate(cagr.value / abs(bars.max_drawdown), cagr.reason)


def martin(bars: BarSummary, cagr: Estimate, risk_free_ann: float = 0.0) -> Estimate:
    """Return (cagr - yearly risk-free)/ulcer, drawdowns compounded (Martin 1987)."""
    if bars.drawdown_square == 0:
        return Estimate.undefined(_NO_DRAWDOWN)
    return Estimate((cagr.value - risk_free_ann) / math.sqrt(bars.drawdown_square), cagr.reason)
