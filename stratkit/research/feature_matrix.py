"""`MadeMatrix`: the feature matrix of a configuration, with the bars and the features that it was made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stratkit.data.bars import Bars
from stratkit.data.beside import external_series
from stratkit.data.settings import DataSettings
from stratkit.errors import UsageError
from stratkit.features.compute import feature_formulas
from stratkit.features.external import SeriesSource
from stratkit.features.feature_set import FeatureSet
from stratkit.features.matrix import FeatureMatrix, aggregate
from stratkit.features.settings import FeatureSettings
from stratkit.strategies.context import Context
from stratkit.strategies.handed_on import handed_on
from stratkit.strategies.settings import StrategySettings


@dataclass(frozen=True)
class MadeMatrix:
    """A matrix with what it was made of: `formulas` by feature, `notes` on what it lacks, `seconds` by step."""

    bars: Bars
    features: FeatureSet
    matrix: FeatureMatrix
    formulas: Mapping[str, str]
    notes: tuple[str, ...]
    seconds: Mapping[str, float]


def make_matrix(
    bars: Bars,
    data: DataSettings,
    settings: FeatureSettings,
    strategies: Mapping[str, StrategySettings],
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> MadeMatrix:
    """Compute, scale and choose the features of `bars`: formulas, and what enabled `strategies` hand on.

    `data` says which external series stand beside the bars. Raises `UsageError` for bars that are fewer than a fit
    takes.
    """
    if len(bars.times) < settings.min_bars:
        raise UsageError(
            f"features.min_bars must be at most the number of bars; found {settings.min_bars:,} and "
            f"{len(bars.times):,}: set it lower, or give more bars"
        )
    begun = time.perf_counter()
    outside = SeriesSource(bars, external_series(data, bars))
    context = Context(bars, external=outside)
    formulas = feature_formulas(settings, bars.frequency)
    running = {name: strategy for name, strategy in strategies.items() if strategy.enabled}
    told = handed_on(running, context, features=settings.from_strategies, signals=settings.from_signals)
    computed = formulas.compute(context.indicators, told)
    between = time.perf_counter()
    matrix = aggregate(computed, bars, settings, seed, progress)
    notes = list(outside.gaps())
    if settings.selection != "none" and not any(fit.labelled for fit in matrix.fits):
        notes.append(
            f"nothing was scored, for no return over {settings.horizon_bars:,} bars had ended at a fit: "
            "features are kept in their order"
        )
    return MadeMatrix(
        bars=bars,
        features=computed,
        matrix=matrix,
        formulas={name: formula.text for name, formula in formulas.formulas.items()},
        notes=tuple(notes),
        seconds={"compute": between - begun, "fit": time.perf_counter() - between},
    )
