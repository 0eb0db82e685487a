"""The page of a comparison: the curves of all runs together, without a request, whatever runs are called."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from headless import Browser
from small_runs import write_run

from stratkit.errors import DataError, OutputError
from stratkit.reports.comparison import render_comparison, write_comparison
from stratkit.runs.compare import Comparison, compare_runs
from stratkit.runs.facts import read_facts
from stratkit.runs.remarks import Remarks, write_remarks

EVIL = "</script><img src=x onerror=alert(1)>"


def compared(folder: Path, count: int = 3, bars: int = 3_000) -> Comparison:
    steps = np.random.default_rng(3).normal(0.0004, 0.01, (count, bars))
    records = [
        write_run(folder, f"20240102-03040{place}-aaaaa{place}", equity=100 * np.exp(np.cumsum(steps[place])),
                  bars=bars, strategy=EVIL if place == 1 else "sma_cross", params={"fast": place})
        for place in range(count)
    ]  # fmt: skip
    write_remarks(records[0].folder, Remarks(("good",), EVIL))
    return compare_runs([read_facts(record) for record in records])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("compared")
    return write_comparison(folder / "both.html", compared(folder))


def drawn(page: str) -> list[dict[str, list[float]]]:
    text = re.findall(r'<script type="application/json" id="curves">(.*?)</script>', page)
    curves: list[dict[str, list[float]]] = json.loads(text[0])["curves"]
    return curves


def test_every_curve_is_drawn_without_a_console_error_or_a_request(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.run("document.documentElement.dataset.state") == "ready"
    assert browser.run("document.querySelectorAll('#chart-curves .scatterlayer .js-line').length") == 6
    assert browser.console == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []
    assert browser.run("document.querySelectorAll('img').length") == 0


def test_the_scale_is_logarithmic_until_it_is_switched(browser: Browser, page: Path) -> None:
    browser.open(page)
    kind = "document.getElementById('chart-curves').layout.yaxis.type"
    assert browser.run(kind) == "log"
    browser.click("#log")
    assert browser.run(kind) == "linear"
    assert browser.run("document.querySelectorAll('#chart-curves .scatterlayer .js-line').length") == 6


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_it_fits_a_phone_and_the_dark(browser: Browser, page: Path, width: int, dark: bool) -> None:
    browser.open(page, width=width, height=844, dark=dark)
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("document.documentElement.dataset.theme") == ("dark" if dark else "light")


def test_curves_start_at_one_and_keep_their_extremes(tmp_path: Path) -> None:
    made = compared(tmp_path)
    for curve in drawn(render_comparison(made)):
        assert curve["equity"][0] == 1.0
        assert len(curve["equity"]) == len(curve["times"]) == len(curve["drawdown"]) < 3_000
        equity = np.array(curve["equity"])
        expected = (equity / np.maximum.accumulate(equity) - 1).min()
        assert min(curve["drawdown"]) == pytest.approx(expected, abs=1e-4)


def test_no_text_of_a_user_becomes_markup(page: Path) -> None:
    text = page.read_text("utf-8")
    assert EVIL not in text
    assert "&lt;/script&gt;&lt;img" in text


def test_the_page_stays_small(page: Path) -> None:
    assert page.stat().st_size < 2_500_000


def test_what_differs_and_what_is_better_stands_on_the_page(tmp_path: Path) -> None:
    records = [write_run(tmp_path, f"r{place}", sharpe=place, params={"fast": place}) for place in (1, 2)]
    text = render_comparison(compare_runs([read_facts(record) for record in records]))
    assert "<td>strategy.params.fast</td><td>1</td><td>2</td>" in text
    assert '<td>Sharpe ratio</td><td class="num">1.00</td><td class="num"><b>* 2.00</b></td>' in text
    assert "Each curve is 1 at the first bar, 2020-01-01." in text


def test_runs_that_share_no_bar_are_called_so(tmp_path: Path) -> None:
    records = [write_run(tmp_path, "a"), write_run(tmp_path, "b", start_day=19_000)]
    text = render_comparison(compare_runs([read_facts(record) for record in records]))
    assert "The runs share no bar" in text


def test_a_run_whose_equity_is_damaged_is_said(tmp_path: Path) -> None:
    records = [write_run(tmp_path, "a"), write_run(tmp_path, "b")]
    runs = compare_runs([read_facts(record) for record in records])
    records[1].path("equity.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"b/equity\.parquet must hold the equity"):
        render_comparison(runs)


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the page must be writable.*choose another file"):
        write_comparison(tmp_path / "nowhere" / "both.html", compared(tmp_path, 2, 20))
