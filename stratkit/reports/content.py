"""`ReportContent`: everything that a report shows about one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stratkit.analytics.attribution import Attribution
from stratkit.analytics.benchmark import Benchmark
from stratkit.analytics.learned import Learned, learned_of
from stratkit.analytics.performance import Performance
from stratkit.analytics.scorecard import Scorecard
from stratkit.data.bars import Bars
from stratkit.engine.result import BacktestResult
from stratkit.reports.evidence_words import figure, trials_words
from stratkit.research.ambiguity import Ambiguity
from stratkit.research.refused_trades import CapEffect


@dataclass(frozen=True)
class Fault:
    """A strategy that failed `count` times while the run went on, and the message of the first time."""

    strategy: str
    count: int
    first: str


@dataclass(frozen=True)
class RaisedAlert:
    """An alert at `time` (UTC ns) about a strategy, or about the account when it names none."""

    time: int
    severity: str
    strategy: str
    message: str


@dataclass(frozen=True)
class ReportContent:
    """One run, ready to be shown.

    `result` and `bars` share their times. `profile` is the label of the fill profile, overrides
    included; `config_text` the resolved YAML; `provenance` rows of (name, value); `command` the line
    that made the run. `benchmark` has its equity on the same times.
    `evidence` is what evidence.json holds, None when nobody counted trials; `risk_free_ann` is
    the yearly rate [fraction] that the scorecard's Sharpe ratio used. `optimistic`: orders fill at the
    close that decided them, which nobody could have traded. `overrides` name the fill options that were set beside
    the profile. `ambiguity` is what hangs on bars whose
    inside nobody knows. `attribution` says who earned what; `cap_effects`, `faults` and `alerts` stand beside it,
    `performance` how the strategies and the machine fared.
    `study_page` is the page in the same folder of the search or walk-forward that chose the values, empty without one.
    """

    title: str
    subtitle: str
    result: BacktestResult
    bars: Bars
    scorecard: Scorecard
    profile: str
    config_text: str
    provenance: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...] = ()
    benchmark: Benchmark | None = None
    command: str = ""
    evidence: Mapping[str, Any] | None = None
    risk_free_ann: float = 0.0
    optimistic: bool = False
    overrides: tuple[str, ...] = ()
    ambiguity: Ambiguity | None = None
    attribution: Attribution | None = None
    cap_effects: tuple[CapEffect, ...] = ()
    faults: tuple[Fault, ...] = ()
    alerts: tuple[RaisedAlert, ...] = ()
    performance: Performance | None = None
    study_page: str = ""

    @property
    def trials_note(self) -> str:
        """What to say beside a Sharpe ratio about the search that it came from."""
        said = trials_words(self.evidence)
        deflated = self.evidence is not None and (self.evidence.get("trials") or 0) > 1
        return f"{said}, deflated {figure(self.evidence, 'deflated_sharpe')}" if self.evidence and deflated else said

    @cached_property
    def learned(self) -> Learned | None:
        """What adapted in the run; None where nothing does."""
        return learned_of(self.result)

    @cached_property
    def all_warnings(self) -> tuple[str, ...]:
        """The warnings of the run and of its scorecard, each once, in order."""
        return tuple(dict.fromkeys((*self.warnings, *self.scorecard.warnings)))
