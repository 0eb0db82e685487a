"""The charts of an A/B test: equity, cumulative difference, intervals, bootstrap, power, looks."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from stratkit.inference.comparison import PairComparison, PrimaryTest, Sequential
from stratkit.inference.cumulative_band import cumulative_band
from stratkit.panel import NS_PER_DAY, FloatArray
from stratkit.reports.ab_content import ABContent
from stratkit.reports.ab_words import in_percent, metric_name, metric_value, pair_words
from stratkit.reports.chart_specs import Chart, Trace, numbers, shown
from stratkit.reports.thinning import extreme_points
from stratkit.reports.walk_charts import drawdown_of, path_histogram, stamps_of

_BUCKETS: Final = 700
_BINS: Final = 60
_COLOURS: Final = 5  # of the style sheet; after them the line changes
_DASHES: Final = ("solid", "dash", "dot")
_LONGEST: Final = 26  # letters of a name in a legend
NO_TEST: Final = "No test was run."


def legend_names(content: ABContent) -> list[str]:
    """Return the arms as a legend names them: the letter, and so much of the name as has room."""
    return [label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}" for label in content.labels]


def equity_chart(content: ABContent) -> Chart:
    """Return the equity and the drawdown of all arms on the periods that they share."""
    about = ("equity", "Equity and drawdown",
             "What 1 became in each arm, compounded over the periods that all arms share; below, the loss from the highest "
             "value so far. Drag to zoom, double-click to reset.")  # fmt: skip
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
        traces.append({**group, "y": numbers(equity[at]), "line": look, "hovertemplate": "%{y:.3f}\N{MULTIPLICATION SIGN}"})
        traces.append({**group, "y": numbers(fall[at], 4), "yaxis": "y2", "showlegend": False,
                       "line": {**look, "width": 1.1}, "hovertemplate": "%{y:.1%}"})  # fmt: skip
    layout: dict[str, Any] = {
        "hovermode": "x unified", "xaxis": {**_time_axis(content), "anchor": "y2"},
        "yaxis": {"domain": [0.34, 1], "ticksuffix": "\N{MULTIPLICATION SIGN}"},
        "yaxis2": {"domain": [0, 0.27], "tickformat": ".0%"},
    }  # fmt: skip
    return Chart(*about, tuple(traces), layout, size="tall")


def cumulative_chart(content: ABContent) -> Chart:
    """Return the running sum of each difference from the first arm, with the band of no difference for the first pair."""
    comparison = content.comparison
    first = comparison.first
    block = first.primary.block if first.primary else 1
    about = ("cumulative", "Cumulative difference",
             f"The returns of {first.letters[0]} minus those of the other arm, summed. The band holds 95% of such sums at any one "
             f"period when {pair_words(first)} is 0 on average, by blocks of {block}; it is made for one look, not for many.")  # fmt: skip
    if not first.different:
        return Chart(*about, empty="The arms earn the same in every period.")
    traces = [*_band_traces(content, block)]
    for place, pair in enumerate(comparison.pairs, 1):
        total = np.cumsum(comparison.returns[:, 0] - comparison.returns[:, place])
        at = extreme_points(total, _BUCKETS)
        look = line_of(place) if len(comparison.pairs) > 1 else {"color": "var(--main)", "width": 1.7}
        traces.append({"type": "scatter", "mode": "lines", "name": pair_words(pair), "x": stamps_of(comparison.times[at]),
                       "y": numbers(total[at], 5), "line": look, "hovertemplate": "%{y:+.1%}"})  # fmt: skip
    layout = {"hovermode": "x unified", "xaxis": _time_axis(content), "yaxis": {"tickformat": ".0%", "zeroline": True}}
    return Chart(*about, tuple(traces), layout, size="mid")


def interval_chart(content: ABContent) -> Chart:
    """Return the difference of each pair with its interval, the margin, and what could have been found."""
    tested = [(pair, pair.primary) for pair in content.comparison.pairs if pair.primary]
    name = metric_name(content.comparison.question.metric)
    level = tested[0][1].interval.level if tested else 0.95
    about = ("interval", "The difference with its interval",
             f"{name[:1].upper()}{name[1:]} a year, and its {level:.0%} interval. An interval that holds 0 leaves open which is "
             "better." + _margin_words(content))  # fmt: skip
    if not tested:
        return Chart(*about, empty=NO_TEST)
    rows = [_interval_row(pair_words(pair), test.difference, test.interval.low, test.interval.high, "main") for pair, test in tested]
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
        "hovermode": "closest", "showlegend": False, "shapes": [*_margin_shapes(content), line_at(0.0, "soft")],
        "margin": {"b": 40, "t": 10}, "xaxis": {"title": {"text": f"difference of the {name}"}, **_metric_axis(content)},
        "yaxis": {"autorange": "reversed", "showgrid": False, "ticksuffix": "  ", "type": "category", "fixedrange": True},
    }  # fmt: skip
    return Chart(*about, tuple(rows), layout)


def bootstrap_chart(content: ABContent) -> Chart:
    """Return the differences of the resamples, with the observed one and 0."""
    pair = content.comparison.first
    test = pair.primary
    about = ("bootstrap", "The difference in resampled histories",
             _bootstrap_words(pair, test) if test else "")  # fmt: skip
    drawn = test.drawn[np.isfinite(test.drawn)] if test else np.zeros(0)
    if test is None or not len(drawn):
        return Chart(*about, empty=NO_TEST if test is None else "No resample has a difference.")
    counts, edges = bootstrap_histogram(drawn)
    middle, one, other = (edges[:-1] + edges[1:]) / 2, *pair.letters
    highest = float(counts.max())
    traces: list[Trace] = [
        {"type": "bar", "name": label, "x": numbers(middle[side]), "y": counts[side].tolist(),
         "width": float(edges[1] - edges[0]) * 0.94, "marker": {"color": colour},
         "hovertemplate": f"about %{{x:{_shape(content)}}}: %{{y:,}} resamples<extra></extra>"}
        for label, side, colour in ((f"{one} ahead", middle > 0, "var(--c1)"), (f"{other} ahead", middle < 0, "var(--c2)"))
    ]  # fmt: skip
    traces.append(upright(f"observed {metric_value(test.metric, test.difference)}", test.difference, highest, "ink"))
    traces.append(upright("no difference", 0.0, highest, "soft", "dot"))
    layout = {"hovermode": "closest", "bargap": 0.0, "margin": {"b": 40}, "yaxis": {"title": {"text": "resamples"}},
              "xaxis": {"title": {"text": f"difference of the {metric_name(test.metric)}"}, **_metric_axis(content)}}  # fmt: skip
    return Chart(*about, tuple(traces), layout)


def power_chart(content: ABContent) -> Chart:
    """Return how likely a true difference would have been found here, by its size."""
    pair = content.comparison.first
    power, test = pair.power, pair.primary
    about = ("power", "What could have been found",
             "The probability that this test, on as many periods as these, finds a true difference of the size below.")  # fmt: skip
    if power is None or test is None or not len(power.gaps):
        return Chart(*about, empty=NO_TEST)
    traces: list[Trace] = [
        {"type": "scatter", "mode": "lines", "name": "power", "x": numbers(power.gaps), "y": numbers(power.powers, 4),
         "line": {"color": "var(--main)", "width": 2}, "hovertemplate": f"a gap of %{{x:{_shape(content)}}} is found with %{{y:.0%}}<extra></extra>"},
    ]  # fmt: skip
    if math.isfinite(power.detectable):
        traces.append(upright(f"detectable {metric_value(test.metric, power.detectable)}", power.detectable, 1.0, "gain", "dash"))
    traces.append(upright(f"observed {metric_value(test.metric, abs(power.observed))}", abs(power.observed), 1.0, "ink"))
    layout = {
        "hovermode": "closest", "margin": {"b": 40}, "yaxis": {"tickformat": ".0%", "range": [0, 1.02]},
        "shapes": [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": power.power, "y1": power.power, "layer": "below",
                    "line": {"color": "var(--gain)", "width": 1, "dash": "dot"}}],
        "xaxis": {"title": {"text": f"true difference of the {metric_name(test.metric)}"}, "rangemode": "tozero", **_metric_axis(content)},
    }  # fmt: skip
    return Chart(*about, tuple(traces), layout)


def looks_chart(content: ABContent, found: Sequential) -> Chart:
    """Return the difference at each look with its bounds, and below the statistic with its boundary where it has one."""
    spends = any(math.isfinite(look.boundary) for look in found.looks)
    about = ("looks", "Look by look", found.words)
    if not found.looks:
        return Chart(*about, empty="There was no look.")
    n = [look.n for look in found.looks]
    shape = f"%{{y:{_shape(content)}}}"
    traces = [
        *ribbon(n, np.array([look.low for look in found.looks]), np.array([look.high for look in found.looks]), "bounds"),
        {"type": "scatter", "mode": "lines+markers", "name": "difference", "x": n, "y": numbers([look.difference for look in found.looks]),
         "line": {"color": "var(--main)", "width": 1.8}, "marker": {"size": 5}, "hovertemplate": shape},
    ]  # fmt: skip
    if spends:
        traces += [
            {"type": "scatter", "mode": "lines+markers", "name": "size of the statistic", "x": n, "yaxis": "y2",
             "y": numbers([abs(look.fixed_z) for look in found.looks]), "line": {"color": "var(--c3)", "width": 1.6},
             "marker": {"size": 5}, "hovertemplate": "%{y:.2f}"},
            {"type": "scatter", "mode": "lines", "name": "boundary", "x": n, "yaxis": "y2",
             "y": numbers([look.boundary for look in found.looks]),
             "line": {"color": "var(--c2)", "width": 1.6, "dash": "dash"}, "hovertemplate": "%{y:.2f}"},
        ]  # fmt: skip
    layout: dict[str, Any] = {
        "hovermode": "x unified", "margin": {"b": 40}, "yaxis": {"zeroline": True, **_metric_axis(content), **({"domain": [0.42, 1]} if spends else {})},
        "xaxis": {"title": {"text": "periods"}, "showgrid": False, "tickformat": ",d", **({"anchor": "y2"} if spends else {})},
        "shapes": [] if found.stopped_at is None else [line_at(float(found.stopped_at), "gain", "dash")],
        **({"yaxis2": {"domain": [0, 0.34], "rangemode": "tozero"}} if spends else {}),
    }  # fmt: skip
    return Chart(*about, tuple(traces), layout, size="tall" if spends else "mid")


def bootstrap_histogram(drawn: FloatArray) -> tuple[Any, FloatArray]:
    """Return counts and edges of the resamples; the end bins gather the outermost thousandth on either side."""
    low, high = np.quantile(drawn, [0.001, 0.999])
    return path_histogram(np.clip(drawn, low, high), _BINS)


def line_of(place: int) -> dict[str, Any]:
    """Return how the line of the arm at a place looks."""
    dash = _DASHES[place // _COLOURS % len(_DASHES)]
    return {"color": f"var(--c{place % _COLOURS + 1})", "width": 1.7, "dash": dash}


def upright(name: str, x: float, height: float, colour: str, dash: str = "solid") -> Trace:
    """Return an upright line that the legend names."""
    return {"type": "scatter", "mode": "lines", "name": name, "x": [x, x], "y": [0, height], "hoverinfo": "skip",
            "line": {"color": f"var(--{colour})", "width": 1.7, "dash": dash}}  # fmt: skip


def line_at(x: float, colour: str, dash: str = "solid") -> dict[str, Any]:
    """Return an upright line over the whole height."""
    return {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "layer": "below",
            "line": {"color": f"var(--{colour})", "width": 1.2, "dash": dash}}  # fmt: skip


def ribbon(x: list[Any], low: FloatArray, high: FloatArray, name: str, fill: str = "main-soft") -> list[Trace]:
    """Return the two lines of a band that is filled between them."""
    quiet: Trace = {"type": "scatter", "mode": "lines", "x": x, "hoverinfo": "skip", "line": {"width": 0, "color": f"var(--{fill})"}}
    return [
        {**quiet, "y": numbers(low), "showlegend": False},
        {**quiet, "y": numbers(high), "name": name, "fill": "tonexty", "fillcolor": f"var(--{fill})"},
    ]


def _band_traces(content: ABContent, block: int) -> list[Trace]:
    returns, times = content.comparison.returns, content.comparison.times
    band = cumulative_band(returns[:, 0] - returns[:, 1], block)
    at = np.unique(np.linspace(0, len(times) - 1, min(len(times), 300)).astype(np.int64))
    return ribbon(stamps_of(times[at]), -band.reach[at], band.reach[at], "no difference, 95%")


def _interval_row(label: str, middle: float, low: float, high: float, colour: str) -> Trace:
    return {
        "type": "scatter", "mode": "markers", "x": [middle], "y": [label], "ends": (low, high),
        "marker": {"size": 10, "color": f"var(--{colour})"},
        "error_x": {"type": "data", "symmetric": False, "array": numbers([high - middle]), "arrayminus": numbers([middle - low]),
                    "color": f"var(--{colour})", "thickness": 2.2, "width": 7},
    }  # fmt: skip


def _margin_shapes(content: ABContent) -> list[dict[str, Any]]:
    margin = content.comparison.question.margin
    if margin is None:
        return []
    return [{"type": "rect", "xref": "x", "yref": "paper", "x0": -margin, "x1": margin, "y0": 0, "y1": 1, "layer": "below",
             "fillcolor": "var(--gain-soft)", "line": {"width": 0}}]  # fmt: skip


def _margin_words(content: ABContent) -> str:
    question = content.comparison.question
    if question.margin is None:
        return ""
    margin = metric_value(question.metric, question.margin)
    return f" The shaded band is the margin of \N{PLUS-MINUS SIGN}{margin}: an interval for equivalence inside it shows that the arms are alike."


def _bootstrap_words(pair: PairComparison, test: PrimaryTest) -> str:
    return (
        f"{metric_name(test.metric).capitalize() if test.metric == 'mean' else metric_name(test.metric)} a year, {pair_words(pair)}, "
        f"in {test.reps:,} histories put together from blocks of {test.block} paired periods. The p value is of the studentized "
        "difference, not of these bars; they show how far chance moves it."
    )


def _time_axis(content: ABContent) -> dict[str, Any]:
    intraday = bool((content.comparison.times % NS_PER_DAY).any())
    return {"type": "date", "showgrid": False, "hoverformat": "%Y-%m-%d %H:%M" if intraday else "%Y-%m-%d"}


def _metric_axis(content: ABContent) -> dict[str, Any]:
    return {"tickformat": ".0%"} if in_percent(content.comparison.question.metric) else {}


def _shape(content: ABContent) -> str:
    return ".1%" if in_percent(content.comparison.question.metric) else ".2f"
