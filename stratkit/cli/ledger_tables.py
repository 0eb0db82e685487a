"""The trial ledger as tables on the screen and records in JSON, for `stratkit runs ledger`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from stratkit.reports.comparison_rows import metric_text, symbols_text, value_text
from stratkit.reports.evidence_words import evidence_rows, figure, trials_words

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from stratkit.runs.ledger_entry import LedgerEntry
    from stratkit.runs.ledger_groups import TrialGroup

_SHOWN: Final = ("sharpe", "total_return", "max_drawdown", "trades")
_HEADINGS: Final = {"sharpe": "Sharpe", "total_return": "return", "max_drawdown": "drawdown", "trades": "trades"}
_UNITS: Final = {"sharpe": "ratio", "total_return": "fraction", "max_drawdown": "fraction", "trades": "count"}
_BY: Final = {"backtest": "by hand", "optimize": "by optimize", "walkforward": "by walkforward", "abtest": "by abtest"}
_SYMBOLS: Final = 2  # so many are named


def group_record(group: TrialGroup, with_trials: bool) -> dict[str, Any]:
    """Return a group for JSON; its trials as well where they were asked for."""
    record: dict[str, Any] = {
        "group": group.number,
        "strategies": list(group.strategies),
        "symbols": list(group.symbols),
        "trials": len(group.trials),
        "best": None if group.best is None else _trial_record(group.best),
        "evidence": dict(group.evidence),
        "kinds": dict(group.kinds),
        "first": group.trials[-1].made,
        "last": group.trials[0].made,
    }
    return {**record, "entries": [_trial_record(trial) for trial in group.trials]} if with_trials else record


def groups_table(groups: Sequence[TrialGroup]) -> Table:
    """Return a line for each group: how often it was tried, and what its best trial is worth."""
    table = _table()
    for title in ("strategy", "symbols"):
        table.add_column(title, overflow="fold", min_width=9)
    for title in ("N", "effective", "best", "luck", "DSR", "PBO", "SPA p"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("made", overflow="fold", min_width=11)
    table.add_column("first, last", overflow="fold", min_width=10)
    for group in groups:
        best = None if group.best is None else group.best.metrics.get("sharpe")
        dates = dict.fromkeys((group.first, group.last))
        table.add_row(
            _text("\n".join(group.strategies)),
            _text(symbols_text(group.symbols, _SYMBOLS)),
            f"{len(group.trials):,}",
            figure(group.evidence, "effective_trials", 1),
            metric_text(best, "ratio"),
            figure(group.evidence, "luck_sharpe_ann"),
            figure(group.evidence, "deflated_sharpe"),
            figure(group.evidence, "pbo"),
            figure(group.evidence, "spa_p", 3),
            "\n".join(f"{count:,} {_BY[kind]}" for kind, count in group.kinds.items()),
            "\n".join(dates),
        )
    return table


def group_tables(group: TrialGroup, limit: int | None) -> Iterator[RenderableType]:
    """Yield what one group is, its trials with the newest first, and what its numbers mean."""
    from rich.text import Text

    yield _text(f"{' + '.join(group.strategies)} on {symbols_text(group.symbols, 5)}: {trials_words(group.evidence)}")
    yield Text()
    yield _trials_table(group, group.trials[:limit])
    if limit is not None and limit < len(group.trials):
        yield Text(f"{limit} of {len(group.trials):,}; --limit {len(group.trials)} shows all", style="dim")
    yield Text()
    table = _table()
    table.add_column("the best of them", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("", style="dim", overflow="fold")
    for row in evidence_rows(group.evidence) if group.best is not None else ():
        table.add_row(row.name, row.value, row.sentence)
    yield table
    yield Text()
    yield Text(
        "N never falls. A trial counts with others when its symbols are the same and so is the name or the source of "
        "its strategies: other dates, a new name of the file or a comment in it begin no new count, for who has seen "
        "one result chooses the next by it. The same run once more, or reproduce, adds nothing. Only the trials in "
        "this folder of runs are known.",
        style="dim",
    )


def _trials_table(group: TrialGroup, trials: Sequence[LedgerEntry]) -> Table:
    table = _table()
    for title in ("made", "how"):
        table.add_column(title, no_wrap=True)
    table.add_column("values", overflow="fold")
    table.add_column("bars", no_wrap=True)
    for name in _SHOWN:
        table.add_column(_HEADINGS[name], justify="right", no_wrap=True)
    alike = _alike(group.trials)
    for trial in trials:
        is_best = group.best is not None and trial.identity == group.best.identity
        figures = {name: metric_text(trial.metrics.get(name), _UNITS[name]) for name in _SHOWN}
        figures["sharpe"] += " *" if is_best else ""
        values = ", ".join(
            f"{key.rpartition('.')[2]} {value_text(value)}" for key, value in trial.values.items() if key not in alike
        )
        if trial.kind == "walkforward":  # what its configuration holds was traded in no fold
            values = "chosen fold by fold"
        table.add_row(
            trial.made[:16].replace("T", " "),
            trial.kind,
            _text(values or "as the others"),
            f"{_day(trial.first_ns)[:7]} {_day(trial.last_ns)[:7]}",
            *figures.values(),
        )
    return table


def _alike(trials: Sequence[LedgerEntry]) -> set[str]:
    """Return the keys whose value is the same in all trials; none of a lone trial."""
    if len(trials) < 2:
        return set()
    keys = {key for trial in trials for key in trial.values}
    return {key for key in keys if len({json.dumps(trial.values.get(key)) for trial in trials}) == 1}


def _trial_record(trial: LedgerEntry) -> dict[str, Any]:
    return {
        "identity": trial.identity,
        "kind": trial.kind,
        "run_id": trial.run_id,
        "number": trial.number,
        "seed": trial.seed,
        "made": trial.made,
        "first": _day(trial.first_ns),
        "last": _day(trial.last_ns),
        "values": dict(trial.values),
        "metrics": _known(trial.metrics),
    }


def _known(metrics: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if value != value else value for name, value in metrics.items()}


def _day(time_ns: int) -> str:
    from stratkit.panel import format_time

    return format_time(time_ns)[:10]


def _text(text: str) -> Any:
    from rich.text import Text

    return Text(text)  # names of users: none of it is markup


def _table() -> Table:
    from rich.table import Table

    return Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
