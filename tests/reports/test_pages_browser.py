"""The pages of an A/B test and of a Monte Carlo run in a real Chromium: drawn, themed, fit for phone and paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from headless import Browser
from made_ab import ab_content, identical_content, watched
from made_monte_carlo import monte_carlo_content
from test_ab_page import evil_content
from test_monte_carlo_page import evil_monte_carlo

from stratkit.reports.ab_page import write_ab_page
from stratkit.reports.monte_carlo_page import write_monte_carlo_page

OVERLAPS = """
  [...document.querySelectorAll('.plot')].filter((plot) => {
    const texts = [...plot.querySelectorAll('.xtick text')].map((e) => e.getBoundingClientRect());
    return texts.some((one, at) => at && one.left < texts[at - 1].right && one.top === texts[at - 1].top);
  }).map((plot) => plot.id)
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder: Path = tmp_path_factory.mktemp("pages")
    found = {}
    for name, content in (
        ("two", ab_content()),
        ("six", ab_content(6, sequential=watched("alpha-spending"))),
        ("same", identical_content()),
    ):
        found[name] = write_ab_page(folder, content).rename(folder / f"{name}.html")
    return {**found, "monte": write_monte_carlo_page(folder, monte_carlo_content())}


def ready(browser: Browser, page: Path, width: int = 1280, dark: bool = False) -> None:
    browser.open(page, width=width, dark=dark)
    assert browser.run("document.documentElement.dataset.state") == "ready"


@pytest.mark.parametrize(("name", "drawn", "empty"), [("two", 6, 0), ("six", 7, 0), ("same", 1, 5), ("monte", 12, 0)])
@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_drawn_without_an_error_or_a_request(
    browser: Browser, pages: dict[str, Path], name: str, drawn: int, empty: int, dark: bool
) -> None:
    ready(browser, pages[name], dark=dark)
    assert browser.console == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []
    assert browser.run("document.querySelectorAll('.plot .xaxislayer-above').length") >= drawn
    assert (
        browser.run("[...document.querySelectorAll('.plot')].filter((e) => e.querySelector('.main-svg')).length")
        == drawn
    )
    assert browser.run("document.querySelectorAll('.plot .empty').length") == empty
    assert browser.run("document.body.innerText.match(/\\b(NaN|undefined|Infinity|var|nan|None)\\b/)") is None


@pytest.mark.parametrize("name", ["two", "six", "same", "monte"])
def test_a_phone_scrolls_the_tables_and_not_the_page(browser: Browser, pages: dict[str, Path], name: str) -> None:
    ready(browser, pages[name], width=390)
    assert browser.run("document.documentElement.scrollWidth") <= 390
    wide = "[...document.querySelectorAll('.card')].filter((card) => card.getBoundingClientRect().right > 390).length"
    assert browser.run(wide) == 0


@pytest.mark.parametrize("name", ["two", "six", "monte"])
@pytest.mark.parametrize("width", [1280, 420])
def test_no_label_of_an_axis_lies_on_another(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    ready(browser, pages[name], width=width)
    assert browser.run(OVERLAPS) == []


def test_the_verdict_is_seen_without_scrolling(browser: Browser, pages: dict[str, Path]) -> None:
    ready(browser, pages["six"])
    assert browser.run("document.querySelector('#verdict').getBoundingClientRect().bottom < 900")


@pytest.mark.parametrize("name", ["six", "monte"])
def test_paper_holds_the_page_and_its_charts(
    browser: Browser, pages: dict[str, Path], name: str, tmp_path: Path
) -> None:
    ready(browser, pages[name], dark=True)
    assert browser.pdf(tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.documentElement.dataset.theme") == "light"
    edge = "Math.max(...[...document.querySelectorAll('.card')].map((e) => e.getBoundingClientRect().right))"
    assert browser.run(edge) <= 718
    assert browser.run(CUT) == []
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("document.documentElement.dataset.theme") == "dark"


CUT = """
  [...document.querySelectorAll('.plot')].filter((plot) => {
    const svg = plot.querySelector('.main-svg');
    const box = svg && svg.getBoundingClientRect();
    return box && (box.height > plot.clientHeight + 1 || box.width > plot.clientWidth + 1);
  }).map((plot) => plot.id)
"""


def test_charts_follow_the_width_of_the_window(browser: Browser, pages: dict[str, Path]) -> None:
    ready(browser, pages["two"])
    wide = browser.run("document.querySelector('#chart-equity .main-svg').getBoundingClientRect().width")
    browser.call("Emulation.setDeviceMetricsOverride", width=800, height=900, deviceScaleFactor=1, mobile=False)
    browser.wait(f"document.querySelector('#chart-equity .main-svg').getBoundingClientRect().width < {wide - 300}")
    assert browser.run(CUT) == []


def test_hostile_names_are_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    for page in (write_ab_page(tmp_path, evil_content()), write_monte_carlo_page(tmp_path, evil_monte_carlo())):
        ready(browser, page)
        assert browser.run("document.querySelectorAll('img').length") == 0
        assert browser.console == []
    ready(browser, tmp_path / "abtest.html")
    assert "</script><img" in browser.run("document.querySelector('#chart-equity').textContent")
