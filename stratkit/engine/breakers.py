"""Breakers: judged after each close, they bar the entries to come."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stratkit.compiled import inner
from stratkit.engine.layout import (
    ACCOUNT_SLOT,
    BREAKER_CLOSED,
    BREAKER_DAILY_LOSS,
    BREAKER_DRAWDOWN,
    BREAKER_LOSSES,
    BREAKER_OPENED,
    NO_SIDE,
    NO_STRATEGY,
)
from stratkit.engine.positions import log_decision


@inner
def log_breaker(account: Any, logs: Any, bar: int, outcome: int, rule: int) -> None:
    """Write that a breaker closed or opened."""
    log_decision(account, logs, bar, ACCOUNT_SLOT, NO_STRATEGY, NO_SIDE, 1.0, math.nan, 0.0, outcome, rule)


@inner
def judge_close(account: Any, rules: Any, logs: Any, bar: int, day: int, equity: float) -> None:
    """Look at the breakers after the close of `bar`; each closing and opening is a row of the log."""
    if rules.max_drawdown > 0.0:
        if account.drawdown_closed_at >= 0:
            if rules.reopen_after_bars > 0 and bar - account.drawdown_closed_at >= rules.reopen_after_bars:
                account.drawdown_closed_at = -1
                account.peak = equity
                log_breaker(account, logs, bar, BREAKER_OPENED, BREAKER_DRAWDOWN)
        else:
            account.peak = max(account.peak, equity)
            if equity <= account.peak * (1.0 - rules.max_drawdown):
                account.drawdown_closed_at = bar
                log_breaker(account, logs, bar, BREAKER_CLOSED, BREAKER_DRAWDOWN)
    if rules.max_daily_loss > 0.0:
        if day != account.day:
            account.day = day
            account.day_base = account.equity
            if account.tripped_day != np.iinfo(np.int64).min:
                account.tripped_day = np.iinfo(np.int64).min
                log_breaker(account, logs, bar, BREAKER_OPENED, BREAKER_DAILY_LOSS)
        if account.tripped_day != day and equity <= account.day_base * (1.0 - rules.max_daily_loss):
            account.tripped_day = day
            log_breaker(account, logs, bar, BREAKER_CLOSED, BREAKER_DAILY_LOSS)
    if rules.max_consecutive_losses > 0:
        if account.losses_closed_at >= 0:
            if rules.reopen_after_bars > 0 and bar - account.losses_closed_at >= rules.reopen_after_bars:
                account.losses_closed_at = -1
                account.loss_streak = 0
                log_breaker(account, logs, bar, BREAKER_OPENED, BREAKER_LOSSES)
        elif account.loss_streak >= rules.max_consecutive_losses:
            account.losses_closed_at = bar
            log_breaker(account, logs, bar, BREAKER_CLOSED, BREAKER_LOSSES)
