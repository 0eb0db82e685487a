"""`strategy_files`: the source of a new strategy and of its test, to start from."""

from __future__ import annotations

from typing import Final

_VECTORIZED: Final = '''\
"""`{class_name}`: long above the average of the last closes, out below it."""

from stratkit.features import sma
from stratkit.strategies import Context, Parameters, Signals, Strategy, bounded


class {class_name}(Strategy):
    """Go long at a close above the average of the last closes, and leave at one below it."""

    name = "{name}"

    class Params(Parameters):
        """What can be set; the bounds are the search space of an optimizer."""

        window: int = bounded(50, low=2, high=400, log=True, description="bars of the average")

    def signals(self, context: Context) -> Signals:
        """Return the opinion on every bar and symbol: row t knows the close of bar t, and nothing after it."""
        close, average = context.bars.close, context.compute(sma, self.params.window)
        return self.sides(context, long=close > average, exit=close < average)
'''

_PER_BAR: Final = '''\
"""`{class_name}`: long above the average of the last closes, out below it."""

from stratkit.features import sma
from stratkit.strategies import BarContext, BarStrategy, Parameters, Proposal, bounded


class {class_name}(BarStrategy):
    """Go long at a close above the average of the last closes, and leave at one below it."""

    name = "{name}"

    class Params(Parameters):
        """What can be set; the bounds are the search space of an optimizer."""

        window: int = bounded(50, low=2, high=400, log=True, description="bars of the average")

    def proposals(self, context: BarContext) -> list[Proposal]:
        """Return what is wanted at the close of this bar."""
        wanted = []
        for symbol in (asset.symbol for asset in context.universe if asset.has_bar):
            close = context.history(symbol, 1).close[-1]
            average = context.value(sma, self.params.window, symbol=symbol)  # NaN before there are so many closes
            if close > average:
                wanted.append(Proposal(symbol, "BUY", reason=f"close {{close:g}} above its average {{average:g}}"))
            elif close < average:
                wanted.append(Proposal(symbol, "SELL", reason=f"close {{close:g}} below its average {{average:g}}"))
        return wanted
'''

_TEST: Final = '''\
"""`{class_name}` keeps the promises of every strategy, and says what was worked out by hand."""

import numpy as np
from stratkit.data.bars import Bars
from stratkit.strategies import Context
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import EXIT, FLAT, LONG
from stratkit.testing import {testing}

from {name} import {class_name}

DAY_NS = 86_400 * 10**9  # bars are stamped in nanoseconds

Test{class_name} = strategy_contract({checked})  # one test for each promise, above all not to look ahead


def test_it_is_long_above_the_average_of_two_closes_and_out_below_it() -> None:
    close = np.array([[10.0], [12.0], [9.0], [9.0]])  # averages: none yet, 11, 10.5, 9
    bars = Bars(np.arange(4) * DAY_NS, ("ACME",), close, close, close, close, close, frequency="1d")
    signals = run_strategy({class_name}(window=2), Context(bars))
    np.testing.assert_array_equal(signals.side, [[FLAT], [LONG], [EXIT], [FLAT]])
'''


def strategy_files(name: str, *, per_bar: bool = False) -> dict[str, str]:
    """Return text by file name: a strategy called `name` in snake case, asked bar by bar or not, and its test.

    >>> list(strategy_files("dip"))
    ['dip.py', 'test_dip.py']
    """
    class_name = class_name_of(name)
    words = {"name": name, "class_name": class_name, "testing": "strategy_contract", "checked": class_name}
    if per_bar:  # asked on each bar again and again: on fewer of them
        words |= {"testing": "sample_bars, strategy_contract", "checked": f"{class_name}, sample_bars(120)"}
    strategy = _PER_BAR if per_bar else _VECTORIZED
    return {f"{name}.py": strategy.format(**words), f"test_{name}.py": _TEST.format(**words)}


def class_name_of(name: str) -> str:
    """Return the name of the class of a strategy.

    >>> class_name_of("rsi_2_dip")
    'Rsi2Dip'
    """
    return "".join(word.capitalize() for word in name.split("_"))
