"""`find_run`: the folder of a run from what a person types: an id, the beginning of one, a path, or ``latest``."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from stratkit.errors import UsageError
from stratkit.runs.folder import RunRecord

LATEST: Final = "latest"
AB_TEST: Final = "abtest-"  # a folder of this beginning is an A/B test, and no run
REGIME: Final = "regime-"  # one of this a study of regimes, and no run
JUDGEMENT: Final = "adaptive-"  # one of this a judgement of what adapts, and no run
_NO_RUNS: Final = (".", AB_TEST, REGIME, JUDGEMENT)
ESSENTIAL: Final = ("manifest.json", "metrics.json", "config.yaml")  # a folder without one of them is no run
_NAMED: Final = 5  # ids that a message names at most


def find_run(run: str, folder: Path) -> RunRecord:
    """Return the record of the run that `run` names among the runs in `folder`.

    `run` is a run id, the beginning of one, the beginning of its last part, the path of a run's
    folder anywhere, or ``latest``. Raises `UsageError` when there is no such run, when several
    begin like this, and when the folder is no whole run.
    """
    if not run:
        raise UsageError("a run must be named: a run id, the beginning of one, a path, or latest; found an empty name")
    if run in run_names(folder):
        return read_record(folder / run)
    if Path(run).expanduser().is_dir():
        return read_record(Path(run).expanduser().resolve())
    if run == LATEST:
        return read_record(folder / latest_run(folder))
    if missing := half_written(run, folder):
        raise UsageError(missing)
    return read_record(folder / match_run(run, run_names(folder), f"in {folder}"))


def run_names(folder: Path) -> list[str]:
    """Return the names of all folders in `folder` that may be runs, in order: hidden ones and studies are none."""
    return [name for name in _folder_names(folder) if not name.startswith(_NO_RUNS)]


def judgement_names(folder: Path) -> list[str]:
    """Return the names of all judgements of what adapts in `folder`, in order."""
    return [name for name in _folder_names(folder) if name.startswith(JUDGEMENT)]


def whole_runs(folder: Path) -> list[str]:
    """Return the names of the runs in `folder` whose essential files are there, in order."""
    return [name for name in run_names(folder) if not missing_files(folder / name)]


def missing_files(folder: Path) -> list[str]:
    """Return the essential files that a folder does not have."""
    return [name for name in ESSENTIAL if not (folder / name).is_file()]


def read_record(folder: Path) -> RunRecord:
    """Return the record of the run in `folder`; raise `UsageError` when it is no whole run."""
    if missing := missing_files(folder):
        raise UsageError(
            f"the folder of a run holds {', '.join(ESSENTIAL)}; {folder} has no {', '.join(missing)}: "
            "it is no run, or a copy that stopped half-way"
        )
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return RunRecord(folder.name, folder, tuple(name for name in files if not name.startswith(".")))


def latest_run(folder: Path) -> str:
    """Return the name of the run that was started last; of several in one second the one written last."""
    names = whole_runs(folder)
    if not names:
        raise UsageError(f"no run in {folder}; stratkit backtest makes one")
    return max(names, key=lambda name: (started_at(folder / name), _written_at(folder / name), name))


def started_at(folder: Path) -> str:
    """Return when the run in `folder` was started, UTC, ISO; by its name when no file tells."""
    try:
        started = json.loads((folder / "system.json").read_text("utf-8"))["started"]
    except (OSError, ValueError, KeyError, TypeError):
        name = folder.name
        digits = name[:8] + name[9:15]
        known = len(digits) == 14 and digits.isdigit()
        return f"{name[:4]}-{name[4:6]}-{name[6:8]}T{name[9:11]}:{name[11:13]}:{name[13:15]}+00:00" if known else ""
    return str(started)


def match_run(run: str, names: Sequence[str], where: str) -> str:
    """Return the one of `names` that `run` is, begins, or whose last parts it begins; raise `UsageError` otherwise."""
    if run in names:
        return run
    matches = [name for name in names if name.startswith(run)] or [name for name in names if f"-{run}" in name[15:]]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(
            f"{run!r} must name one run; {len(matches)} begin like this: {_some(matches)}: type more of it"
        )
    near = difflib.get_close_matches(run, names, n=_NAMED, cutoff=0.6)
    hint = f"did you mean {_some(near, ' or ')}?" if near else f"the newest are {_some(names)}" if names else "none is"
    raise UsageError(f"no run {run!r} {where}; {hint}; stratkit runs list names them all")


def half_written(run: str, folder: Path) -> str:
    """Return a sentence when `run` names a draft that is being written, or was when its writer died, else nothing."""
    if not (folder / f".{run}.partial").is_dir():
        return ""
    return f"the run {run} in {folder} is only half-written: wait until it is whole, or run it again if it was stopped"


def _folder_names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _written_at(folder: Path) -> int:
    return (folder / "manifest.json").stat().st_mtime_ns


def _some(names: Sequence[str], joint: str = ", ") -> str:
    newest = sorted(names)[-_NAMED:][::-1]
    return joint.join(newest) + (" ..." if len(names) > _NAMED else "")
