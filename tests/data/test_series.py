"""External series: read as they are said to be, sorted, and refused with one clear sentence when they are not."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from stratkit.data.beside import external_series
from stratkit.data.series import ExternalSeries, load_series
from stratkit.data.series_settings import SeriesSettings, duration_ns
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.data.synthetic import synthetic_universe
from stratkit.data.synthetic_series import synthetic_series
from stratkit.errors import DataError, UsageError
from stratkit.panel import NS_PER_DAY, parse_time

HOUR = NS_PER_DAY // 24


def read(folder: Path, text: str, **settings: Any) -> ExternalSeries:
    path = folder / "mood.csv"
    path.write_text(text, "utf-8")
    return load_series("mood", SeriesSettings(path=str(path), **{"publication_lag": "1d", **settings}))


def days(*dates: str) -> list[int]:
    return [parse_time(date) for date in dates]


def test_rows_in_any_order_are_kept_as_they_became_known(tmp_path: Path) -> None:
    series = read(tmp_path, "timestamp,value\n2020-01-03T00:00Z,3\n2020-01-01T00:00Z,1\n2020-01-02T00:00Z,2\n")
    assert series.times.tolist() == days("2020-01-01", "2020-01-02", "2020-01-03")
    assert series.known.tolist() == days("2020-01-02", "2020-01-03", "2020-01-04")
    assert series.values.tolist() == [1.0, 2.0, 3.0]
    assert series.symbols == ()
    assert series.digest == hashlib.sha256((tmp_path / "mood.csv").read_bytes()).hexdigest()
    assert not any(array.flags.writeable for array in (series.times, series.known, series.values))


def test_a_parquet_file_says_the_same_as_its_text(tmp_path: Path) -> None:
    text = read(tmp_path, "timestamp,value\n2020-01-01T12:00:00.123456789Z,1\n2020-01-02T00:00:00Z,2\n")
    frame = pd.DataFrame({"timestamp": pd.to_datetime(text.times, utc=True), "value": text.values})
    frame.to_parquet(tmp_path / "mood.parquet")
    settings = SeriesSettings(path=str(tmp_path / "mood.parquet"), publication_lag="1d")
    series = load_series("mood", settings)
    assert (
        series.times.tolist()
        == text.times.tolist()
        == [parse_time("2020-01-01T12:00:00.123456789"), *days("2020-01-02")]
    )
    assert series.values.tolist() == [1.0, 2.0]


def test_columns_have_the_names_that_are_given_and_a_file_may_hold_several_series(tmp_path: Path) -> None:
    text = "day,fear,greed\n2020-01-01T00:00Z,1,9\n"
    assert read(tmp_path, text, timestamp="day", value="greed").values.tolist() == [9.0]
    assert read(tmp_path, text, timestamp="day", value="fear").values.tolist() == [1.0]


def test_whole_numbers_and_offsets_are_read_too(tmp_path: Path) -> None:
    series = read(tmp_path, "timestamp,value\n2020-01-01T00:00:00+02:00,1\n2020-01-01 00:00:00-0500,2\n")
    assert series.times.tolist() == [days("2020-01-01")[0] - 2 * HOUR, days("2020-01-01")[0] + 5 * HOUR]


def test_a_value_for_each_symbol_keeps_its_symbol_also_one_that_reads_like_nothing(tmp_path: Path) -> None:
    text = "timestamp,ticker,value\n2020-01-01T00:00Z,NA,1\n2020-01-01T00:00Z,ACME,2\n2020-01-02T00:00Z,NA,3\n"
    series = read(tmp_path, text, symbol="ticker")
    assert series.symbols == ("ACME", "NA")
    told = [(series.symbols[place], value) for place, value in zip(series.column, series.values)]
    assert sorted(told) == [("ACME", 2.0), ("NA", 1.0), ("NA", 3.0)]


def test_publication_times_tell_revisions_apart_and_a_lag_comes_on_top(tmp_path: Path) -> None:
    text = "timestamp,out,value\n2020-01-01T00:00Z,2020-02-03T00:00Z,1\n2020-01-01T00:00Z,2020-01-15T08:30Z,5\n"
    series = read(tmp_path, text, published="out", publication_lag=None)
    assert series.known.tolist() == [parse_time("2020-01-15T08:30"), *days("2020-02-03")]
    assert series.values.tolist() == [5.0, 1.0]
    later = read(tmp_path, text, published="out", publication_lag="2h")
    assert (later.known - series.known).tolist() == [2 * HOUR, 2 * HOUR]


def test_a_zone_is_given_for_stamps_that_have_none(tmp_path: Path) -> None:
    text = "timestamp,value\n2020-01-15 09:30,1\n2020-07-15 09:30,2\n"  # winter and summer time
    new_york = read(tmp_path, text, time_zone="America/New_York")
    assert new_york.times.tolist() == [parse_time("2020-01-15T14:30"), parse_time("2020-07-15T13:30")]
    assert read(tmp_path, text, time_zone="UTC").times.tolist() == [
        parse_time("2020-01-15T09:30"),
        parse_time("2020-07-15T09:30"),
    ]


Z = "2020-01-01T00:00Z"


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        ("timestamp,value\n2020-01-01,1\n", {}, "every timestamp must have a time zone; found none: write them in UTC"),
        (f"timestamp,value\n{Z},1\n", {"time_zone": "UTC"}, "time_zone is for stamps without a zone"),
        (f"timestamp,value\n{Z},1\n2020-01-02,2\n", {}, "or all without; found others in 1, first in row 3"),
        (f"timestamp,value\n{Z},1\n2020-02-30T00:00Z,2\n", {}, "must be an ISO date or time.*'2020-02-30T00:00Z'"),
        (f"timestamp,value\n{Z},1\nsoon,2\n", {}, "found others in 1, first in row 3: 'soon'"),
        (f"timestamp,value\n{Z},1\n,2\n", {}, "timestamp must be an ISO date or time"),
        ("timestamp,value\n1577836800,1\n", {}, "timestamp must be an ISO date or time.*'1577836800'"),
        ("timestamp,value\n0001-01-01T00:00Z,1\n", {}, "timestamp must lie between the years 1678 and 2261"),
        ("timestamp,value\n2020-03-08 02:30,1\n", {"time_zone": "America/New_York"}, "one moment in America/New_York"),
        ("timestamp,value\n2020-11-01 01:30,1\n", {"time_zone": "America/New_York"}, "clocks skip or repeat, in 1"),
        (f"timestamp,value\n{Z},1\n{Z},1\n", {}, "must have one value a timestamp; found repeats in 1, first in row 3"),
        (
            f"timestamp,name,value\n{Z},A,1\n{Z},B,1\n{Z},A,2\n",
            {"symbol": "name"},
            "one value a symbol and timestamp; found repeats in 1, first in row 4",
        ),
        (
            f"timestamp,out,value\n{Z},{Z},1\n{Z},{Z},2\n",
            {"published": "out"},
            "one value a timestamp and publication time; found repeats in 1",
        ),
        (f"timestamp,value\n{Z},1\n2020-01-02T00:00Z,nan\n", {}, "must be a finite number; .* first in row 3"),
        (f"timestamp,value\n{Z},\n2020-01-02T00:00Z,2\n", {}, "every value must be a finite number; .* first in row 2"),
        (f"timestamp,value\n{Z},-inf\n", {}, "every value must be a finite number"),
        (f"timestamp,value\n{Z},high\n", {}, "value must hold numbers; it holds string"),
        (f"timestamp,mood\n{Z},1\n", {"value": "moot"}, "must have a column 'moot'; did you mean 'mood'?"),
        (f"timestamp,value\n{Z},1\n", {"symbol": "name"}, "must have a column 'name'"),
        (f"timestamp,name,value\n{Z},,1\n", {"symbol": "name"}, "a name must be a name without blanks around it"),
        (
            f"timestamp,out,value\n{Z},2019-12-31T23:59:59Z,1\n",
            {"published": "out"},
            "must be published at or after its timestamp; found 1, first in row 2",
        ),
        (
            f"timestamp,out,value\n{Z},2262-01-01T00:00Z,1\n",
            {"published": "out", "publication_lag": "36500d"},
            "before the year 2262",
        ),
        ("timestamp,value\n", {}, "must hold values; it has no row"),
        ("", {}, "must be a CSV file with a header"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_refused_with_its_row(
    tmp_path: Path, text: str, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, text, **settings)


def test_numbers_are_no_stamps_in_parquet_either_and_dates_need_a_zone(tmp_path: Path) -> None:
    path = tmp_path / "mood.parquet"
    pd.DataFrame({"timestamp": [1_577_836_800], "value": [1.0]}).to_parquet(path)
    with pytest.raises(DataError, match=r"timestamp must hold dates, times or ISO text .* it holds int64"):
        load_series("mood", SeriesSettings(path=str(path), publication_lag="1d"))
    pd.DataFrame({"timestamp": [pd.Timestamp("2020-01-01").date()], "value": [1.0]}).to_parquet(path)
    with pytest.raises(DataError, match="every timestamp must have a time zone"):
        load_series("mood", SeriesSettings(path=str(path), publication_lag="1d"))
    found = load_series("mood", SeriesSettings(path=str(path), publication_lag="1d", time_zone="UTC"))
    assert found.times.tolist() == days("2020-01-01")


def test_a_file_that_is_not_there_and_a_bundled_name_that_is_none_are_said() -> None:
    with pytest.raises(DataError, match=r"data.series.mood.path must name a file; found none at nowhere.csv"):
        load_series("mood", SeriesSettings(path="nowhere.csv", publication_lag="1d"))
    with pytest.raises(DataError, match=r"there is no bundled series 'VIXX'; did you mean 'VIX'\?"):
        load_series("mood", SeriesSettings(path="bundled:VIXX", publication_lag="1d"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "must say when its values become known, which is never guessed: give publication_lag, such as 1d"),
        ({"publication_lag": "soon"}, "a duration must be a whole number and one of ns, us, ms, s, min, h, d, w"),
        ({"publication_lag": "-1d"}, "a duration must be a whole number"),
        ({"publication_lag": "99999d"}, "a duration must be at most 36500d"),
        ({"publication_lag": "1d", "max_age": "0d"}, "max_age must be above 0"),
        ({"publication_lag": "1d", "time_zone": "Mars"}, "must be a time zone such as America/New_York"),
        ({"publication_lag": "1d", "lag": "1d"}, "Extra inputs are not permitted"),
        ({"publication_lag": "1d", "path": ""}, "at least 1 character"),
    ],
)
def test_settings_that_do_not_hold_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SeriesSettings(**{"path": "mood.csv", **settings})


def test_names_of_series_are_plain() -> None:
    with pytest.raises(ValidationError, match="the name of a series must be letters, digits and _"):
        DataSettings(series={"the.mood": SeriesSettings(path="mood.csv", publication_lag="0s")})


def test_durations_are_exact() -> None:
    assert [duration_ns(text) for text in ("3ns", "2us", "1ms", "4s", "90min", "36h", "1d", "2w", "0s")] == [
        3, 2_000, 1_000_000, 4_000_000_000, 90 * 60 * 10**9, 36 * HOUR, NS_PER_DAY, 14 * NS_PER_DAY, 0,
    ]  # fmt: skip
    with pytest.raises(UsageError, match=r"such as 1d, 90min or 0s; found '1\.5d'"):
        duration_ns("1.5d")


def test_the_bundled_series_are_read_with_their_lag() -> None:
    vix = load_series("vix", SeriesSettings(path="bundled:VIX", publication_lag="1d", max_age="5d"))
    assert len(vix.values) == 1259
    assert vix.times[0] == parse_time("2014-01-03")
    assert set((vix.known - vix.times).tolist()) == {NS_PER_DAY}
    assert (vix.lag_ns, vix.max_age_ns, vix.source) == (NS_PER_DAY, 5 * NS_PER_DAY, "VIX.parquet")


def fitting(**settings: Any) -> DataSettings:
    mood = SeriesSettings(**{"path": "bundled:VIX", "publication_lag": "1d", **settings})
    return DataSettings(symbols=("SP500",), series={"mood": mood})


def test_a_series_must_be_known_on_some_bar() -> None:
    bars = load_bars(DataSettings(symbols=("SP500",)))
    assert list(external_series(fitting(), bars)) == ["mood"]
    early = bars.slice(0, 1000)
    with pytest.raises(DataError, match=r"series mood .* must be known on some bar; .* from 2014-01-04 to 2019-01-04"):
        external_series(fitting(), early)
    later = synthetic_universe(1, 300, "1h").bars  # of 2020
    assert external_series(fitting(), later), "the last value counts until the next one"
    with pytest.raises(DataError, match="change the dates, or max_age"):
        external_series(fitting(max_age="90d"), later)


def test_a_series_by_symbol_must_know_one_of_the_symbols(tmp_path: Path) -> None:
    path = tmp_path / "mood.csv"
    settings = fitting(path=str(path), symbol="name")
    bars = load_bars(DataSettings(symbols=("SP500",)))
    path.write_text("timestamp,name,value\n2010-01-01T00:00Z,SPX500,1\n", "utf-8")
    with pytest.raises(DataError, match="must hold values of symbols of the bars; it has those of SPX500; did"):
        external_series(settings, bars)
    path.write_text("timestamp,name,value\n2010-01-01T00:00Z,SPX500,1\n2010-01-01T00:00Z,SP500,1\n", "utf-8")
    assert external_series(settings, bars)["mood"].symbols == ("SP500", "SPX500")


def test_columns_of_a_series_made_by_hand_are_of_one_length() -> None:
    with pytest.raises(DataError, match="as long as each other"):
        ExternalSeries(np.array([1, 2]), np.array([1, 2]), np.array([1.0]))


def test_a_made_up_series_is_the_same_each_time_late_and_revised() -> None:
    bars = synthetic_universe(1, 400).bars
    series = synthetic_series("vix", bars)
    assert np.array_equal(series.values, synthetic_series("vix", bars).values)
    assert not np.array_equal(series.values[:9], synthetic_series("vix", bars, seed=1).values[:9])
    assert not np.array_equal(series.values[:9], synthetic_series("mood", bars).values[:9])
    assert (series.known >= series.times).all()
    stamps, counts = np.unique(series.times, return_counts=True)
    assert counts.max() == 2
    assert len(stamps) < len(bars.times)
    assert 5 < series.values.min() < 15 < 25 < series.values.max() < 120
