"""`StrategySource` and `IndicatorSource`'s functions as causal sources: what `check_lookahead` proves."""

from __future__ import annotations

import inspect
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final, get_args

import numpy as np
from pydantic import BaseModel

from stratkit.data.bars import Bars
from stratkit.data.series import ExternalSeries
from stratkit.features.external import SeriesSource
from stratkit.features.source import Holes, IndicatorSource
from stratkit.features.specs import IndicatorSpec, indicators_by_name, spec_of
from stratkit.plans import ExitPlan, RiskBasis
from stratkit.regimes.settings import RegimeSettings
from stratkit.research.dated import OtherRows, SeriesFiles, hide_later, later_tables, readers_hide
from stratkit.research.label_sources import NotingLabels
from stratkit.research.outputs import Outputs, Panel
from stratkit.strategies.context import Context
from stratkit.strategies.handed_on import strategy_features
from stratkit.strategies.running import run_strategy
from stratkit.strategies.signals import Signals
from stratkit.strategies.strategy import Strategy
from stratkit.strategies.user_code import calling
from stratkit.strategies.user_files import run_as_written

# what it means that a panel is not given; NaN, "as configured", for all the others
_MEANINGS: Final = {"side": 0.0, "confidence": 1.0, "legs": 0.0}
_NOT_OUTPUT: Final = ("strategy", "warmup_bars", "params")
# bar by bar through what they mean there: plans are numbered, and remarks come, as bars go by
_PER_BAR: Final = ("plan", "plans", "remarks")
_BASES: Final = dict(zip(get_args(RiskBasis), range(3)))
_LENGTH: Final = 10  # bars of a window that an indicator asks for and has no default of


@dataclass(frozen=True)
class StrategySource:
    """A strategy's signals, and every indicator that it computed through its context, as outputs.

    Each call builds the strategy anew with an empty indicator cache. With `reload`, `fresh` runs
    the file of the class again, so that what it keeps in its module or class is forgotten too. `series` are the
    external series that its context hands out; a file of one of them that it reads itself is known with the same lag.
    `regimes` are labelled as the run would; whatever labels it asks for are outputs too.
    """

    strategy_class: type[Strategy]
    params: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    reload: bool = True
    known_until_ns: int | None = None
    series: Mapping[str, ExternalSeries] = field(default_factory=dict)
    later: OtherRows | None = None
    regimes: RegimeSettings | None = None
    seed: int = 0
    _read: list[str] = field(default_factory=list, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The label, or the strategy's own name."""
        return self.label or self.strategy_class.name

    @property
    def code(self) -> object:
        """The class."""
        return self.strategy_class

    @property
    def _files(self) -> SeriesFiles:
        return SeriesFiles({one.digest: one.lag_ns for one in self.series.values() if one.digest}, self.later)

    def outputs(self, bars: Bars) -> Outputs:
        """Run a new instance; raise `StrategyError` when it raises or breaks its contract."""
        indicators = _NotingIndicators(bars)
        labelled = NotingLabels(bars)
        context = Context(
            bars, indicators, assume_positions=True, external=SeriesSource(bars, self.series),
            regime_settings=self.regimes, labelled=labelled, seed=self.seed,
        )  # fmt: skip
        with readers_hide(self.known_until_ns, self._read, self._files):
            with calling(f"strategy {self.name!r} cannot be built", self.strategy_class):
                strategy = self.strategy_class(**dict(self.params))
            signals = run_strategy(strategy, context)
            features = {f"feature {name}": panel for name, (panel, _) in strategy_features(strategy, context).items()}
        found = signal_outputs(signals, bars, indicators.noted)
        return replace(found, panels={**found.panels, **features, **labelled.noted})

    def fresh(self, known_until_ns: int | None = None) -> StrategySource:
        """Return one whose module was run anew, later rows of the tables in it hidden."""
        if not self.reload:
            return replace(self, known_until_ns=known_until_ns)
        with readers_hide(known_until_ns, self._read, self._files):
            again = _run_again(self.strategy_class)
        if known_until_ns is not None:
            for space in _spaces(again):
                for name in later_tables(space):
                    setattr(space, name, hide_later(getattr(space, name), known_until_ns))
        return replace(self, strategy_class=again, known_until_ns=known_until_ns)

    def with_series(self, series: Mapping[str, ExternalSeries], later: OtherRows | None = None) -> StrategySource:
        """Return the same strategy beside other external series; `later` changes their files when it reads them."""
        return replace(self, series=series, later=later)

    def dated_tables(self) -> tuple[str, ...]:
        """Name the tables in its module and class, and the files it has read with pandas."""
        if not self.reload:
            return ()
        named = [name for space in _spaces(self.strategy_class) for name in later_tables(space)]
        return tuple(dict.fromkeys([*named, *self._read]))


@dataclass(frozen=True)
class IndicatorFunction:
    """One declared indicator with its parameters, as outputs."""

    function: Callable[..., Any]
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name and parameters, as in ``sma(window_bars=20)``."""
        return _label(spec_of(self.function), dict(self.params))

    @property
    def code(self) -> object:
        """The function."""
        return self.function

    def outputs(self, bars: Bars) -> Outputs:
        """Compute it on the fields it reads by default."""
        indicators = _NotingIndicators(bars)
        with calling(f"indicator {self.name} raised"):
            indicators.compute(self.function, **self.params)
        return Outputs(indicators.noted, bars.symbols, warmup_bars=spec_of(self.function).lookback(**self.params))

    def fresh(self, known_until_ns: int | None = None) -> IndicatorFunction:
        """Return itself: a declared indicator is a function of its arguments."""
        return self

    def dated_tables(self) -> tuple[str, ...]:
        """Return none."""
        return ()


def built_in_indicators() -> list[IndicatorFunction]:
    """Return every indicator that the features declare, with plain parameters."""
    return [plain_indicator(spec) for spec in indicators_by_name().values() if spec.is_built_in]


def plain_indicator(spec: IndicatorSpec) -> IndicatorFunction:
    """Return a declared indicator with its defaults; windows that have none are 10, 20, 30 ... bars long."""
    params: dict[str, Any] = {}
    for parameter in list(inspect.signature(spec.function).parameters.values())[len(spec.inputs) :]:
        given = parameter.default is not inspect.Parameter.empty
        params[parameter.name] = parameter.default if given else _LENGTH * (1 + len(params))
    return IndicatorFunction(spec.function, params)


def signal_outputs(signals: Signals, bars: Bars, indicators: Mapping[str, Panel] | None = None) -> Outputs:
    """Return every array of `signals`, and the constants that hold for all its bars, as outputs."""
    panels = {name: panel for name, panel in signals.panels().items() if name not in _PER_BAR}
    panels |= {**_plan_panels(signals), **_remark_panel(signals)}
    constants: dict[str, object] = {}
    for entry in fields(signals):
        value = getattr(signals, entry.name)
        if entry.name in (*_NOT_OUTPUT, *_PER_BAR) or isinstance(value, np.ndarray) or value is None:
            continue
        constants.update(_plain(entry.name, value))
    names = [entry.name for entry in fields(signals) if entry.name not in _NOT_OUTPUT]
    names += [f"plan.{name}" for name in ExitPlan.model_fields]
    not_given = {name: _MEANINGS.get(name, float("nan")) for name in names}
    noted = {f"indicator {name}": panel for name, panel in (indicators or {}).items()}
    return Outputs({**panels, **noted}, bars.symbols, constants, not_given, signals.warmup_bars)


def _plan_panels(signals: Signals) -> dict[str, Panel]:
    """Return the fields of the plan of each bar as panels, NaN for none."""
    if signals.plan is None or not signals.plans:
        return {}
    records = [plan.model_dump() | {"risk_basis": _BASES[plan.risk_basis]} for plan in signals.plans]
    found: dict[str, Panel] = {}
    for name in ExitPlan.model_fields:
        values = [float("nan") if record[name] is None else float(record[name]) for record in records]
        found[f"plan.{name}"] = np.array([*values, np.nan])[signals.plan]
    return {name: panel for name, panel in found.items() if not np.isnan(panel).all()}


def _remark_panel(signals: Signals) -> dict[str, Panel]:
    """Return a number for each remark's text, NaN for none."""
    if not signals.remarks:
        return {}
    panel = np.full(signals.shape, np.nan)
    for cell, text in signals.remarks.items():
        panel[cell] = zlib.crc32(text.encode())
    return {"remarks": panel}


def _plain(name: str, value: object) -> dict[str, object]:
    if isinstance(value, BaseModel):
        return {f"{name}.{key}": item for key, item in value.model_dump().items()}
    if isinstance(value, tuple | list):
        return {key: item for place, each in enumerate(value) for key, item in _plain(f"{name}[{place}]", each).items()}
    return {name: value}


class _NotingIndicators(IndicatorSource):
    """Indicators of one run, each noted under its name and parameters."""

    def __init__(self, bars: Bars) -> None:
        super().__init__(bars)
        self.noted: dict[str, Panel] = {}

    def compute(
        self,
        function: Callable[..., Any],
        *args: object,
        on: Any = None,
        timeframe: str | None = None,
        holes: Holes = "skip",
        **params: object,
    ) -> Any:
        result = super().compute(function, *args, on=on, timeframe=timeframe, holes=holes, **params)
        spec = spec_of(function)
        name = _label(spec, spec.parameters(*args, **params), on, timeframe, holes)
        if isinstance(result, tuple):
            parts = getattr(result, "_fields", range(len(result)))
            self.noted.update({f"{name}.{part}": panel for part, panel in zip(parts, result)})
        else:
            self.noted[name] = result
        return result


def _label(
    spec: IndicatorSpec,
    params: Mapping[str, object],
    on: object = None,
    timeframe: str | None = None,
    holes: Holes = "skip",
) -> str:
    words = [f"{key}={value}" for key, value in params.items()]
    words += [] if on is None else [f"on={on}"]
    words += [] if timeframe is None else [f"timeframe={timeframe}"]
    words += [] if holes == "skip" else [f"holes={holes}"]
    return f"{spec.name}({', '.join(words)})"


def _run_again(owner: type[Strategy]) -> type[Strategy]:
    """Return the class of the same name out of a second run of its file."""
    original = sys.modules.get(owner.__module__)
    file = getattr(original, "__file__", None)
    if original is None or file is None or not Path(file).is_file() or "." in owner.__qualname__:
        return owner
    name = owner.__module__.removesuffix("_again") + "_again"  # one spare name for each module
    module = run_as_written(name, Path(file))
    found = getattr(module, owner.__name__, owner)
    return found if isinstance(found, type) and issubclass(found, Strategy) else owner


def _spaces(owner: type[Strategy]) -> list[ModuleType | type]:
    module = sys.modules.get(owner.__module__)
    return [owner] if module is None else [module, owner]
