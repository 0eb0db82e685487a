"""Labels that are learned as time goes on: on a schedule, from bars that are past, each series for itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np

from stratkit.errors import UsageError
from stratkit.panel import FloatArray, IntArray
from stratkit.regimes.labels import UNKNOWN, RegimeLabels
from stratkit.regimes.settings import FitSettings

_SHOWN = 6  # bars that a note names
_LEAST_OF_FIRST = 0.9  # of `min_bars`: a return and its figures begin some bars behind the first
_LEAST_OF_WINDOW = 0.5  # of the bars that a fit looks back on


class Fit(Protocol):
    """What was learned; `settled` tells whether the search for it ended by itself, `renamed` whether names changed."""

    @property
    def settled(self) -> bool:
        """Whether more rounds would have changed nothing."""

    @property
    def renamed(self) -> bool:
        """Whether states have other names than those of the fit before that they continue."""


F = TypeVar("F", bound=Fit)


@dataclass(frozen=True)
class Reading:
    """States (n,) of the bars that a series has, how sure (n,), and where known the probability (n, R) of each."""

    state: IntArray
    confidence: FloatArray
    probability: FloatArray | None = None


def most_probable(probability: FloatArray) -> Reading:
    """Return the most probable state of each bar, as sure as it is probable; the lower of two that are equal."""
    return Reading(probability.argmax(axis=1), probability.max(axis=1), probability)


@dataclass(frozen=True)
class Method(Generic[F]):
    """A way to learn states and to read them.

    `learn(past, before, bar)` from the observations (n, F) of the past, the fit before, and the bar on which it is
    done; None where they tell nothing. `read(fit, observations)` reads each bar from observations up to its own.
    """

    name: str
    states: tuple[str, ...]
    rule: str
    learn: Callable[[FloatArray, F | None, int], F | None]
    read: Callable[[F, FloatArray], Reading]
    has_probability: bool = True


@dataclass(frozen=True)
class Refit:
    """A fit on the bars `first` to `bar`, the latter included, which labels the bars from `bar` to before `stop`."""

    first: int
    bar: int
    stop: int


def refits(bars: int, fit: FitSettings) -> list[Refit]:
    """Return when to learn.

    >>> refits(400, FitSettings(min_bars=252, refit_bars=63, window_bars=300))
    [Refit(first=0, bar=251, stop=314), Refit(first=15, bar=314, stop=377), Refit(first=78, bar=377, stop=400)]
    """
    back = fit.window_bars or bars
    on = range(fit.min_bars - 1, bars, fit.refit_bars)
    return [Refit(max(0, bar + 1 - back), bar, min(bar + fit.refit_bars, bars)) for bar in on]


def fitted_how_often(fit: FitSettings) -> str:
    """Return in words when a model is fitted, and on how many bars."""
    past = "all" if fit.window_bars is None else f"{fit.window_bars}"
    return f"fitted every {fit.refit_bars} bars on {past} past bars"


def bars_fitted(bars: int, fit: FitSettings) -> int:
    """Return how many bars all fits of one series look at together: what the time that they take goes with.

    >>> bars_fitted(400, FitSettings(min_bars=252, refit_bars=63, window_bars=300))
    852
    """
    return sum(refit.bar + 1 - refit.first for refit in refits(bars, fit))


@dataclass
class _Sheet:
    """Labels that are being written, and what happened meanwhile."""

    label: IntArray
    confidence: FloatArray
    probability: FloatArray
    fitted: set[int] = field(default_factory=set)
    failed: list[int] = field(default_factory=list)
    unsettled: list[int] = field(default_factory=list)
    renamed: list[int] = field(default_factory=list)


def learned_labels(observed: FloatArray, fit: FitSettings, method: Method[F]) -> RegimeLabels:
    """Return causal labels of (T, N, F) observations; a bar with a NaN among them is one that a series has not.

    Each fit sees the bars up to its own, and labels that bar and those up to the next fit. A fit needs nine
    tenths of `min_bars` observations, and half of the bars that it looks back on; one that fails leaves the fit before
    in force. The same bars have the same labels whatever comes behind them.
    """
    if observed.ndim != 3:
        raise UsageError(f"observations must be (T, N, F); found the shape {observed.shape}")
    bars, symbols, _ = observed.shape
    sheet = _Sheet(
        np.full((bars, symbols), UNKNOWN), np.full((bars, symbols), np.nan),
        np.full((bars, symbols, len(method.states)), np.nan),
    )  # fmt: skip
    for symbol in range(symbols):
        _learn_series(observed[:, symbol], symbol, fit, method, sheet)
    return RegimeLabels(
        method.name, method.states, sheet.label.astype(np.int8), sheet.confidence, causal=True,
        probability=sheet.probability if method.has_probability else None, rule=method.rule,
        refits=tuple(sorted(sheet.fitted)), notes=_notes(sheet),
    )  # fmt: skip


def _learn_series(series: FloatArray, symbol: int, fit: FitSettings, method: Method[F], sheet: _Sheet) -> None:
    places = np.flatnonzero(np.isfinite(series).all(axis=1))
    values = np.ascontiguousarray(series[places])
    current: F | None = None
    for refit in refits(len(series), fit):
        first, now, seen, stop = np.searchsorted(places, [refit.first, refit.bar, refit.bar + 1, refit.stop])
        if now == stop:
            continue  # no bar to label
        looked_at = _LEAST_OF_WINDOW * (refit.bar + 1 - refit.first)
        if seen >= _LEAST_OF_FIRST * fit.min_bars and seen - first >= looked_at:
            found = method.learn(values[first:seen], current, refit.bar)
            _record(sheet, refit.bar, found)
            current = current if found is None else found
        if current is not None:
            reading = method.read(current, values[first:stop])
            _write(sheet, places[now:stop], symbol, reading, now - first)


def _record(sheet: _Sheet, bar: int, found: Fit | None) -> None:
    if found is None:
        sheet.failed.append(bar)
        return
    sheet.fitted.add(bar)
    if not found.settled:
        sheet.unsettled.append(bar)
    if found.renamed:
        sheet.renamed.append(bar)


def _write(sheet: _Sheet, places: IntArray, symbol: int, reading: Reading, first: int) -> None:
    sheet.label[places, symbol] = reading.state[first:]
    sheet.confidence[places, symbol] = reading.confidence[first:]
    if reading.probability is not None:
        sheet.probability[places, symbol] = reading.probability[first:]


def _notes(sheet: _Sheet) -> tuple[str, ...]:
    told = (
        (sheet.unsettled, "stopped before it had settled"),
        (sheet.failed, "failed; the fit before was kept"),
        (sheet.renamed, "named its states anew, for the names of the fit before would no longer have been true"),
    )
    return tuple(f"{_fits(len(bars))} {what}: on {_on_bars(bars)}" for bars, what in told if bars)


def _fits(count: int) -> str:
    return "a fit" if count == 1 else f"each of {count} fits"


def _on_bars(fitted: list[int]) -> str:
    bars = sorted(set(fitted))  # symbol by symbol, of which several are fitted on one bar
    shown = ", ".join(map(str, bars[:_SHOWN])) + " …" * (len(bars) > _SHOWN)
    return f"bar{'s' * (len(bars) > 1)} {shown}"
