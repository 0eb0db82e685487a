"""`write_regime_page`: one offline HTML page: what state the market was in, what it was like, and where it is now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stratkit.reports.chart_specs import Chart, charts_text
from stratkit.reports.grid import Grid
from stratkit.reports.offline import interactive_page, trusted, write_page
from stratkit.reports.regime_charts import agreement_chart, moves_chart, price_chart, probability_chart
from stratkit.reports.regime_content import RegimeContent
from stratkit.reports.regime_grids import account_grid, methods_grid, regimes_grid, series_grid, trades_grid
from stratkit.reports.regime_words import causal_words, data_words, method_name, now_words, refit_words
from stratkit.research.regime_study import LabelledSeries, RegimeStudy

REGIME_PAGE: Final = "regime.html"


@dataclass(frozen=True)
class _Section:
    """A series as the page shows it."""

    anchor: str
    name: str
    now: str
    price: Chart
    sure: Chart
    moves: Chart
    regimes: Grid


def write_regime_page(folder: Path, content: RegimeContent) -> Path:
    """Write `regime.html` into `folder` and return its path; raise `OutputError` when it cannot be written."""
    return write_page(folder / REGIME_PAGE, render_regime_page(content))


def render_regime_page(content: RegimeContent) -> str:
    """Return the page as text."""
    study = content.study
    sections = [_section(study, one, place) for place, one in enumerate(content.shown)]
    charts = [chart for one in sections for chart in (one.price, one.sure, one.moves)]
    agreement = None if content.compared is None else agreement_chart(content.compared)
    return interactive_page(
        "regime",
        script_name="charts",
        charts=trusted(charts_text([*charts, *([] if agreement is None else [agreement])])),
        content=content,
        facts=regime_page_facts(content),
        warnings=content.warnings,
        is_causal=study.labels.causal,
        sections=sections,
        series=series_grid(study) if len(study.series) + len(study.left_out) > 1 else None,
        methods=None if content.compared is None else methods_grid(content.compared),
        agreement=agreement,
        run=content.run,
        trades=None if content.run is None else trades_grid(content.run),
        account=None if content.run is None else account_grid(content.run),
    )


def regime_page_facts(content: RegimeContent) -> list[tuple[str, str]]:
    """Return what stands under the title."""
    study = content.study
    rows = [
        ("Data", data_words(study)),
        ("Method", method_name(study.method)),
        ("Causal", causal_words(study)),
        ("Rule", study.labels.rule),
        ("Learned", refit_words(study)),
        ("Run", "" if content.run is None else content.run.run_id),
    ]
    return [(name, value) for name, value in rows if value]


def _section(study: RegimeStudy, one: LabelledSeries, place: int) -> _Section:
    return _Section(
        f"s{place}", one.name, now_words(study, one.facts), price_chart(study, one, f"price-{place}"),
        probability_chart(study, one, f"sure-{place}"), moves_chart(one, f"moves-{place}"),
        regimes_grid(one.facts, f"regimes-{place}"),
    )  # fmt: skip
