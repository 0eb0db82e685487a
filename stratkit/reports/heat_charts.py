"""The maps of a search as charts: the objective over two parameters, stronger where it is better."""

from __future__ import annotations

from typing import Any, Final

from stratkit.reports.chart_specs import Chart, numbers, shown
from stratkit.reports.key_names import is_fraction, metric_label, short_keys
from stratkit.reports.search_content import SearchContent
from stratkit.research.heatmaps import Axis, Heatmap
from stratkit.research.trials import Assignment

_MARKS: Final = 9  # on an axis
_LOOKS: Final = (  # of the chosen trial and of the other one, which may share a cell
    {"size": 14, "symbol": "star", "color": "var(--loss)", "line": {"width": 1, "color": "var(--paper)"}},
    {"size": 9, "symbol": "circle", "color": "var(--paper)", "line": {"width": 2, "color": "var(--ink)"}},
)


def heat_charts(content: SearchContent) -> list[Chart]:
    """Return the maps of the survey."""
    names = short_keys([one.name for one in content.result.space])
    return [_map(content, found, names, place) for place, found in enumerate(content.survey.maps)]


def marked(content: SearchContent) -> dict[str, Assignment]:
    """Return the trials to mark on a map: the chosen one, and beside it the best or the centre of the plateau."""
    trials = content.result.trials
    found = {} if content.chosen is None else {"chosen": trials[content.chosen].values}
    around = content.survey.robust if content.pick == "best" else content.survey.best
    if around is not None and around.number != content.chosen:
        found["centre of the plateau" if content.pick == "best" else "best"] = trials[around.number].values
    return found


def _map(content: SearchContent, found: Heatmap, names: dict[str, str], place: int) -> Chart:
    objective = content.result.objectives[0]
    label = metric_label(objective.metric)
    cells = "one value each" if found.across.exact and found.down.exact else "bins of values"
    across, down = (shown(names[axis.name]) for axis in (found.across, found.down))
    shades = [[0, "var(--heat-low)"], [0.5, "var(--heat-mid)"], [1, "var(--heat-high)"]]
    better = objective.direction == "maximize"
    shape = ".0%" if is_fraction(objective.metric) else ".2f"
    traces: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "x": list(range(len(found.across.labels))),
            "y": list(range(len(found.down.labels))),
            "z": [numbers(row, 5) for row in found.mean],
            "customdata": _cells(found),
            "colorscale": shades,
            "reversescale": not better,
            "xgap": 2,
            "ygap": 2,
            "hoverongaps": False,
            "colorbar": {"thickness": 10, "outlinewidth": 0, "tickformat": shape, "len": 1.0},
            "hovertemplate": f"{across} %{{customdata[0]}}<br>{down} %{{customdata[1]}}"
            f"<br>{shown(label)} %{{z:{shape}}}"
            "<br>%{customdata[2]} trial(s)<extra></extra>",
        }
    ]
    for (name, values), look in zip(marked(content).items(), _LOOKS):
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": name, "showlegend": True, "hoverinfo": "skip",
                "x": [found.across.cell(values)], "y": [found.down.cell(values)], "marker": look,
            }
        )  # fmt: skip
    layout = {
        "hovermode": "closest",
        "xaxis": {**_ticks(found.across), "title": {"text": across}, "showgrid": False, "zeroline": False},
        "yaxis": {
            **_ticks(found.down),
            "title": {"text": down},
            "showgrid": False,
            "zeroline": False,
            "ticksuffix": " ",
        },
        "margin": {"b": 46},
    }
    caption = (
        f"Mean {label} in each cell ({cells}): the stronger the colour, the better. Cells in which nothing was tried "
        "are blank."
    )
    return Chart(f"map-{place}", f"{across} and {down}", caption, tuple(traces), layout, size="mid")


def _cells(found: Heatmap) -> list[list[tuple[str, str, int]]]:
    across, down = ([shown(label) for label in axis.labels] for axis in (found.across, found.down))
    return [
        [(across[column], down[row], int(found.count[row, column])) for column in range(len(across))]
        for row in range(len(down))
    ]


def _ticks(axis: Axis) -> dict[str, Any]:
    """Return at most 9 marks: of bins where they begin, of exact cells their values."""
    count = len(axis.labels)
    kept = list(range(0, count, -(-count // _MARKS)))
    return {"tickmode": "array", "tickvals": kept, "ticktext": [shown(axis.labels[at].split(" to ")[0]) for at in kept],
            "range": [-0.5, count - 0.5]}  # fmt: skip
