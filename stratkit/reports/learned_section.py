"""`LearnedSection`: the part of the report that says what adapted, in short, and leads to the page that has it all."""

from __future__ import annotations

from dataclasses import dataclass

from stratkit.reports.content import ReportContent
from stratkit.reports.earned_grids import profiles_grid
from stratkit.reports.grid import Grid
from stratkit.reports.learned_words import fault_words, findings
from stratkit.reports.page_names import LEARNED_PAGE
from stratkit.reports.q_grids import q_grid


@dataclass(frozen=True)
class LearnedSection:
    """`fault` says why it stopped, or is empty; `findings` are names and sentences, `page` the page beside."""

    fault: str
    findings: list[tuple[str, str]]
    grids: tuple[Grid, ...]
    page: str = LEARNED_PAGE


def learned_section(content: ReportContent) -> LearnedSection | None:
    """Return the section, None where nothing adapts."""
    learned, attribution = content.learned, content.attribution
    if learned is None:
        return None
    grids = [q_grid(learned)] if learned.choices is not None else []
    if attribution is not None and attribution.by_profile is not None:
        grids.append(profiles_grid(attribution))
    return LearnedSection(fault_words(learned), findings(learned), tuple(grids))
