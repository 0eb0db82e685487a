"""`ABContent`: everything that the page of an A/B test shows."""

from __future__ import annotations

from dataclasses import dataclass

from stratkit.inference.comparison import Comparison
from stratkit.research.ab_test import ABTest


@dataclass(frozen=True)
class ABContent:
    """An A/B test, ready to be shown: the very record that the terminal and ``--json`` show.

    `more_facts` are rows of (name, value) that stand beside those of the test; `config_text` is the resolved YAML of
    what was replayed, empty where nothing was.
    """

    title: str
    test: ABTest
    more_facts: tuple[tuple[str, str], ...] = ()
    config_text: str = ""

    @property
    def comparison(self) -> Comparison:
        """What the arms' comparison says."""
        return self.test.comparison

    @property
    def command(self) -> str:
        """The line that made the test."""
        return self.test.command

    @property
    def labels(self) -> tuple[str, ...]:
        """The arms with their letters, in order."""
        return tuple(f"{arm.letter} {arm.name}" for arm in self.test.arms)
