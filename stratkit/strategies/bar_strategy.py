"""`BarStrategy`: the base of strategies that are asked bar by bar."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from stratkit.strategies.account_state import PaperAccount
from stratkit.strategies.bar_context import BarContext
from stratkit.strategies.context import Context
from stratkit.strategies.proposals import Proposal
from stratkit.strategies.sheet import ProposalSheet
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.user_code import LocatedError


class BarStrategy(Strategy):
    """A strategy that sees one bar after the other and proposes trades; it works wherever a `Strategy` does, slower.

    >>> from stratkit.features import rsi
    >>> from stratkit.strategies import BarStrategy, Proposal
    >>> class BuyTheDip(BarStrategy):
    ...     "Buy what has fallen too fast, with a stop."
    ...     def proposals(self, context):
    ...         return [
    ...             Proposal(asset.symbol, "BUY", size_pct=2.0, stop_loss_pct=5.0)
    ...             for asset in context.universe.get_all_eligible()
    ...             if context.value(rsi, 14, symbol=asset.symbol) < 30
    ...         ]

    What it proposes must follow from the context and its parameters alone. One that looks at ``context.state``, the
    account, says `needs_state`: a run then asks it bar by bar between fills.
    """

    needs_state: ClassVar[bool] = False

    @abstractmethod
    def proposals(self, context: BarContext) -> list[Proposal]:
        """Return what is wanted at the close of this bar; [] for nothing."""

    def signals(self, context: Context) -> Signals:
        """Ask on every bar, and return what was proposed.

        There is no account here, so one that needs state raises `StrategyError`, unless the context says
        `assume_positions`: then it is told the positions that its own proposals would have made.
        """
        return asked_on_all_bars(self, context, ProposalSheet(self, context))


def asked_on_all_bars(strategy: BarStrategy, context: Context, sheet: ProposalSheet) -> Signals:
    """Return the signals of a sheet of `strategy` that was asked for on every bar of the context."""
    if strategy.needs_state and not context.assume_positions:
        raise LocatedError(
            f"strategy {strategy.name!r} asks for its positions (needs_state), so it must be run bar by bar, with an "
            "account: its signals cannot be computed for all bars at once"
        )
    paper, bars = PaperAccount(), context.bars
    for bar in range(len(bars.times)):
        if strategy.needs_state:
            for proposal in sheet.ask(bar, paper.state(bars.symbols, bars.close[bar])):
                paper.fill(proposal)
        else:
            sheet.ask(bar)
    return sheet.signals()
