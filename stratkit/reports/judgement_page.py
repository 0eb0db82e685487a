"""`write_judgement_page`: one offline HTML page on what adapts: the verdict first, then what it stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from stratkit.reports.chart_specs import charts_text
from stratkit.reports.judgement_charts import forest_chart, regret_chart
from stratkit.reports.judgement_content import JudgementContent
from stratkit.reports.judgement_grids import arms_grid, regret_grid, tests_grid
from stratkit.reports.judgement_words import TONES, judgement_facts
from stratkit.reports.offline import interactive_page, trusted, write_page
from stratkit.reports.wording import capital, sentence_of

JUDGEMENT_PAGE: Final = "adaptive_judgement.html"


def write_judgement_page(folder: Path, content: JudgementContent) -> Path:
    """Write the page into `folder` and return its path; raise `OutputError` when it cannot be written."""
    return write_page(folder / JUDGEMENT_PAGE, render_judgement_page(content))


def render_judgement_page(content: JudgementContent) -> str:
    """Return the page as text."""
    forest, regret, verdict = forest_chart(content), regret_chart(content), content.verdict
    return interactive_page(
        "judgement",
        script_name="charts",
        charts=trusted(charts_text([one for one in (forest, regret) if one.traces])),
        content=content,
        facts=judgement_facts(content),
        verdict=verdict,
        word=verdict.word,
        tone=TONES[verdict.effect],
        parts=[capital(line) for line in verdict.parts],
        selector=[sentence_of(line) for line in verdict.selector],
        notes=[sentence_of(line) for line in content.judgement.notes],
        forest=forest,
        regret=regret,
        tables={"arms": arms_grid(content), "tests": tests_grid(content), "regret": regret_grid(content)},
    )
