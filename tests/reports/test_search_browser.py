"""The pages of a search and of a walk-forward in a real Chromium: drawn, themed, fit for a phone and for paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from headless import Browser
from made_searches import result_of, searched_content
from made_walks import walk_content
from test_search_page import EVIL, empty_content

from stratkit.reports.search_page import write_search_page
from stratkit.reports.walk_page import write_walk_page
from stratkit.strategies.parameters import SearchParameter


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder: Path = tmp_path_factory.mktemp("pages")
    return {
        "search": write_search_page(folder, searched_content(two=True)),
        "walk": write_walk_page(folder, walk_content(paths=20)),
    }


def ready(browser: Browser, page: Path, width: int = 1280, dark: bool = False) -> None:
    browser.open(page, width=width, dark=dark)
    assert browser.run("document.documentElement.dataset.state") == "ready"


@pytest.mark.parametrize(("name", "charts"), [("search", 12), ("walk", 7)])
@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_drawn_without_an_error_or_a_request(
    browser: Browser, pages: dict[str, Path], name: str, charts: int, dark: bool
) -> None:
    ready(browser, pages[name], dark=dark)
    assert browser.console == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []
    assert browser.run("document.querySelectorAll('.plot .main-svg').length > 0")
    assert browser.run("document.querySelectorAll('.plot').length") == charts
    assert (
        browser.run(
            "[...document.querySelectorAll('.plot')].filter((e) => !e.querySelector('.xaxislayer-above')).length"
        )
        == 0
    )
    assert browser.run("document.body.innerText.match(/\\b(NaN|undefined|Infinity|var)\\b/)") is None


@pytest.mark.parametrize("name", ["search", "walk"])
def test_a_phone_scrolls_the_tables_and_not_the_page(browser: Browser, pages: dict[str, Path], name: str) -> None:
    ready(browser, pages[name], width=390)
    assert browser.run("document.documentElement.scrollWidth") <= 390
    wide = "[...document.querySelectorAll('.card')].filter((card) => card.getBoundingClientRect().right > 390).length"
    assert browser.run(wide) == 0


def test_the_theme_changes_the_colours_of_the_charts(browser: Browser, pages: dict[str, Path]) -> None:
    ready(browser, pages["search"])
    colour = "document.getElementById('chart-convergence').data[0].marker.color"
    light = browser.run(colour)
    browser.click("#theme")
    assert browser.run("document.documentElement.dataset.theme") == "dark"
    assert light.startswith("#")
    assert browser.run(colour) not in (light, "")
    browser.click("#theme")
    assert browser.run(colour) == light
    browser.run("localStorage.clear()")


def test_the_verdict_is_seen_first_and_in_its_colour(browser: Browser, pages: dict[str, Path]) -> None:
    ready(browser, pages["search"])
    assert browser.run("document.querySelector('#verdict').getBoundingClientRect().bottom < 900")
    word = browser.run("getComputedStyle(document.querySelector('#verdict .word')).color")
    assert word != browser.run("getComputedStyle(document.body).color")


@pytest.mark.parametrize("name", ["search", "walk"])
def test_paper_holds_the_page(browser: Browser, pages: dict[str, Path], name: str, tmp_path: Path) -> None:
    ready(browser, pages[name], dark=True)
    assert browser.pdf(tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.documentElement.dataset.theme") == "light"
    edge = "Math.max(...[...document.querySelectorAll('.card')].map((e) => e.getBoundingClientRect().right))"
    assert browser.run(edge) <= 718
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("document.documentElement.dataset.theme") == "dark"


def test_hostile_names_are_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    space = (
        SearchParameter(f"strategies.s.params.<b>{EVIL}", "int", 1, EVIL, 1, 30),
        SearchParameter("var(--main)", "choice", EVIL, "", choices=(EVIL, "b")),
    )
    first, second = (one.name for one in space)
    tried = [{first: 1 + at % 30, second: EVIL if at % 2 else "b"} for at in range(40)]
    result = result_of(space, tried, lambda one: float(one[first]))  # type: ignore[arg-type]
    ready(browser, write_search_page(tmp_path, replace(empty_content(result), title=EVIL, chosen=29)))
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.console == []
    assert "<b></script><img" in browser.run("document.querySelector('#chart-importances').textContent")
