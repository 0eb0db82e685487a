"""The charts of a study of regimes: the price shaded by regime, probabilities, moves, and how far methods agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.panel import FloatArray, IntArray
from stratkit.regimes.labels import RegimeLabels
from stratkit.reports.chart_parts import IN_ORDER, KEY, ROWS, colour_key, flat_colours, time_axis
from stratkit.reports.chart_specs import Chart, Trace, log_ticks, numbers, shown
from stratkit.reports.regime_colours import regime_colours
from stratkit.reports.regime_words import method_name, regime_name
from stratkit.reports.thinning import extreme_points
from stratkit.reports.walk_charts import stamps_of
from stratkit.research.regime_comparison import MethodComparison
from stratkit.research.regime_study import LabelledSeries, RegimeStudy

_BUCKETS: Final = 800  # a chart is about this many pixels wide
_FEWER: Final = 300  # of each of several series: the page holds them all
LOG_FROM: Final = 3.0  # times the lowest close: from there on a linear axis hides the early years
_STRIPES: Final = 2_400  # episodes that are drawn one by one
_HEAT: Final = [[0, "var(--heat-low)"], [0.5, "var(--heat-mid)"], [1, "var(--heat-high)"]]


@dataclass(frozen=True)
class Stripes:
    """Spans of one regime each: `edges` (n + 1,) bars, `code` (n,) regimes, -1 = none."""

    edges: IntArray
    code: IntArray


def stripes(label: IntArray, most: int = _STRIPES) -> Stripes:
    """Return the spans of equal labels (T,); of more than `most` only the commonest label of groups of bars.

    >>> stripes(np.array([0, 0, 1])).edges.tolist()
    [0, 2, 3]
    """
    label = np.asarray(label, dtype=np.int64)
    edges = np.flatnonzero(np.append(True, label[1:] != label[:-1]))
    if len(edges) <= most:
        return Stripes(np.append(edges, len(label)), label[edges])
    size = -(-len(label) // most)
    starts = np.arange(0, len(label), size)
    votes = np.stack([np.add.reduceat(label == code, starts) for code in range(-1, int(label.max()) + 1)])
    return Stripes(np.append(starts, len(label)), votes.argmax(axis=0) - 1)


def filled(label: IntArray, has_bar: np.ndarray) -> IntArray:
    """Return labels (T,) with those of the last own bar where a series has none: a hole is no regime."""
    rows = np.maximum.accumulate(np.where(has_bar, np.arange(len(label)), 0))
    return np.asarray(label[rows], dtype=np.int64)


def price_chart(study: RegimeStudy, one: LabelledSeries, name: str) -> Chart:
    """Return the closes of a series over the colours of its regimes; a log axis where they lie far apart."""
    about = (name, f"{one.name} by regime", _price_words(study))
    places = np.flatnonzero(one.has_bar)
    if len(places) < 2:
        return Chart(*about, empty="There are too few bars to draw.")
    close = one.close[places]
    kept = places[extreme_points(close, buckets_of(study))]
    label = study.labels.label[:, one.column].astype(np.int64)
    traces: list[Trace] = [shading(study.times, study.labels, filled(label, one.has_bar))]
    traces.append(
        {
            "type": "scatter", "mode": "lines", "name": "close", "showlegend": False, "x": stamps_of(study.times[kept]),
            "y": numbers(one.close[kept]), "yaxis": "y2", "line": {"color": "var(--ink)", "width": 1.2},
            "customdata": [_word(study.labels.names, int(label[bar])) for bar in kept],
            "hovertemplate": "%{y:,.6~g}<br>%{customdata}<extra></extra>",
        }
    )  # fmt: skip
    traces += [
        {**colour_key(shown(regime_name(name)), colour, 0.55), "yaxis": "y2"}
        for name, colour in _seen(one, study.labels.names)
    ]
    layout = {
        "hovermode": "x", "xaxis": time_axis(study.times),
        "yaxis": {"visible": False, "range": [0, 1], "fixedrange": True},
        "yaxis2": {"overlaying": "y", "side": "left", "tickmode": "auto", **_scale(close)},
        "legend": KEY,
    }  # fmt: skip
    return Chart(*about, tuple(traces), layout, size="tall")


def buckets_of(study: RegimeStudy) -> int:
    """Return in how many spans a line keeps its extremes."""
    return _BUCKETS if len(study.series) == 1 else _FEWER


def shading(times: IntArray, labels: RegimeLabels, label: IntArray) -> Trace:
    """Return the colours of regimes from the bottom of the chart to its top."""
    spans = stripes(label)
    ends = np.append(times, 2 * times[-1] - times[-2])  # the last bar is as wide as the one before
    colours = regime_colours(labels.names)
    return {
        "type": "heatmap", "x": stamps_of(ends[spans.edges]), "y": [0, 1], "opacity": 0.3,
        "z": [[None if code < 0 else int(code) for code in spans.code]], "zmin": -0.5, "zmax": len(colours) - 0.5,
        "colorscale": flat_colours(colours), "showscale": False, "hoverinfo": "skip", "hoverongaps": False,
    }  # fmt: skip


def probability_chart(study: RegimeStudy, one: LabelledSeries, name: str) -> Chart:
    """Return the probability of each regime over time; of a method without, how sure it is of its label."""
    labels = study.labels
    places = np.flatnonzero(one.has_bar & (labels.label[:, one.column] >= 0))
    about = (name, "How sure", _sure_words(study))
    if len(places) < 2:
        return Chart(*about, empty="There are too few labels to draw.")
    if labels.probability is None:
        sure = labels.confidence[:, one.column]
        kept = places[extreme_points(sure[places], buckets_of(study))]
        traces: list[Trace] = [_line("confidence", study.times[kept], sure[kept], "main")]
        layout: dict[str, Any] = {"yaxis": {"tickformat": ".0%", "range": [0, 1.02]}}
    else:
        kept = places[:: max(1, len(places) // (2 * buckets_of(study)))]
        traces = [
            {
                **_line(regime_name(name), study.times[kept], labels.probability[kept, one.column, code], colour),
                "stackgroup": "all", "line": {"width": 0.4, "color": f"var(--{colour})"},
            }
            for code, (name, colour) in enumerate(zip(labels.names, regime_colours(labels.names), strict=True))
        ]  # fmt: skip
        layout = {"yaxis": {"tickformat": ".0%", "range": [0, 1]}, "legend": IN_ORDER}
    return Chart(*about, tuple(traces), {"hovermode": "x unified", "xaxis": time_axis(study.times), **layout})


def moves_chart(one: LabelledSeries, name: str) -> Chart:
    """Return the transition matrix of the regimes that occurred."""
    facts = one.facts
    seen = [code for code, row in enumerate(facts.rows) if row.bars]
    names = [shown(regime_name(facts.names[code])) for code in seen]
    share = facts.transition[np.ix_(seen, seen)]
    texts = [[share_words(value) for value in row] for row in share]
    caption = (
        f"Of the bars in the regime on the left, the share that the one below followed ({int(facts.moves.sum()):,} "
        "moves counted). The diagonal is how it stays."
    )
    return Chart(
        name, "What follows what", caption, (_heat(names, share, texts, "%{y}<br>then %{x}: %{text}<extra></extra>"),),
        _square(names), size="mid",
    )  # fmt: skip


def agreement_chart(found: MethodComparison) -> Chart:
    """Return the adjusted Rand index of each pair of methods."""
    made = [place for place, one in enumerate(found.methods) if one.facts is not None]
    names = [shown(method_name(found.methods[place].method)) for place in made]
    pairs = [[found.agreements[at][other] for other in made] for at in made]
    rand = np.array([[np.nan if pair is None else pair.rand for pair in row] for row in pairs], dtype=np.float64)
    texts = [["" if pair is None else f"{pair.rand:.2f}" for pair in row] for row in pairs]
    caption = "Adjusted Rand index: 1 = the same regimes up to their names, 0 = no more than chance gives."
    trace = _heat(names, np.maximum(rand, 0.0), texts, "%{y}<br>and %{x}: %{text}<extra></extra>")
    return Chart("agreement", "Which methods say the same", caption, (trace,), _square(names), size="mid")


def _heat(names: Sequence[str], values: FloatArray, texts: list[list[str]], hover: str) -> Trace:
    return {
        "type": "heatmap", "x": list(names), "y": list(names), "z": [numbers(row, 4) for row in values], "text": texts,
        "texttemplate": "%{text}", "zmin": 0, "zmax": 1, "colorscale": _HEAT, "showscale": False, "xgap": 2, "ygap": 2,
        "hoverongaps": False, "hovertemplate": hover,
    }  # fmt: skip


def _square(names: Sequence[str]) -> dict[str, Any]:
    return {
        "hovermode": "closest",
        "xaxis": {"type": "category", "showgrid": False, "tickangle": -30 if len(names) > 3 else 0},
        "yaxis": ROWS,
        "margin": {"t": 10},
    }  # fmt: skip


def share_words(value: float) -> str:
    """Return a share in a cell, nothing for one that is none."""
    return "" if not np.isfinite(value) or value == 0 else "< 0.1%" if value < 0.001 else f"{value:.1%}"


def _line(name: str, times: IntArray, values: FloatArray, colour: str) -> Trace:
    return {
        "type": "scatter", "mode": "lines", "name": shown(name), "x": stamps_of(times), "y": numbers(values, 4),
        "line": {"color": f"var(--{colour})", "width": 1.2}, "hovertemplate": "%{y:.0%}",
    }  # fmt: skip


def _seen(one: LabelledSeries, names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(row.name, colour) for row, colour in zip(one.facts.rows, regime_colours(names), strict=True) if row.bars]


def _word(names: tuple[str, ...], code: int) -> str:
    return "no label" if code < 0 else shown(regime_name(names[code]))


def _scale(close: FloatArray) -> dict[str, Any]:
    low, high = float(close.min()), float(close.max())
    return {"type": "log", **log_ticks(low, high)} if low > 0 and high > LOG_FROM * low else {}


def _price_words(study: RegimeStudy) -> str:
    known = "known at its close" if study.labels.causal else "which knows the bars behind it"
    return f"Closes; the colour is the label of each bar, {known}. Blank: no label yet. Drag to zoom."


def _sure_words(study: RegimeStudy) -> str:
    if study.labels.probability is None:
        return "The confidence of each label, by the rule of the method; it is no probability."
    kind = "filtered: from the bars up to each" if study.labels.causal else "smoothed: from ALL bars"
    return f"The probability of each regime, {kind}."
