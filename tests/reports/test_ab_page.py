"""The page of an A/B test as a file: the verdict first, every figure of the record, all names as text."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_ab import ab_content, identical_content, watched
from test_report_page import visible
from test_search_page import EVIL, charts_of

from stratkit.errors import OutputError
from stratkit.inference.comparison import ComparedMetric, PairVerdict, VerdictKind, WarningLine
from stratkit.inference.cumulative_band import cumulative_band
from stratkit.inference.interval import Interval
from stratkit.panel import NS_PER_DAY
from stratkit.reports.ab_charts import cumulative_chart, equity_chart, interval_chart, legend_names
from stratkit.reports.ab_content import ABContent
from stratkit.reports.ab_grids import arms_grid, blocks_grid, checks_grid, looks_grid, metrics_grid, sources_grid
from stratkit.reports.ab_notes import ab_notes
from stratkit.reports.ab_page import render_ab_page, write_ab_page
from stratkit.reports.ab_test_charts import blocks_chart, bootstrap_chart, bootstrap_histogram, looks_chart, power_chart
from stratkit.reports.ab_words import ab_cards, ab_facts, rule_words, verdict_sentences

CHARTS = {"equity", "interval", "cumulative", "bootstrap", "blocks", "power"}


def with_verdict(content: ABContent, kind: VerdictKind, text: str) -> ABContent:
    verdict = PairVerdict(kind, text, "In words.", None)
    return replace(content, test=replace(content.test, comparison=replace(content.comparison, verdict=verdict)))


def test_the_verdict_stands_first_with_its_words_figures_and_warnings(tmp_path: Path) -> None:
    content = ab_content()
    path = write_ab_page(tmp_path, content)
    page = path.read_text("utf-8")
    text = visible(page)
    verdict = content.comparison.verdict
    assert path == tmp_path / "abtest.html"
    assert path.stat().st_size < 2_500_000
    assert text.index(verdict.text) < text.index(verdict.words) < text.index("Before you trust these numbers")
    for warning in content.comparison.warnings:
        assert f"{warning.code} {warning.sentence}" in text
    for card in ab_cards(content):
        assert f"{card.label} {card.value} {card.note}" in text
    assert content.test.command in text
    assert charts_of(page).keys() == CHARTS


@pytest.mark.parametrize(
    ("kind", "tone"), [("better", "gain"), ("no-difference", "warn"), ("equivalent", "gain"), ("invalid", "loss")]
)
def test_each_kind_of_verdict_has_its_colour(kind: VerdictKind, tone: str) -> None:
    page = render_ab_page(with_verdict(ab_content(), kind, "SOME VERDICT"))
    assert f'class="card verdict plainly {tone}" id="verdict"' in page


def test_identical_arms_have_no_test_and_say_so() -> None:
    content = identical_content()
    page = render_ab_page(content)
    text = visible(page)
    assert "EQUIVALENT" in text
    assert "IDENTICAL The returns of both arms are the same" in text
    assert ab_cards(content) == []
    charts = charts_of(page)
    assert charts["bootstrap"]["empty"] == charts["power"]["empty"] == charts["interval"]["empty"] == "No test was run."
    assert charts["cumulative"]["empty"] == "The arms earn the same in every period."
    assert charts["equity"]["empty"] == ""
    assert [name for name, _ in ab_notes(content)] == [
        "Pairing",
        "Equity",
        "Per year",
        "Cumulative difference",
        "Ledger",
    ]


def test_the_equity_of_every_arm_ends_where_the_record_ends() -> None:
    content = ab_content(6)
    lines = [trace for trace in equity_chart(content).traces if trace.get("yaxis") is None]
    assert [line["y"][-1] for line in lines] == pytest.approx(content.comparison.equity[-1], rel=1e-5)
    assert [line["name"][0] for line in lines] == list("ABCDEF")
    assert len({(line["line"]["color"], line["line"]["dash"]) for line in lines}) == 6


def test_equity_that_is_multiplied_is_drawn_on_a_log_scale_and_a_loss_of_everything_is_not() -> None:
    content = ab_content()
    grown = replace(content.comparison, equity=np.geomspace(1, 9, 1500)[:, None] * np.ones(2))
    axis = equity_chart(_with(content, grown)).layout["yaxis"]
    assert axis["type"] == "log"
    assert axis["ticktext"] == ["1×", "2×", "5×"]
    lost = grown.equity.copy()
    lost[-1, 0] = 0.0
    assert "type" not in equity_chart(_with(content, replace(grown, equity=lost))).layout["yaxis"]


def test_long_names_are_cut_in_the_legend_and_whole_where_there_is_room() -> None:
    content = ab_content(4)
    assert legend_names(content)[3] == "D " + "x" * 17 + "…" + "x" * 12
    assert "D " + "x" * 40 in visible(render_ab_page(content))


def test_the_cumulative_difference_ends_at_the_sum_and_its_band_is_around_zero() -> None:
    content = ab_content()
    low, high, line = cumulative_chart(content).traces
    difference = content.comparison.returns[:, 0] - content.comparison.returns[:, 1]
    assert line["y"][-1] == pytest.approx(difference.sum(), rel=1e-4)
    assert low["y"] == pytest.approx([-value for value in high["y"]])
    assert high["y"][-1] == pytest.approx(cumulative_band(difference, 4).reach[-1], rel=1e-5)


def test_every_pair_has_its_interval_beside_the_margin_and_what_could_be_found() -> None:
    content = ab_content(3)
    chart = interval_chart(content)
    pair, other, same, found = chart.traces
    test = content.comparison.first.primary
    assert test is not None
    assert (pair["y"], other["y"]) == (["A − B"], ["A − C"])
    assert pair["x"][0] + pair["error_x"]["array"][0] == pytest.approx(test.interval.high, rel=1e-5)
    assert pair["x"][0] - pair["error_x"]["arrayminus"][0] == pytest.approx(test.interval.low, rel=1e-5)
    assert same["y"] == ["90% for equivalence"]
    assert found["y"] == ["detectable at 80%"]
    assert (chart.layout["shapes"][0]["x0"], chart.layout["shapes"][0]["x1"]) == (-0.3, 0.3)
    bare = interval_chart(ab_content(margin=None))
    assert [trace["y"][0] for trace in bare.traces] == ["A − B", "detectable at 80%"]
    assert [shape["type"] for shape in bare.layout["shapes"]] == ["line"]


def test_an_interval_without_ends_is_not_drawn_as_one() -> None:
    content = ab_content(margin=None)
    pair = content.comparison.first
    assert pair.primary is not None
    none = Interval(0.5, math.nan, math.nan, 0.95, "bootstrap", "the difference does not vary")
    changed = replace(pair, primary=replace(pair.primary, interval=none))
    page = render_ab_page(_with(content, replace(content.comparison, pairs=(changed,))))
    assert "95% interval the difference does not vary" in visible(page)
    assert charts_of(page)["interval"]["data"][0]["error_x"]["array"] == [None]


def test_the_bars_of_the_bootstrap_hold_every_resample_on_its_side_of_zero() -> None:
    content = ab_content()
    test = content.comparison.first.primary
    assert test is not None
    ahead, behind, observed, none = bootstrap_chart(content).traces
    assert sum(ahead["y"]) + sum(behind["y"]) == test.reps
    assert sum(behind["y"]) == int((test.drawn < 0).sum())
    assert observed["x"] == [test.difference, test.difference]
    assert none["x"] == [0.0, 0.0]
    counts, _ = bootstrap_histogram(np.array([0.5] * 40))
    assert counts.sum() == 40


def test_the_power_curve_has_the_detectable_and_the_observed_gap() -> None:
    content = ab_content()
    power = content.comparison.first.power
    assert power is not None
    curve, detectable, observed = power_chart(content).traces
    assert curve["y"][0] == pytest.approx(0.05, abs=1e-3)
    assert detectable["x"][0] == power.detectable
    assert observed["x"][0] == abs(power.observed)


def test_checks_say_what_they_assume_and_the_primary_test_is_marked() -> None:
    content = ab_content()
    grid = checks_grid(content.comparison.first, 0.05)
    assert [head.text for head in grid.heads] == ["Test", "Statistic", "p value", "Assumes"]
    assert grid.rows[0][0].note == "the primary test: it alone decides"
    by_name = {row[0].text: row for row in grid.rows}
    assert by_name["Wilcoxon signed rank"][3].text == "symmetric differences; the median, not Sharpe"
    assert by_name["Wilcoxon signed rank"][2].tone == "gain"
    assert by_name["Sign flip of blocks"][2].note == "± 0.006"
    assert by_name["Diebold-Mariano"][2].text == "n/a"
    assert by_name["Diebold-Mariano"][3].note == "the arms forecast nothing"


def test_half_and_twice_the_block_length_stand_beside_the_one_that_was_used() -> None:
    content = ab_content()
    grid = blocks_grid(content.comparison.first, 0.05)
    assert [(row[0].text, row[0].note) for row in grid.rows] == [("2", ""), ("4", "used"), ("8", "")]
    assert blocks_chart(content).traces[0]["x"] == ["2", "4", "8"]
    assert "Politis-White" in grid.caption


def test_more_than_two_arms_have_raw_and_adjusted_p_values_with_their_errors() -> None:
    content = ab_content(5)
    many = content.comparison.many
    assert many is not None
    grid = arms_grid(content, many)
    first, second = grid.rows[0], grid.rows[1]
    assert [cell.text for cell in first[2:7]] == ["-"] * 5
    test = content.comparison.first.primary
    assert test is not None
    assert second[4].text == f"{test.p_value:.3f}"
    assert second[4].note.startswith("±")
    assert second[5].note == ""
    assert second[6].note == f"± {many.rows[1].p_error:.3f}"
    assert "p lower 0.210, consistent 0.240, upper 0.310 (± 0.006)" in grid.note
    assert 'id="many"' in render_ab_page(content)
    assert 'id="many"' not in render_ab_page(ab_content())


@pytest.mark.parametrize(("mode", "heads"), [("always-valid", 4), ("alpha-spending", 6)])
def test_looks_have_their_bounds_and_a_boundary_where_alpha_is_spent(mode: str, heads: int) -> None:
    content = ab_content(sequential=watched(mode))
    found = content.comparison.sequential
    assert found is not None
    assert len(looks_grid(content, found).heads) == heads
    names = [trace.get("name") for trace in looks_chart(content, found).traces]
    assert ("boundary" in names) == (mode == "alpha-spending")
    assert "looks" in charts_of(render_ab_page(content))


def test_many_looks_are_thinned_and_the_last_is_shown() -> None:
    content = ab_content(sequential=watched(looks=130))
    found = content.comparison.sequential
    assert found is not None
    grid = looks_grid(content, found)
    assert len(grid.rows) == 33
    assert grid.rows[-1][0].text == "1,500"
    assert grid.note == "Every 4th of 130 looks is shown."


def test_arms_stand_with_their_source_and_what_the_ledger_says() -> None:
    content = ab_content(5)
    grid = sources_grid(content)
    assert grid.rows[0][1].note == "strategy, run 20260114-101500-0a3f9c1"
    assert [cell.text for cell in grid.rows[0][5:]] == ["37 trials (effective 9.4)", "0.62", "0.71"]
    assert [cell.text for cell in grid.rows[4][5:]] == ["not in the ledger", "-", "-"]
    assert ("Dropped", "10 unmatched") in ab_facts(content)


@pytest.mark.parametrize(("metric", "shown"), [("mean", "+17.6%"), ("win_rate", "+17.6%"), ("profit_factor", "+0.176")])
def test_a_metric_is_shown_in_its_unit(metric: ComparedMetric, shown: str) -> None:
    content = ab_content(margin=None)
    pair = content.comparison.first
    assert pair.primary is not None
    changed = replace(pair, primary=replace(pair.primary, metric=metric, difference=0.176))
    question = replace(content.comparison.question, metric=metric)
    content = _with(content, replace(content.comparison, pairs=(changed,), question=question))
    value, _, error = (card.value for card in ab_cards(content)[:3])
    assert value == shown
    assert error.endswith("%") == shown.endswith("%")
    percent = bootstrap_chart(content).layout["xaxis"].get("tickformat") == ".0%"
    assert percent == shown.endswith("%")


def test_warnings_are_those_of_the_comparison_which_knows_the_pairs() -> None:
    content = ab_content(3)
    said = replace(content.comparison, warnings=(WarningLine("SHORT", "A against B: less than a year"),))
    text = visible(render_ab_page(_with(content, said)))
    assert "SHORT A against B: less than a year." in text
    assert "TEST_DISAGREE" not in text


def test_the_verdict_of_many_arms_says_one_pair_after_the_other() -> None:
    content = ab_content(3)
    pieces = [pair.verdict.words for pair in content.comparison.pairs]
    whole = replace(content.comparison.verdict, words=" ".join(pieces))
    many = _with(content, replace(content.comparison, verdict=whole))
    assert verdict_sentences(many) == pieces
    best = replace(whole, words=f"It beats every other arm. {whole.words}")
    beaten = verdict_sentences(_with(content, replace(content.comparison, verdict=best)))
    assert beaten == ["It beats every other arm.", *pieces]
    assert "".join(f"<li>{words}</li>" for words in pieces) in render_ab_page(many)
    assert verdict_sentences(content) == [content.comparison.verdict.words]


def test_equivalence_stands_with_its_margin_and_the_error_of_its_p_value() -> None:
    card = ab_cards(ab_content())[-1]
    assert (card.label, card.value, card.note) == ("Equivalent", "no", "within ±0.300; p 0.710 ± 0.006")
    assert "Equivalent" not in [one.label for one in ab_cards(ab_content(margin=None))]


def test_by_what_the_verdict_goes_is_said() -> None:
    assert "it alone decides" in rule_words(ab_content())
    assert "Romano and Wolf" in rule_words(ab_content(3))
    assert "goes by the looks" in rule_words(ab_content(sequential=watched()))
    many = ab_content(3).comparison.many
    assert many is not None
    (card,) = [card for card in ab_cards(ab_content(3)) if card.label == "p value"]
    assert f"{many.rows[1].p_romano_wolf:.3f} among 2 comparisons" in card.note


@pytest.mark.parametrize(
    ("value", "shown"), [(807_659.0, "807,659"), (-0.684, "−0.68"), (0.00012, "0.00012"), (0.0, "0.00")]
)
def test_a_statistic_has_as_many_digits_as_say_something(value: float, shown: str) -> None:
    pair = ab_content().comparison.first
    changed = replace(pair, checks=(replace(pair.checks[0], statistic=value),))
    assert checks_grid(changed, 0.05).rows[1][1].text == shown


def test_metrics_that_are_not_tested_are_called_described() -> None:
    grid = metrics_grid(ab_content().comparison.first)
    assert [row[5].text for row in grid.rows] == ["unadjusted", "described", "primary", "described", "described"]
    assert grid.rows[1][4].text == "-"


def test_intraday_times_are_shown_with_the_hour() -> None:
    content = ab_content()
    times = content.comparison.times[0] + np.arange(1500) * NS_PER_DAY // 24
    hourly = _with(content, replace(content.comparison, times=times))
    assert equity_chart(hourly).layout["xaxis"]["hoverformat"] == "%Y-%m-%d %H:%M"
    assert equity_chart(content).layout["xaxis"]["hoverformat"] == "%Y-%m-%d"


def test_the_same_test_gives_the_same_page() -> None:
    assert render_ab_page(ab_content(3)) == render_ab_page(ab_content(3))


def test_no_text_of_a_user_becomes_markup() -> None:
    page = render_ab_page(evil_content())
    assert EVIL not in page
    assert "<img" not in page


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"page must be writable.*choose another --out"):
        write_ab_page(tmp_path / "missing", ab_content())


def evil_content() -> ABContent:
    """Return a test whose every text of a user is hostile."""
    content = ab_content(3, sequential=watched())
    arms = tuple(
        replace(arm, name=EVIL, source=EVIL, values={EVIL: EVIL}, run_id=EVIL, evidence={}) for arm in content.test.arms
    )
    comparison = content.comparison
    many = comparison.many
    assert many is not None
    verdict = PairVerdict("better", EVIL, EVIL, 0)
    evil: Any = replace(
        comparison,
        names=(EVIL,) * 3,
        verdict=verdict,
        warnings=(WarningLine(EVIL, EVIL),),
        many=replace(many, rows=tuple(replace(row, name=EVIL) for row in many.rows)),
        pairs=tuple(replace(pair, names=(EVIL, EVIL)) for pair in comparison.pairs),
    )
    test = replace(content.test, arms=arms, comparison=evil, command=EVIL)
    return ABContent(EVIL, test, ((EVIL, EVIL),), EVIL)


def _with(content: ABContent, comparison: Any) -> ABContent:
    return replace(content, test=replace(content.test, comparison=comparison))
