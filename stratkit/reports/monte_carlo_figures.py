"""`write_monte_carlo_figures`: fans, cone and distributions of a Monte Carlo run as PNG files."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.reports.figure_parts import (
    LOSS,
    MAIN,
    SOFT,
    legend,
    new_figure,
    plain,
    save_png,
    say,
    style,
    time_axis,
)
from stratkit.reports.monte_carlo_charts import bands_of, middle_of
from stratkit.reports.monte_carlo_content import MonteCarloContent
from stratkit.reports.monte_carlo_words import unit_tick, unit_value
from stratkit.reports.wording import capital
from stratkit.research.monte_carlo_record import Fan, Histogram, Procedure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LETTERS: Final = 140  # of a line across the figure
_ACROSS: Final = 3  # distributions beside each other


def write_monte_carlo_figures(folder: Path, content: MonteCarloContent, dpi: int) -> list[Path]:
    """Write one figure for each procedure that has a chart into `folder` and return their paths.

    A figure is called like its procedure. Raises `OutputError` when a file cannot be written.
    """
    drawn: dict[str, Callable[[], Figure]] = {}
    for one in content.run.procedures:
        if one.fans or one.histograms:
            drawn[_file_name(one, drawn)] = _drawer(content, one)
    return [save_png(draw(), folder / f"{name}.png", dpi) for name, draw in drawn.items()]


def procedure_figure(content: MonteCarloContent, procedure: Procedure) -> Figure:
    """Return the fans of a procedure above its distributions."""
    rows = -(-len(procedure.histograms) // _ACROSS)
    said = textwrap.wrap(plain(capital(procedure.tests)), _LETTERS)
    head = 0.72 + 0.19 * len(said)
    height = head + 3.0 * len(procedure.fans) + 2.3 * rows
    figure = new_figure(content, procedure.title, height)
    figure.text(0.02, 1 - 0.68 / height, "\n".join(said), fontsize=9, color=SOFT, va="top", linespacing=1.4)
    top = height - head
    for fan in procedure.fans:
        axes = figure.add_axes((0.075, (top - 2.7) / height, 0.905, 2.3 / height))
        draw_fan(axes, fan)
        top -= 3.0
    across = min(_ACROSS, max(1, len(procedure.histograms)))
    width = (0.925 - 0.055 * (across - 1)) / across
    for place, one in enumerate(procedure.histograms):
        row, column = divmod(place, _ACROSS)
        bottom = top - 2.3 * (row + 1) + 0.3
        axes = figure.add_axes((0.055 + column * (width + 0.055), bottom / height, width, 1.45 / height))
        draw_histogram(axes, one)
    return figure


def draw_fan(axes: Axes, fan: Fan) -> None:
    """Draw quantiles of equity around the run's own, and the split of a cone."""
    style(axes)
    axes.set_title(plain(fan.title), loc="left", fontsize=9, color=SOFT, pad=4)
    if len(fan.steps) < 2:
        return say(axes, "too few steps to draw")
    x = fan.steps.astype(np.float64) if fan.times is None else fan.times / 86_400e9
    for low, high in bands_of(fan):
        label = f"{fan.levels[low]:.0%} to {fan.levels[high]:.0%}"
        axes.fill_between(x, fan.values[low], fan.values[high], color=MAIN, alpha=0.1 + 0.1 * low, lw=0, label=label)
    middle = middle_of(fan)
    if middle is not None:
        axes.plot(x, fan.values[middle], color=MAIN, lw=1.1, ls="--", label="median path")
    axes.plot(x, fan.observed, color=LOSS, lw=1.5, label="the run")
    if fan.split is not None:
        axes.axvline(float(x[min(int(np.searchsorted(fan.steps, fan.split)), len(x) - 1)]), color=SOFT, lw=1.2, ls="--")
    if fan.times is None:
        axes.margins(x=0)
        axes.grid(axis="x", visible=False)
        axes.set_xlabel(fan.step_unit, fontsize=8.5, color=SOFT)
    else:
        time_axis(axes)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}\N{MULTIPLICATION SIGN}")
    return legend(axes)


def draw_histogram(axes: Axes, one: Histogram) -> None:
    """Draw how a figure is distributed over the paths, with the run's own value."""
    style(axes)
    axes.set_title(plain(capital(one.name))[:34], loc="left", fontsize=9, color=SOFT, pad=16)
    if not int(one.counts.sum()):
        return say(axes, "no path has this figure")
    middle = (one.edges[:-1] + one.edges[1:]) / 2
    axes.bar(middle, one.counts, np.diff(one.edges) * 0.94, color=MAIN, alpha=0.75)
    if np.isfinite(one.observed):
        axes.axvline(one.observed, color=LOSS, lw=1.6, label=f"the run: {unit_value(one.unit, one.observed)}")
        axes.legend(
            loc="lower left", bbox_to_anchor=(0.0, 0.99), frameon=False, fontsize=8, labelcolor=SOFT, handlelength=1.4,
            borderaxespad=0.1, borderpad=0.0,
        )  # fmt: skip
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    span = float(np.ptp(one.edges))
    axes.xaxis.set_major_formatter(lambda value, _: unit_tick(one.unit, value, span))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="x", visible=False)
    return None


def _drawer(content: MonteCarloContent, procedure: Procedure) -> Callable[[], Figure]:
    return lambda: procedure_figure(content, procedure)


def _file_name(procedure: Procedure, taken: dict[str, Callable[[], Figure]]) -> str:
    """Return the procedure's name, with a number behind it when it was asked for twice."""
    alike = sum(name == procedure.name or name.startswith(f"{procedure.name}_") for name in taken)
    return procedure.name if not alike else f"{procedure.name}_{alike + 1}"
