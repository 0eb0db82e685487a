"""`write_walk_page`: one offline HTML page about a walk-forward: what was earned with values chosen before."""

from __future__ import annotations

from pathlib import Path

from stratkit.inference.verdict import RULE
from stratkit.reports.chart_specs import charts_text
from stratkit.reports.offline import interactive_page, trusted, write_page
from stratkit.reports.page_names import WALK_PAGE
from stratkit.reports.verdict_words import MEANING, TONES
from stratkit.reports.walk_charts import equity_chart, folds_chart, path_charts, paths_chart
from stratkit.reports.walk_content import WalkContent
from stratkit.reports.walk_grids import folds_grid


def write_walk_page(folder: Path, content: WalkContent) -> Path:
    """Write `walk.html` into `folder` and return its path; raise `OutputError` when it cannot be written."""
    return write_page(folder / WALK_PAGE, render_walk_page(content))


def render_walk_page(content: WalkContent) -> str:
    """Return the page as text."""
    equity, folds, routes, paths = (
        equity_chart(content), folds_chart(content), path_charts(content), paths_chart(content)
    )  # fmt: skip
    verdict = content.verdict
    return interactive_page(
        "walk",
        script_name="charts",
        charts=trusted(charts_text([equity, folds, *routes, *([paths] if paths else [])])),
        content=content,
        word="" if verdict is None else verdict.word,
        tone="" if verdict is None else TONES[verdict.word],
        meaning="" if verdict is None else MEANING[verdict.word],
        rule=RULE,
        equity=equity,
        folds=folds,
        routes=routes,
        paths=paths,
        table=folds_grid(content),
    )
