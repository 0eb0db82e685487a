"""The tables of a search: its best trials, the front, the plateau, what is fragile, what became of trials."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from stratkit.reports.grid import Cell, Grid, Head, Row, heads, signed_tone
from stratkit.reports.key_names import in_sentence, metric_label, metric_words, short_keys, value_words
from stratkit.reports.search_content import SearchContent
from stratkit.reports.wording import number, percent
from stratkit.research.break_even import BreakEven
from stratkit.research.fragility import Figures
from stratkit.research.plateau import Neighbourhood
from stratkit.research.search_result import SearchResult
from stratkit.research.trials import State, Trial

MOST_TRIALS: Final = 25
_SHOWN: Final = ("sharpe", "total_return", "max_drawdown", "trades")  # beside the objectives
_REASONS: Final = 12


def best_grid(content: SearchContent) -> Grid:
    """Return the best trials by the first objective, the chosen one marked."""
    result = content.result
    sign = -1.0 if result.objectives[0].direction == "maximize" else 1.0
    ranked = sorted(
        (one for one in result.feasible if math.isfinite(one.objectives[0])), key=lambda one: sign * one.objectives[0]
    )
    shown = ranked[:MOST_TRIALS]
    note = (
        f"{len(shown):,} of {len(ranked):,} feasible trials are shown; trials.parquet has all."
        if len(ranked) > len(shown)
        else ""
    )
    return _trials_grid(
        content, "best", "Best trials", f"By {in_sentence(metric_label(result.objectives[0].metric))}.", shown, note
    )


def front_grid(content: SearchContent) -> Grid | None:
    """Return the Pareto front of several objectives; None for one."""
    result = content.result
    if len(result.objectives) < 2:
        return None
    front = [result.trials[at] for at in result.front[: 2 * MOST_TRIALS]]
    left = len(result.front) - len(front)
    caption = f"The {len(result.front):,} feasible trials that no other one beats in all objectives."
    return _trials_grid(
        content, "front", "Pareto front", caption, front, f"{left:,} more are in trials.parquet." if left else ""
    )


def plateau_grid(content: SearchContent) -> Grid:
    """Return how the best trial and the centre of the plateau stand among their neighbours."""
    survey, metric = content.survey, content.result.objectives[0].metric
    both = (("best", survey.best), ("centre of the plateau", survey.robust))
    if survey.best == survey.robust:
        both = (("best, and centre of the plateau", survey.best),) * 2
    rows = [_plateau_row(name, around, metric) for name, around in dict(both).items() if around is not None]
    radius = f"{survey.best.radius:g}" if survey.best else ""
    return Grid(
        "plateau",
        "Plateau or peak",
        plateau_sentence(content),
        heads(
            "",
            ("Trial", "its number"),
            (metric_label(metric), "of the trial itself"),
            (
                "Neighbours",
                f"other feasible sets of values within {radius} of it, by Gower's distance: in one dimension alone, "
                "that share of its range",
            ),
            ("Median", "of the neighbours"),
            ("Worst", "of the neighbours"),
            ("Smoothed", "mean over the neighbourhood, crowds counted once; the centre of the plateau has the best"),
        ),
        tuple(rows),
        empty="" if rows else "No trial was feasible.",
    )


def plateau_sentence(content: SearchContent) -> str:
    """Return what the neighbourhoods say, in words."""
    survey, metric = content.survey, content.result.objectives[0].metric
    best, robust = survey.best, survey.robust
    if best is None or robust is None:
        return ""
    label = in_sentence(metric_label(metric))
    said = f"The best trial, {best.number}, has a {label} of {metric_words(metric, best.objective)}; "
    if best.count == 1:
        said += f"its one neighbour has {metric_words(metric, best.median)}."
    elif best.count:
        said += (
            f"the median of its {best.count:,} neighbours has {metric_words(metric, best.median)}, the worst "
            f"{metric_words(metric, best.worst)}."
        )
    else:
        said += "nothing was tried near it, so that nobody knows whether it is a plateau or a needle."
    if robust.number == best.number:
        return f"{said} It is the centre of the plateau as well."
    return f"{said} The centre of the plateau is trial {robust.number}."


def fragility_grid(content: SearchContent) -> Grid | None:
    """Return what is left of the chosen trial under each change; None when nobody measured it."""
    found = content.fragility
    if found is None:
        return None
    base = _figures_row("as it is", found.base, Figures(), "the chosen trial on the bars that were searched", None)
    rows = [_figures_row(row.name, row.figures, row.change, row.sentence, row.worst) for row in found.rows]
    return Grid(
        "fragility", "What is left when things are worse",
        f"{break_even_sentence(found.break_even)} {found.replays:,} replays were made for this table; of several draws "
        "the median is shown, the worst below it.",
        (*heads("Change", "Sharpe", "Difference", "Return", "Drawdown"), Head("In words", number=False)),
        (base, *rows),
    )  # fmt: skip


def break_even_sentence(found: BreakEven) -> str:
    """Return at which cost nothing is left, in words.

    >>> break_even_sentence(BreakEven(31.24, 2.0, 12))
    'Nothing is left at 31.2 bps of traded notional; it pays 2.0 bps.'
    """
    paid = "" if math.isnan(found.paid_bps) else f"; it pays {found.paid_bps:.1f} bps"
    if math.isnan(found.bps):
        return f"There is no break-even cost: {found.reason}{paid}."
    return f"Nothing is left at {found.bps:.1f} bps of traded notional{paid}."


def states_grid(result: SearchResult) -> Grid:
    """Return what became of the trials, and the commonest reasons."""
    misses = sum(1 for one in result.complete if not one.is_feasible)
    counts = Counter(one.state for one in result.trials)
    rows: list[Row] = [_state("replayed to the end, feasible", len(result.feasible), "")]
    rows += [_state("replayed to the end, misses a constraint", misses, "")] if misses else []
    words: dict[State, str] = {"pruned": "stopped early", "infeasible": "never replayed", "failed": "failed"}
    for state, said in words.items():
        groups = _alike([one.reason for one in result.trials if one.state == state])
        rows += [_state(said, len(group), _such_as(group)) for group in groups[:_REASONS]]
        left = counts[state] - sum(len(group) for group in groups[:_REASONS])
        rows += [_state(said, left, "for other reasons")] if left else []
    return Grid(
        "states", "What became of the trials", f"{len(result.trials):,} trials were proposed; {result.ended}.",
        (Head("State", number=False), Head("Trials"), Head("Reason", number=False)), tuple(rows),
    )  # fmt: skip


def _alike(reasons: Sequence[str]) -> list[list[str]]:
    """Return reasons that differ in their numbers alone together, the commonest first."""
    groups: dict[str, list[str]] = {}
    for reason in reasons:
        groups.setdefault(re.sub(r"\d[\d.,]*", "#", reason), []).append(reason)
    return sorted(groups.values(), key=len, reverse=True)


def _such_as(group: Sequence[str]) -> str:
    return group[0] if len(set(group)) == 1 else f"such as: {group[0]}"


def _trials_grid(
    content: SearchContent, name: str, title: str, caption: str, trials: Sequence[Trial], note: str
) -> Grid:
    result = content.result
    names = short_keys([one.name for one in result.space])
    objectives = [one.metric for one in result.objectives]
    others = [
        metric
        for metric in _SHOWN
        if metric not in objectives and any(one.outcome and metric in one.outcome.metrics for one in trials)
    ]
    columns = (
        Head("Trial"),
        *(Head(names[one.name], one.kind != "choice", f"{one.name}: {one.description}") for one in result.space),
        *(Head(metric_label(metric)) for metric in (*objectives, *others)),
    )
    return Grid(name, title, caption, columns, tuple(_trial_row(content, one, others) for one in trials),
                note=note, empty="" if trials else "No trial was feasible.")  # fmt: skip


def _trial_row(content: SearchContent, trial: Trial, others: Sequence[str]) -> Row:
    result = content.result
    chosen = trial.number == content.chosen
    metrics = trial.outcome.metrics if trial.outcome else {}
    return (
        Cell(f"★ {trial.number}" if chosen else str(trial.number), title="chosen" if chosen else ""),
        *(Cell(value_words(trial.values[one.name]), one.kind != "choice") for one in result.space),
        *(Cell(metric_words(one.metric, value)) for one, value in zip(result.objectives, trial.objectives)),
        *(Cell(metric_words(metric, metrics.get(metric, math.nan))) for metric in others),
    )


def _plateau_row(name: str, around: Neighbourhood, metric: str) -> Row:
    others = f"and {around.others:,} not feasible" if around.others else ""
    return (
        Cell(name, number=False), Cell(str(around.number)), Cell(metric_words(metric, around.objective)),
        Cell(f"{around.count:,}", note=others), Cell(metric_words(metric, around.median)),
        Cell(metric_words(metric, around.worst)), Cell(metric_words(metric, around.smoothed)),
    )  # fmt: skip


def _figures_row(name: str, figures: Figures, change: Figures, sentence: str, worst: Figures | None) -> Row:
    under = (
        ("", "", "")
        if worst is None
        else (number(worst.sharpe), percent(worst.total_return, 1), percent(worst.max_drawdown, 1))
    )
    return (
        Cell(name, number=False),
        Cell(number(figures.sharpe), note=under[0]),
        Cell(
            "" if math.isnan(change.sharpe) else number(change.sharpe, 2, signed=True),
            tone=signed_tone(round(change.sharpe, 2)),
        ),
        Cell(percent(figures.total_return, 1), note=under[1]),
        Cell(percent(figures.max_drawdown, 1), note=under[2]),
        Cell(sentence, number=False),
    )


def _state(said: str, count: int, reason: str) -> Row:
    return Cell(said, number=False), Cell(f"{count:,}"), Cell(reason, number=False)
