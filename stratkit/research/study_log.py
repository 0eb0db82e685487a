"""`StudyLog`: the finished trials of a search in an Optuna storage, so that an interrupted search can go on.

What a sampler proposes is a function of its seed and of what it was told. So nothing of a sampler is kept: a resumed
search asks a fresh one again, checks that it proposes what is written here, and tells it what was found then. Several
processes may work on one study: each takes over what the others have finished, and two who finish the same trial write
the same.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from stratkit.errors import DataError, OutputError, RunError, UsageError
from stratkit.research.dimensions import point_key
from stratkit.research.trials import Assignment, Evaluation, Outcome, Unfinished

_STUDY: Final = "stratkit:study"
_ORDINAL: Final = "stratkit:number"
_TRIAL: Final = "stratkit:trial"
_JOINED: Final = "stratkit:processes"
_NAMED: Final = 5  # changes that a message names
_CODES: Final = {"complete": "COMPLETE", "pruned": "PRUNED", "infeasible": "FAIL", "failed": "FAIL"}


class KeepsTrials(Protocol):
    """Where a search looks for trials that are done, and keeps those that it has done."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes may finish trials of it meanwhile."""

    def finished(self) -> Mapping[int, tuple[Assignment, Evaluation]]:
        """Return values and outcome of every finished trial by its number."""

    def keep(self, number: int, values: Assignment, evaluation: Evaluation) -> None:
        """Keep a finished trial."""


class NoLog:
    """Keeps nothing: a search that is interrupted is lost."""

    is_shared = False

    def finished(self) -> Mapping[int, tuple[Assignment, Evaluation]]:
        """Return that there is none."""
        return {}

    def keep(self, number: int, values: Assignment, evaluation: Evaluation) -> None:
        """Forget it."""


class StudyLog:
    """The finished trials of one study in an Optuna storage."""

    def __init__(self, storage: Any, study: int) -> None:
        self.storage, self.study = storage, study
        self.known: dict[int, tuple[Assignment, Evaluation]] = {}
        self.read = 0  # trials of the storage that were read so far

    @property
    def is_shared(self) -> bool:
        """Whether more than one process joined it so far."""
        return int(self.storage.get_study_user_attrs(self.study).get(_JOINED, 0)) > 1

    def join(self) -> int:
        """Return how many processes joined the study before; two that join in one moment may get the same number."""
        before = int(self.storage.get_study_user_attrs(self.study).get(_JOINED, 0))
        self.storage.set_study_user_attr(self.study, _JOINED, before + 1)
        return before

    def finished(self) -> Mapping[int, tuple[Assignment, Evaluation]]:
        """Return values and outcome of every finished trial by its number; of two of one number the first."""
        trials = self.storage.get_all_trials(self.study, deepcopy=False)
        for trial in trials[self.read :]:
            number = trial.user_attrs.get(_ORDINAL)
            if isinstance(number, int):
                self.known.setdefault(number, _read_trial(trial.user_attrs[_TRIAL]))
        self.read = len(trials)
        return self.known

    def keep(self, number: int, values: Assignment, evaluation: Evaluation) -> None:
        """Write a finished trial, in one piece."""
        from optuna.trial import TrialState, create_trial

        state = "complete" if isinstance(evaluation, Outcome) else evaluation.state
        # its values are in its attributes: as parameters each would need a distribution of its own
        # Optuna asks for a value of a complete trial; objectives are computed from the metrics when they are read
        sharpe = evaluation.metrics.get("sharpe", 0.0) if isinstance(evaluation, Outcome) else 0.0
        trial = create_trial(
            state=TrialState[_CODES[state]],
            value=(sharpe if math.isfinite(sharpe) else 0.0) if state == "complete" else None,
            user_attrs={_ORDINAL: number, _TRIAL: _written_trial(values, evaluation)},
        )
        self.storage.create_new_trial(self.study, template_trial=trial)


def open_study(name: str, facts: Mapping[str, Any], journal: Path | None, url: str | None, *, resume: bool) -> StudyLog:
    """Return the log of a study: a new one, or with `resume` the one of that name.

    `facts` are plain values that decide what its trials are; a study that was begun with others is refused with what
    differs. The study is in the database at `url`, else in the file `journal`. Raises `UsageError` when there is no
    such study to resume, or one to begin anew.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = _storage(journal, url)
    known = [study.study_name for study in storage.get_all_studies()]
    if not resume:
        if name in known:
            raise UsageError(f"a study {name} is there already: go on with it by --resume {name}")
        study = storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], name)
        storage.set_study_user_attr(study, _STUDY, json.loads(json.dumps(dict(facts))))
        return StudyLog(storage, study)
    if name not in known:
        raise UsageError(f"there is no study {name!r} to resume; {_listed(known)}")
    log = StudyLog(storage, storage.get_study_id_from_name(name))
    check_facts(study_facts(log), facts)
    return log


def study_facts(log: StudyLog) -> Mapping[str, Any]:
    """Return what decides what the trials of a study are."""
    found = log.storage.get_study_user_attrs(log.study).get(_STUDY)
    if not isinstance(found, dict):
        raise RunError("the study was cut off before it began: remove it, and begin it again")
    return found


def check_facts(then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise `UsageError` naming what is no longer the same."""
    if changed := changed_facts(then, now):
        raise UsageError(
            "a study goes on with what it began with, or its trials could not be compared; changed since: "
            + "; ".join(changed[:_NAMED])
            + (f"; and {len(changed) - _NAMED} more" if len(changed) > _NAMED else "")
        )


def changed_facts(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return each fact that is no longer the same, as ``key: before -> after``."""
    before, after = _flat(json.loads(json.dumps(dict(then)))), _flat(json.loads(json.dumps(dict(now))))
    return [
        f"{key}: {before.get(key, 'nothing')} -> {after.get(key, 'nothing')}"
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    ]


def check_same(number: int, values: Assignment, then: Assignment) -> None:
    """Raise `RunError` unless a trial of the log is the one that is proposed now."""
    if point_key(values) != point_key(then):
        raise RunError(
            f"trial {number} of the study must be {dict(values)} by its seed; found {dict(then)}: another version of "
            "a library proposes otherwise; begin a new search"
        )


def _storage(journal: Path | None, url: str | None) -> Any:
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    from stratkit.research.journal_lock import JournalLock

    if url is not None:
        try:
            return RDBStorage(url)
        except Exception as error:  # the driver of a database raises errors of its own
            reason = str(error).splitlines()[0]
            raise UsageError(f"search.storage must be the URL of a database that can be reached: {reason}") from None
    assert journal is not None  # one of the two is given
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        lock = JournalLock(journal)
        lock.acquire()  # takes away a line that a killed process left half-written
        lock.release()
        return JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))  # type: ignore[arg-type]  # its class is private; it asks for these two methods
    except OSError as error:
        raise OutputError(f"{journal}: the journal of a search must be writable: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:  # a line that Optuna cannot read
        raise DataError(
            f"{journal}: each line must be an entry that Optuna wrote; the file is damaged ({type(error).__name__}: "
            f"{error}): cut it off before the damaged line and resume again, or begin a new search"
        ) from error


def _written_trial(values: Assignment, evaluation: Evaluation) -> dict[str, Any]:
    if not isinstance(evaluation, Outcome):
        return {"values": dict(values), "state": evaluation.state, "reason": evaluation.reason}
    return {
        "values": dict(values),
        "metrics": {name: _plain(value) for name, value in evaluation.metrics.items()},
        "count": _packed(evaluation.count, "<i8"),
        "total": _packed(evaluation.total, "<f8"),
        "squares": _packed(evaluation.squares, "<f8"),
        "digest": evaluation.digest,
    }


def _read_trial(written: Mapping[str, Any]) -> tuple[Assignment, Evaluation]:
    values: Assignment = written["values"]
    if "digest" not in written:
        return values, Unfinished(written["state"], written["reason"])
    return values, Outcome(
        {name: math.nan if value is None else float(value) for name, value in written["metrics"].items()},
        _unpacked(written["count"], "<i8"),
        _unpacked(written["total"], "<f8"),
        _unpacked(written["squares"], "<f8"),
        written["digest"],
    )


def _plain(value: float) -> float | str | None:
    # JSON has neither NaN nor infinities
    return value if math.isfinite(value) else None if math.isnan(value) else str(value)


def _packed(array: Any, kind: str) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(array, dtype=kind).tobytes())).decode()


def _unpacked(text: str, kind: str) -> Any:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=kind)


def _flat(value: Any, path: str = "") -> dict[str, str]:
    if isinstance(value, dict) and value:
        return {key: text for name, item in value.items() for key, text in _flat(item, f"{path}.{name}").items()}
    return {path.lstrip("."): "nothing" if value is None else str(value)}


def _listed(names: Sequence[str]) -> str:
    shown = names[-_NAMED:]
    return f"found {', '.join(shown)}" if shown else "found none"
