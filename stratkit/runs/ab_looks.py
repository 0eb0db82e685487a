"""`ABLook`: that an experiment was looked at, kept beside the trials, so that nobody has to remember how often."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from stratkit.errors import DataError
from stratkit.runs.facts import read_json
from stratkit.runs.find import AB_TEST
from stratkit.runs.trial_identity import BESIDE, running_strategies

AB_RECORD: Final = "abtest.json"
_NAMES: Final = frozenset({"description"})
_DATES: Final = frozenset({"start", "end", "trade_start", "path", "detail_path", "accept"})


@dataclass(frozen=True)
class ABLook:
    """One A/B test that was made: `experiment` is what was compared, `answer` the data and the question.

    `made` is when, UTC ISO; empty = now.
    """

    test_id: str
    experiment: str
    answer: str
    made: str = ""


def experiment_of(arms: Iterable[str]) -> str:
    """Return the sha256 of the arms of an experiment, in whatever order: A against B is B against A."""
    return hashlib.sha256("\n".join(sorted(arms)).encode(errors="backslashreplace")).hexdigest()


def arm_of_manifest(manifest: Mapping[str, Any]) -> str:
    """Return what an arm is that was replayed, whatever its dates and bars: other dates begin no new experiment."""
    config = {name: block for name, block in manifest["config"].items() if name not in BESIDE}
    config["data"] = {name: value for name, value in (config.get("data") or {}).items() if name not in _DATES}
    # two names for the same strategy are the same arm
    running = running_strategies(manifest["config"]).values()
    config["strategies"] = [{name: value for name, value in one.items() if name not in _NAMES} for one in running]
    config["symbols"] = sorted(manifest["data_digests"])
    text = json.dumps(config, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def put_looks(connection: sqlite3.Connection, looks: Sequence[ABLook]) -> None:
    """Write looks that are not there yet."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    connection.executemany(
        "INSERT OR IGNORE INTO looks (test_id, experiment, answer, made) VALUES (?, ?, ?, ?)",
        [(look.test_id, look.experiment, look.answer, look.made or now) for look in looks],
    )


def looks_of(connection: sqlite3.Connection, experiment: str) -> list[ABLook]:
    """Return the looks at an experiment, the oldest first."""
    rows = connection.execute(
        "SELECT test_id, experiment, answer, made FROM looks WHERE experiment = ? ORDER BY made, rowid", (experiment,)
    )
    return [ABLook(*row) for row in rows]


def ab_test_names(folder: Path) -> list[str]:
    """Return the names of the A/B tests in a folder of runs, in order."""
    try:
        names = [entry.name for entry in folder.iterdir() if entry.name.startswith(AB_TEST)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if (folder / name / AB_RECORD).is_file())


def folder_look(folder: Path) -> ABLook:
    """Return the look that the folder of an A/B test holds; raise `DataError` when it cannot be read."""
    record = read_json(folder / AB_RECORD)
    known = {name: record.get(name) for name in ("experiment", "answer", "made")}
    if not all(isinstance(value, str) for value in known.values()):
        raise DataError(f"{folder / AB_RECORD} must hold experiment, answer and made: it is damaged")
    return ABLook(folder.name, **{name: str(value) for name, value in known.items()})
