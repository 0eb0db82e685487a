"""`write_search_figures`: the charts of a search as PNG files, drawn without a browser or a display."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.reports.figure_parts import (
    BENCHMARK,
    EDGE,
    FAINT,
    GAIN,
    INK,
    LOSS,
    MAIN,
    SOFT,
    YELLOW,
    better_colours,
    legend,
    new_figure,
    part_cells,
    percent_axis,
    plain,
    save_png,
    say,
    style,
)
from stratkit.reports.heat_charts import marked
from stratkit.reports.key_names import in_sentence, is_fraction, metric_label, short_keys
from stratkit.reports.search_charts import best_so_far, logit_edges, overfitting_of
from stratkit.reports.search_content import SearchContent
from stratkit.research.heatmaps import Axis, Heatmap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MISSES: Final = YELLOW  # c5 of the page
_WHOLE: Final = (0.085, 0.14, 0.895, 0.68)
_NUMBERED: Final = 13  # cells in a row that have room for their number


def write_search_figures(folder: Path, content: SearchContent, dpi: int) -> list[Path]:
    """Write the figures of a search into `folder` and return their paths.

    A figure that has nothing to show says so. Raises `OutputError` when a file cannot be written.
    """
    drawers: dict[str, Callable[[], Figure]] = {
        "convergence": lambda: convergence_figure(content),
        "importances": lambda: importance_figure(content),
        "heatmaps": lambda: heat_figure(content),
        "overfitting": lambda: overfitting_figure(content),
    }
    if len(content.result.objectives) > 1:
        drawers["pareto"] = lambda: pareto_figure(content)
    return [save_png(draw(), folder / f"{name}.png", dpi) for name, draw in drawers.items()]


def convergence_figure(content: SearchContent) -> Figure:
    """Return the first objective of every trial in the order of proposal, and the best so far."""
    result = content.result
    metric = result.objectives[0].metric
    figure = new_figure(content, f"{metric_label(metric)} of each trial, and the best so far", 4.2)
    axes = figure.add_axes(_WHOLE)
    style(axes)
    if not result.complete:
        say(axes, "no trial came to the end")
        return figure
    misses = [trial for trial in result.complete if not trial.is_feasible]
    for trials, name, look in (
        (result.feasible, "trials", {"color": BENCHMARK, "marker": "o", "s": 11, "lw": 0}),
        (misses, "misses a constraint", {"color": _MISSES, "marker": "x", "s": 22, "lw": 1.1}),
    ):
        if trials:
            axes.scatter([one.number for one in trials], [one.objectives[0] for one in trials], label=name, **look)  # type: ignore[arg-type]  # look holds what scatter takes
    at, best = best_so_far(result)
    if at:
        axes.step(
            [*at, result.trials[-1].number], [*best, best[-1]], where="post", color=MAIN, lw=1.6, label="best so far"
        )
    _star(axes, content, lambda number: (float(number), result.trials[number].objectives[0]))
    axes.set_xlabel("trial", fontsize=8.5, color=SOFT)
    if is_fraction(metric):
        percent_axis(axes)
    legend(axes)
    return figure


def importance_figure(content: SearchContent) -> Figure:
    """Return the share of each parameter by each method, the most important on top."""
    survey = content.survey
    known = [one for one in survey.importances if one.shares]
    names = short_keys(survey.ranked)
    height = 1.7 + 0.42 * max(len(survey.ranked), 2)
    figure = new_figure(content, "What the objective hangs on", height)
    axes = figure.add_axes((0.2, 0.45 / height, 0.775, 1 - 1.35 / height))
    style(axes)
    if not known:
        say(axes, survey.importances[0].reason)
        return figure
    rows = np.arange(len(survey.ranked))
    labels = {"fanova": ("whole space (fANOVA)", MAIN), "ped_anova": ("best tenth (PED-ANOVA)", GAIN)}
    thick = 0.8 / len(known)
    for place, one in enumerate(known):
        shares = [one.shares.get(key, 0.0) for key in survey.ranked]
        label, color = labels[one.method]
        axes.barh(rows - 0.4 + thick * (place + 0.5), shares, thick * 0.92, color=color, label=label)
    axes.set_yticks(rows, [plain(names[key])[:24] for key in survey.ranked])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    legend(axes)
    return figure


def heat_figure(content: SearchContent) -> Figure:
    """Return the map of the two most important parameters; cells in which nothing was tried are blank."""
    maps = content.survey.maps
    label = metric_label(content.result.objectives[0].metric)
    names = short_keys([one.name for one in content.result.space])
    title = (
        "Map" if not maps else f"{label} by {plain(names[maps[0].across.name])} and {plain(names[maps[0].down.name])}"
    )
    figure = new_figure(content, title, 5.4)
    if not maps:
        say(figure.add_axes(_WHOLE), "there are less than two parameters")
        return figure
    axes, bar = figure.add_axes((0.11, 0.12, 0.78, 0.7)), figure.add_axes((0.915, 0.12, 0.016, 0.7))
    _draw_map(axes, bar, content, maps[0])
    axes.set_xlabel(plain(names[maps[0].across.name]), fontsize=9, color=SOFT)
    axes.set_ylabel(plain(names[maps[0].down.name]), fontsize=9, color=SOFT)
    return figure


def pareto_figure(content: SearchContent) -> Figure:
    """Return the first two objectives of all feasible trials against each other, and the front."""
    result = content.result
    across, up = result.objectives[:2]
    figure = new_figure(content, f"{metric_label(across.metric)} against {in_sentence(metric_label(up.metric))}", 4.8)
    axes = figure.add_axes(_WHOLE)
    style(axes)
    if not result.front:
        say(axes, "no trial was feasible")
        return figure
    points = np.array([one.objectives[:2] for one in result.feasible])
    axes.scatter(points[:, 0], points[:, 1], color=BENCHMARK, s=11, lw=0, label="trials")
    front = np.array(sorted(result.trials[number].objectives[:2] for number in result.front))
    line = "-" if len(result.objectives) == 2 else ""
    axes.plot(front[:, 0], front[:, 1], color=MAIN, lw=1.2, ls=line, marker="o", ms=5, label="front")
    _star(axes, content, lambda number: (result.trials[number].objectives[0], result.trials[number].objectives[1]))
    axes.set_xlabel(metric_label(across.metric), fontsize=8.5, color=SOFT)
    axes.set_ylabel(metric_label(up.metric), fontsize=8.5, color=SOFT)
    for axis, metric in ((axes.xaxis, across.metric), (axes.yaxis, up.metric)):
        if is_fraction(metric):
            axis.set_major_formatter(lambda value, _: f"{value:.0%}")
    legend(axes)
    return figure


def overfitting_figure(content: SearchContent) -> Figure:
    """Return the logits of the splits beside the ratios in and out of sample."""
    found = overfitting_of(content)
    said = "" if found is None else f": PBO {found.probability:.2f}"
    figure = new_figure(content, f"Overfitting{said}", 4.2)
    left, right = figure.add_axes((0.07, 0.14, 0.41, 0.66)), figure.add_axes((0.57, 0.14, 0.41, 0.66))
    for axes in (left, right):
        style(axes)
    if found is None:
        say(left, "fewer than 8 trials")
        say(right, "fewer than 8 trials")
        return figure
    counts, edges = np.histogram(found.logits, bins=logit_edges(found.logits))
    middle = (edges[:-1] + edges[1:]) / 2
    left.bar(middle, counts / counts.sum(), (edges[1] - edges[0]) * 0.94, color=np.where(middle < 0, LOSS, GAIN))
    left.set_title("logit of the rank out of sample of the best in sample", loc="left", fontsize=8.5, color=SOFT)
    percent_axis(left)
    root = np.sqrt(content.periods_per_year)
    right.scatter(found.in_sample * root, found.out_of_sample * root, color=MAIN, s=4, alpha=0.15, lw=0)
    ends = np.array([found.in_sample.min(), found.in_sample.max()])
    if np.isfinite(found.slope):
        right.plot(ends * root, (found.intercept + found.slope * ends) * root, color=LOSS, lw=1.6)
    right.axhline(0, color=EDGE, lw=1)
    right.set_title("Sharpe ratio: out of sample over in sample, one dot a split", loc="left", fontsize=8.5, color=SOFT)
    return figure


def _draw_map(axes: Axes, bar: Axes, content: SearchContent, found: Heatmap) -> None:
    objective = content.result.objectives[0]
    colours = better_colours()
    colours = colours if objective.direction == "maximize" else colours.reversed()
    rows, columns = found.mean.shape
    image = axes.imshow(np.ma.masked_invalid(found.mean), cmap=colours, aspect="auto", origin="lower")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=8, colors=SOFT)
    axes.set_xticks(*_ticks(found.across))
    axes.set_yticks(*_ticks(found.down))
    part_cells(axes, rows, columns)
    if columns <= _NUMBERED:
        scale, shape = (100, "{:.0f}%") if is_fraction(objective.metric) else (1, "{:.2f}")
        middle = (np.nanmin(found.mean) + np.nanmax(found.mean)) / 2
        for row, column in np.argwhere(np.isfinite(found.mean)):
            value = found.mean[row, column]
            dark = (value > middle) == (objective.direction == "maximize")
            axes.text(
                column,
                row,
                shape.format(value * scale),
                ha="center",
                va="center",
                fontsize=7,
                color="white" if dark else INK,
            )
    looks = ({"ec": LOSS}, {"ec": INK, "ls": "--"})
    for (name, values), look in zip(marked(content).items(), looks):
        from matplotlib.patches import Rectangle

        corner = (found.across.cell(values) - 0.5, found.down.cell(values) - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, lw=2.2, label=name, zorder=5, **look))  # type: ignore[arg-type]  # looks hold what a patch takes
    if marked(content):
        legend(axes)
    bar.figure.colorbar(image, cax=bar)
    bar.tick_params(labelsize=7.5, colors=FAINT, length=0)
    bar.spines[:].set_visible(False)


def _ticks(axis: Axis) -> tuple[list[int], list[str]]:
    kept = list(range(0, len(axis.labels), -(-len(axis.labels) // 13)))
    return kept, [plain(axis.labels[at].split(" to ")[0]) for at in kept]


def _star(axes: Axes, content: SearchContent, where: Callable[[int], tuple[float, float]]) -> None:
    if content.chosen is not None:
        x, y = where(content.chosen)
        axes.scatter([x], [y], marker="*", s=150, color=LOSS, ec="white", lw=0.8, label="chosen", zorder=5)
