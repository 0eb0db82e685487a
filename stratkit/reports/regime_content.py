"""`RegimeContent`: everything that the page of a study of regimes shows."""

from __future__ import annotations

from dataclasses import dataclass

from stratkit.research.regime_comparison import MethodComparison
from stratkit.research.regime_of_run import RunByRegime
from stratkit.research.regime_study import LabelledSeries, RegimeStudy

SHOWN = 6  # series that have charts of their own; the table of all holds the others


@dataclass(frozen=True)
class RegimeContent:
    """A study of regimes, ready to be shown: the very record that the terminal and ``--json`` show.

    `command` is the line that made it; `config_text` the resolved YAML.
    """

    title: str
    study: RegimeStudy
    compared: MethodComparison | None = None
    run: RunByRegime | None = None
    command: str = ""
    config_text: str = ""

    @property
    def shown(self) -> tuple[LabelledSeries, ...]:
        """The series that have charts."""
        return self.study.series[:SHOWN]

    @property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """What to know before any of it is believed: a code and a sentence each."""
        return (*self.study.warnings, *(() if self.run is None else self.run.warnings))
