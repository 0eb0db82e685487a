"""The charts of a Monte Carlo run: fans of equity, the cone after a split, distributions with the run's own value."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from stratkit.reports.chart_parts import IN_ORDER, line_at, ribbon, time_axis, upright
from stratkit.reports.chart_specs import Chart, Trace, numbers
from stratkit.reports.monte_carlo_words import unit_shape, unit_value
from stratkit.reports.walk_charts import stamps_of
from stratkit.reports.wording import capital
from stratkit.research.monte_carlo_record import Fan, Histogram, Procedure


def procedure_charts(procedure: Procedure, place: int) -> tuple[list[Chart], list[Chart]]:
    """Return the fans and the distributions of a procedure; `place` tells it from others in the page."""
    fans = [fan_chart(fan, f"fan-{place}-{at}") for at, fan in enumerate(procedure.fans)]
    bins = [histogram_chart(one, f"bins-{place}-{at}") for at, one in enumerate(procedure.histograms)]
    return fans, bins


def fan_chart(fan: Fan, name: str) -> Chart:
    """Return quantiles of equity over time around the run's own; a line marks where a cone begins."""
    about = (name, shown_title(fan.title), _fan_words(fan))
    if len(fan.steps) < 2:
        return Chart(*about, empty="There are too few steps to draw.")
    x: list[Any] = fan.steps.tolist() if fan.times is None else stamps_of(fan.times)
    traces: list[Trace] = []
    for low, high in bands_of(fan):
        label = f"{fan.levels[low]:.0%} to {fan.levels[high]:.0%}"
        traces += ribbon(x, fan.values[low], fan.values[high], label, "main-mid" if low else "main-soft")
    middle = middle_of(fan)
    if middle is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "median path",
                "x": x,
                "y": numbers(fan.values[middle], 5),
                "line": {"color": "var(--main)", "width": 1.4, "dash": "dash"},
                "hovertemplate": _EQUITY,
            }
        )
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": "the run",
            "x": x,
            "y": numbers(fan.observed, 5),
            "line": {"color": "var(--c2)", "width": 2},
            "hovertemplate": _EQUITY,
        }
    )
    start = [] if fan.split is None else [_split_line(fan, x)]
    layout = {
        "hovermode": "x unified",
        "xaxis": _axis_of(fan),
        "yaxis": {"ticksuffix": "\N{MULTIPLICATION SIGN}"},
        "shapes": start,
        "legend": IN_ORDER,
        "margin": {"b": 24 if fan.times is not None else 40},
    }
    return Chart(*about, tuple(traces), layout, size="mid")


def histogram_chart(one: Histogram, name: str) -> Chart:
    """Return how a figure is distributed over the paths, with the run's own value."""
    total = int(one.counts.sum())
    about = (name, shown_title(capital(one.name)), f"{total:,} paths; the line is the run.")
    if not total:
        return Chart(*about, empty="No path has this figure.")
    shape = unit_shape(one.unit, float(np.ptp(one.edges)))
    middle = (one.edges[:-1] + one.edges[1:]) / 2
    traces: list[Trace] = [
        {
            "type": "bar",
            "name": "paths",
            "x": numbers(middle),
            "y": one.counts.tolist(),
            "width": numbers(np.diff(one.edges) * 0.94),
            "marker": {"color": "var(--main)", "opacity": 0.75},
            "showlegend": False,
            "hovertemplate": f"about %{{x:{shape}}}: %{{y:,}} paths<extra></extra>",
        },
    ]
    if np.isfinite(one.observed):
        label = f"the run: {unit_value(one.unit, one.observed)}"
        traces.append(upright(label, one.observed, float(one.counts.max()), "c2"))
    layout = {
        "hovermode": "closest",
        "bargap": 0.0,
        "showlegend": True,
        "xaxis": {"tickformat": shape, "showgrid": False, "nticks": 7},
        "yaxis": {"tickformat": "~s", "nticks": 5},
    }
    return Chart(*about, tuple(traces), layout)


def shown_title(text: str) -> str:
    """Return a title, shortened when it is very long."""
    return text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1] + "\N{HORIZONTAL ELLIPSIS}"


_LONGEST_TITLE: Final = 80
_EQUITY: Final = "%{y:.3f}\N{MULTIPLICATION SIGN}"


def bands_of(fan: Fan) -> list[tuple[int, int]]:
    """Return pairs of lines that lie alike around the middle, the outermost first."""
    count = len(fan.levels)
    return [(at, count - 1 - at) for at in range(count // 2)]


def middle_of(fan: Fan) -> int | None:
    """Return the place of the median; None where the number of lines is even."""
    count = len(fan.levels)
    return count // 2 if count % 2 else None


def _fan_words(fan: Fan) -> str:
    where = "" if fan.split is None else " The upright line is the split: the cone is made of what was before it."
    levels = ", ".join(f"{fan.levels[low]:.0%} to {fan.levels[high]:.0%}" for low, high in bands_of(fan))
    return f"What 1 becomes: bands hold the paths from {levels} at each step, not whole paths.{where}"


def _split_line(fan: Fan, x: list[Any]) -> dict[str, Any]:
    at = min(int(np.searchsorted(fan.steps, fan.split or 0)), len(x) - 1)
    return line_at(x[at], "soft", "dash")


def _axis_of(fan: Fan) -> dict[str, Any]:
    if fan.times is None:
        return {"title": {"text": fan.step_unit}, "showgrid": False, "tickformat": ",d"}
    return time_axis(fan.times)
