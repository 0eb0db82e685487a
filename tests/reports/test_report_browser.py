"""The page in a real Chromium: drawn without an error or a request, sortable, themed, fit for a phone and paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from headless import Browser
from sample_runs import sample_bars, sample_content, sample_result

from stratkit.reports.content import ReportContent
from stratkit.reports.page import write_report
from stratkit.reports.settings import ReportSettings

CHARTS = (
    "equity",
    "sharpe",
    "volatility",
    "histogram",
    "exposure",
    "price",
    "costs",
    "reasons",
    "decisions",
    "excursions",
)
MARKS = ".scatterlayer .js-line, .scatterlayer .point, .barlayer .point path, .boxlayer path"
EVIL = "<img src=x onerror=alert(1)><script>alert(1)</script>"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bars = sample_bars(700, ("AAA", "BBB", "CCC"), seed=4)
    content = sample_content(
        bars, sample_result(bars, strategies=("sma_cross", "breakout")), profile="close", optimistic=True
    )
    return write_report(tmp_path_factory.mktemp("report"), content, ReportSettings())


def column(browser: Browser, name: str) -> list[str]:
    script = f"""(() => {{ const heads = [...document.querySelectorAll('#trade-table th')];
      const at = heads.findIndex((head) => head.dataset.name === '{name}');
      return [...document.querySelectorAll('#trade-table tbody tr')].map((row) => row.cells[at].textContent); }})()"""
    texts: list[str] = browser.run(script)
    return texts


def numbers(texts: list[str]) -> list[float]:
    return [float(text.replace("−", "-").replace(",", "").replace("+", "").replace("%", "")) for text in texts]


def ready(browser: Browser, path: Path, width: int = 1280, dark: bool = False) -> None:
    browser.open(path, width=width, height=844 if width < 500 else 900, dark=dark)
    assert browser.run("document.documentElement.dataset.state") == "ready"


def test_every_chart_is_drawn_without_a_console_error_or_a_network_request(
    browser: Browser, report: Path, tmp_path: Path
) -> None:
    ready(browser, report)
    assert browser.console == []
    assert browser.requests == [report.resolve().as_uri()]
    for name in CHARTS:
        drawn = browser.run(f"document.querySelectorAll('#chart-{name} .main-svg').length")
        marks = browser.run(f"document.querySelectorAll('#chart-{name} :is({MARKS})').length")
        assert drawn > 0, name
        assert marks > 0, name
    assert browser.run("document.querySelectorAll('.heat td.gain').length") > 0
    assert browser.screenshot(tmp_path / "desktop.png").stat().st_size > 50_000


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_the_order(browser: Browser, report: Path) -> None:
    ready(browser, report)
    total = browser.run("document.getElementById('pager-text').textContent")
    head = "#trade-table th[data-name='pnl'] button"
    browser.click(head)
    falling = numbers(column(browser, "pnl"))
    assert len(falling) == 25
    assert falling == sorted(falling, reverse=True)
    browser.click(head)
    rising = numbers(column(browser, "pnl"))
    assert rising == sorted(rising)
    assert rising[0] < falling[-1]
    assert (
        browser.run("document.querySelector('#trade-table th[data-name=pnl]').getAttribute('aria-sort')") == "ascending"
    )
    browser.click("#next")
    assert numbers(column(browser, "pnl"))[0] >= rising[-1]
    assert total.split(" of ")[1] == browser.run("document.getElementById('pager-text').textContent").split(" of ")[1]


def test_the_filter_and_the_kind_narrow_the_table(browser: Browser, report: Path) -> None:
    ready(browser, report)
    browser.click("#trade-kind button[data-value='won']")
    assert min(numbers(column(browser, "pnl"))) > 0
    browser.click("#trade-filter")
    browser.call("Input.insertText", text="bbb")
    assert set(column(browser, "symbol")) == {"BBB"}
    assert min(numbers(column(browser, "pnl"))) > 0
    browser.click("#trade-kind button[data-value='short']")
    assert set(column(browser, "side")) == {"short"}
    browser.call("Input.insertText", text="zzz")
    assert column(browser, "side") == []


def test_the_theme_follows_the_system_until_it_is_chosen(browser: Browser, report: Path, tmp_path: Path) -> None:
    paint = "getComputedStyle(document.body).backgroundColor"
    label = "getComputedStyle(document.querySelector('#chart-equity .xtick text')).fill"
    ready(browser, report)
    light, light_label = browser.run(paint), browser.run(label)
    ready(browser, report, dark=True)
    dark, dark_label = browser.run(paint), browser.run(label)
    assert dark != light
    assert dark_label != light_label
    browser.screenshot(tmp_path / "dark.png")
    browser.click("#theme")
    browser.wait(f"{paint} === {light!r} && {label} === {light_label!r}")
    browser.run("localStorage.clear()")


def test_a_phone_scrolls_down_only(browser: Browser, report: Path, tmp_path: Path) -> None:
    ready(browser, report, width=390)
    assert browser.run("document.documentElement.scrollWidth") == 390
    wide = browser.run(
        "[...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > 391 "
        "&& !e.closest('.scroll, nav, pre, .plot')).map((e) => e.tagName + '.' + e.className)"
    )
    assert wide == []
    browser.screenshot(tmp_path / "phone.png")
    assert browser.console == []


def test_all_charts_over_time_zoom_together_and_fit_their_height(browser: Browser, report: Path) -> None:
    ready(browser, report)
    ranges = (
        "['equity', 'sharpe', 'price'].map((name) => document.getElementById('chart-' + name)._fullLayout.xaxis.range)"
    )
    height = "document.getElementById('chart-equity')._fullLayout.yaxis.range"
    whole, whole_height = browser.run(ranges), browser.run(height)
    browser.click("#spans button[data-value='1y']")
    near = browser.run(ranges)
    assert near != whole
    assert near[0] == near[1] == near[2]
    assert browser.run(height) != whole_height
    browser.drag("#chart-sharpe .nsewdrag", 0.25, 0.5)
    browser.wait(f"String({ranges}[0]) !== {','.join(near[0])!r}")
    dragged = browser.run(ranges)
    assert dragged[0] == dragged[1] == dragged[2]
    assert near[0][0] < dragged[0][0] < dragged[0][1] < near[0][1]
    assert browser.run("document.querySelectorAll('#spans [aria-pressed=true]').length") == 0
    browser.click("#spans button[data-value='all']")
    assert browser.run(ranges) == whole


def test_log_scale_candles_trades_and_symbols_can_be_switched(browser: Browser, report: Path) -> None:
    ready(browser, report)
    browser.click("#log")
    assert browser.run("document.getElementById('chart-equity')._fullLayout.yaxis.type") == "log"
    assert browser.run("document.getElementById('log').getAttribute('aria-pressed')") == "true"
    kinds = "document.getElementById('chart-price').data.map((trace) => trace.type + ' ' + trace.name)"
    browser.click("#price-style button[data-value='candles']")
    assert "candlestick price" in browser.run(kinds)
    assert "scatter long entry" in browser.run(kinds)
    browser.click("#marks")
    assert "scatter long entry" not in browser.run(kinds)
    first = browser.run("document.querySelector('#box-price h3').textContent")
    browser.run("document.getElementById('symbol').value = '1'")
    browser.run("document.getElementById('symbol').dispatchEvent(new Event('change'))")
    assert browser.run("document.querySelector('#box-price h3').textContent") != first
    assert browser.console == []


def test_paper_is_light_whole_and_without_controls(browser: Browser, report: Path, tmp_path: Path) -> None:
    ready(browser, report, dark=True)
    assert browser.pdf(tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    browser.wait("document.documentElement.dataset.theme === 'dark'")  # afterwards as before
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.documentElement.dataset.theme") == "light"
    assert browser.run("getComputedStyle(document.querySelector('.bar')).display") == "none"
    widths = "[...document.querySelectorAll('.plot .main-svg')].map((svg) => svg.getBoundingClientRect().right)"
    assert max(browser.run(widths)) <= 718


HARD = {
    "two bars": lambda: sample_content(sample_bars(2), benchmark=None),
    "no trades": lambda: sample_content(sample_bars(30)),
    "intraday": lambda: sample_content(sample_bars(20_000, frequency="1min")),
    "many symbols": lambda: sample_content(sample_bars(200, tuple(f"S{n:03d}" for n in range(60)))),
}


@pytest.mark.parametrize("name", HARD)
def test_runs_that_are_not_as_usual_are_drawn_without_an_error(name: str, browser: Browser, tmp_path: Path) -> None:
    make: Callable[[], ReportContent] = HARD[name]
    ready(browser, write_report(tmp_path, make(), ReportSettings()))
    assert browser.console == []
    assert browser.run("document.body.innerText.match(/\\b(NaN|undefined|Infinity)\\b/)") is None


def test_hostile_names_are_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    bars = sample_bars(200, (EVIL, "B"))
    content = sample_content(bars, sample_result(bars, strategies=(EVIL, "b")), title=EVIL, config_text=EVIL)
    ready(browser, write_report(tmp_path, content, ReportSettings()))
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.run("document.querySelector('h1').textContent") == EVIL
    assert browser.console == []
    assert len(browser.requests) == 1


def test_an_old_browser_is_told_where_the_figures_are(browser: Browser, report: Path) -> None:
    script = "delete window.DecompressionStream"
    number = browser.call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    try:
        browser.open(report)
        assert browser.run("document.documentElement.dataset.state") == "failed"
        assert "PNG figures" in browser.run("document.getElementById('fallback').innerText")
        assert browser.run("getComputedStyle(document.getElementById('fallback')).display") != "none"
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=number)
