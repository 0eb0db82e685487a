"""`Proof`: something to prove causal, and how much of it is proved at a time; of ours, and of a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stratkit.features.settings import FeatureSettings
from stratkit.regimes.settings import RegimeSettings
from stratkit.research.adaptive_sources import AdaptiveRun
from stratkit.research.feature_sources import feature_sources
from stratkit.research.label_sources import ConditionSource, RegimeSource, built_in_regimes
from stratkit.research.matrix_sources import MatrixRows, StandardFeatures, built_in_features
from stratkit.research.outputs import CausalSource
from stratkit.research.sources import built_in_indicators

if TYPE_CHECKING:
    from stratkit.backtest import RunConfig
    from stratkit.data.bars import Bars

BUILT_IN_BARS: Final = 3_000  # last bars of a set, where everything that comes with stratkit is proved at once
_MANY_AT_ONCE: Final = 3  # a source of many indicators or formulas takes that many times as long at each cut
_REFITS: Final = 3
_FEATURE_CUTS: Final = 10  # a run computes all features, or learns some ten times
_REPLAYED_BARS: Final = 1_000  # of a whole run: trades enough that weights, health and choices have moved
_REPLAYED_SHARE: Final = 0.05  # of the cuts asked for: each replays the bars some four times
_FEW_SYMBOLS: Final = 2  # that a model is fitted to in a proof: each is labelled for itself
_FITTED_CUTS: Final = 3  # a run learns a model anew for each symbol, several times


@dataclass(frozen=True)
class Proof:
    """A source, proved at `share` of the cuts asked for, at most `most_cuts`, on the last `last_bars` of the bars.

    `most_symbols` of them are enough for what looks at each for itself.

    `is_ours` says that nobody chose the bars for it: a set that does not fit it is left out.
    """

    source: CausalSource
    share: float = 1.0
    most_cuts: int | None = None
    last_bars: int | None = None
    is_ours: bool = False
    most_symbols: int | None = None

    def cuts(self, asked: int) -> int:
        """Return at how many cuts it is proved when `asked` are asked for."""
        cuts = max(1, int(asked * self.share))
        return cuts if self.most_cuts is None else min(cuts, self.most_cuts)

    def part_of(self, bars: Bars) -> Bars:
        """Return the bars that it is proved on."""
        rows = len(bars.times)
        last = bars if self.last_bars is None else bars.slice(max(0, rows - self.last_bars), rows)
        return last if self.most_symbols is None else last.select(last.symbols[: self.most_symbols])


def built_in_proofs() -> list[Proof]:
    """Return every built-in indicator, indicators on coarser bars, formulas, features and their matrix, and regimes."""
    return [
        *(Proof(source, last_bars=BUILT_IN_BARS) for source in built_in_indicators()),
        *(
            Proof(source, share=1.0 / _MANY_AT_ONCE, last_bars=BUILT_IN_BARS, is_ours=True)
            for source in feature_sources()
        ),
        *(Proof(source, most_cuts=_FEATURE_CUTS, last_bars=source.proof_bars) for source in built_in_features()),
        *(_of_regimes(source) for source in built_in_regimes()),
        Proof(ConditionSource(), most_cuts=_FEATURE_CUTS, last_bars=ConditionSource().proof_bars, is_ours=True),
    ]


def _of_regimes(source: RegimeSource) -> Proof:
    cuts = _FITTED_CUTS if source.is_fitted else _FEATURE_CUTS
    few = _FEW_SYMBOLS if source.is_fitted and source.settings.scope == "symbol" else None
    return Proof(source, most_cuts=cuts, last_bars=source.proof_bars, is_ours=True, most_symbols=few)


def regime_proofs(regimes: RegimeSettings | None, seed: int) -> list[Proof]:
    """Return the labels of a configuration's `regimes`, on as many last bars as show some refits; none where off."""
    if regimes is None:
        return []
    source = RegimeSource(regimes, seed)
    if not source.is_fitted:
        return [Proof(source, share=1.0 / _MANY_AT_ONCE)]
    enough = regimes.fit.min_bars + _REFITS * regimes.fit.refit_bars
    return [Proof(source, most_cuts=_FEATURE_CUTS, last_bars=enough)]


def adaptive_proofs(config: RunConfig) -> list[Proof]:
    """Return the whole run of a configuration in which something adapts, at few cuts; none where nothing does."""
    if not config.adapts:
        return []
    return [Proof(AdaptiveRun(config), share=_REPLAYED_SHARE, most_cuts=_FEATURE_CUTS, last_bars=_REPLAYED_BARS)]


def configured_proofs(features: FeatureSettings) -> list[Proof]:
    """Return the formulas of a configuration's `features`, and the matrix of them as it is configured; none by default.

    The matrix is proved on as many last bars as show some of its refits, at few cuts: each fits it again.
    """
    if features == FeatureSettings():
        return []
    enough = features.min_bars + _REFITS * features.refit_every_bars
    return [
        Proof(StandardFeatures(features, "configured features"), share=1.0 / _MANY_AT_ONCE),
        Proof(MatrixRows(features, "configured feature matrix"), most_cuts=_FEATURE_CUTS, last_bars=enough),
    ]
