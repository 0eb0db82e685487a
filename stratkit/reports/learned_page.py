"""`write_learned_page`: one offline HTML page: what adapted in a run, what it learned, and whether it was any good."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from stratkit.analytics.learned import Learned
from stratkit.panel import IntArray, format_time
from stratkit.reports.chart_specs import charts_text
from stratkit.reports.content import ReportContent
from stratkit.reports.earned_grids import profiles_grid, regimes_grid
from stratkit.reports.grid import Grid
from stratkit.reports.learned_charts import BUCKETS, health_chart, tries_chart, weights_chart
from stratkit.reports.learned_grids import claims_grid, health_grid, kept_grid, quality_grid, rates_grid
from stratkit.reports.learned_words import fault_words, findings
from stratkit.reports.offline import FEWEST_POINTS, first_that_fits, interactive_page, trusted, write_page
from stratkit.reports.page_names import LEARNED_PAGE
from stratkit.reports.q_grids import q_grid, symbols_q_grid

_POINTS: Final = (BUCKETS, 200, 100, FEWEST_POINTS)  # of a line; fewer where the page would be too large


def write_learned_page(folder: Path, content: ReportContent) -> Path:
    """Write `adaptive.html` into `folder` and return its path; `content.learned` is known.

    The page stays under 2.5 MB: its lines are thinned harder until it fits. Raises `OutputError` when it cannot be
    written.
    """
    pages = (render_learned_page(content, points) for points in _POINTS)
    return write_page(folder / LEARNED_PAGE, first_that_fits(pages))


def render_learned_page(content: ReportContent, points: int = _POINTS[0]) -> str:
    """Return the page as text, with lines thinned to the extremes of so many stretches."""
    learned = content.learned
    assert learned is not None  # the caller asked
    times = content.result.times
    weights, states = weights_chart(learned, times, points), health_chart(learned, times, 2 * points)
    tries = None if learned.choices is None else tries_chart(learned, times, points)
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
