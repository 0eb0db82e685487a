"""`JudgementContent`: everything that the page of a judgement of what adapts shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from stratkit.research.adaptive_judgement import AdaptiveJudgement
from stratkit.research.adaptive_words import AdaptiveVerdict, adaptive_verdict


@dataclass(frozen=True)
class JudgementContent:
    """A judgement, ready to be shown: the very record that the terminal and ``--json`` show.

    `warnings` are those met on the way; `command` is the line that made it, `config_text` the resolved YAML.
    """

    title: str
    judgement: AdaptiveJudgement
    warnings: tuple[str, ...] = ()
    command: str = ""
    config_text: str = ""

    @cached_property
    def verdict(self) -> AdaptiveVerdict:
        """What it comes to."""
        return adaptive_verdict(self.judgement)
