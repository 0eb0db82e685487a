"""The Parquet store: layouts, push-down, alignment, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stratkit.data import parquet
from stratkit.data.bars import Bars
from stratkit.data.settings import DataSettings
from stratkit.data.store import describe_store, list_store, load_bars, write_bars
from stratkit.errors import DataError, OutputError, StratkitError, UsageError

MakeFrame = Callable[..., pd.DataFrame]
MakeBars = Callable[..., Bars]


def load(path: Path, **settings: object) -> Bars:
    return load_bars(DataSettings.model_validate({"path": str(path), **settings}))


def refused(path: Path, **settings: object) -> str:
    with pytest.raises(StratkitError) as found:
        load(path, **settings)
    return str(found.value)


def test_a_frequency_folder_is_chosen_and_its_symbols_align_on_the_union(store: Path) -> None:
    bars = load(store, frequency="1d")
    assert bars.symbols == ("AAA", "BBB")
    assert bars.shape == (30, 2)
    assert bars.frequency == "1d"
    assert np.isnan(bars.close[:10, 1]).all()  # BBB begins ten days later
    assert bars.close[10:, 1].tolist() == [50.0 + n for n in range(20)]
    assert load(store, frequency="24h").shape == (30, 2)


def test_several_frequencies_must_be_told_apart(store: Path) -> None:
    assert "holds several sets of bars (1h, 1d): choose one with a frequency, as in --frequency 1h" in refused(store)
    assert "has no folder '1w'" in refused(store, frequency="1w")
    assert "data resample" in refused(store, frequency="1w")


def test_symbols_are_read_from_their_own_files_only(store: Path) -> None:
    (store / "1d" / "BBB.parquet").write_bytes(b"not looked at")
    assert load(store, frequency="1d", symbols=["AAA"]).symbols == ("AAA",)


def test_an_unknown_symbol_is_answered_with_the_nearest(store: Path) -> None:
    assert "holds no symbol 'aab'; did you mean 'AAA'?" in refused(store, frequency="1d", symbols=["aab"])


def test_a_folder_of_files_needs_no_frequency(store: Path) -> None:
    assert load(store / "1d").symbols == ("AAA", "BBB")
    assert "all bars must be 1h apart; those of AAA are 1d apart" in refused(store / "1d", frequency="1h")


def test_a_folder_that_says_another_frequency_than_its_bars_is_refused(store: Path) -> None:
    (store / "1d").rename(store / "1min")
    assert "all bars must be 1min apart; those of AAA are 1d apart" in refused(store, frequency="1min")
    (store / "1h").rename(store / "1w")
    assert "all bars must be 1w apart; those of AAA are 1h apart" in refused(store, frequency="1w")


def test_symbols_of_two_frequencies_are_not_mixed(store: Path, make_frame: MakeFrame) -> None:
    make_frame(100, step="1h").to_parquet(store / "1d" / "CCC.parquet")
    assert "1h apart; those of AAA are 1d apart" in refused(store / "1d")


def test_a_file_with_a_symbol_column_is_split_and_filtered(tmp_path: Path, make_frame: MakeFrame) -> None:
    frames = [make_frame(5).assign(symbol="QQQ"), make_frame(4, start="2020-01-03", first=10).assign(symbol="ABC")]
    frame = pd.concat(frames).sort_values("timestamp", kind="stable")
    frame.to_parquet(tmp_path / "long.parquet")
    bars = load(tmp_path / "long.parquet")
    assert bars.symbols == ("ABC", "QQQ")
    assert np.array_equal(bars.close[:, 0], [np.nan, np.nan, 10, 11, 12, 13], equal_nan=True)
    assert np.array_equal(bars.close[:, 1], [100, 101, 102, 103, 104, np.nan], equal_nan=True)
    assert load(tmp_path / "long.parquet", symbols=["ABC"]).times.tolist() == bars.times[2:].tolist()
    assert "holds no symbol 'QQ'; did you mean 'QQQ'?" in refused(tmp_path / "long.parquet", symbols=["QQ"])
    frame.assign(symbol=frame.symbol.astype("category")).to_parquet(tmp_path / "categories.parquet")
    assert load(tmp_path / "categories.parquet").digest == bars.digest


def test_an_anonymous_file_is_named_after_itself_or_as_given(tmp_path: Path, make_frame: MakeFrame) -> None:
    make_frame().to_parquet(tmp_path / "spy.parquet")
    assert load(tmp_path / "spy.parquet").symbols == ("SPY",)
    assert load(tmp_path / "spy.parquet", symbols=["ETF"]).symbols == ("ETF",)
    assert "must have a symbol column to hold 2 symbols" in refused(tmp_path / "spy.parquet", symbols=["A", "B"])


def test_a_long_file_inside_a_folder_is_not_taken_for_one_symbol(tmp_path: Path, make_frame: MakeFrame) -> None:
    pd.concat([make_frame().assign(symbol=name) for name in "AB"]).to_parquet(tmp_path / "X.parquet")
    assert "must hold the bars of X, as its place in the folder says; its symbol column holds A, B" in refused(tmp_path)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2020-01-05", None, "2020-01-05", "2020-01-30"),
        (None, "2020-01-05", "2020-01-01", "2020-01-05"),
        ("2020-01-02", "2020-01-03", "2020-01-02", "2020-01-03"),
        ("2020", "2020-01", "2020-01-01", "2020-01-30"),
    ],
)
def test_dates_are_inclusive(store: Path, start: str | None, end: str | None, first: str, last: str) -> None:
    bars = load(store, frequency="1d", symbols=["AAA"], start=start, end=end)
    assert pd.to_datetime(bars.times[[0, -1]]).strftime("%Y-%m-%d").tolist() == [first, last]


def test_a_bare_end_date_covers_its_whole_day(store: Path) -> None:
    assert load(store, frequency="1h", end="2020-01-01").shape == (24, 1)
    assert load(store, frequency="1h", end="2020-01-01T05:00").shape == (6, 1)


def test_dates_outside_the_data_name_its_span(store: Path) -> None:
    message = refused(store, frequency="1d", start="2030-01-01")
    assert "found none of AAA.parquet in 2030-01-01 .. the last: its data span 2020-01-01 .. 2020-01-30" in message
    message = refused(store, frequency="1d", symbols=["AAA", "BBB"], end="2020-01-05")
    assert "found none of BBB in the first bar .. 2020-01-05: its data span 2020-01-11 .. 2020-01-30" in message
    assert load(store, frequency="1d", end="2020-01-05").symbols == ("AAA",)
    assert "at least two bars are needed; found one" in refused(store, frequency="1d", start="2020-01-30")


def test_only_row_groups_of_the_dates_and_symbols_are_read(
    tmp_path: Path, make_frame: MakeFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.concat([make_frame(100).assign(symbol="A"), make_frame(100).assign(symbol="B")])
    path = tmp_path / "long.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=10)
    read: list[tuple[tuple[int, ...], str]] = []
    true_portions = parquet._portions

    def spied(file: pq.ParquetFile, groups: list[int]) -> object:
        read.append((tuple(groups), ""))
        return true_portions(file, groups)

    monkeypatch.setattr(parquet, "_portions", spied)
    bars = load(path, symbols=["B"], start="2020-01-15", end="2020-02-01")
    assert bars.shape == (18, 1)
    assert {groups for groups, _ in read} == {(11, 12, 13)}  # of 20: B is in 10..19, ten days in each
    assert len(read) == 7  # timestamp, symbol and the five fields: never an extra column


def test_extra_columns_are_not_read(store: Path, make_frame: MakeFrame) -> None:
    frame = make_frame().assign(adj_close="text")
    frame["note"] = pd.Series([{"nested": 1}] * 30)
    frame.to_parquet(store / "1d" / "AAA.parquet")
    assert load(store, frequency="1d", symbols=["AAA"]).shape == (30, 1)


def test_loading_needs_no_pandas(store: Path) -> None:
    code = (
        "import sys; from stratkit.data.settings import DataSettings; from stratkit.data.store import load_bars;"
        f"load_bars(DataSettings(path={str(store)!r}, frequency='1d')); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rows_that_are_all_nan_are_no_bar(store: Path, make_frame: MakeFrame) -> None:
    frame = make_frame()
    frame.loc[3, ["open", "high", "low", "close", "volume"]] = np.nan
    frame.to_parquet(store / "1d" / "AAA.parquet")
    assert load(store, frequency="1d", symbols=["AAA"]).shape == (29, 1)
    frame.loc[20, ["open", "high", "low", "close"]] = np.nan
    frame.to_parquet(store / "1d" / "AAA.parquet")
    bars = load(store, frequency="1d")
    day = bars.times.tolist().index(pd.Timestamp("2020-01-21", tz="UTC").value)
    assert np.isnan(bars.volume[day]).tolist() == [True, False]  # BBB has a bar on that day


def test_columns_are_known_whatever_their_case_or_mapped(tmp_path: Path, make_frame: MakeFrame) -> None:
    frame = make_frame().rename(columns={"timestamp": "Date", "open": "Open", "close": "CLOSE", "volume": "Volume"})
    frame.to_parquet(tmp_path / "a.parquet")
    expected = load(tmp_path / "a.parquet")
    frame.rename(columns={"Open": "o", "Volume": "v"}).to_parquet(tmp_path / "a.parquet")
    assert load(tmp_path / "a.parquet", columns={"open": "o", "volume": "v"}).digest == expected.digest


def test_a_file_may_have_no_volume(tmp_path: Path, make_frame: MakeFrame) -> None:
    make_frame().drop(columns="volume").to_parquet(tmp_path / "a.parquet")
    assert np.isnan(load(tmp_path / "a.parquet").volume).all()


@pytest.mark.parametrize(
    ("renamed", "expected"),
    [
        ({"open": "opn"}, "no open among timestamp, opn, high, low, close, volume; did you mean 'opn'?"),
        ({"timestamp": "when"}, "no timestamp among when,"),
        ({"volume": "tick_volume"}, "found none of that name, but tick_volume: say --column volume=tick_volume"),
        ({"high": "Open"}, "open must be one column; found open, Open"),
    ],
)
def test_wrong_column_names_are_answered_with_the_nearest(
    tmp_path: Path, make_frame: MakeFrame, renamed: dict[str, str], expected: str
) -> None:
    make_frame().rename(columns=renamed).to_parquet(tmp_path / "a.parquet")
    assert expected in refused(tmp_path / "a.parquet")


def test_a_mapped_column_must_be_there(tmp_path: Path, make_frame: MakeFrame) -> None:
    make_frame().to_parquet(tmp_path / "a.parquet")
    message = refused(tmp_path / "a.parquet", columns={"close": "Closed"})
    assert "close must be the column 'Closed', as asked for, but there is none; did you mean 'close'?" in message


def test_stamps_need_a_time_zone(tmp_path: Path, make_frame: MakeFrame) -> None:
    frame = make_frame()
    frame.assign(timestamp=frame.timestamp.dt.tz_localize(None)).to_parquet(tmp_path / "a.parquet")
    message = refused(tmp_path / "a.parquet")
    assert "it has no time zone: say which one it is in with `stratkit data import a.parquet --tz UTC`" in message
    frame.assign(timestamp=range(30)).to_parquet(tmp_path / "a.parquet")
    assert "must hold time stamps with a time zone; it holds int64" in refused(tmp_path / "a.parquet")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_stamps_of_every_unit_and_zone_are_the_same_instants(tmp_path: Path, make_frame: MakeFrame, unit: str) -> None:
    frame = make_frame()
    frame["timestamp"] = frame["timestamp"].dt.tz_convert("Asia/Tokyo").astype(f"datetime64[{unit}, Asia/Tokyo]")
    frame.to_parquet(tmp_path / "a.parquet")
    assert (
        load(tmp_path / "a.parquet").times.tolist()
        == pd.DatetimeIndex(make_frame().timestamp).as_unit("ns").asi8.tolist()
    )
    assert load(tmp_path / "a.parquet", start="2020-01-28", end="2020-02").shape == (3, 1)


def test_missing_empty_truncated_and_foreign_files_are_told_apart(tmp_path: Path, make_frame: MakeFrame) -> None:
    path = tmp_path / "a.parquet"
    assert "there is none: check the path" in refused(path)
    path.write_bytes(b"")
    assert "it is empty (0 bytes)" in refused(path)
    make_frame(5000).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "must be a whole Parquet file; it cannot be read" in refused(path)
    path.write_text("date,open\n")
    assert "it may be truncated or of another format" in refused(path)
    (tmp_path / "a.csv").write_text("date,open\n")
    assert "must be Parquet; bring it into a store first with `stratkit data import" in refused(tmp_path / "a.csv")
    make_frame(0).to_parquet(path)
    assert "it has columns but no row" in refused(path)


def test_damage_inside_a_file_is_a_data_error(tmp_path: Path, make_frame: MakeFrame) -> None:
    path = tmp_path / "a.parquet"
    make_frame(5000).to_parquet(path)
    damaged = bytearray(path.read_bytes())
    damaged[4:2000] = b"\xff" * 1996
    path.write_bytes(bytes(damaged))
    assert "must be a whole Parquet file" in refused(path)


def test_a_missing_or_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "found no Parquet file there" in refused(tmp_path / "empty")
    with pytest.raises(DataError, match="must be a folder of bars; there is none"):
        list_store(tmp_path / "gone")


def test_prices_must_be_numbers(tmp_path: Path, make_frame: MakeFrame) -> None:
    frame = make_frame()
    frame.assign(close=frame.close.astype(str)).to_parquet(tmp_path / "a.parquet")
    assert "close must hold numbers; it holds" in refused(tmp_path / "a.parquet")


def test_whole_numbers_and_narrow_floats_become_float64(tmp_path: Path, make_frame: MakeFrame) -> None:
    frame = make_frame()
    expected = load_frame(tmp_path, frame)
    narrow = frame.assign(volume=frame.volume.astype("int32"), close=frame.close.astype("float32"))
    assert load_frame(tmp_path, narrow).digest == expected.digest


def load_frame(folder: Path, frame: pd.DataFrame) -> Bars:
    frame.to_parquet(folder / "a.parquet")
    return load(folder / "a.parquet")


def test_missing_stamps_and_symbols_are_refused(tmp_path: Path, make_frame: MakeFrame) -> None:
    frame = make_frame().assign(symbol="A")
    frame.loc[2, "timestamp"] = pd.NaT
    frame.to_parquet(tmp_path / "a.parquet")
    assert "every row must have a time stamp; found 1 without" in refused(tmp_path / "a.parquet")
    frame = make_frame().assign(symbol="A")
    frame.loc[2, "symbol"] = None
    frame.to_parquet(tmp_path / "a.parquet")
    assert "every row must name its symbol; found 1 without" in refused(tmp_path / "a.parquet")


def test_the_gate_stands_before_every_file(store: Path, make_frame: MakeFrame) -> None:
    frame = make_frame()
    frame.loc[7, "high"] = 1.0
    frame.to_parquet(store / "1d" / "AAA.parquet")
    assert "high must not be below low; found 1 rows, first AAA on 2020-01-08" in refused(store, frequency="1d")


def test_written_bars_come_back_the_same_with_gaps_late_listing_and_delisting(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    bars = make_bars(8, ("BRK/B", "CON", "^GSPC"))
    holes = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for values in holes.values():
        values[:3, 0] = np.nan  # listed late
        values[5:, 1] = np.nan  # delisted
        values[4, 2] = np.nan  # a gap
    bars = make_bars(8, ("BRK/B", "CON", "^GSPC"), **holes)
    paths = write_bars(bars, tmp_path)
    assert [path.name for path in paths] == ["BRK%2FB.parquet", "%43ON.parquet", "%5EGSPC.parquet"]
    loaded = load(tmp_path)
    assert loaded.symbols == bars.symbols
    assert loaded.digest == bars.digest
    assert load(tmp_path, symbols=["CON"]).shape == (5, 1)
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".tmp")]


def test_nothing_is_overwritten_unless_asked(tmp_path: Path, make_bars: MakeBars) -> None:
    write_bars(make_bars(), tmp_path)
    with pytest.raises(OutputError, match=r"AAA.parquet and 1 more must not be there yet: add --overwrite"):
        write_bars(make_bars(), tmp_path)
    write_bars(make_bars(5), tmp_path, overwrite=True)
    assert load(tmp_path).shape == (5, 2)


def test_an_unwritable_place_is_an_output_error(tmp_path: Path, make_bars: MakeBars) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write_bars(make_bars(), tmp_path / "file")


def test_files_put_there_by_hand_are_found_under_their_plain_names(tmp_path: Path, make_frame: MakeFrame) -> None:
    make_frame().to_parquet(tmp_path / "^GSPC.parquet")
    assert load(tmp_path, symbols=["^GSPC"]).symbols == ("^GSPC",)


def test_a_store_is_described_from_metadata(store: Path) -> None:
    (store / "1d" / "BAD.parquet").write_bytes(b"x")
    files = {(file.frequency, file.symbol): file for file in describe_store(store)}
    assert list(files) == [("1h", "AAA"), ("1d", "AAA"), ("1d", "BAD"), ("1d", "BBB")]
    assert files["1d", "BBB"].rows == 20
    assert files["1d", "BAD"].problem is not None


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"symbols": ["SPY", True]}, 'quote this ticker, as in "True"'),
        ({"symbols": [600000]}, 'quote this ticker, as in "600000"'),
        ({"symbols": []}, "at least one symbol"),
        ({"symbols": ["A", "A"]}, "'A' twice"),
        ({"start": "yesterday"}, "ISO date such as 2015-06-30"),
        ({"start": "today"}, "ISO date"),
        ({"end": "2015-02-30"}, "ISO date"),
        ({"end": "2015-06-30T00:00+02:00"}, "ISO date"),
        ({"start": "2016-01-01", "end": "2015-01-01"}, "start must not be after end"),
        ({"frequency": "daily"}, "a frequency must be a count"),
        ({"columns": {"opne": "x"}}, "unknown column 'opne'; did you mean 'open'?"),
    ],
)
def test_settings_that_cannot_hold_are_refused(settings: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match="validation error") as found:
        DataSettings.model_validate(settings)
    assert expected in str(found.value)


def test_dates_read_by_yaml_are_dates() -> None:
    import datetime as dt

    when = dt.datetime(2020, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    settings = DataSettings.model_validate({"start": dt.date(2020, 1, 2), "end": when})
    assert (settings.start, settings.end) == ("2020-01-02", "2020-01-02T02:00:00")


def test_one_symbol_may_be_given_as_text() -> None:
    assert DataSettings.model_validate({"symbols": "SPY"}).symbols == ("SPY",)


def test_a_usage_error_is_not_a_data_error(store: Path) -> None:
    with pytest.raises(UsageError):
        load(store)
