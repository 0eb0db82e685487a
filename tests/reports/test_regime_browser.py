"""The page of a study of regimes in a real Chromium: drawn, themed, fit for a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from headless import Browser
from made_regimes import regime_content, with_methods, with_run
from test_pages_browser import OVERLAPS, ready

from stratkit.reports.regime_page import write_regime_page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("regimes")
    return write_regime_page(folder, with_run(with_methods(regime_content(symbols=("ACME", "WIDGET")))))


@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_drawn_without_an_error_or_a_request(browser: Browser, page: Path, dark: bool) -> None:
    ready(browser, page, dark=dark)
    assert browser.console == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []
    drawn = "[...document.querySelectorAll('.plot')].filter((e) => e.querySelector('.main-svg')).length"
    assert browser.run(drawn) == 7
    assert browser.run("document.querySelectorAll('#chart-price-0 .heatmaplayer .hm image').length") == 1
    assert browser.run("document.body.innerText.match(/\\b(NaN|undefined|Infinity|var|nan|None)\\b/)") is None


def test_the_price_lies_over_the_colours(browser: Browser, page: Path) -> None:
    ready(browser, page)
    order = (
        "document.querySelector('#chart-price-0 .heatmaplayer').compareDocumentPosition("
        "document.querySelector('#chart-price-0 .scatterlayer .js-line')) & Node.DOCUMENT_POSITION_FOLLOWING"
    )
    assert browser.run(order)


@pytest.mark.parametrize("width", [1280, 420])
def test_no_label_of_an_axis_lies_on_another(browser: Browser, page: Path, width: int) -> None:
    ready(browser, page, width=width)
    assert browser.run(OVERLAPS) == []


def test_a_phone_scrolls_the_tables_and_not_the_page(browser: Browser, page: Path) -> None:
    ready(browser, page, width=390)
    assert browser.run("document.documentElement.scrollWidth") <= 390
