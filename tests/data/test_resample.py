"""Resampling: hand-computed buckets, pandas as oracle, NaN and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratkit.data.bars import FIELDS, Bars
from stratkit.data.gate import check_bars
from stratkit.data.resample import resample_bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.errors import UsageError
from stratkit.panel import format_time, parse_time
from stratkit.seeds import generator

MakeBars = Callable[..., Bars]
MINUTE = 60_000_000_000
RULES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def by_pandas(bars: Bars, rule: str, **origin: Any) -> pd.DataFrame:
    frame = pd.DataFrame({name: getattr(bars, name)[:, 0] for name in FIELDS})
    frame.index = pd.DatetimeIndex(bars.times.astype("M8[ns]"))
    label: dict[str, Any] = {"closed": "left", "label": "left"}
    table = frame.dropna(subset="close").resample(rule, **label, **origin).agg(RULES)
    return table.dropna(subset="close")


def same(bars: Bars, table: pd.DataFrame) -> bool:
    kept = np.isfinite(bars.close[:, 0])
    times = bars.times[kept].tolist() == pd.DatetimeIndex(table.index).as_unit("ns").asi8.tolist()
    return times and all(np.allclose(getattr(bars, name)[kept, 0], table[name], rtol=1e-12, atol=0) for name in FIELDS)


def test_a_bucket_by_hand() -> None:
    table = np.array([[10, 12, 9, 11, 100], [11, 15, 10, 14, 50], [14, 14, 8, 9, 25], [9, 10, 9, 10, 5]], dtype=float)
    arrays: dict[str, Any] = {name: table[:, [n]] for n, name in enumerate(FIELDS)}
    start = parse_time("2020-01-01T00:01")
    bars = Bars(start + np.arange(4) * MINUTE, ("A",), frequency="1min", **arrays)
    coarse = resample_bars(bars, "3min")
    assert [format_time(int(time)) for time in coarse.times] == ["2020-01-01", "2020-01-01 00:03"]
    assert [getattr(coarse, name)[:, 0].tolist() for name in FIELDS] == [
        [10, 14],
        [15, 14],
        [9, 8],
        [14, 10],
        [150, 30],
    ]
    assert coarse.frequency == "3min"


@pytest.mark.parametrize(("frequency", "rule"), [("5min", "5min"), ("45min", "45min"), ("1h", "1h"), ("1d", "1D")])
def test_minutes_agree_with_pandas(frequency: str, rule: str) -> None:
    bars = synthetic_universe(1, 5000, "1min", seed=3).bars
    kept = generator(1, "holes").random(5000) < 0.6
    bars = Bars(bars.times[kept], bars.symbols, frequency="1min", **{n: getattr(bars, n)[kept] for n in FIELDS})
    coarse = check_bars(resample_bars(bars, frequency))
    assert same(coarse, by_pandas(bars, rule, origin="epoch"))


@pytest.mark.parametrize(("frequency", "rule"), [("1w", "W-MON"), ("1mo", "MS"), ("3mo", "QS"), ("12mo", "YS")])
def test_days_agree_with_pandas(frequency: str, rule: str) -> None:
    bars = synthetic_universe(1, 700, seed=3).bars
    assert same(resample_bars(bars, frequency), by_pandas(bars, rule))


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.sampled_from(["7min", "1h", "6h", "1d"]))
def test_each_symbol_is_resampled_as_if_alone(seed: int, frequency: str) -> None:
    bars = synthetic_universe(3, 400, "1min", seed).bars
    holes = generator(seed, "holes").random(bars.shape) < 0.3
    parts: dict[str, Any] = {name: np.where(holes, np.nan, getattr(bars, name)) for name in FIELDS}
    bars = Bars(bars.times, bars.symbols, frequency="1min", **parts)
    whole = resample_bars(bars, frequency)
    for symbol in bars.symbols:
        alone = bars.select((symbol,))
        if np.isfinite(alone.close).any():
            assert same(whole.select((symbol,)), by_pandas(alone, frequency.replace("d", "D"), origin="epoch"))


def test_a_bucket_without_a_bar_of_a_symbol_has_none(make_bars: MakeBars) -> None:
    base = make_bars(14)
    holes = {name: getattr(base, name).copy() for name in FIELDS}
    for values in holes.values():
        values[4:11, 1] = np.nan  # 1970-01-05 .. 1970-01-11, Monday to Sunday
    coarse = resample_bars(make_bars(14, **holes), "1w")
    assert [format_time(int(time)) for time in coarse.times] == ["1969-12-29", "1970-01-05", "1970-01-12"]
    assert np.isnan([getattr(coarse, name)[1, 1] for name in FIELDS]).all()
    assert np.isfinite(coarse.close[[0, 2], 1]).all()


def test_an_unknown_volume_makes_its_bucket_unknown(make_bars: MakeBars) -> None:
    volume = np.full((8, 2), 10.0)
    volume[5, 0] = np.nan
    expected = np.array([[40, 40], [np.nan, 40]])
    assert np.array_equal(resample_bars(make_bars(8, volume=volume), "4d").volume, expected, equal_nan=True)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("1d", "1d", "must make bars coarser; found 1d to 1d"),
        ("1d", "1h", "finer bars cannot be made"),
        ("2h", "3h", "3h is not made of whole 2h bars"),
        ("1w", "1mo", "1mo is not made of whole 1w bars"),
        ("2mo", "3mo", "3mo is not made of whole 2mo bars"),
        ("1mo", "52w", "52w is not made of whole 1mo bars"),
        ("1d", "month", "a frequency must be"),
    ],
)
def test_buckets_that_would_cut_bars_are_refused(make_bars: MakeBars, source: str, target: str, expected: str) -> None:
    base = make_bars()
    bars = Bars(base.times, base.symbols, frequency=source, **{name: getattr(base, name) for name in FIELDS})
    with pytest.raises(UsageError, match=expected):
        resample_bars(bars, target)


def test_months_nest_in_years() -> None:
    days = synthetic_universe(1, 800, seed=1).bars
    months, years = resample_bars(days, "1mo"), resample_bars(days, "12mo")
    assert resample_bars(months, "12mo").digest == years.digest
