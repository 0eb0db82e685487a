"""`write_report`: one offline HTML page with everything about a run.

What makes it one file that loads nothing from anywhere stands in `stratkit.reports.offline`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from stratkit.analytics.drawdowns import worst_drawdowns
from stratkit.analytics.months import monthly_returns
from stratkit.reports.ambiguity_words import ambiguity_lead, ambiguity_rows
from stratkit.reports.charts import build_payload
from stratkit.reports.content import ReportContent
from stratkit.reports.evidence_words import evidence_line, evidence_rows
from stratkit.reports.learned_section import learned_section
from stratkit.reports.offline import FEWEST_POINTS, first_that_fits, interactive_page, trusted, write_page
from stratkit.reports.page_names import LEADS
from stratkit.reports.series import prepare_series
from stratkit.reports.settings import ReportSettings
from stratkit.reports.shown_trades import choose_trades
from stratkit.reports.strategy_section import strategy_section
from stratkit.reports.tables import drawdown_rows, header_facts, headline_cards, heat_rows, metric_groups
from stratkit.reports.wording import money

REPORT_NAME: Final = "report.html"
_MAX_CONFIG_CHARS: Final = 60_000  # longer ones are cut on the page and whole in config.yaml
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def write_report(folder: Path, content: ReportContent, settings: ReportSettings) -> Path:
    """Write `report.html` into `folder` and return its path.

    The page stays under 2.5 MB: series are thinned harder until it fits. Raises `OutputError` when
    the file cannot be written.
    """
    return write_page(folder / REPORT_NAME, first_that_fits(render_page(content, one) for one in _coarser(settings)))


def render_page(content: ReportContent, settings: ReportSettings) -> str:
    """Return the page as text."""
    series = prepare_series(content, settings)
    shown = choose_trades(content.result, settings.max_trades)
    payload = build_payload(content, series, shown, settings)
    return interactive_page(
        "report",
        payload=trusted(payload.text()),
        **_tables(content, settings),
        trades_rule=shown.rule,
        has_trades=shown.total > 0,
        rolling=f"{series.rolling_periods} {series.returns.unit}s",
    )


def _tables(content: ReportContent, settings: ReportSettings) -> dict[str, Any]:
    result = content.result
    worst = worst_drawdowns(result.times, result.equity, result.initial_cash, settings.worst_drawdowns)
    config = content.config_text
    return {
        "content": content,
        "study_lead": LEADS.get(content.study_page, ""),
        "cards": headline_cards(content),
        "facts": header_facts(content),
        "evidence": evidence_rows(content.evidence),
        "evidence_line": evidence_line(content.evidence),
        "ambiguity": ambiguity_lead(content.ambiguity),
        "ambiguity_rows": ambiguity_rows(content.ambiguity),
        "ambiguity_note": "" if content.ambiguity is None else content.ambiguity.note,
        "groups": metric_groups(content),
        "strategies": strategy_section(content),
        "learned": learned_section(content),
        "drawdowns": drawdown_rows(worst),
        "heat": heat_rows(monthly_returns(result.times, result.equity, result.initial_cash)),
        "months": _MONTHS,
        "benchmark_name": None if content.benchmark is None else content.benchmark.name,
        "png": settings.png,
        "config_text": config[:_MAX_CONFIG_CHARS],
        "config_is_cut": len(config) > _MAX_CONFIG_CHARS,
        "bankrupt": result.bankrupt_bar >= 0,
        "account_carry": money(result.account_carry) if result.account_carry else "",
        "held_counts": [(name.replace("_", " "), f"{count:,}") for name, count in result.counts.items()],
        "multi": len(result.symbols) > 1,
    }


def _coarser(settings: ReportSettings) -> Iterator[ReportSettings]:
    """Yield settings, and after them those with ever fewer points."""
    yield settings
    while settings.max_points > FEWEST_POINTS:
        names = ("max_points", "max_candles", "max_trades")
        halves = {name: max(FEWEST_POINTS, getattr(settings, name) // 2) for name in names}
        settings = settings.model_copy(update=halves)
        yield settings
