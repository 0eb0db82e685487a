"""The page of a Monte Carlo run as a file: what each procedure tests above its figures, all names as text."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_monte_carlo import LEVELS, monte_carlo_content
from test_report_page import visible
from test_search_page import EVIL, charts_of

from stratkit.errors import OutputError
from stratkit.reports.monte_carlo_charts import fan_chart, histogram_chart
from stratkit.reports.monte_carlo_content import MonteCarloContent
from stratkit.reports.monte_carlo_grids import figures_grid, overview_grid
from stratkit.reports.monte_carlo_page import render_monte_carlo_page, write_monte_carlo_page
from stratkit.reports.monte_carlo_words import made_words, run_facts
from stratkit.reports.wording import sentence_of
from stratkit.research.monte_carlo_record import Fan, Histogram, Procedure, ProcedureName


def procedure(name: ProcedureName) -> Procedure:
    found = monte_carlo_content().run.procedure(name)
    assert found is not None
    return found


def with_procedures(*procedures: Procedure) -> MonteCarloContent:
    return monte_carlo_content(procedures=procedures)


def test_every_procedure_says_what_it_tests_above_its_figures(tmp_path: Path) -> None:
    content = monte_carlo_content()
    path = write_monte_carlo_page(tmp_path, content)
    page = path.read_text("utf-8")
    assert path == tmp_path / "montecarlo.html"
    assert path.stat().st_size < 2_500_000
    for place, one in enumerate(content.run.procedures):
        start = page.index(f'<section id="p{place}"')
        section = visible(page[start : page.index("</section>", start)])
        said = sentence_of(one.tests)
        assert section.index(one.title) < section.index(said) < section.index("Figures")
        assert f"Not answered: {one.not_answered}." in section or not one.not_answered
        for row in one.rows:
            assert all(part[1:] in section for part in row.name.split(", "))
    assert content.command in visible(page)


def test_the_overview_says_what_is_left_open_and_leaves_the_column_out_when_nobody_says() -> None:
    run = monte_carlo_content().run
    heads = [head.text for head in overview_grid(run).heads]
    assert heads == ["Procedure", "Tests", "Does not answer", "What varies", "Paths", "p"]
    first = overview_grid(run).rows[0]
    assert [cell.text for cell in first[4:]] == ["10,000 drawn", "0.231"]
    assert first[5].note == "± 0.004"
    mute = replace(run, procedures=tuple(replace(one, not_answered="") for one in run.procedures))
    assert [head.text for head in overview_grid(mute).heads] == ["Procedure", "Tests", "What varies", "Paths", "p"]


def test_what_was_enumerated_is_called_exact_and_what_was_drawn_is_not() -> None:
    assert made_words(procedure("cost_stress")) == "all 4 cases"
    assert made_words(procedure("ruin")) == "10,000 drawn"
    page = render_monte_carlo_page(with_procedures(procedure("cost_stress")))
    assert '<span class="badge">exact</span>' in page
    assert '<span class="badge">drawn</span>' in render_monte_carlo_page(with_procedures(procedure("ruin")))


def test_columns_that_no_figure_has_are_left_out() -> None:
    def heads(name: ProcedureName) -> list[str]:
        return [head.text for head in figures_grid(procedure(name), 0).heads]

    assert heads("trade_shuffle") == ["Figure", "The run", "5%", "Median", "95%", "Mean", "p value"]
    assert heads("returns_bootstrap") == ["Figure", "The run", "5%", "Median", "95%", "Mean", "95% interval"]
    assert heads("ruin") == ["Figure", "Of the paths", "95% interval"]


def test_a_cost_stress_has_a_row_for_each_level_of_costs() -> None:
    grid = figures_grid(procedure("cost_stress"), 0)
    assert [head.text for head in grid.heads] == ["Costs", "Sharpe ratio", "Total return"]
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["As it is", "0.81", "62.0%"],
        ["Costs x2", "0.50", "42.0%"],
        ["Costs x3", "0.19", "22.0%"],
        ["Break-even cost", "18.0 bps", "-"],
    ]
    plain = replace(procedure("cost_stress"), rows=procedure("cost_stress").rows[-1:])
    assert [head.text for head in figures_grid(plain, 0).heads] == ["Figure", "The run"]


def test_a_p_value_carries_its_error_and_is_never_zero() -> None:
    one = procedure("trade_shuffle")
    row = figures_grid(one, 0).rows[0][-1]
    assert (row.text, row.note) == ("0.231", "± 0.004")
    rare = replace(one, rows=(replace(one.rows[0], p_value=1 / 10_001, p_error=1e-4),))
    assert figures_grid(rare, 0).rows[0][-1].text == "< 0.001"
    exact = replace(one, rows=(replace(one.rows[0], p_error=0.0),))
    assert figures_grid(exact, 0).rows[0][-1].note == ""


def test_a_share_of_paths_carries_its_error() -> None:
    row = figures_grid(procedure("ruin"), 0).rows[0]
    assert (row[1].text, row[1].note) == ("12.4%", "± 0.33%")


def test_a_procedure_that_could_not_be_made_says_why() -> None:
    unmade = monte_carlo_content().run.procedures[-1]
    page = visible(render_monte_carlo_page(with_procedures(unmade)))
    assert "Could not be made: the run has 1 trade: an order needs two." in page
    assert "not made: the run has 1 trade" in page
    assert " drawn " not in page


def test_the_fan_holds_its_lines_the_run_and_the_median() -> None:
    fan = procedure("returns_bootstrap").fans[0]
    outer_low, outer_high, inner_low, inner_high, middle, run = fan_chart(fan, "fan").traces
    assert (outer_high["name"], inner_high["name"]) == ("5% to 95%", "25% to 75%")
    for trace, line in ((outer_low, 0), (inner_low, 1), (middle, 2), (inner_high, 3), (outer_high, 4)):
        assert trace["y"][-1] == pytest.approx(fan.values[line, -1], rel=1e-4)
    assert run["y"][-1] == pytest.approx(fan.observed[-1], rel=1e-4)
    assert fan_chart(fan, "fan").layout["shapes"] == []


def test_the_split_of_a_cone_is_marked_at_its_time() -> None:
    fan = procedure("cone").fans[0]
    chart = fan_chart(fan, "fan")
    (line,) = chart.layout["shapes"]
    assert fan.times is not None
    assert fan.split is not None
    at = int(np.searchsorted(fan.steps, fan.split))
    assert line["x0"] == str(np.datetime64(int(fan.times[at]), "ns").astype("datetime64[s]"))
    assert "The upright line is the split" in chart.caption


def test_a_fan_of_trades_counts_trades() -> None:
    chart = fan_chart(procedure("trade_shuffle").fans[0], "fan")
    assert chart.layout["xaxis"]["title"]["text"] == "trades"
    assert chart.traces[0]["x"][:2] == [0, 1]


def test_a_fan_of_an_even_number_of_lines_has_no_median_and_one_of_a_step_is_not_drawn() -> None:
    fan = procedure("returns_bootstrap").fans[0]
    even = replace(fan, levels=LEVELS[[0, 1, 3, 4]], values=fan.values[[0, 1, 3, 4]])
    assert "median path" not in [trace.get("name") for trace in fan_chart(even, "fan").traces]
    short = Fan("t", "bars", LEVELS, np.zeros(1, np.int64), np.ones((5, 1)), np.ones(1))
    assert fan_chart(short, "fan").empty


def test_the_run_stands_in_its_distribution() -> None:
    one = procedure("returns_bootstrap").histograms[1]
    bars, line = histogram_chart(one, "bins").traces
    assert sum(bars["y"]) == int(one.counts.sum())
    assert line["x"] == [one.observed, one.observed]
    assert line["name"] == "the run: −14.0%"
    lone = replace(one, observed=math.nan)
    assert len(histogram_chart(lone, "bins").traces) == 1
    none = Histogram("x", "ratio", 1.0, np.array([0.0, 1.0]), np.zeros(1, np.int64))
    assert histogram_chart(none, "bins").empty == "No path has this figure."


def test_a_procedure_that_is_made_twice_has_charts_of_its_own() -> None:
    twice = with_procedures(procedure("cone"), procedure("cone"))
    assert charts_of(render_monte_carlo_page(twice)).keys() == {"fan-0-0", "fan-1-0"}


def test_the_run_its_span_and_the_seed_stand_under_the_title() -> None:
    content = monte_carlo_content(seed=7)
    facts = dict(run_facts(content))
    assert facts["Paths"] == "10,000"
    assert facts["Costs"] == "5 bps"
    for name, value in facts.items():
        assert f"{name} {value}" in visible(render_monte_carlo_page(content))


def test_notes_and_warnings_are_said() -> None:
    text = visible(render_monte_carlo_page(monte_carlo_content()))
    assert "Each permutation was searched anew with 50 trials." in text
    assert "FEW_TRADES 64 trades: what their order makes of them says little." in text


def test_no_text_of_a_user_becomes_markup() -> None:
    page = render_monte_carlo_page(evil_monte_carlo())
    assert EVIL not in page
    assert "<img" not in page


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"page must be writable.*choose another --out"):
        write_monte_carlo_page(tmp_path / "missing", monte_carlo_content())


def evil_monte_carlo() -> MonteCarloContent:
    """Return a run whose every text is hostile."""
    one = procedure("returns_bootstrap")
    evil = replace(
        one,
        title=EVIL,
        tests=EVIL,
        varies=EVIL,
        not_answered=EVIL,
        notes=(EVIL,),
        rows=tuple(replace(row, name=EVIL) for row in one.rows),
        fans=tuple(replace(fan, title=EVIL) for fan in one.fans),
        histograms=tuple(replace(each, name=EVIL) for each in one.histograms),
    )
    run = replace(with_procedures(evil).run, run_id=EVIL, warnings=((EVIL, EVIL),), facts=((EVIL, EVIL),))
    return MonteCarloContent(EVIL, run, EVIL, EVIL)
