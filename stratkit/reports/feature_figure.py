"""`features_figure`: which features tell something, and which say the same, as a PNG: a row for each feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stratkit.features.matrix import FeatureMatrix
from stratkit.panel import FloatArray
from stratkit.reports.figure_parts import EDGE, FAINT, GRID, INK, MAIN, SOFT, part_cells, plain, say, together_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS: Final = 60
_ROW: Final = 0.19  # inches
_ABOVE: Final = 1.05  # inches for title and headings
_BELOW: Final = 0.45
_WIDTH: Final = 12.0


@dataclass(frozen=True)
class FeatureRow:
    """A feature of the picture: its `importance` in [0, 1], NaN where never scored, and the last fit's verdict."""

    name: str
    importance: float
    kept: bool


def feature_rows(matrix: FeatureMatrix) -> tuple[list[FeatureRow], FloatArray]:
    """Return the features, the most important first, at most 60, and their correlations at the last fit."""
    fit = matrix.fits[-1]
    importance = matrix.importance()
    order = np.argsort(-np.nan_to_num(importance, nan=-1.0), kind="stable")[:MOST_ROWS]
    kept = set(fit.kept.tolist())
    rows = [FeatureRow(matrix.features[at], float(importance[at]), int(at) in kept) for at in order]
    return rows, fit.correlation[np.ix_(order, order)]


def features_figure(matrix: FeatureMatrix, title: str, method: str) -> Figure:
    """Return bars of importance on the left and, on the same rows, the correlations; `matrix` has a fit.

    `title` says what the features are of, `method` how they were scored.
    """
    from matplotlib.figure import Figure

    rows, correlation = feature_rows(matrix)
    height = _ABOVE + _BELOW + _ROW * max(len(rows), 6)
    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    figure.text(0.015, 1 - 0.17 / height, "Features", fontsize=13, fontweight="bold", color=INK, va="top")
    figure.text(0.015, 1 - 0.46 / height, plain(f"{title}; {method}")[:170], fontsize=9, color=FAINT, va="top")
    bottom, tall = _BELOW / height, 1 - (_ABOVE + _BELOW) / height
    _draw_bars(figure.add_axes((0.16, bottom, 0.27, tall)), rows, len(matrix.fits))
    _draw_matrix(figure, (0.45, bottom, 0.49, tall), rows, correlation)
    return figure


def _draw_bars(axes: Axes, rows: list[FeatureRow], fits: int) -> None:
    places = np.arange(len(rows))
    axes.set_facecolor("white")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(EDGE)
    axes.tick_params(colors=SOFT, labelsize=8, length=0)
    axes.grid(axis="x", color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_yticks(places, [plain(row.name[:26]) for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_color(INK if row.kept else FAINT)
    values = [row.importance for row in rows]
    if np.isfinite(values).any():
        colours = [MAIN if row.kept else EDGE for row in rows]
        axes.barh(places, np.nan_to_num(values), height=0.72, color=colours)
    else:
        say(axes, "not scored")
    over = "1 fit" if fits == 1 else f"{fits:,} fits"
    _heading(axes, f"share of the best score, mean of {over}", "blue: kept at the last fit, grey: left out")


def _draw_matrix(
    figure: Figure, place: tuple[float, float, float, float], rows: list[FeatureRow], correlation: FloatArray
) -> None:
    axes = figure.add_axes(place)
    axes.spines[:].set_visible(False)
    axes.set_facecolor(GRID)
    axes.set_xticks([])
    axes.set_yticks([])
    shown = np.ma.masked_invalid(correlation)
    image = axes.imshow(shown, cmap=together_colours(), vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    part_cells(axes, len(rows), len(rows), 0.6)
    _heading(axes, "correlation at the last fit", "columns in the order of the rows; grey: unknown")
    left, bottom, width, tall = place
    bar = figure.colorbar(image, cax=figure.add_axes((left + width + 0.012, bottom, 0.01, min(tall, 0.4))))
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=SOFT, labelsize=7.5, length=0)


def _heading(axes: Axes, text: str, below: str) -> None:
    for line, (said, size, colour) in enumerate(((below, 7.5, FAINT), (text, 9, SOFT))):
        axes.annotate(
            said, (0, 1), xycoords="axes fraction", xytext=(0, 4 + 11 * line), textcoords="offset points",
            fontsize=size, color=colour,
        )  # fmt: skip
