"""The charts of the arms of an A/B test: equity, cumulative difference, the difference with its interval."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.inference.cumulative_band import cumulative_band
from stratkit.panel import FloatArray
from stratkit.reports.ab_content import ABContent
from stratkit.reports.ab_test_charts import NO_TEST
from stratkit.reports.ab_words import metric_axis, metric_value, pair_words
from stratkit.reports.chart_parts import IN_ORDER, ROWS, line_at, line_of, ribbon, time_axis, whiskers
from stratkit.reports.chart_specs import Chart, Trace, log_ticks, numbers, shown
from stratkit.reports.thinning import extreme_points
from stratkit.reports.walk_charts import drawdown_of, stamps_of
from stratkit.reports.wording import capital

_BUCKETS: Final = 700
LOG_FROM: Final = 5.0  # times the lowest equity
_LONGEST: Final = 32  # letters of a name in a legend
_FEW_ROWS: Final = 3  # intervals that do not need the height of a chart
_TAIL: Final = 12  # of them at the end, where parameters differ


def legend_names(content: ABContent) -> list[str]:
    """Return the arms as a legend names them: the letter, and so much of the name as has room."""
    return [_shortened(label) for label in content.labels]


def equity_chart(content: ABContent) -> Chart:
    """Return the equity and the drawdown of all arms on the periods that they share."""
    about = (
        "equity",
        "Equity and drawdown",
        "What 1 became in each arm, compounded over the periods that all arms share; below, the loss from the highest "
        "value so far. Drag to zoom, double-click to reset.",
    )
    comparison = content.comparison
    if len(comparison.times) < 2:
        return Chart(*about, empty="There are no periods that the arms share.")
    traces: list[Trace] = []
    for place, name in enumerate(legend_names(content)):
        equity = comparison.equity[:, place]
        fall = drawdown_of(equity, 1.0)
        at = np.union1d(extreme_points(equity, _BUCKETS // 2), extreme_points(fall, _BUCKETS // 2))
        when, look = stamps_of(comparison.times[at]), line_of(place)
        group = {"type": "scatter", "mode": "lines", "name": shown(name), "x": when, "legendgroup": str(place)}
        traces.append(
            {**group, "y": numbers(equity[at]), "line": look, "hovertemplate": "%{y:.3f}\N{MULTIPLICATION SIGN}"}
        )
        traces.append(
            {
                **group,
                "y": numbers(fall[at], 4),
                "yaxis": "y2",
                "showlegend": False,
                "line": {**look, "width": 1.1},
                "hovertemplate": "%{y:.1%}",
            }
        )
    layout: dict[str, Any] = {
        "hovermode": "x unified",
        "xaxis": {**time_axis(content.comparison.times), "anchor": "y2"},
        "yaxis": {"domain": [0.34, 1], "ticksuffix": "\N{MULTIPLICATION SIGN}", **_scale(comparison.equity)},
        "yaxis2": {"domain": [0, 0.27], "tickformat": ".0%"},
    }
    return Chart(*about, tuple(traces), layout, size="tall")


def cumulative_chart(content: ABContent) -> Chart:
    """Return the running sum of each difference from the first arm, with a band of no difference for the first pair."""
    comparison = content.comparison
    first = comparison.first
    block = first.primary.block if first.primary else 1
    about = (
        "cumulative",
        "Cumulative difference",
        f"The returns of {first.letters[0]} minus those of the other arm, summed. The band holds 95% of such sums at "
        f"any one "
        f"period when {pair_words(first)} is 0 on average, by blocks of {block}; it is made for one look, not for "
        f"many.",
    )
    if not first.different:
        return Chart(*about, empty="The arms earn the same in every period.")
    traces = [*_band_traces(content, block)]
    for place, pair in enumerate(comparison.pairs, 1):
        total = np.cumsum(comparison.returns[:, 0] - comparison.returns[:, place])
        at = extreme_points(total, _BUCKETS)
        look = line_of(place) if len(comparison.pairs) > 1 else {"color": "var(--main)", "width": 1.7}
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": pair_words(pair),
                "x": stamps_of(comparison.times[at]),
                "y": numbers(total[at], 5),
                "line": look,
                "hovertemplate": "%{y:+.1%}",
            }
        )
    layout = {
        "hovermode": "x unified",
        "xaxis": time_axis(content.comparison.times),
        "yaxis": {"tickformat": ".0%", "zeroline": True},
        "legend": IN_ORDER,
    }
    return Chart(*about, tuple(traces), layout, size="mid")


def interval_chart(content: ABContent) -> Chart:
    """Return the difference of each pair with its interval, the margin, and what could have been found."""
    tested = [(pair, pair.primary) for pair in content.comparison.pairs if pair.primary]
    name = METRIC_WORDS[content.comparison.question.metric]
    level = tested[0][1].interval.level if tested else 0.95
    about = (
        "interval",
        "The difference with its interval",
        f"{capital(name)} a year, and its {level:.0%} interval. An interval that holds 0 leaves open which is "
        "better." + _margin_words(content),
    )
    if not tested:
        return Chart(*about, empty=NO_TEST)
    rows = [
        _interval_row(pair_words(pair), test.difference, test.interval.low, test.interval.high, "main")
        for pair, test in tested
    ]
    first = content.comparison.first
    if first.equivalence:
        same = first.equivalence.interval
        rows.append(_interval_row(f"{same.level:.0%} for equivalence", same.estimate, same.low, same.high, "c4"))
    if first.power and math.isfinite(first.power.detectable):
        reach = first.power.detectable
        rows.append(_interval_row(f"detectable at {first.power.power:.0%}", 0.0, -reach, reach, "bench"))
    for row in rows:
        low, high = (metric_value(content.comparison.question.metric, end) for end in row.pop("ends"))
        row["hovertemplate"] = f"%{{y}}: {low} to {high}<extra></extra>"
    layout: dict[str, Any] = {
        "hovermode": "closest",
        "showlegend": False,
        "shapes": [*_margin_shapes(content), line_at(0.0, "soft")],
        "margin": {"b": 40, "t": 10},
        "xaxis": {"title": {"text": f"difference of the {name}"}, **metric_axis(content.comparison.question.metric)},
        "yaxis": {**ROWS, "fixedrange": True},
    }
    return Chart(*about, tuple(rows), layout, size="low" if len(rows) <= _FEW_ROWS else "")


def _shortened(label: str) -> str:
    if len(label) <= _LONGEST:
        return label
    return f"{label[: _LONGEST - _TAIL - 1]}\N{HORIZONTAL ELLIPSIS}{label[-_TAIL:]}"


def _band_traces(content: ABContent, block: int) -> list[Trace]:
    returns, times = content.comparison.returns, content.comparison.times
    band = cumulative_band(returns[:, 0] - returns[:, 1], block)
    at = np.unique(np.linspace(0, len(times) - 1, min(len(times), 300)).astype(np.int64))
    return ribbon(stamps_of(times[at]), -band.reach[at], band.reach[at], "no difference, 95%")


def _interval_row(label: str, middle: float, low: float, high: float, colour: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [middle],
        "y": [label],
        "ends": (low, high),
        "marker": {"size": 10, "color": f"var(--{colour})"},
        "error_x": whiskers([middle], [low], [high], colour),
    }


def _margin_shapes(content: ABContent) -> list[dict[str, Any]]:
    margin = content.comparison.question.margin
    if margin is None:
        return []
    return [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": -margin,
            "x1": margin,
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "fillcolor": "var(--gain-soft)",
            "line": {"width": 0},
        }
    ]


def _margin_words(content: ABContent) -> str:
    question = content.comparison.question
    if question.margin is None:
        return ""
    margin = metric_value(question.metric, question.margin)
    return (
        f" The shaded band is the margin of \N{PLUS-MINUS SIGN}{margin}: an interval for equivalence inside it shows "
        "that the arms are alike."
    )


def _scale(equity: FloatArray) -> dict[str, Any]:
    """Return a log axis where equity is multiplied or divided so often that a linear one would hide the early years."""
    low, high = float(equity.min()), float(equity.max())
    if not low > 0 or high < LOG_FROM * low:
        return {}
    marks = log_ticks(low, high)
    return {"type": "log", **marks, "ticktext": [f"{text}\N{MULTIPLICATION SIGN}" for text in marks["ticktext"]]}
