"""The look of the PNG figures: colours, axes, legend, the frame that every figure stands in, and its file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from stratkit.errors import OutputError
from stratkit.panel import FloatArray, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# the colours of the page: blue for the run, teal and vermilion for gain and loss (a pair that the
# colour-blind can tell apart), grey for the benchmark
MAIN, BENCHMARK, GAIN, LOSS = "#2456d6", "#8a93a3", "#0b7f86", "#cf4a17"
INK, SOFT, FAINT, GRID, EDGE = "#12161d", "#4d5664", "#7b8494", "#e9ecf1", "#d3d7de"
PURPLE, YELLOW = "#8a5bd1", "#b98900"
POINTS: Final = 1_100  # of a line: a figure is about this many pixels wide
SERIES: Final = (MAIN, LOSS, GAIN, PURPLE, YELLOW)  # lines beside each other, in this order
_WIDTH: Final = 10.0  # inches


class Titled(Protocol):
    """What a figure is about."""

    @property
    def title(self) -> str:
        """Its title in one line."""


def new_figure(content: Titled, title: str, height: float) -> Figure:
    """Return a white figure with its title and, below it, that of the run; `height` is in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    top = 1 - 0.17 / height
    figure.text(0.02, top, title, fontsize=13, fontweight="bold", color=INK, va="top")
    figure.text(0.02, top - 0.29 / height, plain(content.title)[:110], fontsize=9, color=FAINT, va="top")
    return figure


def plain(text: str) -> str:
    """Return text that matplotlib does not read as mathematics."""
    return text.replace("\\", "\\\\").replace("$", r"\$")


def style(axes: Axes) -> None:
    """Give axes the quiet look of the page."""
    axes.set_facecolor("white")
    axes.grid(color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(EDGE)
    axes.tick_params(colors=SOFT, labelsize=8, length=0)


def time_axis(axes: Axes) -> None:
    """Write dates on the horizontal axis, whose values are days."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=10)  # type: ignore[no-untyped-call]  # matplotlib: no types here
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]  # matplotlib: no types here
    axes.margins(x=0)
    axes.grid(axis="x", visible=False)


def percent_axis(axes: Axes) -> None:
    """Write fractions as percent."""
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")


def money_axis(axes: Axes) -> None:
    """Write whole amounts."""
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def whole() -> Any:
    """Return marks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=8, integer=True)


def legend(axes: Axes, columns: int = 4) -> None:
    """Put the legend above the axes, on the right."""
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=columns, frameon=False, fontsize=8.5, labelcolor=SOFT,
        handlelength=1.6, borderaxespad=0.2, columnspacing=1.4,
    )  # fmt: skip


def say(axes: Axes, text: str) -> None:
    """Say in the middle of empty axes why they are empty."""
    axes.tick_params(labelbottom=False, labelleft=False)
    axes.grid(visible=False)
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=FAINT, fontsize=10)


def map_axes(axes: Axes, rows: Sequence[str], columns: Sequence[str], size: float = 8) -> None:
    """Give a map of cells its names, those of the columns above it."""
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0, labelsize=size, colors=SOFT, top=True, labeltop=True, bottom=False, labelbottom=False)
    part_cells(axes, len(rows), len(columns))
    axes.spines[:].set_visible(False)


def part_cells(axes: Axes, rows: int, columns: int, width: float = 2) -> None:
    """Draw white lines between the cells of a map."""
    axes.set_xticks(np.arange(-0.5, columns), minor=True)
    axes.set_yticks(np.arange(-0.5, rows), minor=True)
    axes.grid(which="minor", color="white", lw=width)
    axes.tick_params(which="minor", length=0)


def diverging() -> Any:
    """Return the colours from loss to gain."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("loss_gain", ["#e39a7c", "#f7f8fa", "#6fb4b8"])


def stamps(times: IntArray, bar: IntArray) -> FloatArray:
    """Return stamps as matplotlib's days, which draw faster than dates."""
    days: FloatArray = times[bar] / 86_400e9
    return days


def better_colours() -> Any:
    """Return the colours from worse to better, as on the page."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("better", ["#e3eafc", "#8aa8f0", "#16389c"])


def together_colours() -> Any:
    """Return the colours of correlations from opposite to alike, as on the page."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("together", ["#6fb4b8", "#f7f8fa", "#7f9de6"])


def save_png(figure: Figure, path: Path, dpi: int) -> Path:
    """Write a figure and return its path; raise `OutputError` when it cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    try:
        # no version in the file: the same run gives the same bytes; light compression is twice as fast
        figure.set_dpi(dpi)
        options: dict[str, Any] = {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3}}
        canvas.print_png(path, **options)  # type: ignore[no-untyped-call]  # matplotlib: no types here
    except OSError as error:
        raise OutputError(f"the figures must be writable; {path}: {error.strerror}: choose another --out") from error
    return path
