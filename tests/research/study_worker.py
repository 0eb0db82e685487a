"""A process that works on a study: python study_worker.py FOLDER SAMPLER NAME [--slow]."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from search_cases import Formula, peak, run_search, shown

from stratkit.research.search_settings import GeneticSettings, SearchSettings
from stratkit.research.study_log import open_study
from stratkit.research.trials import Assignment

FACTS = {"version": "1", "config": {"seed": 0, "search": {"trials": 60}}}


def main(folder: Path, sampler: str, name: str, *options: str) -> None:
    settings = SearchSettings.model_validate(
        {"sampler": sampler, "fixed": ("direction",), "trials": 60, "genetic": GeneticSettings(population=12)}
    )

    def answer(values: Assignment) -> float:
        time.sleep(0.02 if "--slow" in options else 0.0)
        return peak(values)

    evaluator = Formula(answer)
    there = (folder / "journal.log").exists()
    log = open_study("study", FACTS, folder / "journal.log", None, resume=there)
    result = run_search(settings, evaluator, log=log, turn=log.join())
    (folder / f"{name}.txt").write_text(repr(shown(result)), "utf-8")
    print("replays", len(evaluator.calls))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
