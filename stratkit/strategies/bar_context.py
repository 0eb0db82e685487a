"""`BarContext`: what a per-bar strategy may look at on one bar: everything known at its close, and nothing later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, overload

from stratkit.data.bars import Bars
from stratkit.errors import StrategyError, UsageError
from stratkit.panel import FloatArray
from stratkit.strategies.market import Market
from stratkit.strategies.past import History
from stratkit.strategies.proposals import TriggerSignal
from stratkit.strategies.surroundings import REGIMES, Regime, frozen
from stratkit.strategies.universe import Universe

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class BarContext:
    """An immutable view at the close of one bar.

    `universe` holds the symbols seen so far, `triggers` the events of this bar, `regime` the word for the market
    (``chop`` as long as nobody labels it), `timestamp` the bar's start in UTC, `cycle_number` its number from 1 up.
    `state` is the account at this close, None where none is kept: ``positions`` by symbol, ``cash``, ``equity``,
    ``exposure`` (see `stratkit.strategies.account_state`). `risk_constraints` are the caps of the run by name.
    Bars, indicators and external series are read through `bars`, `history`, `indicator`, `value` and `series`; a
    context made by hand, without a market behind it, has none. Nothing here can be written to, and no array holds
    anything after this bar.
    """

    universe: Universe
    triggers: Sequence[TriggerSignal] = ()
    regime: Regime = "chop"
    timestamp: datetime = _EPOCH
    cycle_number: int = 0
    state: Mapping[str, Any] | None = None
    risk_constraints: Mapping[str, Any] = field(default_factory=dict)
    _market: Market | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.regime not in REGIMES:
            raise UsageError(f"regime must be one of {', '.join(REGIMES)}; found {self.regime!r}")
        if self.timestamp.utcoffset() != timedelta(0):
            raise UsageError(f"timestamp must be in UTC; found {self.timestamp!r}")
        object.__setattr__(self, "state", frozen(self.state))
        if self._market is None:
            object.__setattr__(self, "triggers", tuple(self.triggers))
            object.__setattr__(self, "risk_constraints", frozen(self.risk_constraints or _NOTHING))

    @property
    def bars(self) -> Bars:
        """The bars of all symbols up to and including this one."""
        return self._known().bars(self._bar)

    def history(self, symbol: str, bars: int) -> History:
        """Return the last own bars of a symbol up to and including this one; fewer when it has fewer."""
        return self._known().history(self._bar, symbol, bars)

    def indicator(
        self, indicator: Callable[..., Any], *args: Any, on: str | tuple[str, ...] | None = None, **params: Any
    ) -> Mapping[str, Any]:
        """Return what an indicator is on this bar, by symbol: ``indicator(rsi, 14)["SPX"]``.

        A number, NaN before its lookback and where the symbol has no bar; for an indicator of several
        panels a tuple of them, as in ``indicator(macd)["SPX"].line``. `on` reads another field than its own.
        """
        return self._known().row(self._bar, indicator, args, {"on": on, **params})

    @overload
    def value(
        self,
        indicator: Callable[..., FloatArray],
        *args: Any,
        symbol: str,
        bars_ago: int = 0,
        on: str | tuple[str, ...] | None = None,
        **params: Any,
    ) -> float: ...

    @overload
    def value(
        self,
        indicator: Callable[..., tuple[FloatArray, ...]],
        *args: Any,
        symbol: str,
        bars_ago: int = 0,
        on: str | tuple[str, ...] | None = None,
        **params: Any,
    ) -> Any: ...

    def value(
        self,
        indicator: Callable[..., Any],
        *args: Any,
        symbol: str,
        bars_ago: int = 0,
        on: str | tuple[str, ...] | None = None,
        **params: Any,
    ) -> Any:
        """Return what an indicator is for one symbol on this bar: ``value(rsi, 14, symbol="SPX")``.

        `bars_ago` looks that many of its own bars back from its latest; NaN where it has not so many.
        """
        return self._known().value(self._bar, indicator, args, {"on": on, **params}, symbol, bars_ago)

    def series(self, name: str) -> Mapping[str, float]:
        """Return what an external series was when this bar ended, by symbol: ``series("vix")["SPX"]``.

        NaN before its first value, where it is too old to count, and where the symbol has no bar.
        """
        return self._known().series(self._bar, name)

    @property
    def _bar(self) -> int:
        return self.cycle_number - 1

    def _known(self) -> Market:
        if self._market is None:
            raise StrategyError("this context was made by hand and has no bars: run the strategy on bars to read them")
        return self._market


def context_at(market: Market, bar: int, state: Mapping[str, Any] | None) -> BarContext:
    """Return the view of a market at one bar, beside the account's `state` there."""
    return BarContext(
        market.universe(bar),
        _TriggersOf(market, bar),
        market.regime(bar),
        _EPOCH + timedelta(microseconds=market.time_ns(bar) // 1000),
        bar + 1,
        state,
        market.risk_constraints,
        market,
    )


class _TriggersOf(Sequence[TriggerSignal]):
    """The events of one bar, detected on all bars when somebody asks for the first time."""

    def __init__(self, market: Market, bar: int) -> None:
        self._market = market
        self._bar = bar

    @cached_property
    def _found(self) -> tuple[TriggerSignal, ...]:
        return self._market.triggers(self._bar)

    @overload
    def __getitem__(self, place: int) -> TriggerSignal: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[TriggerSignal]: ...

    def __getitem__(self, place: int | slice) -> TriggerSignal | Sequence[TriggerSignal]:
        return self._found[place]

    def __iter__(self) -> Iterator[TriggerSignal]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __eq__(self, other: object) -> bool:
        return self._found == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._found)

    def __repr__(self) -> str:
        return repr(list(self._found))
