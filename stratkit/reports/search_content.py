"""`SearchContent`: everything that the page of a search shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from stratkit.inference.evidence import Evidence
from stratkit.inference.interval import Interval
from stratkit.inference.superior import SuperiorAbility
from stratkit.inference.verdict import Verdict
from stratkit.research.fragility import Fragility
from stratkit.research.search_result import SearchResult
from stratkit.research.survey import Survey


@dataclass(frozen=True)
class SearchContent:
    """A finished search, ready to be shown.

    `chosen` is the number of the trial that was taken, by `pick` (``best`` or ``robust``), None when no trial was
    feasible. `evidence` counts all trials that the ledger knows, this search's included; its ratios are per period and
    `periods_per_year` annualises them. `out_of_sample` is the Sharpe ratio a year on the bars of `holdout`, which no
    trial saw; `searched` are the others, both in words. `replay_command` replays the chosen trial; `command` made the
    search. `facts` are rows of (name, value).
    """

    title: str
    result: SearchResult
    survey: Survey
    verdict: Verdict
    periods_per_year: float
    chosen: int | None = None
    pick: str = "best"
    evidence: Evidence | None = None
    superior: SuperiorAbility | None = None
    out_of_sample: Interval | None = None
    searched: str = ""
    holdout: str = ""
    fragility: Fragility | None = None
    replay_command: str = ""
    command: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    config_text: str = ""
    warnings: tuple[str, ...] = field(default=())
