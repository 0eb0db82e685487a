"""Opinions on direction: the Strategy protocol, typed parameters, and a library by family."""

from stratkit.strategies.bar_context import BarContext
from stratkit.strategies.bar_strategy import BarStrategy
from stratkit.strategies.base_strategy import BaseStrategy
from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.proposals import Proposal
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

__all__ = [
    "BarContext",
    "BarStrategy",
    "BaseStrategy",
    "Context",
    "Parameters",
    "Proposal",
    "Signals",
    "Strategy",
    "bounded",
    "choice",
]
