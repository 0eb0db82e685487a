"""`metric_cells`: a comparison of runs as text, the same on the screen and on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any, Final, cast, get_args

from stratkit.analytics.scorecard import Unit
from stratkit.reports.evidence_words import trials_words
from stratkit.reports.wording import MISSING, first_names, in_unit
from stratkit.runs.compare import Comparison, MetricLine
from stratkit.runs.stamps import short

HEADLINES: Final = (
    "total_return", "cagr", "ann_vol", "sharpe", "sortino", "calmar", "max_drawdown", "max_dd_duration",
    "exposure_time", "win_rate", "profit_factor", "cost_ann",
)  # fmt: skip
RUN_HEADINGS: Final = ("run", "strategy", "data", "from", "to", "tags", "note")
SECTIONS: Final = (("config", "configuration"), ("data", "data"), ("makers", "made with"))


def letters_of(count: int) -> list[str]:
    """Return A, B ... Z, A2, B2 ... as short names of runs.

    >>> letters_of(3), letters_of(27)[-1]
    (['A', 'B', 'C'], 'A2')
    """
    rounds = [(place // 26, ascii_uppercase[place % 26]) for place in range(count)]
    return [letter + (str(turn + 1) if turn else "") for turn, letter in rounds]


def metric_cells(line: MetricLine) -> list[tuple[str, bool]]:
    """Return each run's value in words and whether it is the better one; a difference that nobody sees is none."""
    shown = [metric_text(value, line.unit) for value in line.values]
    return [(text, place in line.best and len(set(shown)) > 1) for place, text in enumerate(shown)]


def metric_text(value: Any, unit: str, *, signed: bool = False) -> str:
    """Return a metric that was read from a file in the words of its unit; an unknown unit is a ratio.

    >>> metric_text(0.5, "fraction"), metric_text(None, "ratio"), metric_text(0.5, "furlongs")
    ('50.00%', 'n/a', '0.50')
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        return MISSING
    return in_unit(float(value), cast(Unit, unit if unit in get_args(Unit) else "ratio"), signed)


def value_text(value: Any) -> str:
    """Return a value of a configuration as in YAML; a dash where a run does not have the key.

    >>> value_text(None), value_text(True), value_text(1.0), value_text(["A", "B"])
    ('-', 'true', '1', 'A, B')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(value_text(item) for item in value) or "none"
    text = str(value)
    return short(text) if text.endswith("Z") and "T" in text else text


def symbols_text(symbols: Sequence[str], most: int) -> str:
    """Return the first symbols and how many more there are.

    >>> symbols_text(("A", "B", "C"), 1)
    'A and 2 more'
    """
    return first_names(symbols, most) if symbols else "unknown"


def compared_trials(compared: Comparison) -> str:
    """Return of how many trials each run's Sharpe ratio was when it ran."""
    said = [trials_words(run.evidence) for run in compared.runs]
    if len(set(said)) == 1:
        return said[0]
    return ", ".join(f"{letter} {words}" for letter, words in zip(letters_of(len(said)), said))


def run_cells(compared: Comparison) -> list[tuple[str, ...]]:
    """Return letter, id, strategy, data, first and last bar, tags and note of each run."""
    rows: list[tuple[str, ...]] = []
    for letter, run in zip(letters_of(len(compared.runs)), compared.runs):
        span = (short(run.start) if run.start else "", short(run.end) if run.end else "")
        said = (", ".join(run.remarks.tags), run.remarks.note)
        rows.append((letter, run.record.run_id, run.strategy, symbols_text(run.symbols, 2), *span, *said))
    return rows
