"""The page of a search as a file: the verdict first, its numbers beside it, and nothing that a name could break."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_searches import FAST, SIDE, SLOW, crossing_search, result_of, searched_content, with_trial
from test_report_page import visible

from stratkit.errors import OutputError
from stratkit.inference.verdict import RULE, Word, verdict
from stratkit.reports.chart_specs import Chart, charts_text
from stratkit.reports.heat_charts import heat_charts
from stratkit.reports.key_names import short_keys
from stratkit.reports.search_charts import (
    MOST_POINTS,
    best_so_far,
    convergence_chart,
    logit_chart,
    logit_edges,
    pareto_chart,
    slice_charts,
)
from stratkit.reports.search_content import SearchContent
from stratkit.reports.search_grids import best_grid, fragility_grid, front_grid, plateau_grid, states_grid
from stratkit.reports.search_page import render_search_page, write_search_page
from stratkit.reports.verdict_words import MEANING, verdict_cards
from stratkit.research.search_result import SearchResult
from stratkit.research.survey import survey_of
from stratkit.strategies.parameters import SearchParameter

EVIL = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def content() -> SearchContent:
    return searched_content()


def charts_of(page: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="charts">(.*?)</script>', page, flags=re.S)
    return {chart["id"]: chart for chart in json.loads(text)}


def empty_content(result: SearchResult) -> SearchContent:
    return SearchContent(
        "nothing", result, survey_of(result), verdict(math.nan, math.nan, math.nan, math.nan), 252.0
    )  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "word"),
    [((0.97, 0.2, 0.1, 0.01), "pass"), ((0.9, 0.2, 0.1, 0.01), "caution"), ((0.2, 0.2, 0.1, 0.01), "fail")],
)
def test_the_verdict_stands_on_top_with_its_rule_and_reasons(
    content: SearchContent, figures: tuple[float, float, float, float], word: Word
) -> None:
    found = verdict(*figures)
    text = visible(render_search_page(dataclasses.replace(content, verdict=found)))
    assert found.word == word
    assert MEANING[word] in text
    assert f"The rule: {RULE}." in text
    for reason in found.reasons:
        assert reason[0].upper() + reason[1:] in text
    assert text.index(MEANING[word]) < text.index("Convergence")


def test_the_cards_hold_the_figures_of_the_verdict(content: SearchContent) -> None:
    cards = {card.label: card for card in verdict_cards(content)}
    found = content.evidence
    assert found is not None
    assert found.overfitting is not None
    assert cards["Trials"].value == f"{found.trials:,}"
    assert cards["Trials"].note == f"worth {found.effective_trials:,.1f} independent ones"
    assert cards["Sharpe ratio"].note == f"luck alone: {float(found.luck) * math.sqrt(252):.2f}"
    assert (cards["PBO"].value, cards["PBO"].tone) == (f"{found.overfitting.probability:.2f}", "gain")
    assert (cards["SPA p value"].value, cards["SPA p value"].tone) == ("0.030", "gain")
    assert (cards["Out of sample"].value, cards["Out of sample"].tone) == ("0.61", "loss")
    assert cards["Out of sample"].note == "95% interval −0.12 to 1.34"


def test_what_is_not_known_is_said_so() -> None:
    few = empty_content(crossing_search(20))
    cards = {card.label: card.value for card in verdict_cards(few)}
    assert (cards["PBO"], cards["SPA p value"], cards["Out of sample"]) == ("n/a",) * 3
    text = visible(render_search_page(few))
    assert "PBO is not known" in text
    assert "no bars were held out" in text
    assert "nan" not in text.lower()


def test_a_search_without_a_feasible_trial_is_a_page() -> None:
    names = (FAST.name, SIDE.name)
    result = result_of((FAST, SIDE), [dict(zip(names, (5, "both")))], lambda _: 1.0)
    broken = dataclasses.replace(
        with_trial(result, 0, state="infeasible", objectives=(), reason="fast must be below slow"), best=None, front=()
    )
    page = render_search_page(empty_content(broken))
    text = visible(page)
    assert "fast must be below slow" in text
    assert "No trial was feasible." in text
    assert charts_of(page)["convergence"]["empty"] == "No trial came to the end."


def test_the_best_so_far_rises_only_with_feasible_trials() -> None:
    heights = [1.0, 5.0, 2.0, 1.5, 3.0]
    result = result_of((FAST,), [{FAST.name: at} for at in range(2, 7)], lambda one: heights[int(one[FAST.name]) - 2])  # type: ignore[arg-type]  # fmt: skip
    assert best_so_far(result) == ([0, 1], [1.0, 5.0])
    assert best_so_far(with_trial(result, 1, violation=1.0)) == ([0, 2, 4], [1.0, 2.0, 3.0])


def test_the_convergence_holds_every_trial_that_came_to_the_end(content: SearchContent) -> None:
    chart = convergence_chart(content)
    by_name = {trace["name"]: trace for trace in chart.traces}
    assert by_name["trials"]["x"] == [trial.number for trial in content.result.feasible]
    misses = [trial for trial in content.result.complete if not trial.is_feasible]
    assert by_name["misses a constraint"]["x"] == [trial.number for trial in misses]
    assert by_name["chosen"]["x"] == [content.chosen]


def test_very_many_trials_are_thinned_on_the_page() -> None:
    tried = [{FAST.name: 2 + at % 59, SLOW.name: 100} for at in range(4 * MOST_POINTS)]
    result = result_of((FAST, SLOW), tried, lambda one: float(one[FAST.name]))  # type: ignore[arg-type]
    chart = convergence_chart(dataclasses.replace(searched_content(30), result=result, chosen=0))
    assert len(chart.traces[0]["x"]) <= MOST_POINTS


def test_the_pareto_front_is_joined_for_two_objectives_and_absent_for_one(content: SearchContent) -> None:
    assert pareto_chart(content) is None
    assert front_grid(content) is None
    two = searched_content(two=True)
    chart, grid = pareto_chart(two), front_grid(two)
    assert chart is not None
    assert grid is not None
    front = next(trace for trace in chart.traces if trace["name"] == "front")
    assert len(front["x"]) == len(two.result.front) == len(grid.rows)
    assert front["x"] == sorted(front["x"])
    assert front["y"] == sorted(front["y"], reverse=True)


def test_a_map_holds_the_cells_of_the_survey_and_blanks_stay_blank(content: SearchContent) -> None:
    (chart, *_), (found, *_) = heat_charts(content), content.survey.maps
    cells = chart.traces[0]["z"]
    assert [[cell is None for cell in row] for row in cells] == np.isnan(found.mean).tolist()
    assert any(cell is None for row in cells for cell in row)
    assert chart.traces[0]["reversescale"] is False


def test_the_other_of_best_and_centre_is_marked_beside_the_chosen(content: SearchContent) -> None:
    best, robust = content.survey.best, content.survey.robust
    assert best is not None
    assert robust is not None
    moved = dataclasses.replace(
        content, survey=dataclasses.replace(content.survey, robust=dataclasses.replace(robust, number=106))
    )
    names = [trace.get("name") for trace in heat_charts(moved)[0].traces]
    assert names == [None, "chosen", "centre of the plateau"]
    robustly = dataclasses.replace(moved, pick="robust", chosen=106)
    assert [trace.get("name") for trace in heat_charts(robustly)[0].traces] == [None, "chosen", "best"]
    assert "the centre of the plateau" in visible(render_search_page(robustly))


def test_the_bin_of_the_logits_ends_at_the_median_trial() -> None:
    edges = logit_edges(np.array([-2.0, 0.0, 0.0, 1.0]))
    counts, _ = np.histogram([-2.0, 0.0, 0.0, 1.0], bins=edges)
    assert counts[: len(counts) // 2].sum() == 3
    content = searched_content()
    assert content.evidence is not None
    assert content.evidence.overfitting is not None
    below = next(trace for trace in logit_chart(content).traces if trace["name"] == "at or below the median")
    assert sum(below["y"]) == pytest.approx(content.evidence.overfitting.probability)


def test_each_parameter_has_its_own_chart_by_importance(content: SearchContent) -> None:
    charts = slice_charts(content)
    names = short_keys([one.name for one in content.result.space])
    assert [chart.title for chart in charts] == [names[key] for key in content.survey.ranked]
    by_title = {chart.title: chart for chart in charts}
    assert by_title["slow"].layout["xaxis"]["type"] == "log"
    assert by_title["direction"].layout["xaxis"]["type"] == "category"


def test_the_best_trials_are_ranked_and_the_chosen_one_is_marked(content: SearchContent) -> None:
    grid = best_grid(content)
    column = [head.text for head in grid.heads].index("Sharpe ratio")
    shown = [float(row[column].text.replace("−", "-")) for row in grid.rows]
    assert shown == sorted(shown, reverse=True)
    assert grid.rows[0][0].text == f"★ {content.chosen}"
    assert {"Total return", "Maximum drawdown"} <= {head.text for head in grid.heads}
    assert "trials.parquet has all" in grid.note


def test_the_fragility_table_has_a_row_for_each_change_and_the_worst_of_draws(content: SearchContent) -> None:
    grid = fragility_grid(content)
    assert grid is not None
    rows = {row[0].text: row for row in grid.rows}
    assert list(rows)[:2] == ["as it is", "costs x2"]
    assert (rows["5% of entries missed"][1].text, rows["5% of entries missed"][1].note) == ("0.80", "0.66")
    assert (rows["one bar later"][2].text, rows["one bar later"][2].tone) == ("−0.21", "loss")
    assert rows["one symbol left out"][1].text == "n/a"
    assert "61.2 bps" in grid.caption
    assert "33 replays" in grid.caption
    assert fragility_grid(dataclasses.replace(content, fragility=None)) is None


def test_reasons_that_differ_in_numbers_alone_are_counted_together() -> None:
    result = result_of((FAST,), [{FAST.name: at} for at in range(2, 8)], lambda _: 1.0)
    for number, reason in enumerate(["fast=3 is above 2", "fast=40 is above 2.5", "no bars"]):
        result = with_trial(result, number, state="failed", objectives=(), reason=reason)
    rows = [[cell.text for cell in row] for row in states_grid(result).rows]
    assert rows == [
        ["replayed to the end, feasible", "3", ""],
        ["failed", "2", "such as: fast=3 is above 2"],
        ["failed", "1", "no bars"],
    ]


def test_the_plateau_is_told_in_words(content: SearchContent) -> None:
    best = content.survey.best
    assert best is not None
    grid = plateau_grid(content)
    assert f"The best trial, {best.number}," in grid.caption
    assert f"{best.count} neighbours" in grid.caption
    assert grid.rows[0][1].text == str(best.number)
    lonely = dataclasses.replace(best, count=0, median=math.nan, worst=math.nan)
    alone = dataclasses.replace(content, survey=dataclasses.replace(content.survey, best=lonely))
    assert "nothing was tried near it" in plateau_grid(alone).caption
    one = dataclasses.replace(
        content, survey=dataclasses.replace(content.survey, best=dataclasses.replace(best, count=1))
    )
    assert "its one neighbour has" in plateau_grid(one).caption


def test_no_text_of_a_user_becomes_markup() -> None:
    key = f"strategies.{EVIL}.params.x"
    space = (
        SearchParameter(key, "int", 1, EVIL, 1, 30),
        SearchParameter("other", "choice", EVIL, "", choices=(EVIL, "b")),
    )
    tried = [{key: 1 + at % 30, "other": EVIL if at % 2 else "b"} for at in range(40)]
    result = result_of(space, tried, lambda one: float(one[key]))  # type: ignore[arg-type]
    result = with_trial(result, 3, state="failed", objectives=(), reason=EVIL)
    page = render_search_page(
        dataclasses.replace(empty_content(result), title=EVIL, chosen=39, warnings=(EVIL,), facts=((EVIL, EVIL),))
    )
    assert EVIL not in page
    assert "<img" not in page


def test_a_colour_is_a_name_and_a_name_of_a_user_is_none() -> None:
    text = charts_text(
        [Chart("a", "", "", ({"name": "x</script>", "marker": {"color": "var(--main)"}, "y": [math.nan]},))]
    )
    assert "</script>" not in text
    assert json.loads(text)[0]["data"] == [{"name": "x</script>", "marker": {"color": "var(--main)"}, "y": [None]}]


def test_two_strategies_with_the_same_parameter_are_told_apart() -> None:
    keys = ["strategies.a.params.fast", "strategies.b.params.fast", "strategies.a.params.slow"]
    assert list(short_keys(keys).values()) == ["a.fast", "b.fast", "slow"]


def test_the_same_search_gives_the_same_page_and_it_stays_small(tmp_path: Path, content: SearchContent) -> None:
    first = write_search_page(tmp_path, content)
    assert first == tmp_path / "search.html"
    assert first.stat().st_size < 2_500_000
    assert first.read_text("utf-8") == render_search_page(searched_content())


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path, content: SearchContent) -> None:
    with pytest.raises(OutputError, match=r"the page must be writable.*choose another --out"):
        write_search_page(tmp_path / "nowhere", content)
