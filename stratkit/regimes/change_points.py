"""Where a series changes: CUSUM alarms from the past, and, for description only, PELT's best segments of all bars."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from stratkit.compiled import compiled
from stratkit.data.bars import Bars
from stratkit.errors import UsageError, needs_extra
from stratkit.panel import FloatArray, IntArray
from stratkit.regimes.labels import UNKNOWN, RegimeLabels
from stratkit.regimes.learned import Method, Reading, learned_labels
from stratkit.regimes.market import own_returns
from stratkit.regimes.matching import ordered_names
from stratkit.regimes.settings import FitSettings, RegimeSettings

STEADY, UP, DOWN = 0, 1, 2
_NAMES: Final = ("steady", "drift_up", "drift_down")


def page_cusum(values: FloatArray, target: float, drift: float) -> tuple[FloatArray, FloatArray]:
    """Return (n,) the upper and the lower sum: ``C+ = max(0, x - (target + drift) + C+)``, C- likewise downwards.

    Neither is set back at an alarm. Source: E. S. Page, Biometrika 41 (1954) 100; D. C. Montgomery, Introduction to
    Statistical Quality Control, section 9.1.

    >>> page_cusum(np.array([1.0, 2.0, -3.0]), target=0.0, drift=0.5)
    (array([0.5, 2. , 0. ]), array([0. , 0. , 2.5]))
    """
    upper, lower = np.empty(len(values)), np.empty(len(values))
    _sums(np.ascontiguousarray(values, dtype=np.float64), target, drift, upper, lower)
    return upper, lower


def cusum_events(changes: FloatArray, threshold: float) -> IntArray:
    """Return the bars on which changes (n,) since the last event of their side add up to more than `threshold`.

    Both sides are summed at once; an event sets its own side back. Causal.
    Source: M. López de Prado, Advances in Financial Machine Learning (2018), snippet 2.4.

    >>> cusum_events(np.array([0.03, 0.03, -0.02, -0.04]), 0.05).tolist()
    [1, 3]
    """
    marks = np.zeros(len(changes), dtype=np.bool_)
    _mark_events(np.ascontiguousarray(changes, dtype=np.float64), threshold, marks)
    return np.flatnonzero(marks)


@dataclass(frozen=True)
class _Reference:
    """Mean and standard deviation of the returns that others are compared with."""

    mean: float
    deviation: float
    settled: bool = True
    renamed: bool = False


def cusum_labels(returns: FloatArray, fit: FitSettings, _seed: int = 0) -> RegimeLabels:
    """Label (T, N) log returns, NaN where there is no bar, by Page's CUSUM on both sides of their past mean.

    A drift begins when its sum passes the threshold and ends when the sum is back at 0; of two that last, the one that
    began later counts. Returns are standardised by the bars up to each fit of the schedule, from whose first bar the
    sums run. Confidence: of a drift C / (C + H), else 1 - C / 2H, for the larger sum C and the threshold H. Nothing is
    drawn; the seed stands there for the sake of the other fitted methods.
    """
    rule = (
        f"CUSUM of standardised returns, drift {fit.cusum_drift:g}, alarm above {fit.cusum_threshold:g}; "
        f"mean and deviation of {'all' if fit.window_bars is None else fit.window_bars} past bars, renewed every "
        f"{fit.refit_bars}"
    )
    method = Method("cusum", _NAMES, rule, _reference, partial(_drifts, fit), has_probability=False)
    return learned_labels(returns[:, :, None], fit, method)


def labelled(settings: RegimeSettings, bars: Bars) -> RegimeLabels:
    """Return the drifts of log returns that settings of regimes ask for."""
    return cusum_labels(own_returns(bars.close), settings.fit)


def pelt_change_points(values: FloatArray, penalty: float, least_bars: int) -> list[int]:
    """Return the first bar of each later segment when (n,) values are cut so that the cost is least; to describe only.

    Cost: squared distances from the mean of each segment, plus `penalty` for each cut. Segments have `least_bars` or
    more, and may begin on any bar. Uses ALL values. Needs the extra `regime`.

    Source: R. Killick, P. Fearnhead, I. A. Eckley, JASA 107 (2012) 1590.
    """
    try:
        from ruptures import KernelCPD  # pulls scipy, for this method only
    except ModuleNotFoundError:
        raise UsageError(f"change points are found by ruptures; {needs_extra('regime')}") from None
    if len(values) < 2 * least_bars:
        return []
    # PELT in C: the cuts of Pelt("l2", jump=1), a thousand times faster on 1,000 values. The default jump of Pelt, 5,
    # would let segments begin on every fifth bar only; KernelCPD always takes each.
    search = KernelCPD(kernel="linear", min_size=least_bars)
    return [int(bar) for bar in search.fit(values[:, None]).predict(pen=penalty)[:-1]]


def pelt_labels(returns: FloatArray, least_bars: int = 21, penalty: float | None = None) -> RegimeLabels:
    """Label (T, N) log returns by segments of like volatility: high where above that of all bars, else low.

    Segments are those of the size of standardised returns. `penalty`: none = 2 ln n times its variance, after the
    Bayesian information criterion. Knows ALL bars: to describe, not to trade.
    """
    label = np.full(returns.shape, UNKNOWN)
    for symbol in range(returns.shape[1]):
        places = np.flatnonzero(np.isfinite(returns[:, symbol]))
        size = np.abs(returns[places, symbol] - returns[places, symbol].mean()) if len(places) else np.empty(0)
        if not (len(size) and size.std() > 0):
            continue
        size = size / size.std()
        price = 2 * np.log(len(size)) if penalty is None else penalty
        cuts = pelt_change_points(size, price, least_bars)
        for segment in np.split(np.arange(len(size)), cuts):
            label[places[segment], symbol] = int((size[segment] ** 2).mean() > (size**2).mean())
    return RegimeLabels(
        "pelt", ordered_names(2), label.astype(np.int8), np.where(label == UNKNOWN, np.nan, 1.0), causal=False,
        rule=f"PELT segments of the size of returns, {least_bars} bars or more; uses future bars",
    )  # fmt: skip


def _reference(past: FloatArray, before: _Reference | None, bar: int) -> _Reference | None:
    found = _Reference(float(past.mean()), float(past.std()))
    return found if found.deviation > 0 else None


def _drifts(fit: FitSettings, reference: _Reference, observed: FloatArray) -> Reading:
    standard = (observed[:, 0] - reference.mean) / reference.deviation
    upper, lower = page_cusum(standard, 0.0, fit.cusum_drift)
    state = np.empty(len(standard), dtype=np.int64)
    _name_drifts(upper, lower, fit.cusum_threshold, state)
    size = np.choose(state, [np.maximum(upper, lower), upper, lower])
    height = fit.cusum_threshold
    return Reading(state, np.where(state == STEADY, 1 - size / (2 * height), size / (size + height)))


@compiled
def _sums(values: FloatArray, target: float, drift: float, upper: FloatArray, lower: FloatArray) -> None:
    above, below = 0.0, 0.0
    for bar in range(len(values)):
        above = max(0.0, values[bar] - (target + drift) + above)
        below = max(0.0, (target - drift) - values[bar] + below)
        upper[bar], lower[bar] = above, below


@compiled
def _mark_events(changes: FloatArray, threshold: float, marks: np.ndarray) -> None:
    above, below = 0.0, 0.0
    for bar in range(len(changes)):
        above, below = max(0.0, above + changes[bar]), min(0.0, below + changes[bar])
        if below < -threshold:
            below = 0.0
            marks[bar] = True
        elif above > threshold:
            above = 0.0
            marks[bar] = True


@compiled
def _name_drifts(upper: FloatArray, lower: FloatArray, threshold: float, state: IntArray) -> None:
    up, down, latest = False, False, 0
    for bar in range(len(upper)):
        if upper[bar] > threshold and not up:
            up, latest = True, 1
        if lower[bar] > threshold and not down:
            down, latest = True, 2
        up, down = up and upper[bar] > 0, down and lower[bar] > 0
        if up and (latest == 1 or not down):
            state[bar] = 1
        elif down:
            state[bar] = 2
        else:
            state[bar] = 0
