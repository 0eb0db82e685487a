"""The charts of a walk-forward: the stitched equity, folds in and out of sample, the path of each parameter."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from stratkit.panel import NS_PER_DAY, FloatArray, IntArray, format_time
from stratkit.reports.chart_specs import Chart, Trace, log_ticks, numbers, shown
from stratkit.reports.key_names import in_sentence, is_fraction, metric_label, short_keys, value_words
from stratkit.reports.thinning import extreme_points
from stratkit.reports.walk_content import FoldLine, WalkContent
from stratkit.research.landscape import bounds
from stratkit.strategies.parameters import SearchParameter

_BUCKETS: Final = 1_000
_PATH_BINS: Final = 24
_PATHS: Final = 9  # most parameters that have a chart


def equity_chart(content: WalkContent) -> Chart:
    """Return the stitched equity and its drawdown; lines mark where a new fold begins."""
    about = (
        "stitched", "Equity and drawdown, out of sample",
        f"Every bar was traded with values chosen {_where(content)}; a line marks where other values came in force.",
    )  # fmt: skip
    if len(content.times) < 2:
        return Chart(*about, empty="No fold was tested.")
    fall = drawdown_of(content.equity, content.initial_cash)
    at = np.union1d(extreme_points(content.equity, _BUCKETS // 2), extreme_points(fall, _BUCKETS // 2))
    when = stamps_of(content.times[at])
    traces: tuple[Trace, ...] = (
        {"type": "scatter", "mode": "lines", "name": "equity", "x": when, "y": numbers(content.equity[at]),
         "line": {"color": "var(--main)", "width": 1.7}, "hovertemplate": "%{y:,.0f}"},
        {"type": "scatter", "mode": "lines", "name": "drawdown", "x": when, "y": numbers(fall[at], 5), "yaxis": "y2",
         "line": {"color": "var(--loss)", "width": 1.2}, "fill": "tozeroy", "fillcolor": "var(--loss-soft)",
         "hovertemplate": "%{y:.1%}"},
    )  # fmt: skip
    begins = stamps_of(np.array(content.switches, np.int64))
    lines = [
        {"type": "line", "xref": "x", "yref": "paper", "x0": begin, "x1": begin, "y0": 0, "y1": 1, "layer": "below",
         "line": {"color": "var(--rule-2)", "width": 1, "dash": "dot"}}
        for begin in begins
    ]  # fmt: skip
    intraday = bool((content.times % NS_PER_DAY).any())
    layout: dict[str, Any] = {
        "hovermode": "x unified",
        "shapes": lines,
        "xaxis": {
            "type": "date",
            "showgrid": False,
            "anchor": "y2",
            "hoverformat": "%Y-%m-%d %H:%M" if intraday else "%Y-%m-%d",
        },
        "yaxis": {"domain": [0.34, 1], "tickformat": ",.0f"},
        "yaxis2": {"domain": [0, 0.27], "tickformat": ".0%"},
    }
    return Chart(*about, traces, layout, size="tall")


def folds_chart(content: WalkContent) -> Chart:
    """Return the objective of each fold's choice where it was chosen and where it was tested."""
    label = metric_label(content.metric)
    about = ("folds", "In sample against out of sample, fold by fold",
             f"{label} of the chosen values on the bars they were chosen on, and on those behind.")  # fmt: skip
    if not content.folds:
        return Chart(*about, empty="There is no fold.")
    x = [str(fold.number) for fold in content.folds]
    shape = ".1%" if is_fraction(content.metric) else ".2f"
    traces: tuple[Trace, ...] = tuple(
        {"type": "bar", "name": name, "x": x, "y": numbers(values), "marker": {"color": color},
         "hovertemplate": f"fold %{{x}}, {name}: %{{y:{shape}}}<extra></extra>"}
        for name, values, color in (
            ("in sample", [fold.in_sample for fold in content.folds], "var(--bench)"),
            ("out of sample", [fold.out_of_sample for fold in content.folds], "var(--main)"),
        )
    )  # fmt: skip
    axis: dict[str, Any] = {"title": {"text": label}, **({"tickformat": ".0%"} if is_fraction(content.metric) else {})}
    layout = {"barmode": "group", "bargap": 0.3, "hovermode": "closest", "yaxis": axis, "margin": {"b": 40},
              "xaxis": {"type": "category", "title": {"text": "fold"}, "showgrid": False}}  # fmt: skip
    return Chart(*about, traces, layout)


def path_charts(content: WalkContent) -> list[Chart]:
    """Return the chosen value of each parameter over the folds."""
    names = short_keys([one.name for one in content.space])
    chosen = [fold for fold in content.folds if fold.values]
    if not chosen:
        return []
    return [_path(one, names[one.name], chosen, place) for place, one in enumerate(content.space[:_PATHS])]


def paths_chart(content: WalkContent) -> Chart | None:
    """Return the distribution of the Sharpe ratios of the combinatorial paths; None when there are none."""
    sharpes = content.path_sharpes[np.isfinite(content.path_sharpes)]
    if not len(sharpes):
        return None
    counts, edges = path_histogram(sharpes)
    middle = (edges[:-1] + edges[1:]) / 2
    below = float((sharpes < 0).mean())
    traces: tuple[Trace, ...] = (
        {"type": "bar", "x": numbers(middle), "y": counts.tolist(), "width": float(edges[1] - edges[0]) * 0.94,
         "marker": {"color": np.where(middle < 0, "var(--loss)", "var(--gain)").tolist()},
         "hovertemplate": "Sharpe ratio about %{x:.2f}: %{y} path(s)<extra></extra>"},
    )  # fmt: skip
    caption = (
        f"Sharpe ratio a year of {len(sharpes):,} paths through all bars, each stitched from tests of combinatorial "
        f"purged cross-validation; median {np.median(sharpes):.2f}, {below:.0%} of them below 0."
    )
    layout = {
        "hovermode": "closest",
        "bargap": 0.0,
        "margin": {"b": 40},
        "xaxis": {"title": {"text": "Sharpe ratio"}},
        "yaxis": {"title": {"text": "paths"}, "tickformat": "d", "dtick": max(1, -(-int(counts.max()) // 6))},
    }
    return Chart("paths", "Paths of cross-validation", caption, traces, layout)


def path_histogram(sharpes: FloatArray, most: int = _PATH_BINS) -> tuple[IntArray, FloatArray]:
    """Return counts and edges of about `most` bins, one edge of which is 0 where the ratios lie on both sides of it."""
    low, high = float(sharpes.min()), float(sharpes.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / min(most, max(5, round(2 * math.sqrt(len(sharpes)))))
    first, last = math.floor(low / width), math.ceil(high / width + 1e-9)
    edges: FloatArray = width * np.arange(first, last + 1, dtype=np.float64)
    counts, _ = np.histogram(np.clip(sharpes, edges[0], edges[-1]), bins=edges)
    return counts.astype(np.int64), edges


def drawdown_of(equity: FloatArray, initial: float) -> FloatArray:
    """Return (T,) the loss from the highest value so far, the initial cash included, as a fraction."""
    peak = np.maximum.accumulate(np.maximum(equity, max(initial, np.finfo(float).tiny)))
    fall: FloatArray = equity / peak - 1.0
    return fall


def stamps_of(times: IntArray) -> list[str]:
    """Return times as the chart library reads them."""
    texts: list[str] = np.datetime_as_string(times.astype("datetime64[ns]"), unit="s").tolist()
    return texts


def _where(content: WalkContent) -> str:
    if len(content.path_sharpes):
        return "on other bars; of all paths that with the median Sharpe ratio is shown"
    return "before it"


def _path(one: SearchParameter, name: str, folds: list[FoldLine], place: int) -> Chart:
    values = [fold.values[one.name] for fold in folds]
    choice = one.kind == "choice"
    y: list[Any] = [shown(value_words(value)) for value in values] if choice else list(values)
    hover = [
        f"fold {fold.number}, from {format_time(fold.test[0])}: {shown(value_words(value))}"
        for fold, value in zip(folds, values)
    ]
    trace: Trace = {
        "type": "scatter", "mode": "lines+markers", "x": [fold.number for fold in folds], "y": y, "text": hover,
        "hovertemplate": "%{text}<extra></extra>", "line": {"shape": "hv", "width": 1.6, "color": "var(--main)"},
        "marker": {"size": 7, "color": "var(--main)"},
    }  # fmt: skip
    axis: dict[str, Any] = (
        {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [shown(value_words(each)) for each in one.choices],
            "range": [-0.5, len(one.choices) - 0.5],
        }
        if choice
        else _searched(one)
    )
    caption = in_sentence(one.description)
    layout = {
        "hovermode": "closest",
        "showlegend": False,
        "xaxis": {
            "title": {"text": "fold"},
            "tickformat": "d",
            "zeroline": False,
            "dtick": max(1, -(-len(folds) // 8)),
        },
        "yaxis": axis,
        "margin": {"b": 40, "t": 8},
    }
    return Chart(f"path-{place}", shown(name), caption[:1].upper() + caption[1:], (trace,), layout)


def _searched(one: SearchParameter) -> dict[str, Any]:
    """Return an axis between the bounds of the search, with a little room."""
    low, high = bounds(one)
    if one.log:
        room = 0.06 * math.log10(high / low)
        return {"type": "log", "range": [math.log10(low) - room, math.log10(high) + room], **log_ticks(low, high)}
    room = 0.06 * (high - low)
    return {"zeroline": False, "range": [low - room, high + room]}
