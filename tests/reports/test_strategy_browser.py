"""The section of the strategies in a real Chromium: drawn, themed, fit for a phone and for paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from headless import Browser
from sample_runs import sample_bars
from sample_strategies import full_content, shared_content
from test_report_browser import EVIL, ready

from stratkit.reports.page import write_report
from stratkit.reports.settings import ReportSettings


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("strategies"), full_content(), ReportSettings())


@pytest.mark.parametrize("dark", [False, True])
def test_the_lines_are_drawn_and_the_tables_shaded_in_either_theme(browser: Browser, report: Path, dark: bool) -> None:
    ready(browser, report, dark=dark)
    assert browser.console == []
    assert browser.run("document.querySelectorAll('#chart-strategies .scatterlayer .js-line').length") == 5
    assert browser.run("document.body.innerText.match(/\\b(NaN|undefined|Infinity)\\b/)") is None
    shade = "getComputedStyle(document.querySelector('#grid-correlation td.plus')).backgroundColor"
    plain = "getComputedStyle(document.querySelector('#grid-earned td')).backgroundColor"
    assert browser.run(shade) != browser.run(plain)


def test_the_chart_of_the_strategies_zooms_with_the_others(browser: Browser, report: Path) -> None:
    ready(browser, report)
    spans = "['equity', 'strategies'].map((name) => document.getElementById('chart-' + name)._fullLayout.xaxis.range)"
    whole = browser.run(spans)
    browser.click("#spans button[data-value='1y']")
    near = browser.run(spans)
    assert near != whole
    assert near[0] == near[1]


def test_a_phone_scrolls_the_tables_and_not_the_page(browser: Browser, report: Path) -> None:
    ready(browser, report, width=390)
    assert browser.run("document.documentElement.scrollWidth") <= 390
    wide = (
        "[...document.querySelectorAll('#strategies .card')].filter((card) => card.getBoundingClientRect().right > 390)"
    )
    assert browser.run(f"{wide}.length") == 0
    assert browser.run("document.querySelector('#box-earned .scroll').scrollWidth") > 390


def test_paper_holds_the_section(browser: Browser, report: Path, tmp_path: Path) -> None:
    ready(browser, report)
    assert browser.pdf(tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    edge = (
        "Math.max(...[...document.querySelectorAll('#strategies .card')].map((e) => e.getBoundingClientRect().right))"
    )
    assert browser.run(edge) <= 718
    browser.run("dispatchEvent(new Event('afterprint'))")


def test_a_hostile_strategy_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    content = shared_content(sample_bars(200, (EVIL, "B")), (EVIL, "b"))
    ready(browser, write_report(tmp_path, content, ReportSettings()))
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.console == []
