"""Opinions on direction: the Strategy protocol, typed parameters, and a library by family."""

from stratkit.strategies.context import Context
from stratkit.strategies.parameters import Parameters, bounded, choice
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy

__all__ = ["Context", "Parameters", "Signals", "Strategy", "bounded", "choice"]
