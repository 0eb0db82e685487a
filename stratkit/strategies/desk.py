"""`Desk`: the built strategies of a run and what they want: computed at once, or asked bar by bar."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from stratkit.errors import UsageError, did_you_mean
from stratkit.features.completed import is_same_length
from stratkit.panel import BoolArray, FloatArray
from stratkit.plans import ExitPlan
from stratkit.strategies.bar_strategy import BarStrategy
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.faults import Fault, OnError
from stratkit.strategies.isolation import signals_or_faults
from stratkit.strategies.legs import whole_packages
from stratkit.strategies.needs import check_needs
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.sheet import ProposalSheet
from stratkit.strategies.signals import Signals, signals_from
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.surroundings import Surroundings
from stratkit.strategies.timeframe import coarser_context, completed_at, joined

State = Mapping[str, Any]


@dataclass(frozen=True)
class Seat:
    """One strategy: its signals, or the sheet that is written while it is asked; `seconds` is what it has taken.

    There is no strategy behind signals that were given.
    """

    name: str
    strategy: Strategy | None
    signals: Signals
    sheet: ProposalSheet | None = None
    faults: tuple[Fault, ...] = ()
    seconds: float = 0.0
    times_asked: int = 1


@dataclass
class Desk:
    """The strategies of a run in the order of the configuration.

    Those that look at their positions are asked bar by bar; their signals fill up while the run goes on.
    """

    seats: tuple[Seat, ...]
    open_sheet: Callable[[Strategy], ProposalSheet]
    allowed: Mapping[str, BoolArray]  # (N,) by strategy: the symbols that it may trade
    seconds_asked: dict[str, FloatArray] = field(default_factory=dict)  # (T,) bar by bar, of those that are asked so

    @property
    def signals(self) -> list[Signals]:
        """What each strategy wants."""
        return [seat.signals for seat in self.seats]

    @property
    def needs_state(self) -> bool:
        """Whether some strategy must be asked bar by bar."""
        return any(seat.sheet is not None for seat in self.seats)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The errors that were passed over, with the configured names of the strategies."""
        return tuple(
            replace(fault, strategy=seat.name)
            for seat in self.seats
            for fault in (seat.faults if seat.sheet is None else seat.sheet.faults)
        )

    def fresh(self) -> Desk:
        """Return a desk at which nobody has been asked bar by bar yet."""
        if not self.needs_state:
            return self
        seats = tuple(seat if seat.sheet is None else _asked_later(seat, self.open_sheet) for seat in self.seats)
        return Desk(seats, self.open_sheet, self.allowed)

    def ask(self, bar: int, state_of: Callable[[int], State], learn: Callable[[int, Sequence[ExitPlan]], None]) -> None:
        """Ask the strategies that look at their positions what they want at the close of `bar`.

        `state_of` tells a strategy by its place what it may know of the account; `learn` hears of its exit plans.
        """
        for place, seat in enumerate(self.seats):
            if seat.sheet is not None:
                begun = time.perf_counter()
                seat.sheet.ask(bar, state_of(place))
                spent = time.perf_counter() - begun
                if seat.name not in self.seconds_asked:
                    self.seconds_asked[seat.name] = np.zeros(seat.times_asked)
                self.seconds_asked[seat.name][bar] = spent
                if seat.name in self.allowed:
                    seat.sheet.side[bar, ~self.allowed[seat.name]] = 0
                learn(place, seat.sheet.plans)


def open_desk(
    configured: Mapping[str, StrategySettings],
    context: Context,
    *,
    on_error: OnError = "fail",
    time_limit_seconds: float | None = None,
    surroundings: Surroundings | None = None,
    history_bars: int = 0,
) -> Desk:
    """Build the configured strategies and compute what those want that need not be asked bar by bar.

    The first `history_bars` are looked back on: signals, faults and what is asked begin at the bar behind them, bar 0.
    With ``skip`` a strategy that fails is passed over and its faults are kept, else its `StrategyError` goes up.
    Raises `UsageError` for symbols or timeframes that do not fit the bars.
    """
    bars = context.bars
    allowed = {
        name: _columns(settings.symbols, bars.symbols) for name, settings in configured.items() if settings.symbols
    }

    def open_sheet(strategy: Strategy) -> ProposalSheet:
        assert isinstance(strategy, BarStrategy)  # only these have sheets
        return ProposalSheet(
            strategy, context, surroundings, on_error=on_error, time_limit_seconds=time_limit_seconds,
            history_bars=history_bars,
        )  # fmt: skip

    seats = []
    for name, settings in configured.items():
        strategy = build_strategy(settings.spec, settings.params)
        check_needs(name, strategy, context, settings.symbols or context.bars.symbols)
        if isinstance(strategy, BarStrategy) and strategy.needs_state:
            if settings.timeframe is not None:
                raise UsageError(
                    f"strategies.{name}.timeframe must be left out: a strategy that looks at its positions is asked on "
                    "every bar of the run"
                )
            silent = Signals(name, np.zeros((context.shape[0] - history_bars, context.shape[1]), np.int8))
            seats.append(_asked_later(Seat(name, strategy, silent), open_sheet))
            continue
        begun = time.perf_counter()
        signals, faults, times_asked = _said(strategy, context, settings.timeframe, on_error, time_limit_seconds)
        signals = signals_from(replace(signals, strategy=name), history_bars)
        faults = tuple(_faults_from(faults, history_bars))
        if name in allowed:
            signals = _within(signals, allowed[name])
        asked = min(times_asked, signals.shape[0])
        seats.append(Seat(name, strategy, signals, None, faults, time.perf_counter() - begun, asked))
    return Desk(tuple(seats), open_sheet, allowed)


def _faults_from(faults: Sequence[Fault], first: int) -> Iterator[Fault]:
    """Yield the faults of bars from `first` on, and those of no bar."""
    for fault in faults:
        if fault.bar < 0:
            yield fault
        elif fault.bar >= first:
            yield replace(fault, bar=fault.bar - first)


def desk_of(*signals: Signals) -> Desk:
    """Return a desk of signals that are given."""
    return Desk(tuple(Seat(one.strategy, None, one) for one in signals), _no_sheet, {})


def _no_sheet(strategy: Strategy) -> ProposalSheet:
    raise UsageError(f"signals that are given are not asked for; found {strategy.name!r}")


def _said(
    strategy: Strategy, context: Context, timeframe: str | None, on_error: OnError, time_limit_seconds: float | None
) -> tuple[Signals, tuple[Fault, ...], int]:
    """Return the signals, the faults at bars of the run, and how often the strategy was asked."""
    same = timeframe is None or is_same_length(context.bars.frequency, timeframe)
    looked_at = context if timeframe is None or same else coarser_context(context, timeframe)
    signals, faults = signals_or_faults(strategy, looked_at, on_error, time_limit_seconds)
    times_asked = len(looked_at.bars.times) if isinstance(strategy, BarStrategy) else 1
    if same:
        return signals, faults, times_asked
    at = completed_at(looked_at, context)
    placed = tuple(replace(fault, bar=int(at[fault.bar])) if fault.bar >= 0 else fault for fault in faults)
    return joined(signals, looked_at, context), placed, times_asked


def _asked_later(seat: Seat, open_sheet: Callable[[Strategy], ProposalSheet]) -> Seat:
    assert seat.strategy is not None  # only these are asked
    sheet = open_sheet(seat.strategy)
    bars = len(sheet.side)
    return replace(seat, signals=replace(sheet.signals(), strategy=seat.name), sheet=sheet, times_asked=bars)


def _columns(symbols: Sequence[str], known: Sequence[str]) -> BoolArray:
    for symbol in symbols:
        if symbol not in known:
            raise UsageError(f"no symbol {symbol!r} in the bars; {did_you_mean(symbol, known)}")
    return np.isin(known, symbols)


def _within(signals: Signals, allowed: BoolArray) -> Signals:
    """Return the signals with no opinion on symbols that a strategy may not trade."""
    if signals.weight is not None:
        weight = np.where(allowed, signals.weight, np.nan)
        if signals.legs is None:
            return replace(signals, weight=weight)
        weight, legs = whole_packages(weight, signals.legs)
        return replace(signals, weight=weight, legs=legs)
    return replace(signals, side=np.where(allowed, np.asarray(signals.side), 0))
