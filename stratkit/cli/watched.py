"""`watch` and `sent`: how a run fared and what rules say of it, and whether those who should hear it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stratkit.alerts.alert import Alert
from stratkit.alerts.channels import send
from stratkit.alerts.judge import raise_alerts
from stratkit.alerts.memory import peak_memory_share
from stratkit.alerts.observed import Faults, asked_bars, observe
from stratkit.alerts.rules import DEFAULT_RULES
from stratkit.analytics.performance import Asking, Performance, Usage, performance_of
from stratkit.runs.system import peak_memory_mb
from stratkit.strategies.signals import FLAT, Signals

if TYPE_CHECKING:
    from stratkit.alerts.settings import AlertSettings
    from stratkit.analytics.attribution import Attribution
    from stratkit.analytics.scorecard import Scorecard
    from stratkit.backtest import Played
    from stratkit.strategies.desk import Seat


@dataclass(frozen=True)
class Watched:
    """How a run fared, and the alerts of the rules that it was configured with, or else of the default ones."""

    performance: Performance
    alerts: tuple[Alert, ...]

    @property
    def is_telling(self) -> bool:
        """Whether a summary gains by it: several strategies, something that adapts, or a fault."""
        system = self.performance.system
        return len(self.performance.strategies) > 1 or system.updates is not None or system.faults > 0

    def plain(self) -> dict[str, Any]:
        """Return it as performance.json has it."""
        return {**self.performance.plain(), "alerts": [alert.plain() for alert in self.alerts]}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Watched:
        """Return what `plain` was made from."""
        performance = Performance.from_plain(plain)
        return cls(performance, tuple(Alert.from_plain(alert) for alert in plain.get("alerts", ())))


def watch(
    settings: AlertSettings | None,
    play: Played,
    scorecard: Scorecard,
    attribution: Attribution,
    seconds: float,
    cpu_seconds: float,
) -> Watched:
    """Return how a run fared, which took so many wall and processor seconds; alerts are in the order of their bars."""
    result, desk, memory = play.result, play.desk, peak_memory_share()
    several = len(result.strategies) > 1
    faults = {seat.name: _faults(seat) for seat in desk.seats}
    spent = {seat.name: seat.seconds + float(np.sum(desk.seconds_asked.get(seat.name, 0.0))) for seat in desk.seats}
    observed = observe(
        result,
        scorecard,
        faults=faults,
        seconds_by_strategy=spent,
        memory_share=memory,
        asked={seat.name: asked_bars(seat.signals) for seat in desk.seats},
        warmup_bars={seat.name: seat.signals.warmup_bars for seat in desk.seats},
        by_strategy=result.by_strategy if several else None,
        trade_strategy=result.trades["strategy"],
        decision_strategy=result.decisions["strategy"],
    )
    asked = {
        seat.name: Asking(
            _opinions(seat.signals), len(faults[seat.name].asked_bars), len(faults[seat.name].bars), spent[seat.name],
            desk.seconds_asked.get(seat.name),
        )
        for seat in desk.seats
    }  # fmt: skip
    usage = Usage(seconds, cpu_seconds, peak_memory_mb(), memory)
    rules = DEFAULT_RULES if settings is None else settings.active_rules
    return Watched(performance_of(result, attribution, asked, usage), raise_alerts(rules, observed))


def sent(settings: AlertSettings | None, alerts: tuple[Alert, ...], run_id: str) -> list[str]:
    """Send the alerts of a run and return a sentence for each channel that could not be served."""
    if settings is None:
        return []
    deliveries = send(alerts, settings.channels, severity=settings.severity, run=run_id)
    return [f"alerts could not be sent to {one.channel}: {one.error}" for one in deliveries if one.error]


def _faults(seat: Seat) -> Faults:
    faults = seat.faults if seat.sheet is None else seat.sheet.faults
    bars = np.array(sorted(max(fault.bar, 0) for fault in faults), dtype=np.int64)
    return Faults(bars, np.arange(seat.times_asked, dtype=np.int64))


def _opinions(signals: Signals) -> int:
    """Return on how many bars and symbols a strategy said anything: a side, an exit or a weight."""
    if signals.side is not None:
        return int(np.count_nonzero(np.asarray(signals.side) != FLAT))
    return int(np.count_nonzero(~np.isnan(np.asarray(signals.weight))))
