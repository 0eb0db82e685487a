"""The PNG figures of a search and of a walk-forward: the same bytes each time, and sane where there is nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_searches import FAST, SIDE, crossing_search, result_of, searched_content, with_trial
from made_walks import walk_content
from test_search_page import empty_content

from stratkit.errors import OutputError
from stratkit.reports.search_figures import convergence_figure, heat_figure, importance_figure, write_search_figures
from stratkit.reports.walk_figures import path_figure, stitched_figure, write_walk_figures

SEARCH = ["convergence.png", "importances.png", "heatmaps.png", "overfitting.png"]
WALK = ["stitched.png", "folds.png", "parameter_path.png"]


def test_the_figures_of_a_search_are_written_and_twice_the_same(tmp_path: Path) -> None:
    content = searched_content(60, two=True)
    first = write_search_figures(tmp_path, content, 50)
    assert [path.name for path in first] == [*SEARCH, "pareto.png"]
    before = [path.read_bytes() for path in first]
    assert all(image.startswith(b"\x89PNG") for image in before)
    write_search_figures(tmp_path, content, 50)
    assert [path.read_bytes() for path in first] == before
    assert [path.name for path in write_search_figures(tmp_path, searched_content(60), 50)] == SEARCH


def test_the_figures_of_a_walk_forward_are_written_and_twice_the_same(tmp_path: Path) -> None:
    first = write_walk_figures(tmp_path, walk_content(paths=20), 50)
    assert [path.name for path in first] == [*WALK, "cross_validation.png"]
    before = [path.read_bytes() for path in first]
    write_walk_figures(tmp_path, walk_content(paths=20), 50)
    assert [path.read_bytes() for path in first] == before
    assert [path.name for path in write_walk_figures(tmp_path, walk_content(), 50)] == WALK


def test_the_resolution_changes_the_size_of_the_image(tmp_path: Path) -> None:
    widths = []
    for dpi in (50, 100):
        path = write_search_figures(tmp_path, searched_content(40), dpi)[0]
        widths.append(int.from_bytes(path.read_bytes()[16:20], "big"))
    assert widths == [500, 1000]


def test_the_line_of_the_best_ends_at_the_best_and_the_star_is_the_chosen() -> None:
    content = searched_content(80)
    axes = convergence_figure(content).axes[0]
    best = np.asarray(axes.lines[0].get_ydata(), dtype=np.float64)
    assert content.result.best is not None
    assert best[-1] == content.result.trials[content.result.best].objectives[0]
    assert {artist.get_label() for artist in axes.collections} >= {"trials", "chosen"}


def test_the_map_leaves_blank_what_was_not_tried() -> None:
    content = searched_content(80)
    image = heat_figure(content).axes[0].images[0].get_array()
    assert image is not None
    blank = np.ma.getmaskarray(image)
    assert blank.tolist() == np.isnan(content.survey.maps[0].mean).tolist()
    assert blank.any()


def test_the_bars_of_importance_stand_in_their_order() -> None:
    content = searched_content(80)
    figure = importance_figure(content)
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels == [key.split(".")[-1] for key in content.survey.ranked]


def test_each_parameter_has_axes_of_its_own_and_folds_are_marked() -> None:
    content = walk_content(folds=5)
    assert len(path_figure(content).axes) == len(content.space)
    assert len(stitched_figure(content).axes[0].lines) == 1 + 4


def test_a_search_with_nothing_to_show_still_gives_every_figure(tmp_path: Path) -> None:
    result = result_of((FAST, SIDE), [{FAST.name: 5, SIDE.name: "both"}], lambda _: 1.0)
    broken = replace(with_trial(result, 0, state="failed", objectives=()), best=None, front=())
    assert len(write_search_figures(tmp_path, empty_content(broken), 40)) == 4
    assert len(write_search_figures(tmp_path, empty_content(crossing_search(12)), 40)) == 4
    nothing = walk_content(folds=0, times=np.zeros(0, np.int64), equity=np.zeros(0))
    assert len(write_walk_figures(tmp_path, nothing, 40)) == 3


def test_a_name_that_looks_like_mathematics_is_drawn_as_text(tmp_path: Path) -> None:
    space = (replace(FAST, name="strategies.$a_{1}$.params.$x$"), replace(SIDE, choices=("$\\frac", "b")))
    tried = [{space[0].name: 2 + at, space[1].name: "b" if at % 2 else "$\\frac"} for at in range(30)]
    result = result_of(space, tried, lambda one: float(one[space[0].name]))  # type: ignore[arg-type]
    assert len(write_search_figures(tmp_path, replace(empty_content(result), chosen=29, title="$\\frac"), 40)) == 4


def test_an_unwritable_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"figures must be writable.*choose another --out"):
        write_walk_figures(tmp_path / "missing", walk_content(), 40)
