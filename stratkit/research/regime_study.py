"""`RegimeStudy`: the regimes of some bars as they are shown: labels, facts of each series, what to know beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from stratkit.analytics.regime_facts import FEW_EPISODES, RegimeFacts, regime_facts
from stratkit.analytics.settings import AnalyticsSettings, per_period
from stratkit.data.bars import Bars
from stratkit.errors import DataError, UsageError, did_you_mean
from stratkit.frequency import return_periods
from stratkit.panel import BoolArray, FloatArray, IntArray, format_time
from stratkit.regimes.described import DESCRIBED, DescribedMethod, described_labels
from stratkit.regimes.label import FITTED, label_regimes
from stratkit.regimes.labels import RegimeLabels
from stratkit.regimes.learned import bars_fitted, refits
from stratkit.regimes.market import market_bars, own_returns
from stratkit.regimes.settings import RegimeMethod, RegimeSettings

ShownMethod: TypeAlias = RegimeMethod | DescribedMethod
Told: TypeAlias = Callable[[int, int, str], None]  # how far the work is: done, of how many, at what
_LEARNS: Final = ("hmm", "markov", "jump", "cusum")
_NAMED: Final = 3  # series without a label that are warned of one by one; all of them are in the record
_MANY: Final = 2_000_000  # bars that all fits look at: more take longer than somebody who waits expects


@dataclass(frozen=True)
class LabelledSeries:
    """One symbol, or the market: its facts, and `column` of the labels; (T,) closes and simple returns, NaN = none."""

    facts: RegimeFacts
    column: int
    close: FloatArray
    returns: FloatArray

    @property
    def name(self) -> str:
        """What it is called."""
        return self.facts.series

    @property
    def has_bar(self) -> BoolArray:
        """(T,) where it has a bar."""
        return np.isfinite(self.close)


@dataclass(frozen=True)
class RegimeStudy:
    """Labels of T bars with the facts of each series that has some; `left_out` says why others have none.

    `bars` are those that were labelled: with the scope `market` one index of all. `bars_per_year` annualises, and
    `risk_free_ann` is taken off means for Sharpe ratios. `warnings` are codes and sentences.
    """

    bars: Bars
    settings: RegimeSettings
    method: ShownMethod
    seed: int
    labels: RegimeLabels
    series: tuple[LabelledSeries, ...]
    left_out: tuple[tuple[str, str], ...]
    bars_per_year: float
    risk_free_ann: float
    symbols: int

    @property
    def times(self) -> IntArray:
        """(T,) stamps of the bars."""
        return self.bars.times

    @property
    def refit_times(self) -> tuple[str, ...]:
        """When parameters were learned, at the close of the bar that began then."""
        return tuple(format_time(int(self.times[bar])) for bar in self.labels.refits)

    @property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """What to know before these figures are believed: a code and a sentence each."""
        found = [] if self.labels.causal else [("uses-future-bars", FUTURE)]
        found += [few for one in self.series[:1] if (few := few_episodes(one.facts))]
        found += [("labels", note) for note in self.labels.notes]
        return tuple(found + _left_out(self.left_out))


def _left_out(series: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Return a warning for each series without a label, for many of them one."""
    if len(series) <= _NAMED:
        return [("left-out", f"{name}: {why}") for name, why in series]
    name, why = series[0]
    return [("left-out", f"{len(series)} series have no label, the first of them {name}: {why}")]


FUTURE: Final = (
    "these labels look at bars behind their own: they describe what was, nothing could have traded on them, and their "
    "figures flatter"
)


def study_regimes(
    bars: Bars,
    settings: RegimeSettings,
    method: ShownMethod,
    seed: int = 0,
    analytics: AnalyticsSettings | None = None,
    symbol: str | None = None,
) -> RegimeStudy:
    """Label bars by a method and return what its regimes were like, `symbol` first where one is named.

    Raises `UsageError` for a symbol that the bars have not and a missing extra, `DataError` where no bar gets a label.
    """
    analytics = analytics or AnalyticsSettings()
    if method not in DESCRIBED:
        settings = settings.model_copy(update={"method": method})
    if symbol is not None and symbol not in bars.symbols:
        raise UsageError(f"--symbol must be one of the bars; found {symbol!r}: {did_you_mean(symbol, bars.symbols)}")
    looked_at = market_bars(bars) if settings.scope == "market" else bars
    if symbol is not None and settings.scope == "market":
        raise UsageError("--symbol shows one of several series; with regimes.scope market there is one: leave it out")
    labels = labels_by(method, settings, looked_at, seed)
    per_year = bars_per_year(looked_at, analytics)
    returns = np.expm1(own_returns(looked_at.close))
    series, left_out = [], []
    for column, name in _first(looked_at.symbols, symbol):
        if why := _no_label(looked_at.close[:, column], labels.label[:, column], method, settings):
            left_out.append((name, why))
            continue
        facts = facts_of(name, labels, column, looked_at.close, returns, per_year, analytics.risk_free_ann)
        series.append(LabelledSeries(facts, column, looked_at.close[:, column], returns[:, column]))
    if not series:
        raise DataError(
            f"bars must be enough for a label of {method}; {left_out[0][0] or 'the bars'}: {left_out[0][1]}"
        )
    return RegimeStudy(
        looked_at, settings, method, seed, labels, tuple(series), tuple(left_out), per_year,
        analytics.risk_free_ann, len(bars.symbols),
    )  # fmt: skip


def long_fits(bars: Bars, settings: RegimeSettings, method: ShownMethod) -> str:
    """Return what makes the fits of a method short where they will take long, else nothing."""
    if method not in FITTED:
        return ""
    columns = 1 if settings.scope == "market" else len(bars.symbols)
    fits = len(refits(len(bars.times), settings.fit))
    if columns * bars_fitted(len(bars.times), settings.fit) <= _MANY:
        return ""
    window = "" if settings.fit.window_bars else " and regimes.fit.window_bars"
    return (
        f"{method} is fitted {fits * columns:,} times to up to {len(bars.times):,} bars, which takes long: "
        f"--set regimes.fit.refit_bars (now {settings.fit.refit_bars}){window} make it short"
    )


def labels_by(method: ShownMethod, settings: RegimeSettings, bars: Bars, seed: int) -> RegimeLabels:
    """Return the labels of bars by a method, those that only describe among them."""
    # words are for strategies: those of one method name regimes that another has not
    alone = settings.model_copy(update={"scope": "symbol", "words": {}})
    if method in DESCRIBED:
        return described_labels(method, alone, bars, seed)
    return label_regimes(alone.model_copy(update={"method": method}), bars, seed)


def facts_of(
    name: str, labels: RegimeLabels, column: int, close: FloatArray, returns: FloatArray, per_year: float,
    risk_free_ann: float,
) -> RegimeFacts:  # fmt: skip
    """Return the facts of one column of labels (T, N); `returns` (T, N) are simple, against the bar before."""
    return regime_facts(
        name, labels.names, labels.label[:, column].astype(np.int64), returns[:, column],
        np.isfinite(close[:, column]), per_year, confidence=labels.confidence[:, column],
        probability=None if labels.probability is None else labels.probability[:, column],
        risk_free=per_period(risk_free_ann, per_year),
    )  # fmt: skip


def bars_per_year(bars: Bars, analytics: AnalyticsSettings) -> float:
    """Return how many bars make a year, as the figures of a run count them."""
    periods = return_periods(bars.times, bars.frequency)
    if analytics.periods_per_year is None:
        return periods.bars_per_year
    return periods.bars_per_year * analytics.periods_per_year / periods.per_year


def few_episodes(facts: RegimeFacts) -> tuple[str, str] | None:
    """Return the warning about regimes that occurred too seldom, None where there is none."""
    few = [f"{row.name} {row.episodes}" for row in facts.rows if row.has_few_episodes]
    if not few:
        return None
    return (
        "few-episodes",
        f"below {FEW_EPISODES} episodes ({', '.join(few)}) a figure is a story, not a rule: its error counts bars as "
        "independent, and the bars of one episode are not",
    )


def _first(symbols: tuple[str, ...], symbol: str | None) -> list[tuple[int, str]]:
    return sorted(enumerate(symbols), key=lambda pair: pair[1] != symbol)


def _no_label(close: FloatArray, label: np.ndarray, method: ShownMethod, settings: RegimeSettings) -> str:
    """Return why a series has no label, empty when it has some."""
    count = int(np.isfinite(close).sum())
    if not count:
        return "it has no bar in this span: choose other dates with --from and --to, or another symbol"
    if (label >= 0).any():
        return ""
    if method in _LEARNS or method == "volatility":
        least = settings.fit.min_bars + (settings.vol_bars if method == "volatility" else 0)
        if count > least:
            return f"nothing could be learned from its {count:,} bars: prices that never move tell no states apart"
        return (
            f"it has {count:,} {_bars(count)}, and the first label comes after {least:,}: take more bars, or lower "
            f"regimes.fit.min_bars ({settings.fit.min_bars}) with --set"
        )
    return f"its {count:,} {_bars(count)} are too few for the first label, or never move: take more bars"


def _bars(count: int) -> str:
    return "bar" if count == 1 else "bars"
