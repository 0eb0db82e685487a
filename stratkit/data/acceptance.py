"""`admit_rows`: rows of which a run may play every one, and findings on what was accepted or is worth a look.

Only cheap rules are looked at here, a few passes over the arrays; `stratkit data check` looks at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from stratkit.data.bars import PRICES
from stratkit.data.check_returns import IMPOSSIBLE, first_from, split_ratio
from stratkit.data.findings import CODES, Finding, counted, found
from stratkit.data.gate import TOLERANCE, Problem, row_problems, told
from stratkit.data.rows import Rows
from stratkit.errors import DataError
from stratkit.panel import NS_PER_DAY, BoolArray, FloatArray, IntArray, format_time

_LARGE: Final = 1.45  # a factor from one close to the next below which no jump is looked at
_SPLIT_MOVES: Final = 8.0  # usual moves around that a split is larger than
_LOOKED_AT: Final = 1_000  # jumps; a series with more has other troubles
_LONG_NS: Final = 10 * NS_PER_DAY
_LONG_STEPS: Final = 20
_MANY: Final = 0.01  # of all bars; a few bars without volume are on every exchange
_ABSENT: Final = {"partial_bar", "non_positive", "ohlc_violation"}


def admit_rows(
    rows: Rows, where: str, accept: Collection[str], splits: Mapping[str, IntArray], look: str
) -> tuple[Rows, tuple[Finding, ...]]:
    """Return the rows that a run plays, and what was found in them.

    `accept` names codes of findings that may pass; what becomes of such bars is said in their
    `accepted`. `splits` are the ex-dates (UTC ns) of known splits by symbol; `look` is the command that
    looks closer. Raises `DataError` naming every rule that is broken and not accepted.
    """
    problems = row_problems(rows)
    if any(problem.code is None or CODES[problem.code].accepted is None for problem in problems):
        _refuse(problems, where, accept, look)
    treated = _treated(rows, {problem.code for problem in problems})
    jumps = _jumps(treated, splits)
    problems += _impossible(treated, jumps)
    _refuse(problems, where, accept, look)
    _check_left(rows, treated, where)
    return treated, (*map(_as_finding, problems), *_warnings(treated, jumps))


def finding_line(finding: Finding) -> str:
    """Return what is said of a finding of the gate in one line: for errors, that they were accepted."""
    treated = f"; accepted: {CODES[finding.code].accepted}" if finding.severity == "error" else ""
    return f"data: {finding.code}: {finding.message}{treated}"


def _refuse(problems: list[Problem], where: str, accept: Collection[str], look: str) -> None:
    refused = [problem for problem in problems if problem.code is None or problem.code not in accept]
    if not refused:
        return
    codes = list(dict.fromkeys(problem.code for problem in refused if problem.code is not None))
    if not codes:
        raise DataError(told(refused, where))
    lines = [told(refused, where), f"look closer with `{look}`; mend a copy with `stratkit data clean`"]
    fatal = [code for code in codes if CODES[code].accepted is None]
    if fatal:
        lines.append(f"no run can accept {', '.join(fatal)}")
    elif all(problem.code for problem in refused):
        lines.append("or run all the same with " + " ".join(f"--accept {code}" for code in codes) + ":")
        lines += [f"  - {code}: {CODES[code].accepted}" for code in codes]
    raise DataError("\n".join(lines))


def _as_finding(problem: Problem) -> Finding:
    assert problem.code is not None  # those without were refused
    return found(problem.code, problem.text.split("; found ", 1)[-1].split(": ", 1)[0], count=problem.count)


def _treated(rows: Rows, codes: set[str | None]) -> Rows:
    """Return rows as a run plays them once `codes` are accepted."""
    if "equal_duplicates" in codes:
        rows = rows.take(np.append(True, rows.inner_steps != 0))
    if codes & _ABSENT:
        rows = rows.take(~_broken(rows)).without_empty()
    if "negative_volume" in codes:
        rows = replace(rows, volume=np.where(rows.volume < 0, np.nan, rows.volume))
    return rows


def _broken(rows: Rows) -> BoolArray:
    """Return (K,) whether a row breaks a rule on prices."""
    with np.errstate(invalid="ignore"):
        slack = TOLERANCE * np.maximum(np.abs(rows.low), np.abs(rows.high))
        good = rows.low <= rows.high + slack
        for price in (rows.open, rows.close):
            good &= (price >= rows.low - slack) & (price <= rows.high + slack)
        for name in PRICES:
            good &= getattr(rows, name) > 0
    return np.asarray(~good)


def _check_left(rows: Rows, treated: Rows, where: str) -> None:
    gone = [symbol for symbol in rows.symbols if symbol not in treated.symbols]
    if gone or len(np.unique(treated.times[:2])) < 2:
        name = ", ".join(gone[:8]) or "these bars"
        raise DataError(
            f"{where}: at least two sound bars must be left; accepting what was found leaves too few of {name}: "
            "leave it out"
        )


def _jumps(rows: Rows, splits: Mapping[str, IntArray]) -> IntArray:
    """Return the rows that a factor of 1.45 or more parts from the one before them, known splits left out."""
    close = rows.close
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = close[1:] / close[:-1]
    large = np.append(False, (ratio > _LARGE) | (ratio < 1 / _LARGE))
    starts = rows.offsets[:-1]
    large[starts[starts < len(large)]] = False
    if large.any():
        for n, symbol in enumerate(rows.symbols):
            if symbol in splits:
                span = slice(int(rows.offsets[n]), int(rows.offsets[n + 1]))
                large[span] &= ~first_from(rows.times[span], splits[symbol])
    return np.flatnonzero(large)


def _impossible(rows: Rows, jumps: IntArray) -> list[Problem]:
    far = jumps[np.abs(np.log(rows.close[jumps] / rows.close[jumps - 1])) >= IMPOSSIBLE]
    if not len(far):
        return []
    first = int(far[0])
    place = f"{rows.symbol_at(first)} on {format_time(int(rows.times[first]))}"
    text = (
        f"a price must not change by a factor of 50 or more in one bar; found {counted(len(far), 'change')}, "
        f"first {place} ({rows.close[first - 1]:g} to {rows.close[first]:g}): find out which side is right"
    )
    return [Problem("impossible_return", len(far), text)]


def _warnings(rows: Rows, jumps: IntArray) -> list[Finding]:
    findings = []
    splits = [bar for bar in jumps[:_LOOKED_AT].tolist() if _is_split(rows, bar)]
    if splits:
        findings.append(_finding(rows, "split_like", np.array(splits), "jump", "like a split"))
    steps = rows.inner_steps
    if len(steps):
        usual = int(np.partition(steps, len(steps) // 2)[len(steps) // 2])
        holes = np.flatnonzero(steps > max(_LONG_NS, _LONG_STEPS * usual)) + 1
        if len(holes):
            findings.append(_finding(rows, "long_gap", holes, "hole", "of more than ten days"))
    zero = rows.volume == 0
    if zero.sum() > _MANY * len(zero) and (rows.volume > 0).any():
        findings.append(_finding(rows, "zero_volume", np.flatnonzero(zero), "bar", "without volume"))
    return findings


def _is_split(rows: Rows, bar: int) -> bool:
    n = int(np.searchsorted(rows.offsets, bar, side="right")) - 1
    start, stop = int(rows.offsets[n]), int(rows.offsets[n + 1])
    window = slice(max(start, bar - 25), min(stop, bar + 26))
    around: FloatArray = np.abs(np.diff(np.log(rows.close[window])))
    around[bar - window.start - 1] = 0.0
    jump = abs(float(np.log(rows.close[bar] / rows.close[bar - 1])))
    if len(around) < 5 or jump < _SPLIT_MOVES * 1.2533 * float(around.sum()) / (len(around) - 1):
        return False
    return split_ratio(rows.open[start:stop], rows.close[start:stop], bar - start) > 0


def _finding(rows: Rows, code: str, places: IntArray, noun: str, what: str) -> Finding:
    first = int(places[0])
    symbols = {rows.symbol_at(int(place)) for place in places[:_LOOKED_AT]}
    of = f", in {len(symbols):,} symbols" if len(symbols) > 1 else ""
    place = f"{rows.symbol_at(first)} on {format_time(int(rows.times[first]))}"
    message = f"{counted(len(places), noun)} {what}{of}, first {place}"
    symbol = next(iter(symbols)) if len(symbols) == 1 else None
    return found(code, message, symbol=symbol, count=len(places), stamps=rows.times[places])
