"""`write_search_page`: one offline HTML page about a search: the verdict first, then what it stands on."""

from __future__ import annotations

from pathlib import Path

from stratkit.inference.verdict import RULE
from stratkit.reports.chart_specs import charts_text
from stratkit.reports.heat_charts import heat_charts
from stratkit.reports.key_names import short_keys, value_words
from stratkit.reports.offline import interactive_page, trusted, write_page
from stratkit.reports.page_names import SEARCH_PAGE
from stratkit.reports.search_charts import (
    convergence_chart,
    degradation_chart,
    importance_chart,
    logit_chart,
    pareto_chart,
    slice_charts,
)
from stratkit.reports.search_content import SearchContent
from stratkit.reports.search_grids import best_grid, fragility_grid, front_grid, plateau_grid, states_grid
from stratkit.reports.verdict_words import MEANING, TONES, verdict_cards


def write_search_page(folder: Path, content: SearchContent) -> Path:
    """Write `search.html` into `folder` and return its path; raise `OutputError` when it cannot be written."""
    return write_page(folder / SEARCH_PAGE, render_search_page(content))


def render_search_page(content: SearchContent) -> str:
    """Return the page as text."""
    pareto = pareto_chart(content)
    parts = {
        "convergence": convergence_chart(content),
        "importances": importance_chart(content),
        "logits": logit_chart(content),
        "degradation": degradation_chart(content),
    }
    maps, slices = heat_charts(content), slice_charts(content)
    drawn = [*parts.values(), *([pareto] if pareto else []), *maps, *slices]
    return interactive_page(
        "search",
        script_name="charts",
        charts=trusted(charts_text(drawn)),
        content=content,
        word=content.verdict.word,
        tone=TONES[content.verdict.word],
        meaning=MEANING[content.verdict.word],
        rule=RULE,
        cards=verdict_cards(content),
        parts=parts,
        pareto=pareto,
        maps=maps,
        slices=slices,
        values=_chosen_values(content),
        best=best_grid(content),
        front=front_grid(content),
        plateau=plateau_grid(content),
        fragility=fragility_grid(content),
        states=states_grid(content.result),
    )


def _chosen_values(content: SearchContent) -> list[tuple[str, str, str]]:
    """Return (short key, value, key) of the chosen trial."""
    if content.chosen is None:
        return []
    names = short_keys([one.name for one in content.result.space])
    values = content.result.trials[content.chosen].values
    return [(names[one.name], value_words(values[one.name]), one.name) for one in content.result.space]
