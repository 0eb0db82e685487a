"""`LabelSource`: the regimes of one set of bars, each way of labelling them done once."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from stratkit.data.bars import Bars
from stratkit.errors import UsageError
from stratkit.regimes.described import DESCRIBED
from stratkit.regimes.label import label_regimes
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.settings import RegimeSettings


def settings_to_trade_on(method: str, **settings: Any) -> RegimeSettings:
    """Return settings of labels that something trades on; raise `UsageError` for a key or a value that they have not.

    So are methods refused that know the future.

    >>> settings_to_trade_on("trend", scope="market").scope
    'market'
    """
    if method in DESCRIBED:
        raise UsageError(
            f"labels that something trades on must be causal; {method} looks at bars behind its own, and only "
            "describes: use hmm, markov, jump, cusum or one that learns nothing"
        )
    try:
        return RegimeSettings.model_validate({"method": method, **settings})
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, each['loc']))} {each['msg'].replace('Input should', 'must')}; found {each['input']!r}"
            for each in error.errors(include_url=False)
        ]
        raise UsageError(f"settings of regimes: {'; '.join(said)}") from None


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
