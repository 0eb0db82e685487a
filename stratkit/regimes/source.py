"""`LabelSource`: the regimes of one set of bars, each way of labelling them done once."""

from __future__ import annotations

from stratkit.data.bars import Bars
from stratkit.regimes.label import label_regimes
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeSettings


class LabelSource:
    """Labels `bars` and keeps what it made; records are read-only, so that every strategy can be handed the same."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self._kept: dict[tuple[str, int], RegimeLabels] = {}

    def labels(self, settings: RegimeSettings, seed: int = 0) -> RegimeLabels:
        """Return the labels that `settings` ask for; raise `UsageError` when they know the future."""
        key = (settings.model_dump_json(), seed)
        if key not in self._kept:
            self._kept[key] = label_regimes(settings, self.bars, seed).for_trading()
        return self._kept[key]
