"""`label_regimes`: the front door: the regime of each bar as the settings say it, whatever method names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.panel import FloatArray
from stratkit.regimes.labels import UNKNOWN, RegimeLabels
from stratkit.regimes.market import market_bars, own_returns
from stratkit.regimes.settings import FitSettings, RegimeSettings
from stratkit.registry import Registry

FromBars = Callable[[RegimeSettings, Bars], RegimeLabels]
FromReturns = Callable[[FloatArray, FitSettings, int], RegimeLabels]

# a new method is one file, a line here, and its name in `RegimeMethod`
METHODS: Final[Registry[FromBars]] = Registry(
    "regime method",
    {
        "rules": "stratkit.regimes.rule_labels:labelled",
        "volatility": "stratkit.regimes.volatility_labels:labelled",
        "trend": "stratkit.regimes.conditions:labelled",
        "cusum": "stratkit.regimes.change_points:labelled",
    },
)
# these learn from log returns (T, N), searching from a seed
FITTED: Final[Registry[FromReturns]] = Registry(
    "fitted regime method",
    {
        "hmm": "stratkit.regimes.hmm:hmm_labels",
        "markov": "stratkit.regimes.markov:markov_labels",
        "jump": "stratkit.regimes.jump:jump_labels",
    },
)


def label_regimes(settings: RegimeSettings, bars: Bars, seed: int = 0) -> RegimeLabels:
    """Return the labels (T, N) of bars; with the scope `market` all symbols that have a bar show those of the market.

    All methods are causal: what they say of a bar stays the same whatever comes behind it. `seed` starts the searches
    of fitted methods. Raises `UsageError` when a method's extra is missing, or `words` names a regime that the method
    does not know.

    >>> from stratkit.data.synthetic import synthetic_universe
    >>> label_regimes(RegimeSettings(method="trend"), synthetic_universe(2, 100, "1d").bars).shape
    (100, 2)
    """
    looked_at = market_bars(bars) if settings.scope == "market" else bars
    labels = _labelled(settings, looked_at, seed)
    for name in settings.words:
        labels.code(name)
    return _of_market(labels, bars) if settings.scope == "market" else labels


def _labelled(settings: RegimeSettings, bars: Bars, seed: int) -> RegimeLabels:
    if settings.method in METHODS:
        return METHODS.get(settings.method)(settings, bars)
    return FITTED.get(settings.method)(own_returns(bars.close), settings.fit, seed)


def _of_market(labels: RegimeLabels, bars: Bars) -> RegimeLabels:
    """Return the labels of the market for every symbol, on the bars that it has."""
    has_bar = np.isfinite(bars.close)
    if labels.shape != (len(bars.times), 1):
        raise UsageError(f"labels of a market must be of one column; found the shape {labels.shape}")
    return replace(
        labels,
        label=np.where(has_bar, labels.label, UNKNOWN).astype(np.int8),
        confidence=np.where(has_bar, labels.confidence, np.nan),
        probability=None if labels.probability is None else np.where(has_bar[:, :, None], labels.probability, np.nan),
        scope="market",
    )
