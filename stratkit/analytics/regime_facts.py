"""`RegimeFacts`: what each regime of one series was like, how long it lasts, and where the series is now."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stratkit.errors import UsageError
from stratkit.inference.sharpe import sample_moments, sharpe_ratio, sharpe_se
from stratkit.panel import BoolArray, FloatArray, IntArray, read_only

FEW_EPISODES: Final = 10  # below which the error of a figure says little: bars of one episode are alike


@dataclass(frozen=True)
class ReturnFacts:
    """Returns of one regime: `n` of them, mean and volatility a year, Sharpe ratio a year and its standard error.

    Fractions; NaN where too few returns are known. The error counts bars as independent (Mertens 2002).
    """

    n: int
    mean_ann: float
    volatility_ann: float
    sharpe_ann: float
    sharpe_error: float


@dataclass(frozen=True)
class RegimeRow:
    """One regime: its bars, their `share` of the labelled ones, how many `episodes` they are, and their returns.

    `next_bar` are the returns of the bars behind its own, which somebody who knows the label can earn; `same_bar` those
    of its own, which made the label. `mean_bars` is the mean length of an episode; `expected_bars` is 1/(1 - `stays`),
    `stays` the share of its bars that the same regime follows: NaN where no labelled bar follows, infinite where it
    was never left. `probability` is that of the last bar, NaN where the method gives none.
    """

    name: str
    bars: int
    share: float
    episodes: int
    mean_bars: float
    stays: float
    expected_bars: float
    next_bar: ReturnFacts
    same_bar: ReturnFacts
    probability: float

    @property
    def has_few_episodes(self) -> bool:
        """Whether its figures stand on so few episodes that their errors are too small."""
        return 0 < self.episodes < FEW_EPISODES


@dataclass(frozen=True)
class RegimeFacts:
    """The regimes of one series of bars, a row for each of its R names.

    `bars` has the series, of which `unlabelled` have no label. `transition` (R, R) holds the share of the moves from
    the row's regime to the column's, NaN in a row that nothing followed; `moves` (R,) counts them. `current` is the
    regime of its last bar, -1 where that has none, in which it is since bar `since`; `confidence` is that of the label.
    """

    series: str
    rows: tuple[RegimeRow, ...]
    bars: int
    unlabelled: int
    transition: FloatArray
    moves: IntArray
    last_bar: int
    current: int
    since: int
    confidence: float

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its regimes."""
        return tuple(row.name for row in self.rows)

    @property
    def now(self) -> RegimeRow | None:
        """The regime of the last bar, None where that has no label."""
        return self.rows[self.current] if self.current >= 0 else None

    @property
    def seen(self) -> tuple[RegimeRow, ...]:
        """The regimes that occurred."""
        return tuple(row for row in self.rows if row.bars)


def regime_facts(
    series: str,
    names: tuple[str, ...],
    label: IntArray,
    returns: FloatArray,
    has_bar: BoolArray,
    bars_per_year: float,
    *,
    confidence: FloatArray | None = None,
    probability: FloatArray | None = None,
    risk_free: float = 0.0,
) -> RegimeFacts:
    """Return the facts of one series from (T,) labels, -1 = none, and (T,) simple returns against its bar before.

    `has_bar` (T,) marks the bars that the series has: others are passed over, so that the bar behind a hole follows the
    one before it. `probability` is (T, R), `risk_free` a rate per bar.

    >>> found = regime_facts("A", ("calm", "wild"), np.array([0, 0, 1]), np.array([np.nan, 0.1, 0.2]),
    ...                      np.ones(3, bool), 252.0)
    >>> [row.bars for row in found.rows], found.transition.tolist()[0]
    ([2, 1], [0.5, 0.5])
    """
    if not len(label) == len(returns) == len(has_bar):
        raise UsageError(
            f"labels, returns and bars must be as many; found {len(label)}, {len(returns)} and {len(has_bar)}"
        )
    places = np.flatnonzero(has_bar)
    own, same = label[places].astype(np.int64), returns[places]
    following = np.append(same[1:], np.nan)[: len(same)]
    counts = transition_counts(own, len(names))
    moves = counts.sum(axis=1)
    share = np.divide(counts, moves[:, None], out=np.full(counts.shape, np.nan), where=moves[:, None] > 0)
    last = int(places[-1]) if len(places) else -1
    labelled = int((own >= 0).sum())

    def row(code: int) -> RegimeRow:
        where = own == code
        bars, episodes = int(where.sum()), len(episode_lengths(where))
        stays = float(share[code, code])
        return RegimeRow(
            names[code], bars, bars / labelled if labelled else math.nan, episodes,
            bars / episodes if episodes else math.nan, stays, expected_bars(stays),
            return_facts(following[where], bars_per_year, risk_free),
            return_facts(same[where], bars_per_year, risk_free),
            math.nan if probability is None or last < 0 else float(probability[last, code]),
        )  # fmt: skip

    current = int(own[-1]) if len(own) else -1
    changed = np.flatnonzero(own != current)
    return RegimeFacts(
        series, tuple(row(code) for code in range(len(names))), len(places), len(places) - labelled, read_only(share),
        read_only(moves), last, current, -1 if not len(own) else int(places[changed[-1] + 1 if len(changed) else 0]),
        math.nan if confidence is None or last < 0 else float(confidence[last]),
    )  # fmt: skip


def return_facts(returns: FloatArray, bars_per_year: float, risk_free: float = 0.0) -> ReturnFacts:
    """Return the facts of (n,) simple returns per bar, NaN left out; `risk_free` is a rate per bar.

    Volatility has the divisor n - 1. The Sharpe ratio is (mean - risk free) / deviation x sqrt(bars a year); its error
    sqrt((1 - g3 SR + (g4 - 1)/4 SR^2) / n) x sqrt(bars a year) with SR per bar (Mertens 2002).
    """
    moments = sample_moments(returns)
    ratio, root = sharpe_ratio(moments, risk_free), math.sqrt(bars_per_year)
    error = sharpe_se(ratio.value, moments.n, moments.skewness, moments.kurtosis) if ratio.is_defined else ratio
    return ReturnFacts(
        moments.n, moments.mean * bars_per_year, moments.sd * root, ratio.value * root, error.value * root
    )


def transition_counts(label: IntArray, regimes: int) -> IntArray:
    """Return (R, R) how often a bar of the row's regime is followed by one of the column's; -1 is no regime.

    >>> transition_counts(np.array([0, 0, 1, -1, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    first, second = label[:-1], label[1:]
    known = (first >= 0) & (second >= 0)
    return np.bincount(first[known] * regimes + second[known], minlength=regimes**2).reshape(regimes, regimes)


def episode_lengths(where: BoolArray) -> IntArray:
    """Return the lengths of the unbroken runs of true in (n,).

    >>> episode_lengths(np.array([True, True, False, True])).tolist()
    [2, 1]
    """
    edges = np.diff(np.concatenate(([0], where.astype(np.int64), [0])))
    return np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)


def expected_bars(stays: float) -> float:
    """Return how many bars an episode lasts that goes on with the probability `stays` each bar: 1/(1 - stays).

    >>> expected_bars(0.9), expected_bars(1.0)
    (10.000000000000002, inf)
    """
    return 1.0 / (1.0 - stays) if stays < 1 else math.inf if stays == 1 else math.nan
