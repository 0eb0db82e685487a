"""The charts of a judgement of what adapts: a forest of differences, and regret over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.inference.averaged_difference import AveragedDifference
from stratkit.panel import FloatArray
from stratkit.reports.chart_parts import IN_ORDER, ROWS, level_at, line_at, ribbon, time_axis, whiskers
from stratkit.reports.chart_specs import Chart, Trace, numbers
from stratkit.reports.judgement_content import JudgementContent
from stratkit.reports.judgement_words import reference_name, references_of
from stratkit.reports.walk_charts import stamps_of
from stratkit.reports.wording import number
from stratkit.research.adaptive_arms import ALL, BASE, SELECTOR
from stratkit.research.adaptive_judgement import JudgedArm

_COLOURS: Final = {"base": "main", "random": "gain", "fixed": "bench"}
_LINES: Final = {SELECTOR: "main", ALL: "c5", BASE: "c4"}
_SOFT: Final = {"main": "main-soft", "gain": "gain-soft", "c5": "loss-soft"}
_POINTS: Final = 500
NO_TEST: Final = "No pair could be tested."
NO_REGRET: Final = "No fixed choice realised a trade with an R."


@dataclass(frozen=True)
class ForestRow:
    """One difference of a forest plot."""

    label: str
    reference: str
    found: AveragedDifference


def forest_rows(content: JudgementContent) -> list[ForestRow]:
    """Return what was tested, reference by reference."""
    return [
        ForestRow(one.arm.name, name, found)
        for name in references_of(content)
        for one in content.judgement.judged
        if isinstance(found := one.against[name], AveragedDifference)
    ]


def forest_chart(content: JudgementContent) -> Chart:
    """Return the differences of the Sharpe ratio with their intervals."""
    about = (
        "forest",
        "Difference of the Sharpe ratio",
        "Sharpe ratio a year less that of the reference, with its 95% interval. An interval that holds 0 leaves open "
        "whether there is any difference. The best fixed choice is known by hindsight only.",
    )
    rows = forest_rows(content)
    if not rows:
        return Chart(*about, empty=NO_TEST)
    labels = [one.arm.name for one in content.judgement.judged]
    traces = [_dots(content, rows, name) for name in references_of(content) if any(r.reference == name for r in rows)]
    layout: dict[str, Any] = {
        "hovermode": "closest",
        "scattermode": "group",
        "scattergap": 0.45,
        "shapes": [line_at(0.0, "soft")],
        "margin": {"b": 40},
        "legend": IN_ORDER,
        "xaxis": {"title": {"text": "difference of the Sharpe ratio"}},
        "yaxis": {**ROWS, "categoryorder": "array", "categoryarray": labels, "fixedrange": True},
    }
    return Chart(*about, tuple(traces), layout, size="tall")


def _dots(content: JudgementContent, rows: list[ForestRow], name: str) -> Trace:
    own = [row for row in rows if row.reference == name]
    ends = [row.found.interval for row in own]
    return {
        "type": "scatter",
        "mode": "markers",
        "orientation": "h",
        "offsetgroup": name,
        "name": f"against {reference_name(content, name)}",
        "x": numbers([row.found.difference for row in own]),
        "y": [row.label for row in own],
        "marker": {"size": 9, "color": f"var(--{_COLOURS[name]})"},
        "text": [f"{number(one.low)} to {number(one.high)}" for one in ends],
        "hovertemplate": "%{y}: %{x:.2f} (%{text})",
        "error_x": whiskers(
            [one.estimate for one in ends], [one.low for one in ends], [one.high for one in ends], _COLOURS[name]
        ),
    }


@dataclass(frozen=True)
class RegretLine:
    """The regret of one arm at some bars: its mean, and the band of its seeds where it has some."""

    name: str
    colour: str
    path: FloatArray
    low: FloatArray | None
    high: FloatArray | None


def regret_lines(content: JudgementContent) -> list[RegretLine]:
    """Return the regret of the choice at random, of the selector, of the whole and of the base."""
    judgement = content.judgement
    shown = [*judgement.of_role("random"), *(judgement.named(name) for name in (BASE, ALL, SELECTOR))]
    return [_line(one) for one in shown if one is not None and one.regret is not None]


def regret_chart(content: JudgementContent) -> Chart:
    """Return regret over time, with the band of the seeds."""
    best = content.judgement.best
    against = "the best fixed choice" if best is None else best.arm.name
    about = (
        "regret",
        "Regret over time",
        f"What {against} realised more until then, in R, by the bar on which trades closed. The band holds nine seeds "
        "in ten. A line that flattens has learned; below 0 an arm is ahead.",
    )
    lines = regret_lines(content)
    if not lines:
        return Chart(*about, empty=NO_REGRET)
    at = regret_bars(content)
    when = stamps_of(content.judgement.bar_times[at])
    traces: list[Trace] = []
    for line in lines:
        if line.low is not None and line.high is not None:
            soft = _SOFT.get(line.colour, "loss-soft")
            band = ribbon(when, line.low[at], line.high[at], f"{line.name}, 9 seeds in 10", soft)
            traces += [{**one, "showlegend": False} for one in band]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": line.name,
                "x": when,
                "y": numbers(line.path[at], 4),
                "line": {"color": f"var(--{line.colour})", "width": 1.8, "shape": "hv"},
                "hovertemplate": "%{y:.1f} R",
            }
        )
    layout: dict[str, Any] = {
        "hovermode": "x unified",
        "legend": IN_ORDER,
        "shapes": [level_at(0.0, "soft")],
        "xaxis": time_axis(content.judgement.bar_times),
        "yaxis": {"ticksuffix": " R"},
    }
    return Chart(*about, tuple(traces), layout, size="tall")


def regret_bars(content: JudgementContent) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the bars at which lines of regret are drawn."""
    bars = len(content.judgement.bar_times)
    return np.unique(np.linspace(0, bars - 1, min(bars, _POINTS)).astype(np.int64))


def _line(one: JudgedArm) -> RegretLine:
    assert one.regret is not None  # asked by the caller
    seeded = one.replays.seeds > 1 and bool((one.regret.low < one.regret.high).any())
    low, high = (one.regret.low, one.regret.high) if seeded else (None, None)
    return RegretLine(one.arm.name, _LINES.get(one.arm.name, "gain"), one.regret.path, low, high)
