"""The page of a walk-forward: stitched equity, folds, the path of the parameters, paths of cross-validation."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_searches import FAST, SLOW
from made_walks import walk_content
from test_report_page import visible
from test_search_page import EVIL, charts_of

from stratkit.panel import NS_PER_DAY, format_time
from stratkit.reports.walk_charts import (
    drawdown_of,
    equity_chart,
    folds_chart,
    path_charts,
    path_histogram,
    paths_chart,
)
from stratkit.reports.walk_grids import folds_grid
from stratkit.reports.walk_page import render_walk_page, write_walk_page


def test_the_page_shows_folds_cards_and_verdict(tmp_path: Path) -> None:
    content = walk_content(paths=20)
    path = write_walk_page(tmp_path, content)
    text = visible(path.read_text("utf-8"))
    assert path == tmp_path / "walk.html"
    assert path.stat().st_size < 2_500_000
    for label, value, note in content.cards:
        assert label in text
        assert value in text
        assert note in text
    assert "8 folds: rolling, 500 bars to choose on" in text
    assert "PBO 0.35 is not below 0.3" in text
    assert {"stitched", "folds", "path-0", "path-3", "paths"} <= charts_of(path.read_text("utf-8")).keys()


def test_without_verdict_paths_and_folds_the_page_is_shorter() -> None:
    bare = walk_content(folds=0, verdict=None, path_sharpes=np.zeros(0))
    page = render_walk_page(bare)
    assert 'id="verdict"' not in page
    assert "Combinatorial" not in visible(page)
    charts = charts_of(page)
    assert charts["stitched"]["empty"] == "No fold was tested."
    assert charts["folds"]["empty"] == "There is no fold."
    assert "There is no fold." in visible(page)


def test_the_drawdown_is_from_the_highest_value_so_far_and_the_initial_cash() -> None:
    assert drawdown_of(np.array([90.0, 110.0, 99.0, 120.0]), 100.0).tolist() == pytest.approx([-0.1, 0, -0.1, 0])


def test_a_line_marks_each_change_of_values() -> None:
    content = walk_content(folds=4)
    layout = equity_chart(content).layout
    assert [line["x0"][:10] for line in layout["shapes"]] == [format_time(at) for at in content.switches]
    equity, fall = equity_chart(content).traces
    assert max(equity["y"]) == pytest.approx(content.equity.max(), rel=1e-5)
    assert min(fall["y"]) == pytest.approx(drawdown_of(content.equity, content.initial_cash).min(), rel=1e-4)


def test_the_bars_of_a_fold_are_its_objective_in_and_out_of_sample() -> None:
    content = walk_content(folds=3)
    inside, outside = folds_chart(content).traces
    assert inside["x"] == ["1", "2", "3"]
    assert inside["y"] == pytest.approx([fold.in_sample for fold in content.folds], rel=1e-5)
    assert outside["y"] == pytest.approx([fold.out_of_sample for fold in content.folds], rel=1e-5)


def test_the_path_of_a_parameter_lies_between_the_bounds_of_the_search() -> None:
    content = walk_content()
    fast, slow, side, _ = path_charts(content)
    assert fast.traces[0]["y"] == [fold.values[FAST.name] for fold in content.folds]
    low, high = fast.layout["yaxis"]["range"]
    assert low < 2 < 60 < high
    assert slow.layout["yaxis"]["type"] == "log"
    low, high = slow.layout["yaxis"]["range"]
    assert 10**low < 20 < 400 < 10**high
    assert side.layout["yaxis"]["categoryarray"] == ["both", "long_only"]


def test_a_fold_without_a_choice_is_left_out_of_the_path_and_says_why() -> None:
    content = walk_content(folds=3)
    nothing = replace(content.folds[1], values={}, in_sample=math.nan, out_of_sample=math.nan, efficiency=math.nan,
                      reason="no trial was feasible")  # fmt: skip
    content = replace(content, folds=(content.folds[0], nothing, content.folds[2]))
    assert path_charts(content)[0].traces[0]["x"] == [1, 3]
    row = folds_grid(content).rows[1]
    assert row[2].note == "125 bars; no trial was feasible"
    assert [cell.text for cell in row[3:10]] == ["-", "-", "-", "-", "n/a", "n/a", "n/a"]
    assert "no trial was feasible" in visible(render_walk_page(content))


def test_the_table_of_folds_has_spans_values_and_efficiency() -> None:
    content = walk_content(folds=2)
    grid = folds_grid(content)
    fold, row = content.folds[0], grid.rows[0]
    names = [head.text for head in grid.heads]
    assert row[1].text == f"{format_time(fold.train[0])} to {format_time(fold.train[1])}"
    assert row[names.index("slow")].text == str(fold.values[SLOW.name])
    assert row[names.index("Efficiency")].text == f"{fold.efficiency:.2f}".replace("-", "−")
    assert row[names.index("Trades")].text == str(fold.trades)


def test_no_bin_of_the_paths_lies_on_both_sides_of_zero_and_all_are_counted() -> None:
    sharpes = np.random.default_rng(0).normal(0.2, 0.6, 35)
    counts, edges = path_histogram(sharpes)
    assert counts.sum() == 35
    assert np.abs(edges).min() == pytest.approx(0.0, abs=1e-12)
    same, _ = path_histogram(np.full(6, 0.3))
    assert same.sum() == 6
    chart = paths_chart(walk_content(path_sharpes=np.array([-0.5, 0.5, 1.0, math.nan])))
    assert chart is not None
    assert "3 paths" in chart.caption
    assert "33% of them below 0" in chart.caption


def test_a_fold_of_several_parts_and_paths_of_other_bars_are_said() -> None:
    content = walk_content(folds=2)
    apart = replace(content.folds[0], test_parts=2)
    parted = replace(content, folds=(apart, content.folds[1]), path_sharpes=np.array([0.1, 0.2]))
    assert [row[2].note for row in folds_grid(parted).rows] == ["125 bars in 2 parts", "125 bars"]
    assert "values chosen on other bars" in equity_chart(parted).caption
    assert "values chosen before it" in equity_chart(content).caption


def test_intraday_times_are_shown_with_the_hour() -> None:
    content = walk_content(folds=2)
    hourly = replace(content, times=content.times[0] + np.arange(len(content.times)) * NS_PER_DAY // 24)
    assert equity_chart(hourly).layout["xaxis"]["hoverformat"] == "%Y-%m-%d %H:%M"
    assert equity_chart(content).layout["xaxis"]["hoverformat"] == "%Y-%m-%d"


def test_no_text_of_a_user_becomes_markup() -> None:
    content = walk_content(folds=2, title=EVIL, scheme=EVIL, facts=((EVIL, EVIL),), cards=((EVIL, EVIL, EVIL),))
    evil = replace(content.folds[0], values={**content.folds[0].values, "strategies.cross.params.direction": EVIL})
    page = render_walk_page(replace(content, folds=(evil, content.folds[1])))
    assert EVIL not in page
    assert "<img" not in page
