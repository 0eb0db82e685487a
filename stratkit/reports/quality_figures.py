"""Pictures of a check of bars: prices around a bad spot, and a map of the bars that are missing."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stratkit.data.check_calendar import missing_bars
from stratkit.data.check_report import CheckReport
from stratkit.data.findings import Finding
from stratkit.panel import FloatArray, format_time
from stratkit.reports.figure_parts import EDGE, FAINT, GRID, INK, LOSS, MAIN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_AROUND: Final = 30  # bars drawn on either side of a spot
_PER_CODE: Final = 4
_MOST: Final = 24
_MAP_ROWS: Final = 60
_MAP_BINS: Final = 240
# codes whose spots are seen in a picture of prices, gravest first
_DRAWN: Final = (
    "impossible_return", "ohlc_violation", "non_positive", "partial_bar", "infinite_value", "conflicting_duplicates",
    "mixed_adjustment", "ticker_reuse", "split_like", "spike", "wick", "outlier_return", "stale_run", "long_gap",
)  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """One place to draw: the row at or before it, in the order of the rows, and what to write above."""

    place: int
    symbol: int
    stamp: int
    caption: str


def spots_to_draw(report: CheckReport) -> list[Spot]:
    """Return the first spots of each kind of finding that a picture of prices shows, at most 24."""
    spots: list[Spot] = []
    for code in _DRAWN:
        own = [finding for finding in report.findings if finding.code == code and finding.symbol in report.symbols]
        shown = [spot for finding in own[:_PER_CODE] for spot in _spots(report, finding, 2 if len(own) > 1 else 4)]
        spots += shown[:_PER_CODE]
    return spots[:_MOST]


def _spots(report: CheckReport, finding: Finding, most: int) -> list[Spot]:
    rows = report.ordered.rows
    symbol = report.symbols.index(finding.symbol or "")
    start, stop = int(rows.offsets[symbol]), int(rows.offsets[symbol + 1])
    places = start + np.searchsorted(rows.times[start:stop], finding.spots[:most], side="right") - 1
    return [
        Spot(
            max(int(place), start), symbol, int(stamp), f"{finding.code}: {finding.symbol} on {format_time(int(stamp))}"
        )
        for place, stamp in zip(places, finding.spots[:most])
    ]


def spot_figure(report: CheckReport, spot: Spot) -> Figure:
    """Return closes and ranges of the bars around a spot, which is marked."""
    from matplotlib.figure import Figure

    rows = report.ordered.rows
    start = max(int(rows.offsets[spot.symbol]), spot.place - _AROUND)
    stop = min(int(rows.offsets[spot.symbol + 1]), spot.place + _AROUND + 1)
    bars = np.arange(start, stop)
    figure = Figure(figsize=(4.6, 2.3))
    axes = figure.add_axes((0.13, 0.16, 0.85, 0.72))
    _style(axes)
    axes.vlines(bars, rows.low[start:stop], rows.high[start:stop], color=FAINT, lw=1.0)
    axes.plot(bars, rows.close[start:stop], color=MAIN, lw=1.1, marker="o", ms=2.0)
    axes.axvline(spot.place, color=LOSS, lw=6, alpha=0.18)
    close = rows.close[start:stop]
    known = close[np.isfinite(close) & (close > 0)]
    if len(known) and known.max() > 20 * known.min() and (close[np.isfinite(close)] > 0).all():
        axes.set_yscale("log")
    room = 0.25 * (stop - start)  # labels nearer than that would lie on each other
    between = start + room < spot.place < stop - 1 - room
    ticks = [start, spot.place, stop - 1] if between else [start, stop - 1]
    axes.set_xticks(ticks, [format_time(int(rows.times[place])).split(" ")[0] for place in ticks])
    axes.set_title(spot.caption, fontsize=8, color=INK, loc="left")
    return figure


def missing_map(report: CheckReport) -> Figure | None:
    """Return how much of each symbol is missing over time, those that lack most first; None when none lacks any."""
    from matplotlib.figure import Figure

    share, names = missing_shares(report)
    if not len(names):
        return None
    height = 0.9 + 0.16 * len(names)
    figure = Figure(figsize=(9.6, height))
    axes = figure.add_axes((0.16, 0.5 / height, 0.82, 1 - 0.85 / height))
    axes.imshow(share, aspect="auto", cmap="Reds", vmin=0, vmax=1, interpolation="nearest",
                extent=(0, share.shape[1], len(names) - 0.5, -0.5))  # fmt: skip
    axes.set_yticks(np.arange(len(names)), names, fontsize=7)
    edges = np.linspace(report.first, report.last, 6)
    axes.set_xticks(
        np.linspace(0, share.shape[1], 6), [format_time(int(edge)).split(" ")[0] for edge in edges], fontsize=7
    )
    axes.set_title("bars missing: white none, red all", fontsize=9, color=INK, loc="left")
    for side in axes.spines.values():
        side.set_color(EDGE)
    return figure


def missing_shares(report: CheckReport) -> tuple[FloatArray, list[str]]:
    """Return (S, bins) the share of expected bars that are missing in each stretch of time, and the S symbols."""
    ordered = report.ordered
    lacking = [finding for finding in report.findings if finding.code == "missing_bars" and finding.symbol is not None]
    chosen = sorted(lacking, key=lambda finding: -finding.count)[:_MAP_ROWS]
    edges = np.linspace(report.first, report.last + 1, _MAP_BINS + 1)
    share = np.zeros((len(chosen), _MAP_BINS))
    for row, finding in enumerate(chosen):
        n = report.symbols.index(finding.symbol or "")
        missing = missing_bars(ordered, n, report.calendar)
        assert missing is not None  # the finding says that some are
        own = ordered.rows.times[int(ordered.rows.offsets[n]) : int(ordered.rows.offsets[n + 1])]
        absent, there = np.histogram(missing.stamps, edges)[0], np.histogram(own, edges)[0]
        share[row] = absent / np.maximum(absent + there, 1)
    return share, [finding.symbol or "" for finding in chosen]


def svg_bytes(figure: Figure) -> bytes:
    """Return a figure as SVG, the same bytes for the same figure."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "stratkit", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _style(axes: Any) -> None:
    axes.grid(color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=7, colors=INK, length=2)
    for side in axes.spines.values():
        side.set_color(EDGE)
