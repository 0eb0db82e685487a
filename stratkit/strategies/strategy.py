"""`Strategy`: the base of every strategy: what it is called, its parameters, and its signals."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from stratkit.errors import StrategyError
from stratkit.panel import BoolArray, FloatArray
from stratkit.plans import ExitPlan
from stratkit.strategies.context import Context
from stratkit.strategies.legs import whole_packages
from stratkit.strategies.parameters import Parameters, build_parameters
from stratkit.strategies.signals import EXIT, LONG, SHORT, EntryOrder, Signals, SizeUnit


class Details(TypedDict, total=False):
    """What may go with an opinion; the meaning and units are those of `Signals`."""

    confidence: npt.NDArray[np.float32] | FloatArray | None
    size: FloatArray | None
    risk_unit: FloatArray | None
    stop_level: FloatArray | None
    target_level: FloatArray | None
    exit_fraction: FloatArray | None
    entry_level: FloatArray | None
    entry_order: EntryOrder
    exit_plan: ExitPlan | None
    plan: npt.NDArray[np.int16] | None
    plans: tuple[ExitPlan, ...]
    legs: npt.NDArray[np.int16] | None
    size_unit: SizeUnit
    remarks: Mapping[tuple[int, int], str]


class Strategy(ABC):
    """One opinion on direction, from bars to `Signals`; write one in ten lines.

    >>> from stratkit.features import rsi
    >>> from stratkit.strategies import Parameters, Strategy, bounded
    >>> class BuyTheDip(Strategy):
    ...     "Buy what has fallen too fast, and leave when the fall is over."
    ...     class Params(Parameters):
    ...         window: int = bounded(14, low=2, high=100, description="bars of the RSI")
    ...         below: float = bounded(30.0, low=5, high=50, description="RSI that is oversold")
    ...     def signals(self, context):
    ...         strength = context.compute(rsi, self.params.window)
    ...         return self.sides(context, long=strength < self.params.below, exit=strength > 50)

    That is all: saved as ``dip.py``, ``stratkit backtest --strategy dip.py`` runs it.

    >>> BuyTheDip.name, BuyTheDip.description
    ('buy_the_dip', 'Buy what has fallen too fast, and leave when the fall is over.')
    >>> BuyTheDip(window=7).params
    Params(window=7, below=30.0)
    >>> BuyTheDip(window=1)
    Traceback (most recent call last):
    stratkit.errors.ParameterError: buy_the_dip: window must be a whole number between 2 and 100; found 1

    `name` (the class name in snake case unless given), `family`, `description` (one sentence; the
    first line of the docstring unless given), `source` (a reference) and `edge` (one sentence: why
    somebody pays whoever trades it) tell people what it is; `needs` what bars of prices do not give, such as
    ``"volume"``, ``"several symbols"`` or ``"series:vix"``. `Params` declares its parameters,
    `feature_names` what it hands on beside signals. Signals and features at t may use nothing after close[t].
    """

    name: ClassVar[str]
    family: ClassVar[str] = "user"
    description: ClassVar[str] = ""
    source: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    edge: ClassVar[str] = ""
    feature_names: ClassVar[tuple[str, ...]] = ()
    Params: ClassVar[type[Parameters]] = Parameters

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        if "description" not in vars(cls):
            cls.description = (cls.__doc__ or "").strip().split("\n")[0]

    def __init__(self, **params: Any) -> None:
        """Take parameters by name; raise `ParameterError` for one that does not hold."""
        self.params: Any = build_parameters(self.Params, params, self.name)

    @property
    def warmup_bars(self) -> int:
        """How many first rows never hold an opinion with these parameters.

        A strategy need not say: `run_strategy` finds the lookback of the indicators that it computes.
        """
        return 0

    @abstractmethod
    def signals(self, context: Context) -> Signals:
        """Return the opinion on every bar and symbol."""

    def features(self, context: Context) -> Mapping[str, FloatArray]:
        """Return a panel (T, N) for each of `feature_names`: numbers for whoever learns or decides, NaN = no value."""
        return {}

    def sides(
        self,
        context: Context,
        *,
        long: BoolArray | None = None,
        short: BoolArray | None = None,
        exit: BoolArray | None = None,
        **details: Unpack[Details],
    ) -> Signals:
        """Return signals from masks (T, N): where to go long, short, or out; elsewhere no opinion.

        Going long or short goes before leaving. There is never an opinion during the warm-up or
        where a symbol has no bar. Raises `StrategyError` when a bar is both long and short.
        """
        side = np.zeros(context.shape, np.int8)
        for mask, value in ((exit, EXIT), (short, SHORT), (long, LONG)):
            if mask is not None:
                side[mask] = value
        if long is not None and short is not None and (both := long & short).any():
            bar, column = np.argwhere(both)[0]
            raise StrategyError(
                f"a bar must be long or short, not both; found both at bar {bar}, {context.bars.symbols[column]}"
            )
        side[~context.has_bar] = 0
        side[: self.warmup_bars] = 0
        return self.opinion(side=side, **details)

    def weights(self, context: Context, weight: FloatArray, **details: Unpack[Details]) -> Signals:
        """Return signals from target weights of equity (T, N): finite = rebalance, 0 = close, NaN = leave.

        There is never a weight during the warm-up or where a symbol has no bar. Weights of one bar that bear the same
        number in `legs` are one package: where one of them is missing, so are the others.
        """
        target = np.where(context.has_bar, weight, np.nan)
        target[: self.warmup_bars] = np.nan
        legs = details.get("legs")
        if legs is not None:
            target, details["legs"] = whole_packages(target, legs)
        return self.opinion(weight=target, **details)

    def opinion(self, **panels: Any) -> Signals:
        """Return `Signals` from panels as they are, with this strategy's name, warm-up and parameters."""
        return Signals(self.name, **panels, warmup_bars=self.warmup_bars, params=self.params.model_dump())

    def __repr__(self) -> str:
        params = ", ".join(f"{name}={value!r}" for name, value in self.params.model_dump().items())
        return f"{type(self).__name__}({params})"
