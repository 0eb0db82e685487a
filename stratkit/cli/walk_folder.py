"""`WalkFolder`: the finished folds of a walk-forward that is under way, so that an interrupted one can go on."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stratkit.cli.study_folder import StudyFolder
from stratkit.errors import DataError, OutputError, UsageError
from stratkit.research.fold_choice import Choice
from stratkit.research.study_log import check_facts
from stratkit.research.walk_forward_record import choice_record, kept_choice
from stratkit.runs.facts import read_json
from stratkit.runs.json_text import json_text

_FACTS: Final = "facts.json"


@dataclass(frozen=True)
class WalkFolder:
    """One file per finished fold, each written whole or not at all, in the folder of a study."""

    study: StudyFolder

    def begin(self, config_text: str, facts: Mapping[str, Any]) -> None:
        """Make the folder of a new walk-forward."""
        self.study.begin(config_text)
        self._write(_FACTS, facts)

    def resume(self, facts: Mapping[str, Any]) -> dict[int, Choice]:
        """Return the choices of the finished folds; raise `UsageError` when anything that decides them has changed."""
        path = self.study.path / _FACTS
        if not path.is_file():
            raise UsageError(f"{self.study.name} was stopped before it began, or is a search: begin again")
        check_facts(read_json(path), facts)
        found = {}
        for file in sorted(self.study.path.glob("fold-*.json")):
            record = read_json(file)
            try:
                found[int(record["number"])] = kept_choice(record)
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(f"{file} must hold a fold: remove it, and that fold is chosen again") from error
        return found

    @property
    def has_folds(self) -> bool:
        """Whether a fold was finished."""
        return any(self.study.path.glob("fold-*.json"))

    def keep(self, number: int, choice: Choice) -> None:
        """Write a finished fold."""
        self._write(f"fold-{number:04d}.json", {"number": number, **choice_record(choice)})

    def resume_command(self, default_out: Path) -> str:
        """Return the command that goes on with it."""
        words = ["stratkit", "walkforward", "--resume", self.study.name]
        return shlex.join(words if self.study.out == default_out else [*words, "--out", str(self.study.out)])

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        path = self.study.path / name
        new = path.with_suffix(".new")
        try:
            with new.open("w", encoding="utf-8", newline="\n") as file:
                file.write(json_text(value))
                file.flush()
                os.fsync(file.fileno())  # a fold that is kept outlives the machine
            new.replace(path)
        except OSError as error:
            raise OutputError(f"{path}: a finished fold must be kept: {error.strerror or error}") from error
