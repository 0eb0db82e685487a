"""The section of the strategies: it foots to the cent, says everything there is, and stays small."""

from __future__ import annotations

import html
import math
import re
from pathlib import Path

import numpy as np
import pytest
from made_attribution import daily, made_run, random_run
from sample_runs import INITIAL, sample_bars, sample_content
from sample_strategies import NAMES, attribution_of, full_content, shared_content, shared_run
from test_report_page import EVIL, many_symbols, payload_of, visible

from stratkit.analytics.attribution import attribute
from stratkit.reports.content import Fault, RaisedAlert, ReportContent
from stratkit.reports.earned_grids import (
    contributed_grid,
    earned_grid,
    months_grid,
    reasons_grid,
    regimes_grid,
    symbols_grid,
)
from stratkit.reports.figures import write_figures
from stratkit.reports.grid import Grid, best_and_worst, deepest_of, largest, name_cell, strength
from stratkit.reports.incident_grids import alerts_grid, caps_grid, faults_grid
from stratkit.reports.offline import MAX_PAGE_BYTES
from stratkit.reports.page import render_page, write_report
from stratkit.reports.review_grids import review_grid
from stratkit.reports.risk_grids import correlation_grid, funnel_grid, risk_grid
from stratkit.reports.settings import ReportSettings
from stratkit.reports.strategy_lines import ALL, strategy_lines
from stratkit.reports.strategy_section import strategy_section
from stratkit.research.refused_trades import CapEffect


def amount(text: str) -> int:
    """Return the cents of an amount as it is printed."""
    return round(float(text.replace("−", "-").replace(",", "").replace("+", "").replace("%", "")) * 100)


def table_of(text: str, name: str) -> list[list[str]]:
    """Return the cells of a table of the page, its head first."""
    found = re.search(rf'id="grid-{name}">(.*?)</table>', text, re.S)
    assert found is not None, name
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", found[1], re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[html.unescape(re.sub(r"<small>.*?</small>|<[^>]+>", "", cell)) for cell in row] for row in cells]


def column(grid: Grid, title: str) -> list[str]:
    """Return the texts of a column, without the foot."""
    place = [head.text for head in grid.heads].index(title)
    return [row[place].text for row in grid.rows]


def named(grid: Grid) -> list[str]:
    return [row[0].text for row in grid.rows]


@pytest.fixture(scope="module")
def full() -> ReportContent:
    return full_content()


@pytest.fixture(scope="module")
def page(full: ReportContent) -> str:
    return render_page(full, ReportSettings())


@pytest.mark.parametrize("name", ["earned", "symbols", "exit-reasons"])
def test_the_printed_rows_sum_to_the_printed_total_to_the_cent(name: str, page: str, full: ReportContent) -> None:
    head, *rows, total = table_of(page, name)
    assert head[1] == "P&L"
    assert sum(amount(row[1]) for row in rows) == amount(total[1])
    assert amount(total[1]) == round((float(full.result.equity[-1]) - INITIAL) * 100)


def test_the_strategies_stand_in_order_of_what_they_earned_and_the_account_behind_them(page: str) -> None:
    _, *rows, total = table_of(page, "earned")
    assert {row[0] for row in rows[:-1]} == set(NAMES)
    earned = [amount(row[1]) for row in rows[:-1]]
    assert earned == sorted(earned, reverse=True)
    assert rows[-1][0] == "account"
    assert amount(rows[-1][1]) < 0
    assert total[0] == "Total"


def test_both_columns_of_the_contributions_sum_to_the_total(page: str) -> None:
    _, *rows, total = table_of(page, "contributed")
    for place in (1, 2):
        assert sum(amount(row[place]) for row in rows) == amount(total[place])
    assert sum(amount(row[3]) for row in rows) == 0
    assert all(amount(row[1]) + amount(row[3]) == amount(row[2]) for row in rows)


def test_the_steps_of_the_funnel_sum_to_what_was_proposed(page: str, full: ReportContent) -> None:
    head, *rows = table_of(page, "funnel")
    assert {"Proposed", "Filled", "Reduced", "Deduplicated", "Symbol cap", "Total at risk cap"} <= set(head)
    assert "Net cap" not in head  # a cap that refused nothing takes no room
    for row in rows:
        assert amount(row[1]) == sum(map(amount, row[2:]))
    assert full.attribution is not None
    assert amount(rows[-1][1]) == full.attribution.funnel.generated.sum() * 100


def test_the_shares_of_risk_sum_to_the_portfolio(page: str) -> None:
    _, *rows, total = table_of(page, "risk")
    assert total[2] == "100.00%"
    for place in (2, 3, 4):
        parts = [round(float(row[place].replace("−", "-").rstrip("%")) * 1000) for row in (*rows, total)]
        assert sum(parts[:-1]) == parts[-1]


def test_correlations_are_symmetric_and_say_how_often_both_moved(page: str) -> None:
    _, *rows = table_of(page, "correlation")
    cells = [row[1:] for row in rows]
    assert all(cells[place][place] == "1.00" for place in range(4))
    assert cells == [list(row) for row in zip(*cells, strict=True)]
    assert "periods in which both moved" in visible(page)
    assert "Diversification ratio" in visible(page)


def test_the_page_has_a_chart_a_link_and_every_table(page: str) -> None:
    assert '<a href="#strategies">Strategies</a>' in page
    assert 'id="chart-strategies"' in page
    header, arrays = payload_of(page)
    assert header["facts"]["strategies"] == [*NAMES, ALL]
    assert len(arrays["strategy.4.y"]) > 100
    words = visible(page)
    for part in (
        "saved 1,234",
        "cost 310.25",
        "changed nothing",
        "KeyError: 'sentiment'",
        "0 proposals for 120 cycles",
    ):
        assert part in words
    for name in ("months-by-strategy", "weeks-by-strategy", "caps", "faults", "alerts"):
        assert table_of(page, name)
    assert not re.search(r"\b(nan|inf|NaN|None)\b", words)


def test_the_lines_end_at_what_each_strategy_earned(full: ReportContent) -> None:
    attribution = full.attribution
    assert attribution is not None
    lines = strategy_lines(attribution, 200)
    assert [line.values[-1] for line in lines[:-1]] == attribution.curves[-1].tolist()
    assert lines[-1].values[-1] == pytest.approx(attribution.total)
    assert max(lines[-1].values) == pytest.approx((full.result.equity - INITIAL).max())


def test_a_month_by_strategy_sums_down_and_across() -> None:
    attribution = attribute(made_run(), daily(5))
    grid = review_grid(attribution.months)
    assert [head.text for head in grid.heads] == ["Month", "a", "b", "account", "All"]
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["2020-02", "−5.00", "5.00", "−2.00", "−2.00"],
        ["2020-01", "30.00", "−20.00", "·", "10.00"],
    ]
    assert [cell.text for cell in grid.foot] == ["Total", "25.00", "−15.00", "−2.00", "8.00"]
    assert [cell.note for cell in grid.rows[0][1:]] == ["1 · 0%", "1 · 0%", "", "2 · 0%"]


def test_older_periods_and_smaller_strategies_are_summed_not_dropped() -> None:
    attribution = attribute(random_run(3, bars=400, strategies=30), daily(400))
    grid = review_grid(attribution.weeks)
    assert len(grid.rows) == 14
    assert grid.rows[-1][0].text == "before"
    assert [head.text for head in grid.heads][8] == "23 other strategies"
    for place in range(1, len(grid.heads)):
        printed = sum(amount(row[place].text.replace("·", "0")) for row in grid.rows)
        assert printed == pytest.approx(amount(grid.foot[place].text.replace("·", "0")), abs=14 * 50)
    whole = attribution.weeks.pnl.sum()
    assert amount(grid.foot[-1].text) == pytest.approx(whole * 100, abs=51)


def test_hundreds_of_strategies_and_symbols_are_summed_into_others_and_the_page_stays_small(tmp_path: Path) -> None:
    names = tuple(f"strategy_{number:03d}" for number in range(300))
    content = shared_content(many_symbols(400, 260), names)
    path = write_report(tmp_path, content, ReportSettings())
    assert path.stat().st_size < MAX_PAGE_BYTES
    text = path.read_text()
    _, *rows, total = table_of(text, "earned")
    assert len(rows) == 42
    assert rows[-2][0] == "260 other strategies"
    assert sum(amount(row[1]) for row in rows) == amount(total[1])
    _, *rows, total = table_of(text, "symbols")
    assert re.fullmatch(r"\d+ other symbols", rows[20][0])
    assert sum(amount(row[1]) for row in rows) == amount(total[1])
    assert "40 of 300 strategies are shown" in visible(text)
    assert "strategy_003 and 296 more" in visible(text)
    assert len(table_of(text, "correlation")) == 13
    assert len(payload_of(text)[0]["facts"]["strategies"]) == 9


def test_proposals_of_strategies_without_a_row_are_in_the_row_of_the_others() -> None:
    names = tuple(f"s{number:02d}" for number in range(60))
    combined = {name: {"outvoted": 100 - place} for place, name in enumerate(names)}
    run = made_run(strategies=names, by_strategy=np.zeros((5, 60)), equity=np.full(5, 1000.0), combined=combined)
    grid = funnel_grid(attribute(run, daily(5)))
    assert grid.rows[-1][0].text == "20 other strategies"
    assert grid.rows[-1][1].text == f"{sum(range(41, 61)):,}"
    assert sum(amount(row[1].text) for row in grid.rows) == amount(grid.foot[1].text)


def test_a_strategy_that_is_alone_has_its_symbols_months_and_exit_reasons_only() -> None:
    bars = sample_bars(200, ("AAA", "BBB"))
    text = render_page(shared_content(bars, ("alone",)), ReportSettings())
    assert '<a href="#strategies">Attribution</a>' in text
    assert set(re.findall(r'id="grid-([\w-]+)"', text)) == {"symbols", "exit-reasons", "months"}
    assert 'id="chart-strategies"' not in text
    assert payload_of(text)[0]["facts"]["strategies"] == []
    _, *rows, total = table_of(text, "months")
    assert rows[0][0] > rows[1][0]  # the newest first
    assert sum(amount(row[1]) for row in rows) == amount(total[1])


def test_a_run_without_attribution_has_no_section_unless_something_happened() -> None:
    content = sample_content(sample_bars(60))
    assert strategy_section(content) is None
    assert 'href="#strategies"' not in render_page(content, ReportSettings())
    failed = sample_content(sample_bars(60), faults=(Fault("a", 1, "boom"),))
    section = strategy_section(failed)
    assert section is not None
    assert [grid.name for row in section.grids for grid in row] == ["faults"]


def test_names_and_messages_of_users_never_become_markup() -> None:
    bars = sample_bars(200, (EVIL, "B"))
    content = shared_content(
        bars, (EVIL, "two"), netted=True, cap_effects=(CapEffect(EVIL, EVIL, 1, 0, 1, 1.0),),
        faults=(Fault(EVIL, 1, EVIL),), alerts=(RaisedAlert(0, EVIL, EVIL, EVIL),),
    )  # fmt: skip
    text = render_page(content, ReportSettings())
    assert "alert(1)</script>" not in text
    assert text.count("<script") == 4  # theme, payload, library, page


def test_an_account_without_interest_has_a_row_only_among_the_strategies() -> None:
    run = made_run(equity=1000 + made_run().by_strategy.sum(axis=1), interest=0.0)
    attribution = attribute(run, daily(5))
    assert named(earned_grid(attribution)) == ["a", "b", "account"]
    assert named(symbols_grid(attribution)) == ["X", "Z"]
    assert named(reasons_grid(attribution)) == ["exit signal", "open", "stop"]
    assert named(months_grid(attribution)) == ["2020-02", "2020-01"]


def test_figures_of_no_meaning_are_blank_for_the_account_and_missing_for_a_strategy() -> None:
    grid = earned_grid(attribute(made_run(), daily(5)))
    assert column(grid, "P&L") == ["+25.00", "−15.00", "−2.00"]
    assert column(grid, "Won") == ["50.0%", "0.0%", ""]
    assert column(grid, "Expectancy") == ["+0.25 R", "n/a", ""]
    assert column(grid, "Drawdown") == ["−25.00", "−20.00", "−2.00"]


def test_contributions_differ_from_ownership_by_what_others_wanted() -> None:
    grid = contributed_grid(attribute(made_run(contribution=np.full((4, 2), 0.5)), daily(5)))
    assert column(grid, "As owner") == ["+25.00", "−15.00", "−2.00"]
    assert column(grid, "By contribution") == ["+5.00", "+5.00", "−2.00"]
    assert column(grid, "Difference") == ["−20.00", "+20.00", "0.00"]


def test_risk_that_is_not_defined_is_missing() -> None:
    run = made_run(
        times=made_run().times[:1], equity=np.array([1000.0]), by_strategy=np.zeros((1, 2)),
        trades=made_run().trades[:0], trade_strategy=np.zeros(0, np.int64), trade_symbol=np.zeros(0, np.int64),
        interest=0.0,
    )  # fmt: skip
    attribution = attribute(run, daily(1))
    assert set(column(risk_grid(attribution), "Share of variance")) == {"n/a"}
    assert {cell.text for row in correlation_grid(attribution).rows for cell in row[1:]} == {"n/a"}
    assert funnel_grid(attribution).empty == "Nothing was proposed."
    assert symbols_grid(attribution).empty == "No trade was made."


def test_long_lists_of_incidents_are_cut_and_say_so() -> None:
    effects = tuple(CapEffect("max_net", f"s{at}", 1, 0, 1, float(at)) for at in range(70))
    grid = caps_grid(effects)
    assert len(grid.rows) == 50
    assert grid.rows[0][1].text == "s69"
    assert grid.note == "50 of 70 are shown, the largest effects."
    assert len(faults_grid(tuple(Fault("a", at, "x" * 999) for at in range(60))).rows) == 50
    assert len(faults_grid((Fault("a", 1, "x" * 999),)).rows[0][2].text) == 300
    alerts = alerts_grid(tuple(RaisedAlert(at * 1_000_000_000, "warning", "a", "m") for at in range(60)))
    assert alerts.rows[0][0].text == "1970-01-01 00:00:59"
    assert alerts_grid((RaisedAlert(0, "critical", "", "m"),)).rows[0][2].text == "account"
    assert alerts.note == "50 of 60 are shown, the newest."


def test_the_best_and_the_worst_are_shown_and_none_is_lost() -> None:
    shown, others = best_and_worst(np.arange(7.0), 4)
    assert shown == [6, 5, 1, 0]
    assert sorted(shown + others) == list(range(7))
    assert largest(np.array([1.0, -9.0, math.nan, 3.0]), 2) == ([1, 3], [0, 2])


def test_shades_are_measured_against_what_is_usual() -> None:
    assert strength(-5.0, 10.0) == 50
    assert strength(50.0, 10.0) == 100
    assert strength(math.nan, 1.0) == 0
    assert strength(1.0, deepest_of(np.zeros(3))) == 0
    assert name_cell("x" * 60).title == "x" * 60
    assert len(name_cell("x" * 60).text) == 34


def test_two_long_names_that_begin_alike_keep_lines_of_their_own() -> None:
    bars = sample_bars(200)
    _, run = shared_run(bars, ("n" * 40 + "a", "n" * 40 + "b"))
    lines = strategy_lines(attribution_of(bars, run), 100)
    assert len({line.name for line in lines}) == 3


def test_several_strategies_add_a_figure_and_one_does_not(tmp_path: Path, full: ReportContent) -> None:
    settings = ReportSettings(png_dpi=50)
    paths = write_figures(tmp_path, full, settings)
    assert paths[-1].name == "strategies.png"
    first = paths[-1].read_bytes()
    assert write_figures(tmp_path, full, settings)[-1].read_bytes() == first
    alone = write_figures(tmp_path, shared_content(sample_bars(60), ("$x_1$",)), settings)
    assert alone[-1].name == "exposure.png"


def test_many_strategies_and_names_like_mathematics_are_drawn(tmp_path: Path) -> None:
    names = tuple(f"$s_{{{number}}}$ \\frac" for number in range(14))
    content = shared_content(sample_bars(200, ("A", "B")), names)
    assert write_figures(tmp_path, content, ReportSettings(png_dpi=40))[-1].name == "strategies.png"


def test_a_run_with_labelled_bars_shows_what_each_regime_earned() -> None:
    run = made_run(trade_regime=np.array([1, 0, -1, 0]), regimes=("trend_up", "illiquid"))
    attribution = attribute(run, daily(5))
    grid = regimes_grid(attribution)
    assert named(grid) == ["trend up", "illiquid", "not known", "account"]
    assert column(grid, "P&L") == ["−40.00", "+30.00", "+20.00", "−2.00"]
    assert sum(amount(row[1].text) for row in grid.rows) == amount(grid.foot[1].text)
    section = strategy_section(sample_content(sample_bars(60), attribution=attribution))
    assert section is not None
    assert [grid.name for row in section.grids for grid in row][-1] == "regimes"
    without = strategy_section(sample_content(sample_bars(60), attribution=attribute(made_run(), daily(5))))
    assert without is not None
    assert "regimes" not in [grid.name for row in without.grids for grid in row]
