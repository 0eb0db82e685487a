"""`signals_or_faults`: a strategy's signals, or silence and the reason where it failed."""

from __future__ import annotations

import numpy as np

from stratkit.errors import StrategyError
from stratkit.strategies.bar_strategy import BarStrategy, asked_on_all_bars
from stratkit.strategies.context import Context
from stratkit.strategies.faults import Fault, OnError
from stratkit.strategies.running import checked_signals, run_strategy
from stratkit.strategies.sheet import ProposalSheet
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.time_limit import within


def signals_or_faults(
    strategy: Strategy,
    context: Context,
    on_error: OnError = "fail",
    time_limit_seconds: float | None = None,
) -> tuple[Signals, tuple[Fault, ...]]:
    """Return the signals of `strategy`, and what it did wrong.

    With ``fail`` its error goes up. With ``skip`` one that raises, breaks its promises or takes longer than the
    limit has no opinion on any bar; a per-bar strategy only on the bars on which it fails, each of which has the
    limit to itself. One that needs state raises in any case: it cannot be run on all bars at once.
    """
    if isinstance(strategy, BarStrategy):
        sheet = ProposalSheet(strategy, context, on_error=on_error, time_limit_seconds=time_limit_seconds)
        asked = asked_on_all_bars(strategy, context, sheet)
        return checked_signals(strategy, asked, context), tuple(sheet.faults)
    try:
        with within(time_limit_seconds, f"strategy {strategy.name!r}", type(strategy)):
            return run_strategy(strategy, context), ()
    except StrategyError as error:
        if on_error == "fail":
            raise
        silent = Signals(strategy.name, np.zeros(context.shape, np.int8), params=strategy.params.model_dump())
        return silent, (Fault(strategy.name, -1, str(error)),)
