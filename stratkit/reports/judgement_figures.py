"""`write_judgement_figures`: the charts of a judgement of what adapts as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from stratkit.reports.figure_parts import (
    BENCHMARK,
    GAIN,
    MAIN,
    PURPLE,
    SOFT,
    YELLOW,
    legend,
    new_figure,
    plain,
    save_png,
    say,
    stamps,
    style,
    time_axis,
)
from stratkit.reports.judgement_charts import NO_REGRET, NO_TEST, forest_rows, regret_bars, regret_lines
from stratkit.reports.judgement_content import JudgementContent
from stratkit.reports.judgement_words import reference_name, references_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS: Final = {"base": MAIN, "random": GAIN, "fixed": BENCHMARK}
_LINES: Final = {"main": MAIN, "gain": GAIN, "c4": PURPLE, "c5": YELLOW}


def write_judgement_figures(folder: Path, content: JudgementContent, dpi: int) -> list[Path]:
    """Write forest and regret into `folder` and return their paths; nothing of a judgement without a trade.

    Raises `OutputError` when one cannot be written.
    """
    if content.judgement.is_idle:
        return []
    drawn = {"differences": forest_figure(content), "regret": regret_figure(content)}
    return [save_png(figure, folder / f"{name}.png", dpi) for name, figure in drawn.items()]


def forest_figure(content: JudgementContent) -> Figure:
    """Return the differences of the Sharpe ratio with their intervals, a row for each arm and reference."""
    rows = forest_rows(content)
    labels = [one.arm.name for one in content.judgement.judged]
    height = 1.6 + 0.62 * len(labels)
    figure = new_figure(content, "What each part is worth", height)
    axes = figure.add_axes((0.16, 0.55 / height, 0.82, (height - 1.45) / height))
    style(axes)
    if not rows:
        say(axes, NO_TEST)
        return figure
    axes.axvline(0, color=SOFT, lw=1)
    names = references_of(content)
    for place, name in enumerate(names):
        own = [row for row in rows if row.reference == name]
        at = [labels.index(row.label) + 0.24 * (place - (len(names) - 1) / 2) for row in own]
        axes.errorbar(
            [row.found.difference for row in own], at,
            xerr=[
                [row.found.difference - row.found.interval.low for row in own],
                [row.found.interval.high - row.found.difference for row in own],
            ],
            fmt="o", ms=5, lw=1.7, capsize=3, color=_COLOURS[name],
            label=plain(f"against {reference_name(content, name)}"),
        )  # fmt: skip
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("difference of the Sharpe ratio a year, 95% interval", fontsize=8.5, color=SOFT)
    legend(axes)
    return figure


def regret_figure(content: JudgementContent) -> Figure:
    """Return regret over time, with the bands of the seeds."""
    best = content.judgement.best
    against = "" if best is None else f" against {best.arm.name}, known by hindsight only"
    figure = new_figure(content, f"Regret in R{against}", 4.4)
    axes = figure.add_axes((0.075, 0.09, 0.905, 0.7))
    style(axes)
    lines = regret_lines(content)
    if not lines:
        say(axes, NO_REGRET)
        return figure
    at = regret_bars(content)
    when = stamps(content.judgement.bar_times, at)
    for line in lines:
        colour = _LINES[line.colour]
        if line.low is not None and line.high is not None:
            axes.fill_between(when, line.low[at], line.high[at], color=colour, alpha=0.13, lw=0)
        axes.plot(when, line.path[at], color=colour, lw=1.5, label=plain(line.name))
    axes.axhline(0, color=SOFT, lw=1, ls=":")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} R")
    time_axis(axes)
    legend(axes)
    return figure
