"""What `data show` says of bars."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stratkit.data.bars import FIELDS, Bars
from stratkit.data.overview import describe_bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.panel import NS_PER_DAY

MakeBars = Callable[..., Bars]


def test_weekends_are_no_gap_and_a_missing_week_is() -> None:
    days = synthetic_universe(1, 500).bars
    assert describe_bars(days)[0].gaps == 0
    kept = np.r_[0:200, 205:500]
    holed = Bars(days.times[kept], days.symbols, frequency="1d", **{n: getattr(days, n)[kept] for n in FIELDS})
    (one,) = describe_bars(holed)
    assert one.gaps == 1
    assert (one.longest_gaps[0].before, one.longest_gaps[0].after) == (days.times[199], days.times[205])


def test_the_longest_gaps_come_first() -> None:
    steps = np.ones(400, dtype=np.int64)
    steps[[50, 150, 250, 350]] = [2, 9, 4, 3]
    times = np.cumsum(steps) * NS_PER_DAY
    price = np.ones((400, 1))
    bars = Bars(times, ("A",), price, price, price, price, price, frequency="1d")
    (one,) = describe_bars(bars)
    assert one.gaps == 4
    assert [(gap.after - gap.before) // NS_PER_DAY for gap in one.longest_gaps] == [9, 4, 3]


def test_spans_missing_bars_and_volumes_are_counted(make_bars: MakeBars) -> None:
    base = make_bars(10)
    arrays = {name: getattr(base, name).copy() for name in FIELDS}
    for values in arrays.values():
        values[[0, 1, 4, 9], 1] = np.nan
    arrays["volume"][3, 0] = 0
    arrays["volume"][5:7, 0] = np.nan
    first, second = describe_bars(make_bars(10, **arrays))
    assert (first.bars, first.missing, first.zero_volume, first.unknown_volume) == (10, 0, 1, 2)
    assert (second.bars, second.missing) == (6, 1)
    assert (second.first, second.last) == (2 * NS_PER_DAY, 8 * NS_PER_DAY)
