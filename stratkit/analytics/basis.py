"""`Basis`: what the figures of one scorecard stand on, and the returns per period they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stratkit.analytics.settings import AnalyticsSettings, per_period
from stratkit.errors import UsageError
from stratkit.frequency import ReturnPeriods
from stratkit.panel import FloatArray

SESSION_DAY = "session day"  # the unit of the return periods of intraday bars


@dataclass(frozen=True)
class Basis:
    """Periods per year and rates: `risk_free` and `mar` are fractions per period.

    `bars_per_year` annualises the figures per bar; `intraday` says that a period is a session day of
    several bars; `source` says in words where `per_year` came from.
    """

    per_year: float
    bars_per_year: float
    unit: str
    source: str
    intraday: bool
    risk_free: float
    mar: float
    confidence: float
    settings: AnalyticsSettings

    @cached_property
    def symbols(self) -> Mapping[str, str]:
        """What the symbols of a formula stand for here."""
        return {
            "P": f"P = {self.per_year:g}",
            "B": f"B = {self.bars_per_year:.6g}",
            "f": f"f = {self.settings.risk_free_ann:g} a year",
            "MAR": f"MAR = {self.settings.mar_ann:g} a year",
            "c": f"c = {self.confidence:g}",
        }


def basis_of(periods: ReturnPeriods, settings: AnalyticsSettings) -> Basis:
    """Return the basis; `settings.periods_per_year` replaces the periods that were counted."""
    per_year, source = periods.per_year, periods.source
    if settings.periods_per_year is not None:
        per_year, source = settings.periods_per_year, "given by --periods"
    return Basis(
        per_year=per_year,
        bars_per_year=periods.bars_per_year * per_year / periods.per_year,
        unit=periods.unit,
        source=source,
        intraday=periods.unit == SESSION_DAY,
        risk_free=per_period(settings.risk_free_ann, per_year),
        mar=per_period(settings.mar_ann, per_year),
        confidence=settings.confidence,
        settings=settings,
    )


def period_returns(equity: FloatArray, initial: float, periods: ReturnPeriods) -> FloatArray:
    """Return (n,) simple returns of the periods of an equity curve (T,).

    On daily and slower bars the first bar is the baseline and has no return, unless its equity is
    not the initial cash; on intraday bars the first day's return is against the initial cash. A
    period that starts with nothing left returns 0.
    """
    if len(equity) != len(periods.period_end):
        raise UsageError(
            f"periods must cover the bars of the run: {len(equity)} bars, {len(periods.period_end)} in periods"
        )
    closes = equity[periods.period_end]
    first_counts = counts_first_bar(equity, initial, periods)
    before = np.concatenate(([initial], closes[:-1])) if first_counts else closes[:-1]
    after = closes if first_counts else closes[1:]
    returns = np.zeros_like(after)
    np.divide(after, before, out=returns, where=before > 0)
    return np.where(before > 0, returns - 1.0, 0.0)


def counts_first_bar(equity: FloatArray, initial: float, periods: ReturnPeriods) -> bool:
    """Whether the first period has a return (the rule of `period_returns`)."""
    if periods.unit == SESSION_DAY or not periods.period_end[:1].all():
        return True
    return bool(len(equity)) and float(equity[0]) != initial
