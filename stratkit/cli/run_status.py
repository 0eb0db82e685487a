"""`RunStatus`: how a run stood at its end or before: strategies, weights, alerts, open trades, the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from stratkit.adaptive.health import STATE_NAMES
from stratkit.adaptive.standing import Standing, standing_at
from stratkit.alerts.alert import Alert
from stratkit.alerts.sentences import as_told_first
from stratkit.analytics.performance import Performance, StrategyPerformance
from stratkit.cli.finished import ADAPTIVE, PERFORMANCE
from stratkit.cli.watched import Watched
from stratkit.errors import UsageError
from stratkit.panel import format_time
from stratkit.runs.book_at import BookAt, Record, read_book
from stratkit.runs.facts import RunFacts, read_json

_NOT_OF_A_DATE = frozenset(
    name for name in StrategyPerformance.__dataclass_fields__ if name not in {"name", *Record.__dataclass_fields__}
) - {"state", "raw_weight", "normalised_weight"}


@dataclass(frozen=True)
class RunStatus:
    """A run at the close of the bar of `book`; `is_end` tells whether that is its last one.

    `performance` is that of the whole run; `records` are what each strategy came to by then. `standing` is None where
    nothing adapts. `alerts` were raised by then. It had learned from `bars_before` bars before its first.
    """

    facts: RunFacts
    performance: Performance
    book: BookAt
    standing: Standing | None
    alerts: tuple[Alert, ...]
    is_end: bool
    bars_before: int = 0

    @property
    def by_state(self) -> dict[str, list[str]] | None:
        """The strategies in each state; None where nothing adapts."""
        if self.standing is None:
            return None
        states = self.standing.states
        return {state: [name for name, its in states.items() if its == state] for state in STATE_NAMES}

    @property
    def strategies(self) -> tuple[StrategyPerformance, ...]:
        """The figures of strategies as they were; those that are only known of the whole run are not told earlier."""
        return tuple(self._as_it_was(one) for one in self.performance.strategies)

    def is_on(self, alert: Alert) -> bool:
        """Whether what an alert says still held then."""
        return alert.until_bar is None or alert.until_bar > self.book.bar

    def told(self, alert: Alert) -> str:
        """Return the sentence of an alert as it was known then: one that still held, without its end and its worst."""
        if self.is_end or not self.is_on(alert):
            return alert.message
        until = None if alert.until is None else format_time(alert.until)
        return as_told_first(alert.message, format_time(alert.time), until)

    def plain(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it; of a date before the end without what only came later."""
        return {
            "run_id": self.facts.record.run_id,
            "time": self.book.time,
            "bar": self.book.bar,
            "bars": self.book.bars,
            "is_end": self.is_end,
            "bars_before": self.bars_before,
            "by_state": self.by_state,
            "raw_weights": None if self.standing is None else self.standing.raw_weights,
            "normalised_weights": None if self.standing is None else self.standing.normalised_weights,
            "alerts": [self._alert(alert) for alert in self.alerts],
            "open_trades": list(self.book.open_trades),
            "strategies": [self._strategy(one) for one in self.strategies],
            "system": asdict(self.performance.system) if self.is_end else None,
            "trials": self.facts.evidence.get("trials"),
        }

    def _as_it_was(self, whole: StrategyPerformance) -> StrategyPerformance:
        if self.is_end:
            return whole
        record, name = self.book.records[whole.name], whole.name
        then = replace(whole, **asdict(record))
        if self.standing is None:
            return then
        return replace(
            then, state=self.standing.states[name], raw_weight=self.standing.raw_weights[name],
            normalised_weight=self.standing.normalised_weights[name],
        )  # fmt: skip

    def _strategy(self, one: StrategyPerformance) -> dict[str, Any]:
        plain = asdict(one)
        return plain if self.is_end else {name: plain[name] for name in plain if name not in _NOT_OF_A_DATE}

    def _alert(self, alert: Alert) -> dict[str, Any]:
        plain = {**alert.plain(), "message": self.told(alert), "is_on": self.is_on(alert)}
        later = () if self.is_end else ("worst", "until_bar", "until")
        return {name: value for name, value in plain.items() if name not in later}


def status_of_run(facts: RunFacts, when: str | None = None) -> RunStatus:
    """Return how a run stood after the bar at `when`, None = its last one.

    Raises `UsageError` for a run that kept no performance.json and for a time outside it.
    """
    path = facts.record.path(PERFORMANCE)
    if not path.is_file():
        raise UsageError(
            f"the run must have a {PERFORMANCE}; {facts.record.run_id} has none, for an earlier stratkit made it, or a "
            "command that keeps none (walkforward, backtest --fills all): run stratkit backtest again"
        )
    watched = Watched.from_plain(read_json(path))
    names = [one.name for one in watched.performance.strategies]
    book = read_book(facts.record, names, _initial_cash(facts.config), when)
    learned = facts.record.path(ADAPTIVE)
    adapted = read_json(learned) if learned.is_file() else None
    standing = None if adapted is None else standing_at(adapted, book.bar)
    before = 0 if adapted is None else int(adapted.get("bars_before", 0))
    alerts = tuple(alert for alert in watched.alerts if alert.bar <= book.bar)
    return RunStatus(facts, watched.performance, book, standing, alerts, book.bar == book.bars - 1, before)


def _initial_cash(config: Mapping[str, Any]) -> float:
    account = config.get("account")
    return float(account["initial_cash"]) if isinstance(account, Mapping) else 0.0
