"""`write_monte_carlo_page`: one offline HTML page: what chance could have made of a run, procedure by procedure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stratkit.reports.chart_specs import Chart, charts_text
from stratkit.reports.grid import Grid
from stratkit.reports.monte_carlo_charts import procedure_charts
from stratkit.reports.monte_carlo_content import MonteCarloContent
from stratkit.reports.monte_carlo_grids import figures_grid, overview_grid
from stratkit.reports.monte_carlo_words import made_words, run_facts
from stratkit.reports.offline import interactive_page, trusted, write_page
from stratkit.reports.wording import sentence_of
from stratkit.research.monte_carlo_record import Procedure

MONTE_CARLO_PAGE: Final = "montecarlo.html"


@dataclass(frozen=True)
class _Section:
    """A procedure as the page shows it."""

    anchor: str
    procedure: Procedure
    tests: str
    made: str
    fans: list[Chart]
    bins: list[Chart]
    figures: Grid


def write_monte_carlo_page(folder: Path, content: MonteCarloContent) -> Path:
    """Write `montecarlo.html` into `folder` and return its path; raise `OutputError` when it cannot be written."""
    return write_page(folder / MONTE_CARLO_PAGE, render_monte_carlo_page(content))


def render_monte_carlo_page(content: MonteCarloContent) -> str:
    """Return the page as text."""
    sections = [_section(one, place) for place, one in enumerate(content.run.procedures)]
    charts = [chart for section in sections for chart in (*section.fans, *section.bins)]
    return interactive_page(
        "monte_carlo",
        script_name="charts",
        charts=trusted(charts_text(charts)),
        content=content,
        facts=run_facts(content),
        warnings=[(code, sentence_of(text)) for code, text in content.run.warnings],
        sections=sections,
        overview=overview_grid(content.run),
    )


def _section(one: Procedure, place: int) -> _Section:
    fans, bins = procedure_charts(one, place)
    return _Section(f"p{place}", one, sentence_of(one.tests), made_words(one), fans, bins, figures_grid(one, place))
