"""Importing CSV, Parquet and Feather: nothing guessed, all or nothing, every option."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stratkit.data import batches
from stratkit.data.bars import Bars
from stratkit.data.import_settings import ImportSettings
from stratkit.data.importers import ImportedSymbol, import_files
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.errors import DataError, OutputError, StratkitError, UsageError
from stratkit.panel import format_time

MakeFrame = Callable[..., pd.DataFrame]

DAILY = "date,open,high,low,close,volume\n2020-01-02,10,12,9,11,100\n2020-01-03,11,13,10,12,200\n"


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Path]:
    """Write a text file and return its path."""

    def write(text: str, name: str = "spy.csv") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def bring(*paths: Path, **options: object) -> list[ImportedSymbol]:
    settings = ImportSettings.model_validate({"to": str(paths[0].parent / "bars"), **options})
    return import_files(paths, settings)


def refused(*paths: Path, **options: object) -> str:
    with pytest.raises(StratkitError) as found:
        bring(*paths, **options)
    assert not (paths[0].parent / "bars").exists()  # nothing was written, nothing left behind
    return str(found.value)


def loaded(path: Path, **options: object) -> Bars:
    return load_bars(DataSettings.model_validate({"path": str(path.parent / "bars"), **options}))


def hourly(*clocks: str, head: str = "timestamp,open,high,low,close,volume\n") -> str:
    return head + "".join(f"{clock},10,12,9,{10 + n / 10},100\n" for n, clock in enumerate(clocks))


def test_daily_dates_need_no_zone_and_are_stamped_at_midnight_utc(place: Callable[..., Path]) -> None:
    path = place(DAILY)
    (done,) = bring(path)
    assert (done.symbol, done.frequency, done.bars, done.notes) == ("SPY", "1d", 2, ())
    assert done.path == path.parent / "bars" / "1d" / "SPY.parquet"
    bars = loaded(path)
    assert [format_time(int(time)) for time in bars.times] == ["2020-01-02", "2020-01-03"]
    assert bars.close[:, 0].tolist() == [11, 12]
    assert bars.volume[:, 0].tolist() == [100, 200]


def test_clock_times_need_a_zone_and_are_converted_with_it(place: Callable[..., Path]) -> None:
    path = place(hourly("2020-07-01 09:00", "2020-07-01 10:00:00"))
    message = refused(path)
    assert "must have a time zone; found no time zone, first 2020-07-01 09:00" in message
    assert "--tz UTC or --tz America/New_York" in message
    bring(path, tz="America/New_York")
    assert format_time(int(loaded(path).times[0])) == "2020-07-01 13:00"


def test_stamps_with_an_offset_are_instants(place: Callable[..., Path]) -> None:
    path = place(hourly("2020-07-01T09:00:00-04:00", "2020-07-01T14:00:00Z"))
    bring(path)
    assert [format_time(int(time)) for time in loaded(path).times] == ["2020-07-01 13:00", "2020-07-01 14:00"]


def test_stamps_with_and_without_an_offset_are_not_mixed(place: Callable[..., Path]) -> None:
    message = refused(place(hourly("2020-07-01T09:00:00Z", "2020-07-01T10:00:00")))
    assert "with a time zone like the others; found 1 that are not, first in row 3: '2020-07-01T10:00:00'" in message


def test_daily_bars_at_local_midnight_become_session_dates(place: Callable[..., Path]) -> None:
    stamps = ("2020-03-06 00:00:00-05:00", "2020-03-09 00:00:00-04:00", "2020-03-10 00:00:00-04:00")
    path = place(hourly(*stamps))
    (kept,) = bring(path)
    assert format_time(int(loaded(path).times[0])) == "2020-03-06 05:00"
    assert "not at 00:00 UTC; --tz" in kept.notes[0]
    (dated,) = bring(path, tz="America/New_York", overwrite=True)
    assert dated.notes == ()
    assert [format_time(int(time)) for time in loaded(path).times] == ["2020-03-06", "2020-03-09", "2020-03-10"]


def test_times_that_happen_twice_or_never_are_named(place: Callable[..., Path]) -> None:
    twice = refused(place(hourly("2020-11-01 00:30", "2020-11-01 01:30", "2020-11-01 02:30")), tz="America/New_York")
    assert "found 1 that happen twice when clocks go back, first 2020-11-01 01:30" in twice
    never = refused(place(hourly("2020-03-08 01:30", "2020-03-08 02:30", "2020-03-08 03:30")), tz="America/New_York")
    assert "found 1 that are skipped when clocks go forward, first 2020-03-08 02:30" in never


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)])
def test_epochs_need_their_unit(place: Callable[..., Path], unit: str, factor: int) -> None:
    path = place(hourly(*(str((1_577_836_800 + 3600 * n) * factor) for n in range(3))))
    assert f"must come with their unit; found 3 that look like {unit}: say it with --epoch" in refused(path)
    bring(path, epoch=unit)
    assert format_time(int(loaded(path).times[1])) == "2020-01-01 01:00"


def test_whole_ns_of_a_parquet_file_are_read_exactly(place: Callable[..., Path], make_frame: MakeFrame) -> None:
    path, first = place("", "a.parquet"), 1_502_928_000_000_000_001
    make_frame(3, step="1h").assign(timestamp=[first + n * 3_600 * 10**9 for n in range(3)]).to_parquet(path)
    assert "found 3 that look like ns: say it with --epoch" in refused(path)
    bring(path, epoch="ns")
    assert loaded(path).times[0] == first


def test_a_wrong_epoch_unit_is_refused(place: Callable[..., Path]) -> None:
    path = place(hourly("1577836800", "1577840400"))
    assert "must count in ms since 1970 (years 1980 to 2100); found 2 that do not, first row 2" in refused(
        path, epoch="ms"
    )


def test_epochs_of_two_units_are_refused(place: Callable[..., Path]) -> None:
    path = place(hourly("1577836800.0", "1577840400000", "1577844000000"))
    assert "in all 1 that look like s and 2 that look like ms: a file of one unit" in refused(path, epoch="ms")
    assert "1 that look like s and 2 that look like ms" in refused(path)


def test_fractions_of_a_second_survive(place: Callable[..., Path]) -> None:
    path = place(hourly("1577836800.25", "1577836801.25", "1577836802.25"))
    bring(path, epoch="s")
    assert loaded(path).times[0] == 1_577_836_800_250_000_000


def test_epoch_is_refused_for_what_is_no_number(place: Callable[..., Path], make_frame: MakeFrame) -> None:
    assert "must be numbers with --epoch" in refused(place(DAILY), epoch="s")
    frame = place("", "a.parquet")
    make_frame().to_parquet(frame)
    assert "--epoch is for stamps that are numbers or text" in refused(frame, epoch="s")


def test_other_date_formats_are_said_not_guessed(place: Callable[..., Path]) -> None:
    path = place(DAILY.replace("2020-01-02", "02/01/2020").replace("2020-01-03", "03/01/2020"))
    assert "must be an ISO date or time" in refused(path)
    assert "found 2 that are not, first in row 2: '02/01/2020'" in refused(path)
    bring(path, date_format="%d/%m/%Y")
    assert format_time(int(loaded(path).times[0])) == "2020-01-02"
    assert "in the format '%Y-%m-%d'; found 2 that are not" in refused_again(path, date_format="%Y-%m-%d")


def refused_again(path: Path, **options: object) -> str:
    with pytest.raises(StratkitError) as found:
        bring(path, overwrite=True, **options)
    return str(found.value)


def test_dates_written_as_digits_need_their_format(place: Callable[..., Path]) -> None:
    path = place(DAILY.replace("2020-01-02", "20200102").replace("2020-01-03", "20200103"))
    assert "--date-format %Y%m%d" in refused(path)
    bring(path, date_format="%Y%m%d")
    assert format_time(int(loaded(path).times[0])) == "2020-01-02"


def test_a_date_that_does_not_exist_is_named(place: Callable[..., Path]) -> None:
    message = refused(place(DAILY.replace("2020-01-03", "2020-02-30")))
    assert "must be a date that exists; found 1 that are not, first in row 3: '2020-02-30'" in message


def test_stamps_at_the_end_of_bars_are_moved_to_their_start(place: Callable[..., Path]) -> None:
    path = place(hourly("2020-07-01 09:00", "2020-07-01 10:00", "2020-07-01 11:00"))
    bring(path, tz="UTC", stamp="end")
    assert format_time(int(loaded(path).times[0])) == "2020-07-01 08:00"


def test_monthly_bars_stamped_at_their_end_are_refused(place: Callable[..., Path]) -> None:
    assert "must be stamped at their start" in refused(place(hourly("2020-01-31", "2020-02-29")), stamp="end")


def test_columns_are_mapped_and_near_names_offered(place: Callable[..., Path]) -> None:
    path = place(DAILY.replace("close", "last"))
    assert "no close among date, open, high, low, last, volume; did you mean" not in refused(path)
    assert "Name it with --column close=NAME" in refused(path)
    bring(path, columns={"close": "last"})
    assert loaded(path).close[:, 0].tolist() == [11, 12]


def test_volume_is_named_or_said_to_be_unknown(place: Callable[..., Path]) -> None:
    path = place(DAILY.replace("volume", "Volume BTC"))
    assert 'say --column volume="Volume BTC", or --column volume= when volume is unknown' in refused(path)
    (done,) = bring(path, columns={"volume": ""})
    assert done.notes == ("volume unknown",)
    assert np.isnan(loaded(path).volume).all()


def test_a_time_of_day_in_its_own_column_joins_its_date(place: Callable[..., Path]) -> None:
    text = "date,time,open,high,low,close,volume\n2020-01-02,09:00,10,12,9,11,1\n2020-01-02,09:05,10,12,9,11,1\n"
    path = place(text)
    message = refused(path)
    assert "found date, time: say which, as in --column timestamp=date, and --column clock=time if" in message
    bring(path, columns={"timestamp": "date", "clock": "time"}, tz="UTC")
    assert format_time(int(loaded(path).times[1])) == "2020-01-02 09:05"


def test_lines_before_the_header_are_skipped_when_asked(place: Callable[..., Path]) -> None:
    path = place("from a vendor\n" + DAILY)
    assert "Expected 1 columns, got 6" in refused(path)
    assert "--skip-rows 1" in refused(path)
    assert bring(path, skip_rows=1)[0].bars == 2


def test_a_file_without_a_header_gets_names(place: Callable[..., Path]) -> None:
    path = place(DAILY.partition("\n")[2])
    bring(path, names=("date", "open", "high", "low", "close", "volume"))
    assert loaded(path).shape == (2, 1)


def test_delimiter_and_decimal_point_are_options(place: Callable[..., Path]) -> None:
    path = place(DAILY.replace(",", ";").replace("11", "11,5"))
    assert "say --delimiter ';'" in refused(path)
    assert "found '11,5': correct or remove this line (a second header? another --decimal?)" in refused(
        path, delimiter=";"
    )
    bring(path, delimiter=";", decimal=",")
    assert loaded(path).close[0, 0] == 11.5


def test_a_second_header_is_named_with_its_line(place: Callable[..., Path]) -> None:
    assert "line 4: open must hold numbers; found 'open'" in refused(place(DAILY + DAILY))
    assert "line 5: open must hold numbers; found 'open'" in refused(place("banner\n" + DAILY + DAILY), skip_rows=1)


def test_rows_are_sorted_only_when_asked(place: Callable[..., Path]) -> None:
    lines = DAILY.splitlines()
    path = place("\n".join([lines[0], lines[2], lines[1]]) + "\n")
    assert (
        "found 1 that go back (newest first), first SPY on 2020-01-02: sort the file, or import it with --sort"
        in refused(path)
    )
    assert bring(path, sort=True)[0].notes == ("sorted",)
    assert loaded(path).close[:, 0].tolist() == [11, 12]


def test_repeats_are_dropped_only_when_asked_and_counted(place: Callable[..., Path]) -> None:
    path = place(DAILY + "2020-01-03,11,13,10,12.5,200\n")
    assert "found 1 repeated, 0 with equal values and 1 with other values" in refused(path)
    assert bring(path, duplicates="first")[0].notes == ("1 repeated stamps: the first row of each stays",)
    assert loaded(path).close[1, 0] == 12
    bring(path, duplicates="last", overwrite=True)
    assert loaded(path).close[1, 0] == 12.5


def test_the_frequency_asked_for_must_be_found(place: Callable[..., Path]) -> None:
    path = place(DAILY)
    assert "must be 1h apart, as asked for; found 1d: leave --frequency out" in refused(path, frequency="1h")
    assert bring(path, frequency="1d")[0].frequency == "1d"


def test_a_sparse_series_keeps_the_finer_frequency_it_was_said_to_have(place: Callable[..., Path]) -> None:
    path = place(hourly("2020-07-01 09:00", "2020-07-01 11:00", "2020-07-01 13:00", "2020-07-01 14:00"))
    assert bring(path, tz="UTC", frequency="1h")[0].path.parent.name == "1h"


def test_the_symbol_is_the_file_name_or_as_given(place: Callable[..., Path]) -> None:
    path = place(DAILY, "brk.b.csv")
    assert bring(path)[0].symbol == "BRK.B"
    assert bring(path, symbol="BRK/B")[0].path.name == "BRK%2FB.parquet"
    other = place(DAILY, "other.csv")
    with pytest.raises(UsageError, match="--symbol names one file; found 2 files"):
        bring(path, other, symbol="A")


def test_a_long_file_becomes_one_file_per_symbol(place: Callable[..., Path]) -> None:
    rows = [f"2020-01-0{day},{symbol},10,12,9,11,5" for day in (2, 3, 6) for symbol in ("TRUE", "NO", "000001", "NA")]
    path = place("date,symbol,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    assert [done.symbol for done in bring(path)] == ["000001", "NA", "NO", "TRUE"]
    assert loaded(path).shape == (3, 4)
    assert "its symbol column holds several" in refused_again(path, symbol="X")


def test_one_bad_symbol_keeps_all_out(place: Callable[..., Path]) -> None:
    rows = [f"2020-01-0{day},{symbol},10,{high},9,11,5" for day in (2, 3) for symbol, high in (("A", 12), ("B", 1))]
    message = refused(place("date,symbol,open,high,low,close,volume\n" + "\n".join(rows) + "\n"))
    assert "1 of 2 symbols failed:" in message
    assert "(B): high must not be below low; found 2 rows, first B on 2020-01-02" in message


def test_rows_without_a_symbol_are_refused(place: Callable[..., Path]) -> None:
    text = "date,symbol,open,high,low,close,volume\n2020-01-02,A,1,1,1,1,1\n2020-01-03,,1,1,1,1,1\n"
    assert "every row must name its symbol" in refused(place(text))


def test_two_files_of_one_symbol_are_refused(place: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    message = refused(place(DAILY), place(DAILY, "other/spy.csv"))
    assert "SPY must come from one file" in message


def test_what_is_there_is_kept_unless_asked(place: Callable[..., Path]) -> None:
    path = place(DAILY)
    bring(path)
    with pytest.raises(OutputError, match="add --overwrite"):
        bring(path)
    assert bring(path, overwrite=True)[0].bars == 2
    assert [entry.name for entry in (path.parent / "bars").iterdir()] == ["1d"]  # no stage left


def test_rows_without_prices_are_left_out_and_counted(place: Callable[..., Path]) -> None:
    path = place(DAILY + "2020-01-06,,NaN,null,NULL,\n")
    assert bring(path)[0].notes == ("1 rows without any price left out",)


def test_the_gate_stands_before_the_store(place: Callable[..., Path]) -> None:
    assert "all four prices or none; found 1 in part NaN" in refused(place(DAILY + "2020-01-06,1,2,1,,3\n"))
    assert "must be finite" in refused(place(DAILY + "2020-01-06,1,inf,1,1,3\n"))
    assert "must be positive" in refused(place(DAILY + "2020-01-06,1,2,0,1,3\n"))
    assert "at least two bars are needed; found one, 2020-01-02" in refused(place("\n".join(DAILY.splitlines()[:2])))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("gone/a.csv", None, "there is none"),
        ("a.csv", "", "it is empty (0 bytes)"),
        ("a.csv", "date,open,high,low,close\n", "it has a header but no row"),
        ("a.xlsx", "x", "must be a CSV, Parquet or Feather file"),
        ("a.parquet", "x", "must be a whole Parquet file"),
        ("a.feather", "x", "must be a whole Feather file"),
        ("a.csv", "date,open,high,low,close\n,1,1,1,1\n", "must be an ISO date"),
    ],
)
def test_unreadable_files_are_told_apart(tmp_path: Path, name: str, text: str | None, expected: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    settings = ImportSettings(to=str(tmp_path / "bars"))
    with pytest.raises(DataError) as found:
        import_files([path], settings)
    assert expected in str(found.value)


def test_text_that_is_not_utf8_and_cut_gzip_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(DAILY.replace("2020-01-03", "caf\xe9").encode("latin-1"))
    assert "must be a readable text file in UTF-8" in refused(path)
    path = tmp_path / "b.csv.gz"
    path.write_bytes(gzip.compress((DAILY * 200).encode())[:-30])
    assert "must be a readable text file" in refused(path)


def test_parquet_feather_and_gzip_give_the_same_bars(tmp_path: Path, make_frame: MakeFrame) -> None:
    frame = make_frame()
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_feather(tmp_path / "b.feather")
    frame.to_csv(tmp_path / "c.csv.gz", index=False)
    bring(tmp_path / "a.parquet", tmp_path / "b.feather", tmp_path / "c.csv.gz")
    bars = loaded(tmp_path / "a.parquet")
    assert bars.symbols == ("A", "B", "C")
    assert (bars.close == frame.close.to_numpy()[:, None]).all()
    assert bars.times.tolist() == pd.DatetimeIndex(frame.timestamp).as_unit("ns").asi8.tolist()


@pytest.mark.parametrize("name", ["a.parquet", "a.feather"])
def test_tables_of_other_types_are_read_or_refused(tmp_path: Path, make_frame: MakeFrame, name: str) -> None:
    path = tmp_path / name

    def save(frame: pd.DataFrame) -> None:
        frame.to_parquet(path) if name.endswith("parquet") else frame.to_feather(path)

    frame = make_frame(3)
    save(frame.assign(timestamp=frame.timestamp.dt.date))
    assert bring(path)[0].frequency == "1d"
    save(frame.assign(timestamp=frame.timestamp.dt.tz_localize(None) + pd.Timedelta("9h")))
    assert "found no time zone" in refused_again(path)
    assert format_time(bring(path, tz="America/New_York", overwrite=True)[0].first) == "2020-01-01 14:00"
    save(frame.assign(timestamp=[1_577_836_800, 1_577_923_200, 1_578_009_600]))
    assert "stamps that are numbers (int64) must come with their unit; found 3 that look like s" in refused_again(path)
    assert bring(path, epoch="s", overwrite=True)[0].first == 1_577_836_800 * 10**9
    save(frame.rename(columns={"timestamp": "when"}))
    assert "when holds time stamps: say --column timestamp=when" in refused_again(path)
    save(frame.assign(close="text"))
    assert "close must hold numbers" in refused_again(path)


def test_a_file_larger_than_a_block_is_read_piece_by_piece(
    tmp_path: Path, make_frame: MakeFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_BLOCK_BYTES", 4096)
    frame = pd.concat([make_frame(500, step="1min").assign(symbol=name) for name in ("A", "B")])
    frame = frame.sort_values("timestamp", kind="stable")
    frame.to_csv(tmp_path / "long.csv", index=False)
    seen: list[tuple[int, int]] = []
    settings = ImportSettings(to=str(tmp_path / "bars"))
    done = import_files([tmp_path / "long.csv"], settings, lambda part, total: seen.append((part, total)))
    assert [(one.symbol, one.bars) for one in done] == [("A", 500), ("B", 500)]
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == (tmp_path / "long.csv").stat().st_size
    bars = loaded(tmp_path / "long.csv")
    assert bars.close[:, 1].tolist() == [100.0 + n for n in range(500)]


def test_a_bad_value_in_a_late_block_is_named_with_its_line(
    tmp_path: Path, make_frame: MakeFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_BLOCK_BYTES", 4096)
    frame = make_frame(500, step="1min").astype({"close": object})
    frame.loc[400, "close"] = "oops"
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert "line 402: close must hold numbers; found 'oops'" in refused(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tz": "Europe/Berln"}, "did you mean 'Europe/Berlin'?"),
        ({"columns": {"opn": "x"}}, "unknown column 'opn'; did you mean 'open'?"),
        ({"frequency": "hourly"}, "a frequency must be"),
        ({"symbol": " "}, "a symbol must be a printable name"),
        ({"epoch": "minutes"}, "Input should be"),
    ],
)
def test_options_that_cannot_hold_are_refused(settings: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match="validation error") as found:
        ImportSettings.model_validate(settings)
    assert expected in str(found.value)
