"""`Course`: on which bars the condition of a rule was true, and how far it went.

Everything is known at its bar: what was true by bar t stays so when the run goes on. Figures of the whole
run (latency, memory, metrics, a rate over few requests) are known at the last bar, and stand there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from stratkit.adaptive.health import STATE_NAMES
from stratkit.alerts.observed import Observed
from stratkit.alerts.rules import OF_ACCOUNT, AlertRule, Kind
from stratkit.errors import did_you_mean
from stratkit.panel import BoolArray, FloatArray, IntArray

_ROUNDING: Final = 1e-9  # 100 x 0.01 is 1, whatever floats make of it


@dataclass(frozen=True)
class Course:
    """A condition over T bars: whether it is `true`, the `value` (T,) it is read from, and its `threshold`.

    `sign` is +1 when a higher value is worse. `value` may be NaN where the condition is false. `why` says by bar what
    made it true, where there is more to say than the value.
    """

    true: BoolArray
    value: FloatArray
    threshold: float
    sign: int = 1
    why: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Unknown:
    """Why a rule cannot be judged on a run."""

    reason: str


def course_of(rule: AlertRule, seen: Observed, strategy: str | None) -> Course | Unknown:
    """Return the course of `rule` for one strategy, or for the account when it is None."""
    if not len(seen.times):
        return Unknown("the run has no bars")
    if rule.when in OF_ACCOUNT:
        return _ACCOUNT[rule.when](rule, seen)
    if strategy not in seen.strategies:
        return Unknown(
            f"no strategy {strategy!r} took part, {did_you_mean(str(strategy), seen.strategies).removesuffix('?')}"
        )
    return _STRATEGY[rule.when](rule, seen, str(strategy))


# ---- the account


def _drawdown(rule: AlertRule, seen: Observed) -> Course:
    peak = np.maximum.accumulate(np.maximum(seen.equity, seen.initial_cash))
    limit = _given(rule.limit_pct)
    # in whole percent: 1 - 90/100 is less than 0.1 in floats
    deep = _held(seen.equity * 100 <= peak * (100 - limit), seen.equity * 100 > peak * (100 - limit / 2))
    return Course(deep, 1 - seen.equity / peak, limit / 100)


def _memory(rule: AlertRule, seen: Observed) -> Course | Unknown:
    if seen.memory_share is None:
        return Unknown("the peak memory of the run was not measured")
    return _at_the_end(seen, seen.memory_share, _given(rule.most))


def _metric(rule: AlertRule, seen: Observed) -> Course | Unknown:
    value = seen.metrics.get(str(rule.metric))
    if value is None:
        return Unknown(f"the scorecard of the run has no {rule.metric}")
    if not math.isfinite(value):
        return Unknown(f"{rule.metric} is undefined in this run")
    if rule.above is not None:
        return _at_the_end(seen, value, rule.above)
    return _at_the_end(seen, value, _given(rule.below), -1)


# ---- each strategy


def _no_proposals(rule: AlertRule, seen: Observed, strategy: str) -> Course | Unknown:
    asked = seen.asked.get(strategy)
    if asked is None:
        return Unknown("it is not known on which bars it asked for anything")
    bars, first, most = np.arange(len(seen.times)), seen.warmup_bars.get(strategy, 0), int(_given(rule.bars))
    if len(bars) - first < most:
        return Unknown(f"it could ask on {max(len(bars) - first, 0)} bars, {most} are needed")
    latest = np.concatenate(([first - 1], asked))[np.searchsorted(asked, bars, side="right")]
    silent = (bars - latest).astype(np.float64)
    return Course(silent >= most, silent, most)


def _strategy_drawdown(rule: AlertRule, seen: Observed, strategy: str) -> Course | Unknown:
    if seen.pnl is None:
        return Unknown("P&L by strategy is not known")
    pnl = seen.pnl[:, seen.strategies.index(strategy)]
    fallen = np.maximum.accumulate(np.maximum(pnl, 0.0)) - pnl
    limit = _given(rule.limit_pct)
    deep = _held(fallen * 100 >= limit * seen.initial_cash, fallen * 100 < limit / 2 * seen.initial_cash)
    return Course(deep, fallen / seen.initial_cash, limit / 100)


def _accuracy(rule: AlertRule, seen: Observed, strategy: str) -> Course | Unknown:
    own = seen.trade_strategy == seen.strategies.index(strategy)
    closed, window = seen.trade_exit_bar[own], int(_given(rule.trades))
    if len(closed) < window:
        return Unknown(f"{len(closed)} of its trades closed, {window} are needed")
    won = np.concatenate(([0], np.cumsum(seen.trade_pnl[own] > 0)))
    done = np.searchsorted(closed, np.arange(len(seen.times)), side="right")  # trades closed by the end of each bar
    share = np.where(done >= window, (won[done] - won[np.maximum(done - window, 0)]) / window, np.nan)
    least = _given(rule.least)
    return Course(share < least - _ROUNDING, share, least, -1)


def _error_rate(rule: AlertRule, seen: Observed, strategy: str) -> Course | Unknown:
    faults = seen.faults.get(strategy)
    if faults is None or not len(faults.asked_bars):
        return Unknown("its faults were not counted")
    failed, asked = _counted(faults.bars, seen), _counted(faults.asked_bars, seen)
    rate = np.divide(failed, asked, out=np.full(len(asked), np.nan), where=asked > 0)
    most = _given(rule.most)
    # until it was asked 1/most times a single fault would be too many, so only the end of the run judges that
    enough = (asked * most >= 1 - _ROUNDING) | (most == 0)
    enough[-1] = True
    return Course(enough & (rate > most + _ROUNDING), rate, most)


def _latency(rule: AlertRule, seen: Observed, strategy: str) -> Course | Unknown:
    if strategy not in seen.bar_ms:
        return Unknown("its time was not measured")
    return _at_the_end(seen, seen.bar_ms[strategy], _given(rule.most))


def _cap_refusals(rule: AlertRule, seen: Observed, strategy: str) -> Course | Unknown:
    window, bars = int(_given(rule.bars)), len(seen.times)
    if bars < window:
        return Unknown(f"the run has {bars} bars, {window} are needed")
    entries = seen.decision_is_entry & (seen.decision_strategy == seen.strategies.index(strategy))
    asked = _in_window(seen.decision_bar[entries], bars, window)
    refused = _in_window(seen.decision_bar[entries & seen.decision_capped], bars, window)
    share = np.divide(refused, asked, out=np.full(bars, np.nan), where=asked > 0)
    most = _given(rule.most)
    return Course((np.arange(bars) >= window - 1) & (share > most + _ROUNDING), share, most)


def _state(rule: AlertRule, seen: Observed, strategy: str) -> Course | Unknown:
    if seen.health is None:
        return Unknown("nothing adapts in this run, so that no strategy has a state")
    state = np.zeros(len(seen.times))
    steps = seen.health.get(strategy, ())
    for step in steps:
        state[step.bar :] = STATE_NAMES.index(step.state)
    threshold = float(STATE_NAMES.index(str(rule.state)))
    return Course(state >= threshold, state, threshold, why={step.bar: "; ".join(step.reasons) for step in steps})


def _held(begins: BoolArray, ends: BoolArray) -> BoolArray:
    """Return where a condition holds that begins and ends at different levels: one that hovers is one alert."""
    turns = np.where(begins, 1, np.where(ends, -1, 0))
    latest = np.maximum.accumulate(np.where(turns != 0, np.arange(len(turns)), 0))
    holds: BoolArray = turns[latest] == 1
    return holds


def _given(value: float | None) -> float:
    assert value is not None  # a rule of this kind has it: its model says so
    return value


def _at_the_end(seen: Observed, value: float, threshold: float, sign: int = 1) -> Course:
    true = np.zeros(len(seen.times), dtype=np.bool_)
    true[-1] = value * sign > threshold * sign
    return Course(true, np.full(len(true), value), threshold, sign)


def _counted(bars: IntArray, seen: Observed) -> FloatArray:
    """Return how many of `bars` stand at or before each bar of the run."""
    return np.cumsum(np.bincount(bars, minlength=len(seen.times))).astype(np.float64)


def _in_window(at: IntArray, bars: int, window: int) -> FloatArray:
    """Return how many of `at` stand in the last `window` bars, on each of `bars` bars."""
    total: FloatArray = np.concatenate((np.zeros(window), np.cumsum(np.bincount(at, minlength=bars))))
    return total[window:] - total[:-window]


_ACCOUNT: Final[dict[Kind, Callable[[AlertRule, Observed], Course | Unknown]]] = {
    "drawdown": _drawdown,
    "memory": _memory,
    "metric": _metric,
}
_STRATEGY: Final[dict[Kind, Callable[[AlertRule, Observed, str], Course | Unknown]]] = {
    "no_proposals": _no_proposals,
    "strategy_drawdown": _strategy_drawdown,
    "accuracy": _accuracy,
    "error_rate": _error_rate,
    "latency": _latency,
    "cap_refusals": _cap_refusals,
    "state": _state,
}
