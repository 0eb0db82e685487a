"""`open_layer`: what adapts in a run, from nothing or from what an earlier run has learned."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from stratkit.adaptive.adaptation import Adaptation, open_adaptation
from stratkit.adaptive.heard import open_heard
from stratkit.adaptive.higher import higher_sides
from stratkit.adaptive.layer import Layer
from stratkit.adaptive.origin import origin_of
from stratkit.adaptive.packages import trades_packages
from stratkit.adaptive.quality import closed_regimes
from stratkit.adaptive.record import START_FRESH, as_record, from_record
from stratkit.adaptive.settings import OptimizationSettings, SelectorSettings
from stratkit.adaptive.terms import Terms, terms_of
from stratkit.combine.settings import CombineSettings, GlobalSettings, method_of
from stratkit.combine.voices import first_controls
from stratkit.data.bars import Bars
from stratkit.errors import DataError
from stratkit.frequency import frequency_ns
from stratkit.panel import BoolArray, IntArray, SideArray, format_time, parse_time
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeSettings
from stratkit.strategies.catalog import find_strategy
from stratkit.strategies.context import Context
from stratkit.strategies.settings import StrategySettings
from stratkit.strategies.signals import Signals

NS_PER_SECOND: Final = 1e9
UNTIL: Final = "until"  # key of the last bar that was learned from


def open_layer(
    optimization: OptimizationSettings | None, selector: SelectorSettings | None,
    running: Mapping[str, StrategySettings], combine: CombineSettings, overall: GlobalSettings,
    said: Sequence[Signals], labels: RegimeLabels | None, bars: Bars, *, seed: int, regimes: RegimeSettings | None,
    learned: object | None = None, context: Context | None = None,
) -> Layer:  # fmt: skip
    """Return the layer of a replay of `bars`, in which the `running` strategies say what is `said`.

    `learned` is the record of an earlier run, which must have ended before the first bar; None = nothing is known.
    `regimes` are the settings of the labels, for the record of what is learned here.
    `context` is what strategies were shown, which may begin before the bars: higher timeframes are read from it.
    Warns where regimes are missing that something learns by, or in which nothing can pass. Raises `DataError` for a
    record that does not belong here or knows the bars, `UsageError` for timeframes that do not fit the bars.
    """
    optimization = optimization or OptimizationSettings()
    terms = terms_of(
        optimization, selector or SelectorSettings(), list(running),
        [find_strategy(settings.spec).family for settings in running.values()], bars.symbols,
        () if labels is None else labels.names, frequency_ns(bars.frequency) / NS_PER_SECOND,
        scales=method_of(combine, overall) == "independent", origin=origin_of(running, regimes),
    )  # fmt: skip
    packaged = trades_packages(said)
    _warn(terms, packaged)
    controls = first_controls(running, combine, overall)
    known = open_adaptation(terms, controls) if learned is None else _read(learned, terms, bars.times)
    label = np.full(said[0].shape, -1, np.int8) if labels is None else labels.for_trading().label
    sifts = terms.chooses_strategies or (
        optimization.enabled
        and (
            optimization.enable_quality_filtering
            or optimization.enable_size_multiplier
            or optimization.enable_retirement_management
            or optimization.cooldown is not None
        )
    )
    every_bars = [settings.every_bars for settings in running.values()]
    heard = open_heard(said, combine.min_confidence, every_bars) if sifts else None
    higher = _higher(optimization, context or Context(bars), len(bars.times))
    return Layer(terms, seed, label, known, heard, packaged, higher)


def _higher(optimization: OptimizationSettings, context: Context, bars: int) -> SideArray | None:
    if not optimization.enabled or not optimization.quality.timeframes:
        return None
    return higher_sides(optimization.quality, context.indicators)[:, -bars:]


def learned_record(terms: Terms, adaptation: Adaptation, times: IntArray) -> dict[str, Any]:
    """Return what was learned by the end of bars at `times` as plain values, for a later run to go on from."""
    return {**as_record(terms, adaptation), UNTIL: format_time(int(times[-1]))}


def _read(learned: object, terms: Terms, times: IntArray) -> Adaptation:
    known = from_record(learned, terms)
    until = learned.get(UNTIL) if isinstance(learned, Mapping) else None
    if not isinstance(until, str) or not until:
        raise DataError(f"an adaptive state must say until when it learned; found nothing: {START_FRESH}")
    if parse_time(until, UNTIL) >= times[0]:
        raise DataError(
            f"an adaptive state must have ended before the first bar of the run, {format_time(int(times[0]))}; found "
            f"one that learned until {until} and would know the future: begin the run later (data.trade_start), "
            "or start fresh: --fresh-state moves the old file aside"
        )
    return known


def _warn(terms: Terms, packaged: BoolArray) -> None:
    if not terms.regimes:
        warnings.warn(
            "what adapts tells no regimes apart, for the run labels none: set regimes, such as "
            "regimes: {method: rules}",
            stacklevel=4,
        )
    if terms.selector.enabled and packaged.any():
        names = ", ".join(name for name, apart in zip(terms.strategies, packaged.tolist(), strict=True) if apart)
        left = "is not chosen between" if terms.chooses_strategies else "keeps its own exit plan"
        warnings.warn(
            f"meta_strategy leaves out {names}: what trades packages of legs {left}, for no leg may stand without the "
            "others",
            stacklevel=4,
        )
    optimization = terms.optimization
    closed = closed_regimes(terms) if optimization.enabled and optimization.enable_quality_filtering else None
    if closed is not None:
        warnings.warn(closed, stacklevel=4)
