"""`fitted_warning`: whether the parameters of an arm were picked on the very bars on which it is now compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from stratkit.inference.comparison import WarningLine
from stratkit.panel import IntArray, format_time
from stratkit.research.ab_source import ArmSource
from stratkit.research.walk_forward_record import FOLDS
from stratkit.runs.facts import read_json
from stratkit.runs.ledger_entry import LedgerEntry
from stratkit.runs.ledger_table import ENTRIES, read_entries
from stratkit.runs.own_trial import EVIDENCE
from stratkit.runs.trial_identity import running_strategies

IN_SAMPLE: Final = "IN_SAMPLE"
_NAMED: Final = 2  # searches that a sentence names
_MISSING: Final = object()


def fitted_warning(letter: str, source: ArmSource, alike: Sequence[LedgerEntry], times: IntArray) -> WarningLine | None:
    """Return the warning that an arm is compared on bars of its own search; None where it is not, as far as is known.

    `alike` are the trials in the ledger that count together with it, `times` (n,) the periods compared. A search counts
    when it tried the values that the arm has. A walk-forward is known by what came after each choice, so it is out of
    sample, unless it was combinatorial: then later bars took part in choosing.
    """
    if source.tried is None:
        return None
    kind = _kind(source)
    if kind == "walkforward":
        return _combinatorial(letter, source)
    kept = source.record.path(ENTRIES) if source.record is not None else None
    own = read_entries(kept) if kept is not None and kept.exists() else []
    config = source.tried.manifest["config"]
    searched = [one for one in (*alike, *own) if one.kind == "optimize" and _has(config, one.values)]
    spans = [(one.first_ns, one.last_ns, one.run_id) for one in searched]
    if kind == "optimize" and not spans:
        entry = source.tried.entry
        spans = [(entry.first_ns, entry.last_ns, entry.run_id)]
    inside = np.zeros(len(times), np.bool_)
    for first, last, _ in spans:
        inside |= (times >= first) & (times <= last)
    if not inside.any():
        return None
    runs = list(dict.fromkeys(run for *_, run in spans))
    more = f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
    first, last = min(first for first, *_ in spans), max(last for _, last, _ in spans)
    searched_on = f"{format_time(first)[:10]} to {format_time(last)[:10]} ({', '.join(runs[:_NAMED])}{more})"
    return WarningLine(
        IN_SAMPLE,
        f"a search tried the parameters of {letter} on {searched_on}: {int(inside.sum()):,} of the "
        f"{len(times):,} periods compared are among those it picked by, which flatters {letter}; compare on later bars",
    )


def _kind(source: ArmSource) -> str:
    if source.record is None or not source.record.path(EVIDENCE).exists():
        return ""
    return str(read_json(source.record.path(EVIDENCE)).get("kind", ""))


def _combinatorial(letter: str, source: ArmSource) -> WarningLine | None:
    assert source.record is not None  # a kind is read from a folder
    folds = source.record.path(FOLDS)
    if not folds.exists() or read_json(folds).get("method") != "combinatorial":
        return None
    return WarningLine(
        IN_SAMPLE,
        f"{letter} is a combinatorial walk-forward: its parameters were chosen on later bars too",
    )


def _has(config: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a configuration has all the values that a trial had; a lone strategy may have another name."""
    running = list(running_strategies(config))
    return bool(values) and all(_at(config, key, running) == value for key, value in values.items())


def _at(config: Mapping[str, Any], key: str, running: Sequence[str]) -> Any:
    words = key.split(".")
    if words[0] == "strategies" and len(words) > 1 and len(running) == 1:
        words[1] = running[0]
    here: Any = config
    for word in words:
        here = here.get(word, _MISSING) if isinstance(here, Mapping) else _MISSING
    return here
