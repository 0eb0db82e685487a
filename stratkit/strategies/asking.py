"""`proposals_of`: a per-bar strategy's proposals on one bar, checked and tagged with its name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from stratkit.errors import StrategyError, did_you_mean
from stratkit.panel import format_time
from stratkit.strategies.bar_context import BarContext
from stratkit.strategies.proposals import Proposal, tagged
from stratkit.strategies.time_limit import within
from stratkit.strategies.universe import Universe
from stratkit.strategies.user_code import LocatedError, calling, place_of_class

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Proposing(Protocol):
    """A per-bar strategy, as those see it that ask it."""

    params: Any

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def warmup_bars(self) -> int:
        """How many first bars it is not asked on."""

    def proposals(self, context: BarContext) -> list[Proposal]:
        """Return what it wants on this bar."""


def proposals_of(strategy: Proposing, context: BarContext, time_limit_seconds: float | None = None) -> list[Proposal]:
    """Return what a strategy proposes on one bar, each proposal tagged with its name.

    Raises `StrategyError` with file, line and the bar's date when it raises, takes too long, or proposes what
    cannot be: something else than proposals, an unknown symbol, one without a bar, an entry that is not eligible.
    """
    owner = type(strategy)
    what = f"strategy {strategy.name!r} on {_date(context.timestamp)}"
    with within(time_limit_seconds, what, owner), calling(f"{what} raised", owner):
        found = strategy.proposals(context)
    try:
        return [tagged(_checked(proposal, context.universe), strategy.name) for proposal in _listed(found)]
    except StrategyError as error:
        raise LocatedError(f"{what}: {place_of_class(owner)}: {error}") from None


def _listed(found: object) -> list[object]:
    if not isinstance(found, list | tuple):
        raise StrategyError(f"it must return a list of proposals, [] for none; found {type(found).__name__}")
    return list(found)


def _checked(found: object, universe: Universe) -> Proposal:
    if not isinstance(found, Proposal):
        raise StrategyError(f"every proposal must be a Proposal(symbol=..., side=...); found {found!r}")
    asset = universe.get(found.symbol)
    if asset is None:
        known = did_you_mean(str(found.symbol), (each.symbol for each in universe))
        raise StrategyError(f"a proposal must name a symbol of the universe; found {found.symbol!r}; {known}")
    if not asset.has_bar:
        raise StrategyError(f"a proposal must be for a symbol with a bar; {found.symbol} has none on this bar")
    if found.is_entry and not asset.eligible:
        raise StrategyError(
            f"an entry must be for an eligible symbol; {found.symbol} is not: ask context.universe.get_all_eligible()"
        )
    return found


def _date(timestamp: datetime) -> str:
    return format_time((timestamp - _EPOCH) // timedelta(microseconds=1) * 1000)
