"""`write_ab_page`: one offline HTML page about an A/B test: the verdict first, then what it stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from stratkit.reports.ab_charts import cumulative_chart, equity_chart, interval_chart
from stratkit.reports.ab_content import ABContent
from stratkit.reports.ab_grids import arms_grid, blocks_grid, checks_grid, looks_grid, metrics_grid, sources_grid
from stratkit.reports.ab_notes import ab_notes
from stratkit.reports.ab_test_charts import blocks_chart, bootstrap_chart, looks_chart, power_chart
from stratkit.reports.ab_words import TONES, ab_cards, ab_facts, rule_words, verdict_sentences
from stratkit.reports.chart_specs import charts_text
from stratkit.reports.offline import interactive_page, trusted, write_page
from stratkit.reports.wording import sentence_of

AB_PAGE: Final = "abtest.html"


def write_ab_page(folder: Path, content: ABContent) -> Path:
    """Write `abtest.html` into `folder` and return its path; raise `OutputError` when it cannot be written."""
    return write_page(folder / AB_PAGE, render_ab_page(content))


def render_ab_page(content: ABContent) -> str:
    """Return the page as text."""
    comparison = content.comparison
    parts = {
        "equity": equity_chart(content),
        "interval": interval_chart(content),
        "cumulative": cumulative_chart(content),
        "bootstrap": bootstrap_chart(content),
        "power": power_chart(content),
        "blocks": blocks_chart(content),
    }
    looks = None if comparison.sequential is None else looks_chart(content, comparison.sequential)
    return interactive_page(
        "ab",
        script_name="charts",
        charts=trusted(charts_text([*parts.values(), *([looks] if looks else [])])),
        content=content,
        verdict=comparison.verdict,
        tone=TONES[comparison.verdict.kind],
        cards=ab_cards(content),
        facts=ab_facts(content),
        said=verdict_sentences(content),
        rule=rule_words(content),
        warnings=[(one.code, sentence_of(one.sentence)) for one in comparison.warnings],
        parts=parts,
        looks=looks,
        notes=ab_notes(content),
        tables=_tables(content),
    )


def _tables(content: ABContent) -> dict[str, Any]:
    comparison = content.comparison
    pair, alpha = comparison.first, comparison.question.alpha
    return {
        "metrics": metrics_grid(pair),
        "checks": checks_grid(pair, alpha),
        "blocks": blocks_grid(pair, alpha),
        "sources": sources_grid(content),
        "arms": None if comparison.many is None else arms_grid(content, comparison.many),
        "looks": None if comparison.sequential is None else looks_grid(content, comparison.sequential),
    }
