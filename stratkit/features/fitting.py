"""`FeatureFit`: what was learned of the features at one bar, from bars up to it and labels known by then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stratkit.features.components import Components, fit_components
from stratkit.features.labels import Labels
from stratkit.features.redundancy import Dropped, choose, correlations
from stratkit.features.scaling import LEAST_VALUES, Scale, fit_scale
from stratkit.features.scores import feature_scores
from stratkit.panel import BoolArray, FloatArray, IntArray
from stratkit.seeds import generator

if TYPE_CHECKING:
    from stratkit.features.settings import FeatureSettings


@dataclass(frozen=True)
class FeatureFit:
    """What holds for the bars behind `bar` until the next fit.

    It was learned from `rows` (bar, symbol) pairs up to `bar`, of which `labelled` had a label known by then.
    `score` (F,) and `correlation` (F, F) are of all features, NaN where there is none; `kept` (K,) are the places of
    the chosen ones, `dropped` the others with the reason. `names` (C,) are those of the columns that come out.
    """

    bar: int
    rows: int
    labelled: int
    scale: Scale
    score: FloatArray
    correlation: FloatArray
    kept: IntArray
    dropped: tuple[Dropped, ...]
    components: Components | None
    names: tuple[str, ...]

    def apply(self, values: FloatArray) -> FloatArray:
        """Return the columns (rows, N, C) of raw values (rows, N, F); NaN where a feature has no value."""
        scaled = self.scale.apply(values)[..., self.kept]
        return scaled if self.components is None else self.components.apply(scaled)


def fit_at(
    bar: int, values: FloatArray, labels: Labels, names: tuple[str, ...], settings: FeatureSettings, seed: int
) -> FeatureFit:
    """Learn scale, scores, choice and components at the close of `bar`.

    `values` (T, N, F) are the raw features; of them rows in the window up to `bar` are read, of `labels` those known
    by then. Rows on which a symbol has no feature at all are left out, so that a symbol that is not listed yet
    changes nothing, not even which rows are drawn.
    """
    first = 0 if settings.window_bars is None else max(0, bar + 1 - settings.window_bars)
    window = np.ascontiguousarray(values[first : bar + 1])
    has = np.isfinite(window)
    known = has.sum(axis=(0, 1)) >= LEAST_VALUES
    scale = fit_scale(window, known, settings)
    there = np.argwhere(has.any(axis=2))  # (rows, 2): bar in the window, symbol
    drawn = _drawn(there, settings.max_rows, seed, "rows", bar)
    seen = _scaled_rows(scale, window, drawn)
    moves = _moves(window)
    ended = labels.known_bar[first : bar + 1][there[:, 0], there[:, 1]] <= bar
    labelled = there[ended]
    score = np.full(len(names), np.nan)
    if settings.selection != "none":
        judged = _drawn(labelled, settings.max_rows, seed, "labelled rows", bar)
        told = labels.values[first + judged[:, 0], judged[:, 1]]
        score = feature_scores(
            _scaled_rows(scale, window, judged), told, settings.selection, classes=settings.target == "sign",
            seed=seed, bar=bar,
        )  # fmt: skip
    correlation = correlations(seen)
    kept, dropped = choose(names, known, moves, score, correlation, settings.redundancy, settings.max_features)
    components, out = None, tuple(names[at] for at in kept)
    if settings.pca_variance is not None and len(kept):
        components = fit_components(seen[:, kept], settings.pca_variance)
        out = tuple(f"pc{number}" for number in range(1, len(components.ratio) + 1))
    return FeatureFit(bar, len(there), len(labelled), scale, score, correlation, kept, dropped, components, out)


def _drawn(rows: IntArray, most: int, seed: int, purpose: str, bar: int) -> IntArray:
    """Return at most `most` rows in their order: every n-th would always hit the same time of day."""
    if len(rows) <= most:
        return rows
    chosen = generator(seed, "features", purpose, bar).choice(len(rows), most, replace=False)
    return rows[np.sort(chosen)]


def _scaled_rows(scale: Scale, window: FloatArray, rows: IntArray) -> FloatArray:
    """Return (rows, F) the scaled values of (bar, symbol) pairs."""
    if len(scale.centre) == 1:
        return scale.apply(window[rows[:, 0], rows[:, 1]][:, None, :])[:, 0]
    return scale.apply(window)[rows[:, 0], rows[:, 1]]


def _moves(window: FloatArray) -> BoolArray:
    """Return (F,) whether a feature has two different values in the window."""
    rows = window.reshape(-1, window.shape[2])
    moves: BoolArray = np.fmax.reduce(rows) > np.fmin.reduce(rows)  # NaN, where there is no value, is passed over
    return moves
