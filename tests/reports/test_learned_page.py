"""The page and section of what was learned: what a run decided of each trade, shown whole, and nothing when off."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from adaptive_runs import FAST, SELECTOR, config, inputs_of, script, walk
from sample_runs import sample_content

from stratkit.adaptive import layer as layer_module
from stratkit.analytics.learned import learned_of
from stratkit.backtest import attribute_backtest, replay
from stratkit.cli.adaptive_lines import adaptive_lines
from stratkit.cli.learned_record import learned_record
from stratkit.engine.result import BacktestResult
from stratkit.panel import format_time
from stratkit.reports.content import ReportContent
from stratkit.reports.figures import write_figures
from stratkit.reports.learned_charts import health_chart, state_spans, tries_chart
from stratkit.reports.learned_grids import quality_grid
from stratkit.reports.learned_page import render_learned_page, write_learned_page
from stratkit.reports.offline import MAX_PAGE_BYTES
from stratkit.reports.page import render_page
from stratkit.reports.q_grids import STAR, UNSUITED, q_grid
from stratkit.reports.settings import ReportSettings

pytestmark = pytest.mark.filterwarnings("ignore:signals need a quality")
OPTIMIZATION: dict[str, Any] = {**FAST, "quality": {"threshold": 0.4, "success_min_trades": 3}}


@cache
def shown(**blocks: str) -> ReportContent:
    """A run on 400 made bars; blocks are JSON, so that equal ones are played once."""
    bars = walk(400)
    given = config(exit_plan=None, **{name: json.loads(text) for name, text in blocks.items()})
    result = replay(given, inputs_of(given, bars, script(bars)))
    return sample_content(bars, result, attribution=attribute_backtest(given, bars, result))


def everything() -> ReportContent:
    return shown(optimization=json.dumps(OPTIMIZATION), meta_strategy=json.dumps(SELECTOR))


def learned(content: ReportContent) -> Any:
    found = content.learned
    assert found is not None
    return found


def test_the_marks_say_what_was_decided_of_each_trade() -> None:
    result = everything().result
    trades, shadow = result.trades_columns(), result.shadow_columns()
    quality, below = np.asarray(trades["quality"]), np.asarray(shadow["quality"])
    adapted = result.adapted
    assert adapted is not None
    kept = adapted.shadow_marks.kept
    assert kept is not None
    assert len(quality) > 20
    assert (quality[np.isfinite(quality)] >= 0.4).all()
    why = np.array([kept.names[code] for code in kept.codes])
    assert set(why) == {"quality", "suspended"}
    assert (below[why == "quality"] < 0.4).all()
    over = np.asarray(shadow["exit_bar"]) >= 0
    assert {row.reason: row.earned.trades for row in learned(everything()).kept if row.earned.trades} == {
        name: int((why[over] == name).sum()) for name in ("quality", "suspended")
    }
    assert {"profile", "explored", "quality"} <= set(trades)
    assert {"profile", "explored", "quality", "kept"} <= set(shadow)


@pytest.mark.parametrize(("epsilon", "least", "most"), [(0.0, 0.0, 0.0), (1.0, 0.3, 1.0)])
def test_a_choice_that_was_a_try_is_known_as_one(epsilon: float, least: float, most: float) -> None:
    selector = {"enabled": True, "epsilon": epsilon, "epsilon_min": 0.0, "scope": "market"}
    content = shown(optimization=json.dumps(OPTIMIZATION), meta_strategy=json.dumps(selector))
    found, adapted = learned(content), content.result.adapted
    assert adapted is not None
    assert len(adapted.shadow_trades) > 20
    assert len(found.choices.bar) == len(content.result.trades) + len(adapted.shadow_trades)  # it is known of each
    assert least <= found.choices.explored.mean() <= most


def test_strategies_that_are_chosen_between_are_the_columns() -> None:
    found = learned(shown(meta_strategy=json.dumps({**SELECTOR, "over": "strategies"}), combine='{"method": null}'))
    grid = q_grid(found)
    assert [head.text for head in grid.heads[1:3]] == ["s0", "s1"]
    assert not found.claims
    assert found.choices is not None
    assert UNSUITED not in {cell.text for row in grid.rows for cell in row}


def test_the_table_of_q_adds_up_stars_the_best_and_crosses_out_what_does_not_suit() -> None:
    found = learned(everything())
    by_cell = {(row["regime"], row["arm"]): 0 for row in found.status["q_table"]}
    for row in found.status["q_table"]:
        by_cell[row["regime"], row["arm"]] += row["trades"]
    assert by_cell == {(row["regime"], row["arm"]): row["trades"] for row in found.status["arms"]}
    texts = [[cell.text for cell in row] for row in q_grid(found).rows]
    wild = next(row for row in texts if row[0] == "range high vol")
    assert [text == UNSUITED for text in wild[1:8]] == [True, False, True, True, True, True, True]
    for row in q_grid(found).rows:
        known = [cell for cell in row[1:8] if cell.note and int(cell.note) >= 5]
        values = [float(cell.text.removeprefix(f"{STAR} ").replace("−", "-")) for cell in known]
        stars = [value for value, cell in zip(values, known, strict=True) if STAR in cell.text]
        assert stars == ([max(values)] if values else [])


def test_the_record_is_json_and_the_profiles_foot_to_the_total() -> None:
    content = everything()
    assert json.loads(json.dumps(learned_record(learned(content), content.result.times)))["measured"]["claims"]
    table = content.attribution.by_profile  # type: ignore[union-attr]  # it was made
    assert table is not None
    assert table.pnl.sum() == pytest.approx(content.attribution.total)  # type: ignore[union-attr]  # it was made


def test_the_page_holds_every_part_and_escapes_names() -> None:
    content = everything()
    page = render_learned_page(replace(content, title="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in page
    for name in ("q-table", "q-symbols", "health", "claims", "quality", "kept", "profiles", "regimes", "rates"):
        assert f'id="grid-{name}"' in page, name
    for name in ("weights", "states", "tries"):
        assert f'id="chart-{name}"' in page, name
    assert len(page.encode()) < MAX_PAGE_BYTES


def test_the_report_leads_to_the_page_and_without_a_layer_says_nothing() -> None:
    content, settings = everything(), ReportSettings()
    page = render_page(content, settings)
    assert 'href="adaptive.html"' in page
    assert 'id="grid-q-table"' in page
    off = render_page(replace(content, result=replace(content.result, adapted=None), attribution=None), settings)
    assert "adaptive.html" not in off
    assert "#learned" not in off


def test_a_fault_is_said_first_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise ZeroDivisionError("made up")

    monkeypatch.setattr(layer_module, "adapt", fails)
    bars = walk(80)
    given = config(optimization=OPTIMIZATION, meta_strategy=SELECTOR, exit_plan=None)
    with pytest.warns(UserWarning, match="what adapts stopped on the way"):
        content = sample_content(bars, replay(given, inputs_of(given, bars, script(bars))))
    page = html.unescape(render_learned_page(content))
    assert page.index("Stopped by a fault") < page.index("In short")
    assert "ZeroDivisionError: made up" in render_page(content, ReportSettings())
    assert adaptive_lines(learned(content))[0].startswith("STOPPED by a fault")


def test_the_terminal_has_eight_lines_at_most_and_counts_one_trade_as_one() -> None:
    lines = adaptive_lines(learned(everything()))
    assert 4 <= len(lines) <= 8
    assert adaptive_lines(None) == []
    few = learned(everything())
    arms = [{"regime": "trend_up", "arm": "scalp", "trades": 1, "q": 2.0, "is_best": False}]
    told = adaptive_lines(replace(few, status={**few.status, "arms": arms}))
    assert any(line.endswith("yet, 1 trade at most") for line in told)
    assert not any("scalp in" in line for line in told)


def test_the_terminal_names_the_best_of_all_regimes_and_weights_of_those_that_trade() -> None:
    found = learned(everything())
    arms = [
        {"regime": f"r{at}", "arm": "scalp", "trades": 5 + at, "q": float(at), "is_best": at != 1} for at in range(9)
    ]
    by_state = {"active": ["a"], "degraded": ["b"], "suspended": ["c"], "retired": ["d"]}
    weights = dict.fromkeys("abcd", 0.5)
    status = {**found.status, "arms": arms, "by_state": by_state, "raw_weights": weights}
    lines = adaptive_lines(replace(found, status=status))
    told = next(line for line in lines if line.startswith("best so far"))
    assert [part.split()[0] for part in told.split("scalp in ")[1:]] == ["r8", "r7", "r6", "r5", "r4", "r3"]
    assert told.endswith("(+3.00 R, n 8), and 2 more")
    assert lines[0] == "active, with weights: a 0.50; degraded, with weights: b 0.50; suspended: c; retired: d"


def test_bands_say_why_they_hold_fewer_trades_than_there_are() -> None:
    found = learned(everything())
    judged = sum(band.earned.trades for band in found.bands.bands)
    left = found.account.trades + found.shadow.trades - judged
    assert left > 0
    assert f"{left:,} trades more are in no band" in quality_grid(found).note
    every = replace(found, shadow=replace(found.shadow, trades=found.shadow.trades - left))
    assert "in no band" not in quality_grid(every).note


def test_parts_that_are_off_are_said_to_be_off() -> None:
    content = shown(meta_strategy=json.dumps(SELECTOR))
    page = render_learned_page(content)
    assert "Weights do not adapt in this run." in page
    assert "Health is not judged in this run." in page
    assert 'id="grid-quality"' not in page


def test_very_many_changes_of_state_become_evenly_spaced_ones() -> None:
    found = learned(everything())
    step = found.health[0][0]
    many = tuple(replace(step, bar=bar, state=("active", "degraded")[bar % 2]) for bar in range(3000))
    spans = state_spans((many,), 3000)
    assert len(spans.edges) <= 801
    assert [spans.code[0, at] for at in (0, 5)] == [spans.edges[0] % 2, spans.edges[5] % 2]
    assert tries_chart(found, everything().result.times).traces


def test_a_state_is_told_from_its_own_change_on_and_not_from_that_of_another() -> None:
    found, times = learned(everything()), everything().result.times
    step = replace(found.health[0][0], bar=0, state="active")
    health = ((step,), (step, replace(step, bar=7, state="degraded")), (step, replace(step, bar=9, state="retired")))
    assert state_spans(health, 20).since.tolist() == [[0, 0, 0], [0, 7, 7], [0, 0, 9]]
    bars = health_chart(replace(found, health=health, strategies=("a", "b", "c")), times[:20]).traces[0]
    assert bars["text"][0] == [f"active, since {format_time(int(times[0]))}"] * 3


def test_a_page_of_very_many_changes_is_thinned_until_it_fits(tmp_path: Path) -> None:
    content = everything()
    found, bars = learned(content), len(content.result.times)
    step = found.health[0][0]
    restless = tuple(replace(step, bar=bar, state=("active", "degraded")[bar % 2]) for bar in range(bars))
    names = tuple(f"strategy {at}" for at in range(90))
    content = replace(content)  # a record of its own, into which the made one is put
    content.__dict__["learned"] = replace(found, strategies=names, health=(restless,) * len(names))
    assert len(render_learned_page(content).encode()) > MAX_PAGE_BYTES
    page = write_learned_page(tmp_path, content)
    assert page.stat().st_size <= MAX_PAGE_BYTES


def test_the_figures_are_drawn(tmp_path: Any) -> None:
    names = {path.name for path in write_figures(tmp_path, everything(), ReportSettings(png_dpi=40))}
    assert {"adaptive.png", "q_table.png"} <= names


def test_nothing_is_learned_of_a_run_without_a_layer() -> None:
    result: BacktestResult = replace(everything().result, adapted=None)
    assert learned_of(result) is None
