"""`search_content`: a finished search as its page and its tables show it; and the files about it beside its run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from stratkit.cli.finished import FinishedRun, title
from stratkit.cli.survey_tables import fragility_record, survey_record
from stratkit.config import resolved_yaml
from stratkit.panel import format_time
from stratkit.reports.search_content import SearchContent
from stratkit.reports.search_figures import write_search_figures
from stratkit.reports.search_page import write_search_page
from stratkit.reports.wording import first_names

if TYPE_CHECKING:
    from stratkit.config import FileConfig
    from stratkit.data.bars import Bars
    from stratkit.research.fragility import Fragility
    from stratkit.research.holdout import Holdout
    from stratkit.research.judgement import Judgement
    from stratkit.research.search_result import SearchResult
    from stratkit.research.survey import Survey
    from stratkit.runs.folder import RunDraft

SURVEY: Final = "survey.json"


def search_content(
    config: FileConfig,
    bars: Bars,
    holdout: Holdout,
    result: SearchResult,
    judgement: Judgement,
    survey: Survey,
    fragility: Fragility | None,
    run: FinishedRun,
) -> SearchContent:
    """Return what the page of a search shows; `bars` are all of them, `run` the run of the chosen set."""
    facts = (
        ("Symbols", first_names(bars.symbols, 3)),
        ("Bars searched", f"{holdout.stop:,}"),
        ("Sampler", result.sampler),
        ("Objective", ", ".join(f"{one.direction} {one.metric}" for one in result.objectives)),
        ("Seed", f"{result.seed}"),
    )
    return SearchContent(
        title=title(run),
        result=result,
        survey=survey,
        verdict=judgement.verdict,
        periods_per_year=judgement.periods_per_year,
        chosen=judgement.chosen,
        pick=config.search.pick,
        evidence=judgement.evidence,
        superior=judgement.superior,
        out_of_sample=judgement.holdout.sharpe if judgement.holdout.periods else None,
        searched=_span(bars, 0, holdout.stop),
        holdout="" if holdout.is_empty else _span(bars, holdout.first, holdout.bars),
        fragility=fragility,
        replay_command=f"stratkit backtest --trial {run.run_id}:{judgement.chosen}",
        command=" ".join(("stratkit", *sys.argv[1:])),
        facts=facts,
        config_text=resolved_yaml(config),
        warnings=run.all_warnings,
    )


def write_search(draft: RunDraft, content: SearchContent, config: FileConfig) -> None:
    """Write what surrounds the choice into the folder of the run: survey.json, and page and figures as configured."""
    draft.write_json(SURVEY, surrounding_record(content))
    if config.report.html:
        write_search_page(draft.folder, content)
    if config.report.png:
        write_search_figures(draft.folder, content, config.report.png_dpi)


def surrounding_record(content: SearchContent) -> dict[str, Any]:
    """Return importances, neighbourhoods and fragility as plain values."""
    fragility = None if content.fragility is None else fragility_record(content.fragility)
    return {**survey_record(content.survey), "fragility": fragility}


def _span(bars: Bars, start: int, stop: int) -> str:
    return f"{format_time(int(bars.times[start]))} to {format_time(int(bars.times[stop - 1]))}"
