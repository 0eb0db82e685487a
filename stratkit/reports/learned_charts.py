"""The charts of what was learned: weights and states of strategies over time, how often something else was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stratkit.adaptive.health import STATE_NAMES
from stratkit.analytics.learned import Choices, Learned
from stratkit.analytics.learned_times import HealthStep, Steps
from stratkit.controls import LEAST, MOST
from stratkit.panel import FloatArray, IntArray, format_time
from stratkit.reports.chart_parts import IN_ORDER, KEY, ROWS, colour_key, flat_colours, level_at, line_of, time_axis
from stratkit.reports.chart_specs import Chart, Trace, numbers, shown
from stratkit.reports.grid import name_cell
from stratkit.reports.thinning import extreme_points
from stratkit.reports.walk_charts import stamps_of

WINDOW: Final = 50  # chosen trades whose share of tries is drawn
FIRST: Final = 20  # choices before the line begins: a share of fewer says nothing
MOST_LINES: Final = 8
BUCKETS: Final = 400  # of a line
_FEW: Final = 5  # bars that fit in a low chart
EDGES: Final = 800  # changes of state that are drawn one by one
STATE_COLOURS: Final = ("c3", "c5", "c2", "ink")  # of active, degraded, suspended, retired


@dataclass(frozen=True)
class StateSpans:
    """States (S, n) of strategies, codes of active, degraded, suspended, retired, between the bars `edges` (n + 1,)."""

    edges: IntArray
    code: IntArray

    @property
    def since(self) -> IntArray:
        """(S, n) the bar from which on each state holds: an edge is there where any strategy changed its own."""
        starts = np.arange(self.code.shape[1])
        begins = np.where(np.diff(self.code, axis=1, prepend=-1) != 0, starts, 0)
        return self.edges[np.maximum.accumulate(begins, axis=1)]


def state_spans(health: tuple[tuple[HealthStep, ...], ...], bars: int, most: int = EDGES) -> StateSpans:
    """Return the states of all strategies over `bars` bars; of more changes than `most` those on evenly spaced bars."""
    changed = sorted({min(step.bar, bars - 1) for steps in health for step in steps})
    starts = np.array(changed if len(changed) <= most else np.unique(np.linspace(0, bars - 1, most).astype(int)))
    rows = []
    for steps in health:
        at = np.searchsorted([step.bar for step in steps], starts, side="right") - 1
        rows.append(np.array([STATE_NAMES.index(step.state) for step in steps])[at])
    return StateSpans(np.append(starts, bars), np.array(rows))


def shown_strategies(learned: Learned, most: int = MOST_LINES) -> list[int]:
    """Return the places of the strategies that have lines: all, or those whose weights moved furthest."""
    values = learned.weights.values
    moved = values.max(axis=0) - values.min(axis=0)
    return sorted(np.argsort(-moved, kind="stable")[:most].tolist())


def tried_share(choices: Choices) -> FloatArray:
    """Return (K,) the share of the last 50 choices up to each that were not the best so far; of fewer at first.

    >>> tried_share(Choices(np.arange(3), np.array([True, False, False]))).round(2).tolist()
    [1.0, 0.5, 0.33]
    """
    total = np.concatenate(([0], np.cumsum(choices.explored)))
    ends = np.arange(1, len(total))
    starts = np.maximum(ends - WINDOW, 0)
    share: FloatArray = (total[ends] - total[starts]) / (ends - starts)
    return share


def weights_chart(learned: Learned, times: IntArray, buckets: int = BUCKETS) -> Chart:
    """Return the weights of strategies as steps between their bounds, dashed the configured ones."""
    about = ("weights", "Weights of strategies", _WEIGHTS)
    if not learned.status["parts"]["adaptive_weighting"]:
        return Chart(*about, empty="Weights do not adapt in this run.")
    traces: list[Trace] = []
    kept = shown_strategies(learned)
    for place, at in enumerate(kept):
        name, look = shown(name_cell(learned.strategies[at]).text), line_of(place)
        x, y = stepped(learned.weights, at, len(times), buckets)
        traces.append(_steps(name, times, x, y, {**look, "dash": "solid"}, "%{y:.2f}"))
        x, y = stepped(learned.base, at, len(times), buckets)
        quiet = {"showlegend": False, "hoverinfo": "skip", "opacity": 0.6}
        traces.append({**_steps(name, times, x, y, {**look, "width": 1, "dash": "dot"}, ""), **quiet})
    layout = {
        "hovermode": "x unified", "xaxis": _whole_run(times), "yaxis": {"range": [0, MOST + 0.1]}, "legend": IN_ORDER,
        "shapes": [level_at(LEAST, "bench"), level_at(MOST, "bench")],
    }  # fmt: skip
    return Chart(*about, tuple(traces), layout)


def stepped(steps: Steps, column: int, bars: int, buckets: int = BUCKETS) -> tuple[IntArray, FloatArray]:
    """Return the corners of a line of steps up to the last bar, thinned to its extremes."""
    values = steps.values[:, column]
    kept = extreme_points(values, buckets)
    return np.append(steps.bar[kept], bars - 1), np.append(values[kept], values[-1])


def health_chart(learned: Learned, times: IntArray, edges: int = EDGES) -> Chart:
    """Return a bar over time for each strategy, coloured by its state."""
    about = ("states", "Health of strategies", _HEALTH)
    if not learned.status["parts"]["retirement_management"]:
        return Chart(*about, empty="Health is not judged in this run.")
    spans = state_spans(learned.health, len(times), edges)
    ends = np.append(times, times[-1])
    names = [shown(name_cell(name).text) for name in learned.strategies]
    texts = [
        [f"{STATE_NAMES[code]}, since {format_time(int(times[bar]))}" for code, bar in zip(codes, since, strict=True)]
        for codes, since in zip(spans.code, spans.since, strict=True)
    ]
    bars: Trace = {
        "type": "heatmap", "x": stamps_of(ends[spans.edges]), "y": names, "z": spans.code.tolist(), "text": texts,
        "zmin": -0.5, "zmax": 3.5, "colorscale": flat_colours(STATE_COLOURS), "showscale": False, "ygap": 5,
        "opacity": 0.75, "hovertemplate": "%{y}<br>%{text}<extra></extra>",
    }  # fmt: skip
    keys = [colour_key(state, colour, 0.75) for state, colour in zip(STATE_NAMES, STATE_COLOURS, strict=True)]
    layout = {
        "hovermode": "closest", "xaxis": _whole_run(times), "showlegend": True,
        "yaxis": ROWS,
        "legend": KEY,
    }  # fmt: skip
    return Chart(*about, (bars, *keys), layout, size="low" if len(names) <= _FEW else "")


def tries_chart(learned: Learned, times: IntArray, buckets: int = BUCKETS) -> Chart:
    """Return how often a trade got another choice than the best so far; `learned.choices` is known."""
    choices = learned.choices
    assert choices is not None  # the caller asked
    about = ("tries", "How often something else was tried", _TRIES)
    if len(choices.bar) < 2:
        return Chart(*about, empty="There are too few choices to draw.")
    first = min(FIRST - 1, len(choices.bar) - 2)
    share = tried_share(choices)[first:]
    kept = extreme_points(share, buckets)
    line = _steps(f"of the last {WINDOW}", times, choices.bar[first:][kept], share[kept], line_of(0), "%{y:.0%}")
    shapes = []
    if learned.status["epsilon"] is not None:
        shapes.append(level_at(learned.status["epsilon"], "bench"))
    layout = {
        "hovermode": "x unified", "xaxis": _whole_run(times), "showlegend": False, "shapes": shapes,
        "yaxis": {"tickformat": ".0%", "range": [0, max(0.25, float(share[kept].max()) * 1.05)]},
    }  # fmt: skip
    return Chart(*about, ({**line, "fill": "tozeroy", "fillcolor": "var(--main-soft)"},), layout, size="low")


_WEIGHTS: Final = (
    "How much each voice counts, after every update; held within the lines at 0.1 and 2. Dotted: "
    "the weight of the configuration."
)
_HEALTH: Final = (
    "A degraded strategy goes on trading. A suspended one trades in the shadow book only and may come back; a retired "
    "one does not. Hover for since when."
)
_TRIES: Final = (
    f"Share of the last {WINDOW} trades, shadow book included, that got another choice than the best so far. Dotted: "
    "the share of tries at random that the policy asks for now, where it does; some of them hit the best."
)


def _steps(
    name: str, times: IntArray, bars: IntArray, values: FloatArray, line: dict[str, Any], hover: str
) -> Trace:  # fmt: skip
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": stamps_of(times[bars]), "y": numbers(values, 4),
        "line": {**line, "shape": "hv"}, "hovertemplate": hover,
    }  # fmt: skip


def _whole_run(times: IntArray) -> dict[str, Any]:
    """Return an axis over all bars of the run, so that the charts stand under one another."""
    return {**time_axis(times), "range": stamps_of(times[[0, -1]])}
