"""`PairedArms`: the returns of several arms in the periods that all of them have, and how many each lost by that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from stratkit.errors import DataError
from stratkit.frequency import return_periods
from stratkit.inference.comparison import Arm
from stratkit.panel import FloatArray, IntArray, format_time
from stratkit.research.ab_series import ArmSeries

FEWEST: Final = 20  # periods; below, no variance and no blocks have anything to stand on
_ROUNDING: Final = 1e-12  # between returns of an equity curve that grows by the same share
_WORDS: Final = {"1d": "daily", "1w": "weekly", "1mo": "monthly", "3mo": "quarterly", "12mo": "yearly", "1h": "hourly"}


@dataclass(frozen=True)
class PairedArms:
    """`times` (n,) UTC nanoseconds of the periods that all arms have; `unmatched` how many of each arm's others do not.

    `per_year` is how many such periods a year has, by `source` in words.
    """

    times: IntArray
    arms: tuple[Arm, ...]
    unmatched: tuple[int, ...]
    frequency: str
    per_year: float
    source: str

    @property
    def spacing(self) -> str:
        """The frequency in words, such as daily."""
        return _WORDS.get(self.frequency, self.frequency)


def pair_arms(
    series: Sequence[ArmSeries], names: Sequence[str], letters: Sequence[str], periods_per_year: float | None = None
) -> PairedArms:
    """Return arms paired by time stamp: periods that an arm does not have are dropped from all, and counted.

    Nothing is filled. Raises `DataError` for arms of different frequencies, for fewer than twenty shared periods, for
    returns that are no numbers, and for an arm whose returns do not vary.
    """
    called = [letter if name == letter else f"{letter} ({name})" for letter, name in zip(letters, names, strict=True)]
    _check_frequencies(series, called)
    times = reduce(np.intersect1d, [one.times for one in series])
    _check_overlap(times, series, called)
    arms = []
    for one, name, say in zip(series, names, called, strict=True):
        rows = np.searchsorted(one.times, times)
        returns = np.ascontiguousarray(one.returns[rows])
        _check_returns(returns, times, say)
        arms.append(Arm(name, returns, one.flows(rows)))
    frequency = series[0].frequency
    periods = return_periods(times, frequency)
    counted = periods.bars_per_year, periods.source
    per_year, source = counted if periods_per_year is None else (periods_per_year, "given by --periods")
    unmatched = tuple(len(one.times) - len(times) for one in series)
    return PairedArms(times, tuple(arms), unmatched, frequency, float(per_year), source)


def _check_frequencies(series: Sequence[ArmSeries], called: Sequence[str]) -> None:
    if len({one.frequency for one in series}) > 1:
        found = ", ".join(f"{name} {one.frequency}" for name, one in zip(called, series, strict=True))
        raise DataError(
            f"arms must have one frequency to be paired by time; found {found}: resample the finer ones first, or run "
            "them on bars of one length"
        )


def _check_overlap(times: IntArray, series: Sequence[ArmSeries], called: Sequence[str]) -> None:
    if len(times) >= FEWEST:
        return
    spans = "; ".join(
        f"{name} {format_time(int(one.times[0]))} to {format_time(int(one.times[-1]))}"
        for name, one in zip(called, series, strict=True)
    )
    overlap = max(int(one.times[0]) for one in series) <= min(int(one.times[-1]) for one in series)
    why = (
        "the dates overlap but the stamps differ: are they of one time zone and one time of day?"
        if overlap and not len(times)
        else "choose arms, or --from and --to, of the same dates"
    )
    raise DataError(
        f"arms must share at least {FEWEST} periods, stamped alike; found {len(times)} among {spans}: {why}"
    )


def _check_returns(returns: FloatArray, times: IntArray, called: str) -> None:
    bad = ~np.isfinite(returns)
    if bad.any():
        first = int(bad.argmax())
        raise DataError(
            f"every return must be a number; found {int(bad.sum()):,} of {called} that are not, first at "
            f"{format_time(int(times[first]))}: correct or remove these rows"
        )
    if np.ptp(returns) <= _ROUNDING:
        only = float(returns[0])
        why = (
            "did it never trade in these periods?" if only == 0 else "are these interest payments, or the wrong column?"
        )
        raise DataError(
            f"the returns of an arm must vary to be compared; found {only:g} in all {len(returns):,} periods of "
            f"{called}: {why}"
        )
