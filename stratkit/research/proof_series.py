"""`beside`: a strategy to be proved, with the external series that it reads on given bars."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stratkit.data.bars import Bars
from stratkit.data.beside import external_series
from stratkit.data.bundled import BUNDLED_PREFIX
from stratkit.data.resample import bar_ends
from stratkit.data.series import ExternalSeries, load_series
from stratkit.data.series_settings import SeriesSettings
from stratkit.data.settings import DataSettings
from stratkit.data.synthetic_series import synthetic_series
from stratkit.research.sources import StrategySource
from stratkit.strategies.needs import needed_series

# how long after their date the bundled series are known: VIX when that day is over, WTI within a week
_LAGS: Final = {"VIX": "1d", "WTI": "7d"}


def beside(
    source: StrategySource, data: DataSettings, bars: Bars, *, makes_up: bool = False, seed: int = 0
) -> StrategySource:
    """Return `source` with the series that `data` configures and, with `makes_up`, one for each other that it needs."""
    series = external_series(data, bars)
    if makes_up:
        needed = needed_series(source.strategy_class(**dict(source.params)))
        series |= proof_series((name for name in needed if name not in series), bars, seed)
    return source.with_series(series)


def proof_series(names: Iterable[str], bars: Bars, seed: int = 0) -> dict[str, ExternalSeries]:
    """Return a series for each name: the bundled one of that name where its dates fit `bars`, else a made-up one."""
    found = {}
    for name in names:
        bundled = _bundled(name)
        fits = bundled is not None and _overlaps(bundled, bars)
        found[name] = bundled if bundled is not None and fits else synthetic_series(name, bars, seed)
    return found


def _bundled(name: str) -> ExternalSeries | None:
    file = name.upper()
    if file not in _LAGS:
        return None
    return load_series(name, SeriesSettings(path=f"{BUNDLED_PREFIX}{file}", publication_lag=_LAGS[file]))


def _overlaps(series: ExternalSeries, bars: Bars) -> bool:
    """Whether some value became known while the bars went on."""
    ends = bar_ends(bars.times[[0, -1]], bars.frequency)
    return bool(((series.known >= ends[0]) & (series.known <= ends[1])).any())
