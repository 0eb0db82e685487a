"""The page of a study of regimes as a file: prices over colours, tables in words, names as text; and figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_regimes import NAMES, regime_content, with_methods, with_run
from test_report_page import visible
from test_search_page import EVIL, charts_of

from stratkit.errors import OutputError
from stratkit.reports.regime_charts import filled, moves_chart, price_chart, probability_chart, stripes
from stratkit.reports.regime_colours import regime_colours
from stratkit.reports.regime_figures import write_regime_figures
from stratkit.reports.regime_grids import account_grid, methods_grid, regimes_grid, series_grid, trades_grid
from stratkit.reports.regime_page import render_regime_page, write_regime_page
from stratkit.reports.regime_words import duration_words, now_words


def test_the_page_says_what_it_is_now_and_draws_every_part(tmp_path: Path) -> None:
    content = with_run(with_methods(regime_content()))
    path = write_regime_page(tmp_path, content)
    page = path.read_text("utf-8")
    assert path == tmp_path / "regime.html"
    assert path.stat().st_size < 2_500_000
    text = visible(page)
    assert "ACME: low volatility on 1980-09-04, since 1980-03-09, probability 80%." in text
    assert list(charts_of(page)) == ["price-0", "sure-0", "moves-0", "agreement"]
    assert "uses future data" not in text
    for section in ("split", "s0", "compared", "run"):
        assert f'<section id="{section}"' in page


def test_labels_that_use_future_bars_are_marked_wherever_they_stand() -> None:
    page = visible(render_regime_page(regime_content(causal=False)))
    assert "descriptive, uses future data" in page
    assert "NO: labels use future bars, they only describe" in page
    assert "uses-future-bars" in page


def test_colours_lie_where_the_labels_are_and_end_with_the_last_bar() -> None:
    content = regime_content(n=10, warmup=2)
    chart = price_chart(content.study, content.study.series[0], "price")
    shade = chart.traces[0]
    # fifths of two bars: none, then 1, 0, 1, 0; a bar behind the last one ends it
    assert shade["z"] == [[None, 1, 0, 1, 0]]
    assert [edge[:10] for edge in shade["x"]] == [
        "1978-03-20", "1978-03-22", "1978-03-24", "1978-03-26", "1978-03-28", "1978-03-30"
    ]  # fmt: skip
    assert shade["colorscale"][:3] == [[0.0, "var(--c3)"], [1 / 3, "var(--c3)"], [1 / 3, "var(--c4)"]]
    assert [trace["name"] for trace in chart.traces[2:]] == ["low volatility", "high volatility"]


def test_prices_that_lie_far_apart_stand_on_a_log_axis() -> None:
    content = regime_content()
    one = content.study.series[0]
    assert price_chart(content.study, one, "p").layout["yaxis2"]["type"] == "log"
    near = replace(one, close=100 + np.arange(900) / 100)
    assert "type" not in price_chart(content.study, near, "p").layout["yaxis2"]


def test_more_spells_than_can_be_drawn_are_joined_by_their_commonest_label() -> None:
    found = stripes(np.array([0, 1, 1, 0, 0, 1, -1, -1, -1]), 3)
    assert (found.edges.tolist(), found.code.tolist()) == ([0, 3, 6, 9], [1, 0, -1])


def test_a_hole_keeps_the_colour_of_the_bar_before() -> None:
    assert filled(np.array([0, -1, 1]), np.array([True, False, True])).tolist() == [0, 0, 1]


def test_probabilities_add_up_and_a_method_without_shows_its_confidence() -> None:
    content = regime_content()
    chart = probability_chart(content.study, content.study.series[0], "sure")
    assert [trace["name"] for trace in chart.traces] == ["low volatility", "high volatility", "never seen"]
    assert sum(trace["y"][-1] for trace in chart.traces) == pytest.approx(1.0)
    plain = regime_content(has_probability=False)
    chart = probability_chart(plain.study, plain.study.series[0], "sure")
    assert [trace["name"] for trace in chart.traces] == ["confidence"]
    assert "it is no probability" in chart.caption


def test_moves_are_of_the_regimes_that_were_seen() -> None:
    content = regime_content(n=10, warmup=0)
    trace = moves_chart(content.study.series[0], "moves").traces[0]
    assert trace["x"] == ["low volatility", "high volatility"]
    # 0 0 1 1 0 0 1 1 0 0: three of five moves from low stay, two of four from high
    assert trace["text"] == [["60.0%", "40.0%"], ["50.0%", "50.0%"]]


def test_the_table_of_regimes_marks_few_episodes_and_names_what_never_was() -> None:
    facts = regime_content().study.series[0].facts
    grid = regimes_grid(facts, "regimes")
    assert [row[0].text for row in grid.rows] == ["low volatility", "high volatility"]
    assert grid.rows[0][0].note == "now"
    assert (grid.rows[0][3].text, grid.rows[0][3].note, grid.rows[0][5].tone) == ("3", "few", "")
    assert grid.note == "Never occurred: never seen. 100 of 900 bars have no label."


def test_methods_that_could_not_be_made_say_why() -> None:
    compared = with_methods(regime_content()).compared
    assert compared is not None
    rows = methods_grid(compared).rows
    assert [row[0].text for row in rows] == ["hmm", "pelt", "markov"]
    assert [row[1].text for row in rows] == ["yes", "no: future bars", "yes"]
    assert "pip install" in rows[2][0].note
    assert rows[0][6].text == "-"
    assert rows[1][6].text.endswith("%")


def test_a_run_has_every_closed_trade_in_one_row_and_warns_of_few() -> None:
    content = with_run(regime_content())
    assert content.run is not None
    grid = trades_grid(content.run)
    assert [row[0].text for row in grid.rows] == ["low volatility", "high volatility", "not known"]
    assert sum(int(row[1].text) for row in grid.rows) == 39
    assert "1 open, marked" in grid.caption
    assert "few-trades" in dict(content.warnings)
    assert len(account_grid(content.run).rows) == 2


def test_several_series_have_a_table_and_those_without_a_label_stand_last() -> None:
    content = regime_content(symbols=("AAA", "BBB"), left_out=(("CCC", "it has no bar in this span"),))
    grid = series_grid(content.study)
    assert [row[0].text for row in grid.rows] == ["AAA", "BBB", "CCC"]
    assert (grid.quiet, grid.rows[2][1].text) == (1, "it has no bar in this span")
    page = render_regime_page(content)
    assert '<section id="all"' in page
    assert '<section id="s1"' in page


def test_no_name_is_read_as_markup() -> None:
    page = render_regime_page(replace(regime_content(symbols=(EVIL,)), title=EVIL))
    assert EVIL not in page


def test_two_bars_are_drawn_and_one_is_said_to_be_too_few() -> None:
    two = regime_content(n=2, warmup=0)
    assert not price_chart(two.study, two.study.series[0], "p").empty
    one = replace(two.study.series[0], close=np.array([1.0, np.nan]))
    assert price_chart(two.study, one, "p").empty


def test_colours_are_apart_while_there_are_some() -> None:
    rules = ("trend_up", "trend_down", "range_low_vol", "range_high_vol", "high_volatility", "illiquid", "unknown")
    assert len(set(regime_colours(rules))) == 7
    assert len(set(regime_colours(("bull", "trend_up", "low")))) == 3


def test_words_say_no_label_and_never_left() -> None:
    content = regime_content()
    facts = content.study.series[0].facts
    assert now_words(content.study, replace(facts, current=-1)).startswith("no label on the last bar")
    assert duration_words(replace(facts.rows[0], expected_bars=float("inf"))) == "never left"
    assert len(NAMES) == len(facts.rows)


@pytest.mark.parametrize("has_probability", [True, False])
def test_the_figures_are_written_and_the_same_each_time(tmp_path: Path, has_probability: bool) -> None:
    content = with_methods(regime_content(has_probability=has_probability))
    paths = write_regime_figures(tmp_path, content, 60)
    assert [path.name for path in paths] == ["regimes.png", "transitions.png", "agreement.png"]
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in write_regime_figures(tmp_path, content, 60)] == before
    assert all(content.startswith(b"\x89PNG") for content in before)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="choose another --out"):
        write_regime_page(tmp_path / "none", regime_content())
    with pytest.raises(OutputError, match="choose another --out"):
        write_regime_figures(tmp_path / "none", regime_content(), 60)


def test_a_series_that_ended_before_the_others_says_when_its_regime_was() -> None:
    study = regime_content(symbols=("AAA", "BBB")).study
    early = replace(study.series[1], facts=replace(study.series[1].facts, last_bar=500))
    grid = series_grid(replace(study, series=(study.series[0], early)))
    assert [row[1].text for row in grid.rows] == ["low volatility", "low volatility, 1979-08-02"]
