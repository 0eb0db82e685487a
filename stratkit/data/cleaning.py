"""`Cleaning`: raw rows as they were and as they would be, step by step, with what is left to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.data.clean_settings import CleanSettings
from stratkit.data.findings import Finding
from stratkit.data.raw_rows import RawRows
from stratkit.data.repair import Change, Repair, compare
from stratkit.data.repairs import REPAIRS, SETTLED, chosen_repairs
from stratkit.data.source_lines import source_lines
from stratkit.errors import UsageError
from stratkit.panel import NS_PER_DAY, IntArray, format_time

SAFE: Final = "safe"  # stands for all repairs that take part by themselves
# what the command line calls a setting without which a repair does nothing
_OPTIONS: Final = {
    "tz": "--tz ZONE",
    "stamp": "--stamp end",
    "keep": "--keep first, last or volume",
    "price_scale": "--price-scale N",
    "actions_path": "--actions FILE",
}


@dataclass(frozen=True)
class Settled:
    """Lines that reading alone left out (`left_out`), or read although they were odd: `text` as they stand, if text."""

    name: str
    reason: str
    lines: IntArray
    text: dict[int, str]
    left_out: bool


@dataclass(frozen=True)
class Offer:
    """A repair that did not take part: how many rows its findings name, and what it waits for."""

    name: str
    code: str
    count: int
    ask: str


@dataclass(frozen=True)
class Cleaning:
    """Rows `before` and `after` the repairs that took part, what each changed, and what could be repaired besides."""

    before: RawRows
    after: RawRows
    settled: tuple[Settled, ...]
    changes: tuple[Change, ...]
    offers: tuple[Offer, ...]


def clean_rows(raw: RawRows, findings: Sequence[Finding], settings: CleanSettings) -> Cleaning:
    """Apply the repairs that `settings` ask for, in their order; `findings` name the rows that some of them need.

    Raises `UsageError` for a repair asked for by name without the option that it needs.
    """
    repairs = _taking_part(settings)
    rows, changes = raw, []
    for repair in repairs:
        mended = repair.mend(rows, settings, _lines(findings, repair.codes))
        change = compare(repair, rows, mended)
        rows = mended
        if change.touched:
            changes.append(change)
    return Cleaning(raw, rows, _settled(raw, findings), tuple(changes), _offers(findings, repairs))


def obstacle(cleaning: Cleaning) -> str | None:
    """Return why the rows cannot be written as bars in UTC; None when they can."""
    raw = cleaning.after
    if not len(raw.line):
        return f"a row must be left to write; the repairs took all {len(cleaning.before.line):,}"
    clock = raw.rows.times % NS_PER_DAY != 0
    if raw.aware or not clock.any():
        return None
    first = format_time(int(raw.rows.times[int(clock.argmax())]))
    return (
        f"stamps with a time of day must have a time zone; found none, first {first}: say which clock they are on, "
        "as in --tz UTC or --tz America/New_York"
    )


def _taking_part(settings: CleanSettings) -> list[Repair]:
    by_itself = [repair.name for repair in REPAIRS.values() if repair.safe and _has_option(repair, settings)]
    if settings.repairs is None:
        return chosen_repairs(by_itself)
    named = [name for name in settings.repairs if name != SAFE]
    for repair in chosen_repairs(named):
        if not _has_option(repair, settings):
            raise UsageError(f"--repair {repair.name} must be told more: add {_OPTIONS[repair.option or '']}")
    return chosen_repairs([*named, *(by_itself if SAFE in settings.repairs else [])])


def _has_option(repair: Repair, settings: CleanSettings) -> bool:
    if repair.option == "stamp":
        return settings.stamp == "end"
    return repair.option is None or getattr(settings, repair.option) is not None


def _lines(findings: Sequence[Finding], codes: Sequence[str]) -> IntArray:
    places = [finding.places for finding in findings if finding.code in codes]
    return np.unique(np.concatenate(places)) if places else np.empty(0, dtype=np.int64)


def _settled(raw: RawRows, findings: Sequence[Finding]) -> tuple[Settled, ...]:
    met = []
    for code, (name, reason, left_out) in SETTLED.items():
        lines = _lines(findings, (code,))
        lines = lines[~np.isin(lines, raw.line)] if left_out else lines[np.isin(lines, raw.line)]
        if len(lines):
            met.append(Settled(name, reason, lines, source_lines(raw.path, lines), left_out))
    return tuple(met)


def _offers(findings: Sequence[Finding], repairs: Sequence[Repair]) -> tuple[Offer, ...]:
    offers = []
    for repair in REPAIRS.values():
        for code in () if repair in repairs else repair.codes:
            count = sum(finding.count for finding in findings if finding.code == code)
            if count:
                ask = f"--repair {repair.name}" if repair.option is None else _OPTIONS[repair.option]
                offers.append(Offer(repair.name, code, count, ask))
    return tuple(offers)
