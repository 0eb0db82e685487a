"""`Performance`: how each strategy of a run fared and ran, and how the machine coped, in plain values for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from stratkit.analytics.attribution import Attribution
from stratkit.analytics.grouped_trades import grouped_summaries
from stratkit.analytics.summary import TradeSummary
from stratkit.analytics.trades import expectancy_r, win_rate
from stratkit.engine.adapted import Adapted
from stratkit.engine.result import BacktestResult
from stratkit.errors import DataError
from stratkit.panel import FloatArray, format_time


@dataclass(frozen=True)
class Asking:
    """How one strategy was asked: `signals` are its opinions other than flat, one for each bar and symbol.

    `seconds` is all that it took; `bar_seconds` (n,) what each of n bars took, None where it is asked for all at once.
    """

    signals: int
    times_asked: int
    faults: int
    seconds: float
    bar_seconds: FloatArray | None = None


@dataclass(frozen=True)
class Usage:
    """What a replay took: wall and processor `seconds`, peak memory [MB] and as a fraction of the machine's."""

    seconds: float
    cpu_seconds: float
    peak_memory_mb: float | None
    memory_share: float | None


@dataclass(frozen=True)
class StrategyPerformance:
    """One strategy over a whole run; None where a figure is undefined or nothing adapts.

    `state`, `raw_weight` and `normalised_weight` (its share among those that may trade) stand as the run ended.
    `signals` are opinions other than flat, `entries_asked` and `entries_taken` what came of them. `accuracy` is closed
    trades with net P&L > 0 / closed trades, `expectancy_r` their mean R; the same of its shadow trades apart. `pnl` is
    account currency, open trades included, `max_drawdown` its deepest fall as a fraction of the initial cash, `sharpe`
    annualised. `last_trade` is the bar of its last entry or exit. `uptime` is the share of asks without a fault. The
    latencies, milliseconds per bar, differ between equal runs; p95 and max are known of those asked bar by bar.
    """

    name: str
    state: str | None
    raw_weight: float | None
    normalised_weight: float | None
    signals: int
    entries_asked: int
    entries_taken: int
    closed: int
    open: int
    accuracy: float | None
    expectancy_r: float | None
    pnl: float
    sharpe: float | None
    max_drawdown: float
    last_trade: str | None
    shadow_closed: int
    shadow_accuracy: float | None
    shadow_expectancy_r: float | None
    times_asked: int
    faults: int
    uptime: float | None
    latency_ms: float | None
    latency_p95_ms: float | None
    latency_max_ms: float | None


@dataclass(frozen=True)
class SystemPerformance:
    """The whole replay: bars, symbols, wall and processor seconds, faults per ask, memory, updates of what adapts.

    Everything but `bars`, `symbols`, `times_asked`, `faults`, `error_rate` and `updates` differs between equal runs.
    `cores_used` is processor time / wall time; `memory_share` a fraction of the machine's memory; `update_ms` the mean.
    """

    bars: int
    symbols: int
    seconds: float
    bars_per_second: float | None
    symbol_bars_per_second: float | None
    cpu_seconds: float
    cores_used: float | None
    times_asked: int
    faults: int
    error_rate: float | None
    peak_memory_mb: float | None
    memory_share: float | None
    updates: int | None
    update_ms: float | None


@dataclass(frozen=True)
class Performance:
    """The strategies of a run in their order, and the system."""

    strategies: tuple[StrategyPerformance, ...]
    system: SystemPerformance

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Performance:
        """Return what `plain` was made from; raise `DataError` where it is none."""
        try:
            strategies = tuple(StrategyPerformance(**_fields(StrategyPerformance, one)) for one in plain["strategies"])
            return cls(strategies, SystemPerformance(**_fields(SystemPerformance, plain["system"])))
        except (KeyError, TypeError) as error:
            raise DataError(
                f"a performance record must hold what stratkit writes; found one that cannot be read ({error}): "
                "run the backtest again"
            ) from error


def performance_of(
    result: BacktestResult, attribution: Attribution, asked: Mapping[str, Asking], usage: Usage
) -> Performance:
    """Return how the strategies of `result` fared; `asked` says by name how each was asked."""
    shadow = _shadow_of(result)
    strategies = tuple(
        _strategy(place, name, result, attribution, asked[name], shadow[place])
        for place, name in enumerate(result.strategies)
    )
    return Performance(strategies, _system(result, list(asked.values()), usage))


def bar_ms(seconds: float, bars: int) -> float:
    """Return milliseconds per bar; NaN without bars."""
    return 1_000.0 * seconds / bars if bars else math.nan


def _strategy(
    place: int, name: str, result: BacktestResult, attribution: Attribution, asking: Asking, shadow: TradeSummary
) -> StrategyPerformance:
    earned, proposed = attribution.by_strategy, attribution.funnel
    slow = asking.bar_seconds if asking.bar_seconds is not None and len(asking.bar_seconds) else None
    return StrategyPerformance(
        name,
        *_standing(name, result.adapted),
        signals=asking.signals,
        entries_asked=int(proposed.generated[place]),
        entries_taken=int(proposed.approved[place]),
        closed=int(earned.closed[place]),
        open=int(earned.open[place]),
        accuracy=_known(earned.win_rate[place]),
        expectancy_r=_known(earned.expectancy_r[place]),
        pnl=float(earned.pnl[place]),
        sharpe=_known(attribution.risk.sharpe[place]),
        max_drawdown=float(earned.max_drawdown_frac[place]),
        last_trade=_last_trade(result, place),
        shadow_closed=shadow.trades,
        shadow_accuracy=_known(win_rate(shadow).value),
        shadow_expectancy_r=_known(expectancy_r(shadow).value),
        times_asked=asking.times_asked,
        faults=asking.faults,
        uptime=1.0 - asking.faults / asking.times_asked if asking.times_asked else None,
        latency_ms=_known(bar_ms(asking.seconds, len(result.times))),
        latency_p95_ms=None if slow is None else 1_000.0 * float(np.quantile(slow, 0.95)),
        latency_max_ms=None if slow is None else 1_000.0 * float(slow.max()),
    )


def _standing(name: str, adapted: Adapted | None) -> tuple[str | None, float | None, float | None]:
    """Return state, raw weight and share of a strategy; None where nothing adapts."""
    if adapted is None:
        return None, None, None
    status = adapted.status
    state = next(state for state, names in status["by_state"].items() if name in names)
    return state, status["raw_weights"][name], status["normalised_weights"][name]


def _shadow_of(result: BacktestResult) -> list[TradeSummary]:
    """Return the trades of the shadow book by strategy; of none where nothing adapts."""
    trades = result.trades[:0] if result.adapted is None else result.adapted.shadow_trades
    code = np.asarray(trades["strategy"], np.int64)
    return grouped_summaries(trades, np.asarray(trades["exit_bar"]) >= 0, code, len(result.strategies))


def _last_trade(result: BacktestResult, place: int) -> str | None:
    own = result.trades[result.trades["strategy"] == place]
    if not len(own):
        return None
    return format_time(int(result.times[max(own["entry_bar"].max(), own["exit_bar"].max())]))


def _system(result: BacktestResult, asked: Sequence[Asking], usage: Usage) -> SystemPerformance:
    bars, symbols, adapted = len(result.times), len(result.symbols), result.adapted
    times_asked, faults = sum(one.times_asked for one in asked), sum(one.faults for one in asked)
    pace = bars / usage.seconds if usage.seconds else None
    updates = None if adapted is None else adapted.updates
    return SystemPerformance(
        bars, symbols, usage.seconds, pace, None if pace is None else pace * symbols, usage.cpu_seconds,
        usage.cpu_seconds / usage.seconds if usage.seconds else None, times_asked, faults,
        faults / times_asked if times_asked else None, usage.peak_memory_mb, usage.memory_share, updates,
        1_000.0 * adapted.update_seconds / updates if adapted is not None and updates else None,
    )  # fmt: skip


def _fields(kind: type[Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the fields of `kind`; a record of a later stratkit may have more."""
    return {name: plain[name] for name in kind.__dataclass_fields__}


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
