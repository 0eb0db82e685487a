"""The charts of a search: how it converged, its Pareto front, what mattered, each parameter on its own, overfitting."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from stratkit.inference.overfitting import Overfitting
from stratkit.panel import FloatArray
from stratkit.reports.chart_specs import Chart, Trace, log_ticks, numbers, shown
from stratkit.reports.key_names import in_sentence, is_fraction, metric_label, metric_words, short_keys, value_words
from stratkit.reports.search_content import SearchContent
from stratkit.research.landscape import bounds
from stratkit.research.search_result import SearchResult
from stratkit.research.trials import Trial
from stratkit.strategies.parameters import SearchParameter

MOST_POINTS: Final = 2_000  # of a chart: more are dots upon dots
_OF_SLICE: Final = 800  # of one that is a third as wide
SLICES: Final = 6
_SPLITS: Final = 1_500
_LOGIT_BINS: Final = 40
_CHOSEN: Final = {"size": 15, "symbol": "star", "color": "var(--loss)", "line": {"width": 1, "color": "var(--paper)"}}


def best_so_far(result: SearchResult) -> tuple[list[int], list[float]]:
    """Return the numbers of the trials at which the best feasible first objective rose, and that objective."""
    sign = 1.0 if result.objectives[0].direction == "maximize" else -1.0
    numbers_, values, best = [], [], -math.inf
    for trial in result.feasible:
        if trial.objectives and sign * trial.objectives[0] > best:
            best = sign * trial.objectives[0]
            numbers_.append(trial.number)
            values.append(trial.objectives[0])
    return numbers_, values


def convergence_chart(content: SearchContent) -> Chart:
    """Return the first objective of every trial in the order of proposal, and the best so far."""
    result = content.result
    metric = result.objectives[0].metric
    label = metric_label(metric)
    about = ("convergence", "Convergence", f"{label} of each trial in the order of proposal, and the best so far.")
    if not result.complete:
        return Chart(*about, empty="No trial came to the end.")
    misses = [trial for trial in result.complete if not trial.is_feasible]
    at, best = best_so_far(result)
    last = result.trials[-1].number
    traces = [_dots(content, result.feasible, "trials", {"color": "var(--bench)", "size": 5, "opacity": 0.75})]
    if misses:
        marker = {"color": "var(--c5)", "size": 6, "symbol": "x-thin", "line": {"width": 1.4, "color": "var(--c5)"}}
        traces.append(_dots(content, misses, "misses a constraint", marker))
    if at:
        traces.append(
            {
                "type": "scatter", "mode": "lines", "name": "best so far", "x": [*at, last],
                "y": numbers([*best, best[-1]]), "line": {"shape": "hv", "width": 2, "color": "var(--main)"},
                "hoverinfo": "skip",
            }
        )  # fmt: skip
    traces += _chosen_dot(content)
    layout = {
        "hovermode": "closest",
        "xaxis": {"title": {"text": "trial"}, "rangemode": "tozero"},
        "yaxis": _axis(metric),
    }
    return Chart(*about, tuple(traces), {**layout, "margin": {"b": 40}}, size="mid")


def pareto_chart(content: SearchContent) -> Chart | None:
    """Return the first two of several objectives against each other, and the front; None for one objective."""
    result = content.result
    if len(result.objectives) < 2:
        return None
    across, up = result.objectives[:2]
    more = "" if len(result.objectives) == 2 else " The front is that of all objectives; the table below has them all."
    about = (
        "pareto",
        "Pareto front",
        f"{metric_label(across.metric)} against {in_sentence(metric_label(up.metric))}: no trial beats one of the "
        f"front in all objectives.{more}",
    )
    if not result.front:
        return Chart(*about, empty="No trial was feasible.")
    front = [result.trials[number] for number in result.front]
    joined = len(result.objectives) == 2
    ordered = sorted(front, key=lambda trial: trial.objectives[0])
    traces = [
        _pairs(
            content,
            [one for one in result.feasible if one.number not in result.front],
            "trials",
            {"color": "var(--bench)", "size": 5, "opacity": 0.7},
        ),
        {
            **_pairs(content, ordered, "front", {"color": "var(--main)", "size": 8}),
            "mode": "lines+markers" if joined else "markers",
            "line": {"width": 1.2, "color": "var(--main)", "shape": "linear"},
        },
    ]
    if content.chosen is not None:
        traces.append(_pairs(content, [result.trials[content.chosen]], "chosen", _CHOSEN))
    layout = {"hovermode": "closest", "xaxis": _axis(across.metric), "yaxis": _axis(up.metric), "margin": {"b": 42}}
    return Chart(*about, tuple(traces), layout, size="mid")


def importance_chart(content: SearchContent) -> Chart:
    """Return the share of each parameter by each method, the most important on top."""
    survey = content.survey
    names = short_keys(survey.ranked)
    known = [one for one in survey.importances if one.shares]
    about = (
        "importances", "What the objective hangs on",
        " ".join(f"{one.said}." for one in survey.importances) + " Shares add up to 100%.",
    )  # fmt: skip
    if not known:
        return Chart(*about, empty=_sentence(survey.importances[0].reason))
    order = list(survey.ranked)[::-1]
    colours = {"fanova": "var(--c1)", "ped_anova": "var(--c3)"}
    traces: list[Trace] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": {"fanova": "whole space (fANOVA)", "ped_anova": "best tenth (PED-ANOVA)"}[one.method],
            "y": [shown(names[key]) for key in order],
            "x": numbers([one.shares.get(key, 0.0) for key in order]),
            "marker": {"color": colours[one.method]},
            "hovertemplate": "%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
        }
        for one in known[::-1]
    ]
    layout = {
        "barmode": "group", "bargap": 0.35, "hovermode": "closest",
        "xaxis": {"tickformat": ".0%", "rangemode": "tozero"}, "yaxis": {"showgrid": False, "ticksuffix": " "},
        "legend": {"traceorder": "reversed"},
    }  # fmt: skip
    return Chart(*about, tuple(traces), layout)


def slice_charts(content: SearchContent) -> list[Chart]:
    """Return the first objective against each of the most important parameters."""
    result = content.result
    names = short_keys([one.name for one in result.space])
    space = {one.name: one for one in result.space}
    if not result.complete:
        return []
    return [_slice(content, space[key], names[key], place) for place, key in enumerate(content.survey.ranked[:SLICES])]


def logit_chart(content: SearchContent) -> Chart:
    """Return where the trial that is best in one half of the bars ranks in the other, over all splits."""
    about = (
        "logits",
        "Where the best in one half ranks in the other",
        "Logit of its relative rank out of sample, over all splits. At 0 it is the median trial; PBO is the share at "
        "or below 0.",
    )
    found = overfitting_of(content)
    if found is None:
        return Chart(*about, empty=_NO_SPLITS)
    counts, edges = np.histogram(found.logits, bins=logit_edges(found.logits))
    middle = (edges[:-1] + edges[1:]) / 2
    traces: tuple[Trace, ...] = tuple(
        {
            "type": "bar", "name": name, "x": numbers(middle[side]), "y": (counts[side] / counts.sum()).tolist(),
            "width": float(edges[1] - edges[0]) * 0.94, "marker": {"color": color},
            "hovertemplate": "logit %{x:.2f}: %{y:.1%} of splits<extra></extra>",
        }
        for name, side, color in (
            ("at or below the median", middle < 0, "var(--loss)"), ("above it", middle > 0, "var(--gain)"),
        )
    )  # fmt: skip
    layout = {"hovermode": "closest", "xaxis": {"title": {"text": "logit"}}, "yaxis": {"tickformat": ".0%"},
              "margin": {"b": 40}, "bargap": 0.0}  # fmt: skip
    return Chart(*about, traces, layout)


def degradation_chart(content: SearchContent) -> Chart:
    """Return the ratio in one half against that in the other, of the trial that is best in the first."""
    about = (
        "degradation",
        "In sample against out of sample",
        "Sharpe ratio a year of the trial that is best in one half of the bars, there and in the other half; a dot "
        "for each way to halve them.",
    )
    found = overfitting_of(content)
    if found is None:
        return Chart(*about, empty=_NO_SPLITS)
    root = math.sqrt(content.periods_per_year)
    step = max(1, -(-found.splits // _SPLITS))
    inside, outside = found.in_sample[::step] * root, found.out_of_sample[::step] * root
    ends: FloatArray = np.array([found.in_sample.min(), found.in_sample.max()])
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "name": "splits" if step == 1 else f"every {step}th split",
        "x": numbers(inside, 4),
        "y": numbers(outside, 4),
        "marker": {"color": "var(--main)", "size": 4, "opacity": 0.35},
        "hovertemplate": "in sample %{x:.2f}, out of sample %{y:.2f}<extra></extra>",
    }
    line: Trace = {
        "type": "scatter", "mode": "lines", "name": "regression", "hoverinfo": "skip",
        "x": numbers(ends * root), "y": numbers((found.intercept + found.slope * ends) * root),
        "line": {"color": "var(--loss)", "width": 1.8},
    }  # fmt: skip
    layout = {"hovermode": "closest", "xaxis": {"title": {"text": "in sample"}},
              "yaxis": {"title": {"text": "out of sample"}, "zeroline": True}, "margin": {"b": 40}}  # fmt: skip
    return Chart(*about, (dots, line) if math.isfinite(found.slope) else (dots,), layout)


def overfitting_of(content: SearchContent) -> Overfitting | None:
    """Return what the splits of the bars show; None below 8 trials."""
    return None if content.evidence is None else content.evidence.overfitting


def logit_edges(logits: FloatArray) -> FloatArray:
    """Return edges of bins, one of which is 0: what is at or below it is overfit."""
    reach = max(float(np.abs(logits).max()), 1e-6)
    edges: FloatArray = np.linspace(-reach, reach, _LOGIT_BINS + 1)
    edges[_LOGIT_BINS // 2] = np.nextafter(0.0, 1.0)  # a logit of exactly 0 counts as overfit
    return edges


_NO_SPLITS: Final = "Fewer than 8 trials came to the end: halves of the bars say nothing about so few."


def _slice(content: SearchContent, one: SearchParameter, name: str, place: int) -> Chart:
    metric = content.result.objectives[0].metric
    about = (f"slice-{place}", shown(name), one.description[:1].upper() + one.description[1:])
    trials = _thinned(content.result.feasible, _OF_SLICE)
    misses = _thinned([trial for trial in content.result.complete if not trial.is_feasible], _OF_SLICE)

    def dots(of: list[Trial], label: str, marker: dict[str, Any]) -> Trace:
        values = [trial.values[one.name] for trial in of]
        at = [shown(value_words(value)) for value in values] if one.kind == "choice" else values
        return {
            "type": "scatter", "mode": "markers", "name": label, "x": at, "marker": marker,
            "y": numbers([trial.objectives[0] for trial in of]), "text": [trial.number for trial in of],
            "hovertemplate": "trial %{text}: %{x}, %{y}<extra></extra>",
        }  # fmt: skip

    quiet = {"color": "var(--c5)", "size": 5, "symbol": "x-thin", "line": {"width": 1.2, "color": "var(--c5)"}}
    traces = [dots(trials, "trials", {"color": "var(--main)", "size": 5, "opacity": 0.5})]
    traces += [dots(misses, "misses a constraint", quiet)] if misses else []
    if content.chosen is not None:
        traces.append(dots([content.result.trials[content.chosen]], "chosen", _CHOSEN))
    layout = {
        "hovermode": "closest", "xaxis": _value_axis(one), "yaxis": _axis(metric, title=False), "showlegend": False,
        "margin": {"t": 8},
    }  # fmt: skip
    return Chart(*about, tuple(traces), layout)


def _value_axis(one: SearchParameter) -> dict[str, Any]:
    if one.kind == "choice":
        words = [shown(value_words(value)) for value in one.choices]
        return {"type": "category", "categoryorder": "array", "categoryarray": words}
    return {"type": "log", **log_ticks(*bounds(one))} if one.log else {"zeroline": False}


def _dots(content: SearchContent, trials: Any, name: str, marker: dict[str, Any]) -> Trace:
    thinned = _thinned(trials)
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": [trial.number for trial in thinned],
        "y": numbers([trial.objectives[0] if trial.objectives else math.nan for trial in thinned]), "marker": marker,
        "text": [_hover(content.result, trial) for trial in thinned], "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def _pairs(content: SearchContent, trials: Any, name: str, marker: dict[str, Any]) -> Trace:
    dots = _dots(content, trials, name, marker)
    kept = _thinned(trials)
    return {
        **dots,
        "x": numbers([trial.objectives[0] for trial in kept]),
        "y": numbers([trial.objectives[1] for trial in kept]),
    }


def _chosen_dot(content: SearchContent) -> list[Trace]:
    if content.chosen is None:
        return []
    return [_dots(content, [content.result.trials[content.chosen]], "chosen", _CHOSEN)]


def _hover(result: SearchResult, trial: Trial) -> str:
    names = short_keys([one.name for one in result.space])
    values = ", ".join(f"{names[key]} {value_words(value)}" for key, value in trial.values.items() if key in names)
    got = ", ".join(f"{metric_label(one.metric)} {metric_words(one.metric, value)}"
                    for one, value in zip(result.objectives, trial.objectives))  # fmt: skip
    return f"trial {trial.number}: {shown(got)}<br>{shown(values)}"


def _thinned(trials: Any, most: int = MOST_POINTS) -> list[Trial]:
    """Return at most so many trials, evenly spread."""
    every = max(1, -(-len(trials) // most))
    return list(trials[::every])


def _axis(metric: str, title: bool = True) -> dict[str, Any]:
    axis: dict[str, Any] = {"tickformat": ".0%"} if is_fraction(metric) else {}
    return {**axis, "title": {"text": metric_label(metric)}} if title else axis


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
