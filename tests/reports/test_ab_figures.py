"""The PNG figures of an A/B test and of a Monte Carlo run: the same bytes each time, sane where there is nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_ab import ab_content, identical_content, watched
from made_monte_carlo import monte_carlo_content
from test_ab_page import evil_content
from test_monte_carlo_page import evil_monte_carlo, procedure

from stratkit.errors import OutputError
from stratkit.reports.ab_figures import bootstrap_figure, equity_figure, looks_figure, write_ab_figures
from stratkit.reports.monte_carlo_figures import procedure_figure, write_monte_carlo_figures

TEST = ["equity.png", "difference.png", "bootstrap.png", "power.png"]


def test_the_figures_of_a_test_are_written_and_twice_the_same(tmp_path: Path) -> None:
    content = ab_content(6, sequential=watched("alpha-spending"))
    first = write_ab_figures(tmp_path, content, 50)
    assert [path.name for path in first] == [*TEST, "looks.png"]
    before = [path.read_bytes() for path in first]
    assert all(image.startswith(b"\x89PNG") for image in before)
    write_ab_figures(tmp_path, content, 50)
    assert [path.read_bytes() for path in first] == before
    assert [path.name for path in write_ab_figures(tmp_path, ab_content(), 50)] == TEST


def test_the_figures_of_procedures_are_written_and_twice_the_same(tmp_path: Path) -> None:
    content = monte_carlo_content()
    first = write_monte_carlo_figures(tmp_path, content, 50)
    drawn = [one.name for one in content.run.procedures if one.fans or one.histograms]
    assert [path.stem for path in first] == drawn
    before = [path.read_bytes() for path in first]
    write_monte_carlo_figures(tmp_path, content, 50)
    assert [path.read_bytes() for path in first] == before


def test_a_procedure_that_is_made_twice_has_two_figures(tmp_path: Path) -> None:
    twice = monte_carlo_content(procedures=(procedure("cone"), procedure("cone")))
    assert [path.name for path in write_monte_carlo_figures(tmp_path, twice, 40)] == ["cone.png", "cone_2.png"]


def test_the_resolution_changes_the_size_of_the_image(tmp_path: Path) -> None:
    widths = [
        int.from_bytes(write_ab_figures(tmp_path, ab_content(), dpi)[0].read_bytes()[16:20], "big") for dpi in (50, 100)
    ]
    assert widths == [500, 1000]


def test_the_lines_of_the_figure_are_the_arms_of_the_record() -> None:
    content = ab_content(6)
    top = equity_figure(content).axes[0]
    ends = [np.asarray(line.get_ydata(), dtype=np.float64)[-1] for line in top.lines]
    assert ends == pytest.approx(content.comparison.equity[-1])


def test_identical_arms_and_arms_without_periods_are_drawn(tmp_path: Path) -> None:
    content = identical_content()
    assert len(write_ab_figures(tmp_path, content, 40)) == 4
    assert [text.get_text() for text in bootstrap_figure(content).axes[0].texts] == ["No test was run."]
    bare = replace(content.comparison, times=np.zeros(0, np.int64), equity=np.ones((0, 2)), returns=np.ones((0, 2)))
    nothing = replace(content, test=replace(content.test, comparison=bare))
    assert len(write_ab_figures(tmp_path, nothing, 40)) == 4


def test_a_boundary_has_axes_of_its_own() -> None:
    assert len(looks_figure(ab_content(), watched("alpha-spending")).axes) == 2
    assert len(looks_figure(ab_content(), watched()).axes) == 1
    assert len(looks_figure(ab_content(), replace(watched(), looks=())).axes) == 1


def test_every_fan_and_every_distribution_has_its_axes() -> None:
    content = monte_carlo_content()
    one = procedure("returns_bootstrap")
    assert len(procedure_figure(content, one).axes) == len(one.fans) + len(one.histograms)
    many = replace(one, histograms=one.histograms * 2)
    assert len(procedure_figure(content, many).axes) == 7


def test_a_name_that_looks_like_mathematics_is_drawn_as_text(tmp_path: Path) -> None:
    content = evil_content()
    arms = tuple(replace(arm, name="$\\frac") for arm in content.test.arms)
    assert (
        len(write_ab_figures(tmp_path, replace(content, title="$\\frac", test=replace(content.test, arms=arms)), 40))
        == 5
    )
    evil = evil_monte_carlo()
    dollars = replace(evil.run.procedures[0], title="$\\frac", tests="$\\frac")
    assert (
        len(write_monte_carlo_figures(tmp_path, replace(evil, run=replace(evil.run, procedures=(dollars,))), 40)) == 1
    )


def test_an_unwritable_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"figures must be writable.*choose another --out"):
        write_ab_figures(tmp_path / "missing", ab_content(), 40)
