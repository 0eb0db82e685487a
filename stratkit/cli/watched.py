"""`alerts_of` and `sent`: what the configured alert rules say of a run, and whether those who should hear it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stratkit.alerts.alert import Alert
from stratkit.alerts.channels import send
from stratkit.alerts.judge import raise_alerts
from stratkit.alerts.memory import peak_memory_share
from stratkit.alerts.observed import Faults, asked_bars, observe

if TYPE_CHECKING:
    from stratkit.alerts.settings import AlertSettings
    from stratkit.analytics.scorecard import Scorecard
    from stratkit.backtest import Played
    from stratkit.strategies.desk import Seat


def alerts_of(settings: AlertSettings | None, play: Played, scorecard: Scorecard) -> tuple[Alert, ...]:
    """Return the alerts of a run in the order of their bars; none without settings."""
    if settings is None:
        return ()
    result, desk = play.result, play.desk
    several = len(result.strategies) > 1
    observed = observe(
        result,
        scorecard,
        faults={seat.name: _faults(seat) for seat in desk.seats},
        seconds_by_strategy={seat.name: seat.seconds + desk.seconds_asked.get(seat.name, 0.0) for seat in desk.seats},
        memory_share=peak_memory_share(),
        asked={seat.name: asked_bars(seat.signals) for seat in desk.seats},
        warmup_bars={seat.name: seat.signals.warmup_bars for seat in desk.seats},
        by_strategy=result.by_strategy if several else None,
        trade_strategy=result.trades["strategy"],
        decision_strategy=result.decisions["strategy"],
    )
    return raise_alerts(settings.active_rules, observed)


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
