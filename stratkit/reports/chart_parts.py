"""Parts that charts share: lines of arms, upright lines, bands between two lines."""

from __future__ import annotations

from typing import Any, Final

from stratkit.panel import NS_PER_DAY, FloatArray, IntArray
from stratkit.reports.chart_specs import Trace, numbers

_COLOURS: Final = 5  # of the style sheet; after them the line changes
_DASHES: Final = ("solid", "dash", "dot")
IN_ORDER: Final = {"traceorder": "normal"}  # the library turns a legend round where a chart has a band


def line_of(place: int) -> dict[str, Any]:
    """Return how the line of the arm at a place looks."""
    dash = _DASHES[place // _COLOURS % len(_DASHES)]
    return {"color": f"var(--c{place % _COLOURS + 1})", "width": 1.7, "dash": dash}


def upright(name: str, x: float, height: float, colour: str, dash: str = "solid") -> Trace:
    """Return an upright line that the legend names."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [x, x],
        "y": [0, height],
        "hoverinfo": "skip",
        "line": {"color": f"var(--{colour})", "width": 1.7, "dash": dash},
    }


def line_at(x: float, colour: str, dash: str = "solid") -> dict[str, Any]:
    """Return an upright line over the whole height."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "line": {"color": f"var(--{colour})", "width": 1.2, "dash": dash},
    }


def ribbon(x: list[Any], low: FloatArray, high: FloatArray, name: str, fill: str = "main-soft") -> list[Trace]:
    """Return the two lines of a band that is filled between them."""
    quiet: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "hoverinfo": "skip",
        "line": {"width": 0, "color": f"var(--{fill})"},
    }
    return [
        {**quiet, "y": numbers(low), "showlegend": False},
        {**quiet, "y": numbers(high), "name": name, "fill": "tonexty", "fillcolor": f"var(--{fill})"},
    ]


def time_axis(times: IntArray) -> dict[str, Any]:
    """Return an axis of dates, with the time of day on hover where there is one."""
    intraday = bool((times % NS_PER_DAY).any())
    return {"type": "date", "showgrid": False, "hoverformat": "%Y-%m-%d %H:%M" if intraday else "%Y-%m-%d"}
