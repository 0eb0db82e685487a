"""The page and figures of a judgement of what adapts: the verdict first, every figure, nothing that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_judgements import SEEDS, arm, content, gain, judgement, market

from stratkit.reports.judgement_charts import forest_chart, regret_chart
from stratkit.reports.judgement_figures import write_judgement_figures
from stratkit.reports.judgement_page import render_judgement_page
from stratkit.research.adaptive_arms import ALL, SELECTOR


@pytest.fixture(scope="module")
def made() -> Any:
    return content(
        judgement(
            arm("quality filter", np.zeros((300, 1)), trades=0.0),
            arm("retirement", market()),
            arm(SELECTOR, market() + gain(0.0003, SEEDS)),
            arm(ALL, market() + gain(0.001, SEEDS)),
        )
    )


def test_the_verdict_stands_before_everything_else(made: Any) -> None:
    page = render_judgement_page(made)
    first, tables = page.index("The adaptive layer helped on these bars"), page.index("<table")
    assert page.index('id="verdict"') < first < tables
    assert "a &lt;b&gt;warning&lt;/b&gt;" in page
    for shown in ("Never changed anything: retirement", "no trades", "identical", "biased upward", "+1.0 to +9.0"):
        assert shown in page, shown
    assert "A note." in page
    headings = re.findall(r"<h[23][^>]*>(.*?)</h", page)
    assert len(headings) == len(set(headings))
    assert f"alone; means over {SEEDS} seeds" in page


def test_the_forest_has_a_dot_for_each_pair_that_was_tested(made: Any) -> None:
    traces = forest_chart(made).traces
    assert [trace["name"] for trace in traces] == ["against the base", "against random choice", "against fixed scalp"]
    assert traces[0]["y"] == [SELECTOR, ALL]  # the others are identical, or never traded
    found = made.judgement.named(ALL).against["base"]
    assert traces[0]["x"][1] == pytest.approx(found.difference, rel=1e-5)
    assert traces[0]["error_x"]["array"][1] == pytest.approx(found.interval.high - found.difference, rel=1e-5)


def test_regret_is_drawn_with_the_band_of_the_seeds(made: Any) -> None:
    chart = regret_chart(made)
    lines = {trace["name"]: trace for trace in chart.traces if trace["line"]["width"]}
    assert set(lines) == {"random choice", "base", ALL, SELECTOR}
    own = made.judgement.named(SELECTOR).regret
    assert lines[SELECTOR]["y"][-1] == pytest.approx(own.total, rel=1e-3)
    assert len(chart.traces) == 4 + 2 * 3  # a band for each arm with seeds
    assert json.dumps(chart.layout)


def test_where_nothing_can_be_tested_the_page_says_so(tmp_path: Path) -> None:
    made = content(judgement(arm(SELECTOR, market()), arm(ALL, market()), noun="strategy"))
    chart = forest_chart(made)
    assert [trace["name"] for trace in chart.traces] == ["against random choice", "against fixed scalp"]
    assert "best fixed strategy" in render_judgement_page(made)
    assert [path.name for path in write_judgement_figures(tmp_path, made, 60)] == ["differences.png", "regret.png"]
    assert all(path.stat().st_size > 5_000 for path in tmp_path.iterdir())
