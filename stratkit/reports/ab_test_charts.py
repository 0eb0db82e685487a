"""The charts of the test that decides an A/B test: resampled differences, block lengths, power, looks."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from stratkit.inference.comparison import PairComparison, PrimaryTest, Sequential
from stratkit.inference.comparison_words import METRIC_WORDS
from stratkit.panel import FloatArray, IntArray
from stratkit.reports.ab_content import ABContent
from stratkit.reports.ab_words import metric_axis, metric_shape, metric_value, pair_words
from stratkit.reports.chart_parts import IN_ORDER, level_at, line_at, ribbon, upright
from stratkit.reports.chart_specs import Chart, Trace, numbers
from stratkit.reports.walk_charts import path_histogram
from stratkit.reports.wording import capital

_BINS: Final = 60
NO_TEST: Final = "No test was run."


def bootstrap_chart(content: ABContent) -> Chart:
    """Return the differences of the resamples, with the observed one and 0."""
    pair = content.comparison.first
    test = pair.primary
    about = ("bootstrap", "The difference in resampled histories", _bootstrap_words(pair, test) if test else "")
    drawn = test.drawn[np.isfinite(test.drawn)] if test else np.zeros(0)
    if test is None or not len(drawn):
        return Chart(*about, empty=NO_TEST if test is None else "No resample has a difference.")
    counts, edges = bootstrap_histogram(drawn)
    middle, one, other = (edges[:-1] + edges[1:]) / 2, *pair.letters
    highest = float(counts.max())
    traces: list[Trace] = [
        {
            "type": "bar",
            "name": label,
            "x": numbers(middle[side]),
            "y": counts[side].tolist(),
            "width": float(edges[1] - edges[0]) * 0.94,
            "marker": {"color": colour},
            "hovertemplate": f"about %{{x:{metric_shape(content.comparison.question.metric)}}}: %{{y:,}} "
            "resamples<extra></extra>",
        }
        for label, side, colour in (
            (f"{one} ahead", middle > 0, "var(--c1)"),
            (f"{other} ahead", middle < 0, "var(--c2)"),
        )
    ]
    traces.append(upright(f"observed {metric_value(test.metric, test.difference)}", test.difference, highest, "ink"))
    traces.append(upright("no difference", 0.0, highest, "soft", "dot"))
    layout = {
        "hovermode": "closest",
        "bargap": 0.0,
        "margin": {"b": 40},
        "yaxis": {"title": {"text": "resamples"}},
        "xaxis": {
            "title": {"text": f"difference of the {METRIC_WORDS[test.metric]}"},
            **metric_axis(content.comparison.question.metric),
        },
    }
    return Chart(*about, tuple(traces), layout)


def blocks_chart(content: ABContent) -> Chart:
    """Return the p value of the primary test by its block length, with its Monte Carlo error and the level."""
    about = (
        "blocks",
        "The p value by block length",
        "Bars reach two Monte Carlo errors either way; the dashed line is the level.",
    )
    test, alpha = content.comparison.first.primary, content.comparison.question.alpha
    if test is None or not test.sensitivity:
        return Chart(*about, empty=NO_TEST if test is None else "No other length was tried.")
    trace: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [f"{one.block:,}" for one in test.sensitivity],
        "y": numbers([one.p_value for one in test.sensitivity]),
        "hovertemplate": "block of %{x}: p %{y:.3f}<extra></extra>",
        "marker": {
            "size": 10,
            "color": ["var(--main)" if one.block == test.block else "var(--bench)" for one in test.sensitivity],
        },
        "error_y": {
            "type": "data",
            "array": numbers([2 * one.p_error for one in test.sensitivity]),
            "color": "var(--bench)",
            "thickness": 1.8,
        },
    }
    layout = {
        "hovermode": "closest",
        "showlegend": False,
        "margin": {"b": 40, "t": 10},
        "shapes": [level_at(alpha, "loss", "dash")],
        "xaxis": {"type": "category", "showgrid": False, "title": {"text": "periods a block"}},
        "yaxis": {
            "range": [0, 1.25 * max(alpha, *(one.p_value + 2 * one.p_error for one in test.sensitivity))],
            "zeroline": False,
        },
    }
    return Chart(*about, (trace,), layout)


def power_chart(content: ABContent) -> Chart:
    """Return how likely a true difference would have been found here, by its size."""
    pair = content.comparison.first
    power, test = pair.power, pair.primary
    about = (
        "power",
        "What could have been found",
        "The probability that this test, on as many periods as these, finds a true difference of the size below.",
    )
    if power is None or test is None or not len(power.gaps):
        return Chart(*about, empty=NO_TEST)
    traces: list[Trace] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "power",
            "x": numbers(power.gaps),
            "y": numbers(power.powers, 4),
            "line": {"color": "var(--main)", "width": 2},
            "hovertemplate": f"a gap of %{{x:{metric_shape(content.comparison.question.metric)}}} is found with "
            "%{{y:.0%}}<extra></extra>",
        },
    ]
    if math.isfinite(power.detectable):
        traces.append(
            upright(f"detectable {metric_value(test.metric, power.detectable)}", power.detectable, 1.0, "gain", "dash")
        )
    traces.append(
        upright(f"observed {metric_value(test.metric, abs(power.observed))}", abs(power.observed), 1.0, "ink")
    )
    layout = {
        "hovermode": "closest",
        "margin": {"b": 40},
        "yaxis": {"tickformat": ".0%", "range": [0, 1.02]},
        "shapes": [level_at(power.power, "gain")],
        "xaxis": {
            "title": {"text": f"true difference of the {METRIC_WORDS[test.metric]}"},
            "rangemode": "tozero",
            **metric_axis(content.comparison.question.metric),
        },
    }
    return Chart(*about, tuple(traces), layout)


def looks_chart(content: ABContent, found: Sequential) -> Chart:
    """Return the difference at each look with its bounds, and below it the statistic where it has a boundary."""
    spends = any(math.isfinite(look.boundary) for look in found.looks)
    about = ("looks", "Look by look", found.words)
    if not found.looks:
        return Chart(*about, empty="There was no look.")
    n = [look.n for look in found.looks]
    shape = f"%{{y:{metric_shape(content.comparison.question.metric)}}}"
    traces = [
        *ribbon(
            n, np.array([look.low for look in found.looks]), np.array([look.high for look in found.looks]), "bounds"
        ),
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "difference",
            "x": n,
            "y": numbers([look.difference for look in found.looks]),
            "line": {"color": "var(--main)", "width": 1.8},
            "marker": {"size": 5},
            "hovertemplate": shape,
        },
    ]
    if spends:
        traces += [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": "size of the statistic",
                "x": n,
                "yaxis": "y2",
                "y": numbers([abs(look.fixed_z) for look in found.looks]),
                "line": {"color": "var(--c3)", "width": 1.6},
                "marker": {"size": 5},
                "hovertemplate": "%{y:.2f}",
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": "boundary",
                "x": n,
                "yaxis": "y2",
                "y": numbers([look.boundary for look in found.looks]),
                "line": {"color": "var(--c2)", "width": 1.6, "dash": "dash"},
                "hovertemplate": "%{y:.2f}",
            },
        ]
    layout: dict[str, Any] = {
        "hovermode": "x unified",
        "margin": {"b": 40},
        "yaxis": {
            "zeroline": True,
            **metric_axis(content.comparison.question.metric),
            **({"domain": [0.42, 1]} if spends else {}),
        },
        "xaxis": {
            "title": {"text": "periods"},
            "showgrid": False,
            "tickformat": ",d",
            "range": [0, 1.02 * n[-1]],
            **({"anchor": "y2"} if spends else {}),
        },
        "legend": IN_ORDER,
        "shapes": [] if found.stopped_at is None else [line_at(float(found.stopped_at), "gain", "dash")],
        **({"yaxis2": {"domain": [0, 0.34], "rangemode": "tozero"}} if spends else {}),
    }
    return Chart(*about, tuple(traces), layout, size="tall" if spends else "mid")


def bootstrap_histogram(drawn: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return counts and edges of the resamples; the end bins gather the outermost thousandth on either side."""
    low, high = np.quantile(drawn, [0.001, 0.999])
    return path_histogram(np.clip(drawn, low, high), _BINS)


def _bootstrap_words(pair: PairComparison, test: PrimaryTest) -> str:
    return (
        f"{capital(METRIC_WORDS[test.metric])} a year, {pair_words(pair)}, "
        f"in {test.reps:,} histories put together from blocks of {test.block} paired periods. The p value is of the "
        f"studentized "
        "difference, not of these bars; they show how far chance moves it."
    )
