"""`write_learned_page`: one offline HTML page: what adapted in a run, what it learned, and whether it was any good."""

from __future__ import annotations

from pathlib import Path

from stratkit.analytics.learned import Learned
from stratkit.panel import IntArray, format_time
from stratkit.reports.chart_specs import charts_text
from stratkit.reports.content import ReportContent
from stratkit.reports.earned_grids import profiles_grid, regimes_grid
from stratkit.reports.grid import Grid
from stratkit.reports.learned_charts import health_chart, tries_chart, weights_chart
from stratkit.reports.learned_grids import claims_grid, health_grid, kept_grid, quality_grid, rates_grid
from stratkit.reports.learned_words import fault_words, findings
from stratkit.reports.offline import interactive_page, trusted, write_page
from stratkit.reports.page_names import LEARNED_PAGE
from stratkit.reports.q_grids import q_grid, symbols_q_grid


def write_learned_page(folder: Path, content: ReportContent) -> Path:
    """Write `adaptive.html` into `folder` and return its path; `content.learned` is known.

    Raises `OutputError` when it cannot be written.
    """
    return write_page(folder / LEARNED_PAGE, render_learned_page(content))


def render_learned_page(content: ReportContent) -> str:
    """Return the page as text."""
    learned = content.learned
    assert learned is not None  # the caller asked
    times = content.result.times
    weights, states = weights_chart(learned, times), health_chart(learned, times)
    tries = None if learned.choices is None else tries_chart(learned, times)
    return interactive_page(
        "adaptive",
        script_name="charts",
        style_name="adaptive",
        charts=trusted(charts_text([weights, states, *([] if tries is None else [tries])])),
        content=content,
        facts=_facts(learned, times),
        fault=fault_words(learned),
        findings=findings(learned),
        weights=weights,
        states=states,
        tries=tries,
        **_grids(content, learned, times),
    )


def _grids(content: ReportContent, learned: Learned, times: IntArray) -> dict[str, Grid | None]:
    attribution = content.attribution
    chooses = learned.choices is not None
    return {
        "q": q_grid(learned) if chooses else None,
        "q_symbols": symbols_q_grid(learned) if chooses else None,
        "health": health_grid(learned, times) if learned.status["parts"]["retirement_management"] else None,
        "claims": claims_grid(learned) if learned.claims else None,
        "quality": None if learned.bands is None else quality_grid(learned),
        "kept": kept_grid(learned) if learned.bands is not None or learned.kept else None,
        "rates": rates_grid(learned),
        "profiles": None if attribution is None or attribution.by_profile is None else profiles_grid(attribution),
        "regimes": None if attribution is None or attribution.by_regime is None else regimes_grid(attribution),
    }


def _facts(learned: Learned, times: IntArray) -> list[tuple[str, str]]:
    status = learned.status
    rows = [
        ("Bars", f"{len(times):,}, {format_time(int(times[0]))} \N{EN DASH} {format_time(int(times[-1]))}"),
        ("Updates", f"every {status['updates_every_bars']:,} bar{'' if status['updates_every_bars'] == 1 else 's'}"),
        ("Chooses", status["over"] or ""),
        ("Policy", (status["policy"] or "").replace("_", " ")),
        ("Least quality", "" if status["quality_threshold"] is None else f"{status['quality_threshold']:g}"),
        ("Learned before", f"{status['bars_before']:,} bars" if status["bars_before"] else ""),
        ("Closed trades", f"{learned.account.trades:,} and {learned.shadow.trades:,} in the shadow book"),
    ]
    return [(name, value) for name, value in rows if value]
