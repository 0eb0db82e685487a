"""`Card`, `MetricRow` and the other rows that the template prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.analytics.drawdowns import Drawdown
from stratkit.analytics.months import MonthlyTable
from stratkit.analytics.scorecard import Metric
from stratkit.panel import format_time
from stratkit.reports.content import ReportContent
from stratkit.reports.wording import MISSING, first_names, in_unit, interval_text, money, number, percent

_NAMED: Final = 4  # strategies, or symbols
_CARDS: Final = ("total_return", "cagr", "sharpe", "max_drawdown", "ann_vol", "win_rate")
_SIGNED: Final = frozenset({"total_return", "cagr"})
_UNIT_WORDS: Final = {
    "fraction": "fraction, shown in %",
    "ratio": "ratio",
    "money": "account currency",
    "bars": "bars",
    "count": "count",
    "R": "R, the initial risk",
    "probability": "probability",
    "days": "days",
}


@dataclass(frozen=True)
class Card:
    """One headline figure: `note` stands under the value, `badge` beside it, `versus` is the benchmark's."""

    label: str
    value: str
    note: str
    badge: str
    versus: str
    title: str
    tone: str


@dataclass(frozen=True)
class MetricRow:
    """One metric as text, with how it was computed."""

    label: str
    value: str
    interval: str
    versus: str
    formula: str
    n: str
    unit: str
    better: str
    reason: str
    badge: str


@dataclass(frozen=True)
class HeatCell:
    """One month: its text, its sign, and its strength in percent of the deepest colour."""

    text: str
    sign: str
    strength: int


@dataclass(frozen=True)
class HeatRow:
    """One year of monthly returns and its total."""

    year: str
    months: tuple[HeatCell, ...]
    total: HeatCell


def headline_cards(content: ReportContent) -> list[Card]:
    """Return the cards of the page's head, those whose metric the scorecard knows."""
    card = content.scorecard
    return [_card(content, card[name]) for name in _CARDS if name in card]


def metric_groups(content: ReportContent) -> list[tuple[str, list[MetricRow]]]:
    """Return every metric under its group's name, groups and rows in the scorecard's order."""
    groups: dict[str, list[MetricRow]] = {}
    for metric in content.scorecard:
        groups.setdefault(metric.group, []).append(_metric_row(content, metric))
    return list(groups.items())


def drawdown_rows(drawdowns: Sequence[Drawdown]) -> list[dict[str, str]]:
    """Return the worst drawdowns as text."""
    return [
        {
            "rank": str(place),
            "depth": percent(drawdown.depth),
            "peak": "the start" if drawdown.peak_bar < 0 else format_time(drawdown.peak_time),
            "trough": format_time(drawdown.trough_time),
            "recovery": "not yet" if drawdown.recovery_time is None else format_time(drawdown.recovery_time),
            "down": f"{drawdown.bars_down:,}",
            "back": MISSING if drawdown.bars_to_recover is None else f"{drawdown.bars_to_recover:,}",
        }
        for place, drawdown in enumerate(drawdowns, start=1)
    ]


def heat_rows(table: MonthlyTable) -> list[HeatRow]:
    """Return the monthly returns, the newest year first, shaded by the 95th percentile of their size."""
    sizes = np.abs(table.values[np.isfinite(table.values)])
    deepest = float(np.quantile(sizes, 0.95)) if len(sizes) else 0.0
    totals = np.abs(table.total[np.isfinite(table.total)])
    deepest_year = float(np.quantile(totals, 0.95)) if len(totals) else 0.0
    rows = [
        HeatRow(
            str(int(year)),
            tuple(_heat_cell(float(value), deepest) for value in months),
            _heat_cell(float(total), deepest_year),
        )
        for year, months, total in zip(table.years, table.values, table.total, strict=True)
    ]
    return rows[::-1]


def header_facts(content: ReportContent) -> list[tuple[str, str]]:
    """Return what ran on what, as (name, value)."""
    result, bars = content.result, content.bars
    final = float(result.equity[-1])
    benchmark = () if content.benchmark is None else (("Benchmark", content.benchmark.name),)
    return [
        ("Strategy", first_names(result.strategies, _NAMED)),
        ("Symbols", first_names(bars.symbols, _NAMED)),
        ("Span", f"{format_time(int(result.times[0]))} \N{EN DASH} {format_time(int(result.times[-1]))}"),
        ("Bars", f"{len(result.times):,} \N{MULTIPLICATION SIGN} {bars.frequency}"),
        ("Fills", content.profile + (" \N{MIDDLE DOT} optimistic" if content.optimistic else "")),
        ("Equity", f"{money(result.initial_cash)} \N{RIGHTWARDS ARROW} {money(final)}"),
        *benchmark,
    ]


def _card(content: ReportContent, metric: Metric) -> Card:
    interval = interval_text(metric)
    note, badge = f"95% interval {interval}" if interval else "", ""
    if metric.name == "sharpe":
        note = ", ".join(part for part in (note, content.trials_note, *content.overrides) if part)
        badge = "optimistic" if content.optimistic else ""
    if metric.name == "win_rate":
        closed = len(content.result.closed_trades)
        note = f"{closed:,} closed trade{'' if closed == 1 else 's'}" + (f", {note}" if note else "")
    if not math.isfinite(metric.value) and metric.reason:
        note = metric.reason
    return Card(
        label=metric.label,
        value=in_unit(metric.value, metric.unit, signed=metric.name in _SIGNED),
        note=note,
        badge=badge,
        versus=_versus(content, metric, metric.name in _SIGNED),
        title=f"{metric.formula} (n = {metric.n:,})",
        tone=_tone(metric),
    )


def _tone(metric: Metric) -> str:
    if metric.name not in ("total_return", "cagr", "sharpe") or not math.isfinite(metric.value):
        return ""
    return "gain" if metric.value > 0 else "loss" if metric.value < 0 else ""


def _versus(content: ReportContent, metric: Metric, signed: bool = False) -> str:
    """Return the benchmark's figure beside a metric, empty when it has none."""
    if content.benchmark is None or metric.name not in content.benchmark.scorecard:
        return ""
    text = in_unit(content.benchmark.scorecard.value(metric.name), metric.unit, signed)
    return "" if text == MISSING else text


def _metric_row(content: ReportContent, metric: Metric) -> MetricRow:
    return MetricRow(
        label=metric.label,
        value=in_unit(metric.value, metric.unit),
        interval=interval_text(metric),
        versus=_versus(content, metric),
        formula=metric.formula,
        n=f"{metric.n:,}",
        unit=_UNIT_WORDS[metric.unit],
        better={"higher": "higher is better", "lower": "lower is better"}.get(metric.better, ""),
        reason=metric.reason,
        badge="optimistic" if content.optimistic and metric.name == "sharpe" else "",
    )


def _heat_cell(value: float, deepest: float) -> HeatCell:
    if not math.isfinite(value):
        return HeatCell("", "", 0)
    strength = min(1.0, abs(value) / deepest) if deepest > 0 else 0.0
    sign = "gain" if value > 0 else "loss" if value < 0 else ""
    digits = 1 if abs(value) < 1 else 0
    return HeatCell(number(value * 100, digits), sign, round(100 * strength))
