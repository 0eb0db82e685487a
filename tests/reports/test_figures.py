"""The PNG figures: all six, sharp as asked, the same bytes each time, and sane for runs with nothing to show."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from matplotlib.lines import Line2D
from sample_runs import sample_bars, sample_content, sample_result

from stratkit.errors import OutputError
from stratkit.panel import FloatArray
from stratkit.reports.figures import equity_figure, price_figure, write_figures
from stratkit.reports.series import prepare_series
from stratkit.reports.settings import ReportSettings

NAMES = ["equity.png", "monthly.png", "rolling.png", "returns.png", "price.png", "exposure.png"]


def heights(line: Line2D) -> FloatArray:
    return np.asarray(line.get_ydata(), dtype=np.float64)


def test_six_figures_are_written_and_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    content = sample_content(sample_bars(500))
    first = write_figures(tmp_path, content, ReportSettings(png_dpi=60))
    assert [path.name for path in first] == NAMES
    before = [path.read_bytes() for path in first]
    assert all(image.startswith(b"\x89PNG") for image in before)
    write_figures(tmp_path, content, ReportSettings(png_dpi=60))
    assert [path.read_bytes() for path in first] == before


def test_the_resolution_changes_the_size_of_the_image(tmp_path: Path) -> None:
    content = sample_content(sample_bars(60))
    widths = []
    for dpi in (50, 100):
        path = write_figures(tmp_path, content, ReportSettings(png_dpi=dpi))[0]
        widths.append(int.from_bytes(path.read_bytes()[16:20], "big"))
    assert widths == [500, 1000]


def test_the_equity_figure_draws_the_whole_range_of_equity_and_benchmark() -> None:
    content = sample_content(sample_bars(30_000, frequency="1min"))
    figure = equity_figure(content, prepare_series(content, ReportSettings(max_points=100)))
    against, run = figure.axes[0].lines
    assert content.benchmark is not None
    assert heights(run).max() == content.result.equity.max()
    assert heights(run).min() == content.result.equity.min()
    assert heights(against).max() == content.benchmark.equity.max()
    assert heights(figure.axes[1].lines[-1]).min() <= 0


def test_the_price_figure_marks_entries_and_exits() -> None:
    content = sample_content(sample_bars(500))
    labels = [artist.get_label() for artist in price_figure(content).axes[0].collections]
    assert {"exit", "long entry", "short entry"} <= set(labels)


@pytest.mark.parametrize("count", [2, 30])
def test_a_run_without_trades_or_history_still_gives_every_figure(tmp_path: Path, count: int) -> None:
    content = sample_content(sample_bars(count), benchmark=None)
    assert len(write_figures(tmp_path, content, ReportSettings(png_dpi=40))) == 6


def test_a_symbol_that_looks_like_mathematics_is_drawn_as_text(tmp_path: Path) -> None:
    content = sample_content(sample_bars(60, ("$A_{1}$ \\frac",)))
    assert len(write_figures(tmp_path, content, ReportSettings(png_dpi=40))) == 6


def test_a_bankrupt_run_is_drawn(tmp_path: Path) -> None:
    bars = sample_bars(300)
    result = sample_result(bars)
    equity = np.where(np.arange(300) < 200, result.equity, -50.0)
    broke = dataclasses.replace(result, equity=equity, bankrupt_bar=200)
    assert len(write_figures(tmp_path, sample_content(bars, broke), ReportSettings(png_dpi=40))) == 6


def test_an_unwritable_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"figures must be writable.*choose another --out"):
        write_figures(tmp_path / "missing", sample_content(sample_bars(60)), ReportSettings(png_dpi=40))
