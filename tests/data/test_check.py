"""Every kind of finding: a small file with one planted defect has it, its clean twin has not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stratkit.data.check import check_bars_at
from stratkit.data.findings import CODES, Finding
from stratkit.data.import_settings import ImportSettings
from stratkit.data.settings import DataSettings
from stratkit.data.store import load_bars
from stratkit.errors import DataError, UsageError

Change = Callable[[pd.DataFrame], pd.DataFrame]


def walk(
    count: int = 120,
    start: str = "2019-01-02",
    step: str = "1D",
    first: float = 100.0,
    symbol: str | None = None,
    weekdays: bool = False,
) -> pd.DataFrame:
    """Bars of a quiet random walk in cents: moves of about 1 %, all four prices different, volume about 1000."""
    random = np.random.default_rng(len(symbol or "") + count)
    times = pd.bdate_range(start, periods=count) if weekdays else pd.date_range(start, periods=count, freq=step)
    close = first * np.exp(np.cumsum(random.normal(0, 0.01, count)))
    open_ = close * (1 + random.normal(0, 0.002, count))
    high, low = np.maximum(open_, close) * 1.003, np.minimum(open_, close) * 0.997
    volume = random.integers(900, 1100, count).astype(float)
    prices = {"open": open_, "high": high, "low": low, "close": close}
    frame = pd.DataFrame({"timestamp": times.tz_localize("UTC"), **{n: v.round(4) for n, v in prices.items()}})
    frame["volume"] = volume
    if symbol is not None:
        frame.insert(1, "symbol", symbol)
    return frame


def panel(*frames: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)


def scaled(frame: pd.DataFrame, rows: slice, factor: float) -> pd.DataFrame:
    for name in ("open", "high", "low", "close"):
        frame.loc[rows.start : rows.stop, name] *= factor
    return frame


def cell(name: str, row: int, value: Any) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[row, name] = value
        return frame

    return change


def text_of(frame: pd.DataFrame) -> str:
    return str(frame.to_csv(index=False))


def naive(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(timestamp=frame["timestamp"].dt.tz_localize(None))


def epochs(frame: pd.DataFrame, unit: str) -> list[str]:
    per = {"s": 1_000_000_000, "ms": 1_000_000}[unit]
    return [str(stamp // per) for stamp in frame["timestamp"].astype("int64").to_numpy() * _ns_per(frame)]


def _ns_per(frame: pd.DataFrame) -> int:
    return {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}[frame["timestamp"].dt.unit]


def local_hours(zone: str, count: int = 24 * 60) -> pd.DataFrame:
    """Hourly bars around the clock over the change of clocks in March 2019, stamped with the clock on the wall."""
    frame = walk(count, "2019-02-20", "1h")
    return frame.assign(timestamp=frame["timestamp"].dt.tz_convert(zone).dt.tz_localize(None))


def session_minutes(first: str = "09:00") -> pd.DataFrame:
    """Ten days of five-minute bars from 09:00 to 12:00, or five minutes later."""
    days = pd.bdate_range("2019-01-02", periods=10)
    stamps = [stamp for day in days for stamp in pd.date_range(f"{day.date()} {first}", periods=36, freq="5min")]
    return walk(len(stamps)).assign(timestamp=pd.DatetimeIndex(stamps))


def mixed_text(frame: pd.DataFrame, change: Callable[[list[str]], list[str]]) -> str:
    return "\n".join(change(text_of(frame).splitlines())) + "\n"


def one_line(at: int, line: Callable[[str], str | list[str]]) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        made = line(lines[at])
        return [*lines[:at], *([made] if isinstance(made, str) else made), *lines[at + 1 :]]

    return change


class Plant:
    """A defective file and its clean twin: frames, or texts; `options` go to the check of both."""

    def __init__(self, dirty: pd.DataFrame | str, clean: pd.DataFrame | str | None = None, **options: Any) -> None:
        self.dirty, self.clean, self.options = dirty, walk() if clean is None else clean, options


def planted(change: Change, clean: Callable[[], pd.DataFrame] = walk, **options: Any) -> Plant:
    return Plant(change(clean()), clean(), **options)


def lines(change: Callable[[list[str]], list[str]], frame: Callable[[], pd.DataFrame] = walk, **options: Any) -> Plant:
    return Plant(mixed_text(frame(), change), text_of(frame()), **options)


def without(*rows: int) -> Change:
    return lambda frame: frame.drop(index=list(rows)).reset_index(drop=True)


def five(count: int = 120) -> pd.DataFrame:
    return panel(*(walk(count, symbol=f"S{'X' * n}", weekdays=True) for n in range(6)))


def mixed_epochs() -> Plant:
    frame = walk()
    seconds, thousandths = epochs(frame, "s"), epochs(frame, "ms")
    dirty = frame.assign(timestamp=[*seconds[:100], *thousandths[100:]])
    return Plant(text_of(dirty), text_of(frame.assign(timestamp=seconds)))


def doubled_hour() -> Plant:
    frame = walk(24 * 30, "2019-10-20", "1h")
    local = frame["timestamp"].dt.tz_convert("Europe/Berlin").dt.tz_localize(None)
    return Plant(frame.assign(timestamp=local), naive(walk(24 * 5, "2019-10-20", "1h")), tz="Europe/Berlin")


def mixed_zones() -> Plant:
    frame = walk(40, step="1h")
    stamps = frame["timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S")
    dirty = frame.assign(timestamp=[*(stamps[:30] + "Z"), *stamps[30:]])
    return Plant(text_of(dirty), text_of(frame.assign(timestamp=stamps + "Z")))


def mixed_formats() -> Plant:
    frame = walk(40)
    stamps = frame["timestamp"].dt.strftime("%Y-%m-%d")
    other = frame["timestamp"].dt.strftime("%d.%m.%Y")
    return Plant(text_of(frame.assign(timestamp=[*stamps[:30], *other[30:]])), text_of(frame.assign(timestamp=stamps)))


def short_header(text: str) -> list[str]:
    head, *rest = text.splitlines()
    return [head.replace("timestamp", "Date"), *(line.replace(" ", ",", 1) for line in rest)]


def reused() -> Plant:
    before, after = walk(100), walk(100, "2019-08-01", first=20.0)
    quiet = walk(100, "2019-08-01", first=float(before["close"].iloc[-1]))
    return Plant(panel(before, after), panel(before, quiet))


def carried(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[50:70, ["open", "high", "low", "close"]] = frame.loc[50, ["open", "high", "low", "close"]].to_numpy()
    return frame


def empty_row(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[33, ["open", "high", "low", "close"]] = np.nan
    return frame


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    for name in ("open", "high", "low"):
        frame.loc[::3, name] = frame.loc[::3, "close"]
    return frame


def hourly_short() -> Plant:
    slow = walk(60, symbol="AA")
    fast = walk(200, symbol="BBB", step="1h")
    return Plant(panel(slow, fast, walk(200, symbol="CCC", step="1h")), panel(slow, walk(60, symbol="BBB")))


def points() -> pd.DataFrame:
    frame = scaled(walk(), slice(0, 200), 1000)
    return frame.assign(**{name: frame[name].round() for name in ("open", "high", "low", "close")})


PLANTS: dict[str, Callable[[], Plant]] = {
    "short_header": lambda: Plant(
        "\n".join(short_header(text_of(naive(walk(40, step="1h"))))) + "\n", text_of(naive(walk(40, step="1h")))
    ),
    "ragged_lines": lambda: lines(one_line(7, lambda line: line + ",9")),
    "banner_lines": lambda: lines(one_line(0, lambda line: ["made by somebody", line])),
    "repeated_header": lambda: lines(lambda every: [*every[:30], every[0], *every[30:]]),
    "bad_number": lambda: lines(one_line(9, lambda line: line.replace(line.split(",")[4], "abc"))),
    "null_text": lambda: lines(one_line(9, lambda line: line.rpartition(",")[0] + ",NULL")),
    "bad_stamp": lambda: lines(one_line(9, lambda line: "yesterday" + line[line.index(",") :])),
    "mixed_stamp_formats": mixed_formats,
    "mixed_epochs": mixed_epochs,
    "mixed_zones": mixed_zones,
    "several_columns": lambda: Plant(walk().rename(columns={"volume": "tick_volume"})),
    "no_symbol_name": lambda: Plant(panel(walk(symbol="A")).pipe(cell("symbol", 5, "")), walk(symbol="A")),
    "refused_column": lambda: Plant(naive(walk())),
    "no_time_zone": lambda: Plant(naive(walk(40, step="1h")), walk(40, step="1h")),
    "unsorted": lambda: planted(lambda frame: frame.iloc[[0, 2, 1, *range(3, 120)]]),
    "descending": lambda: planted(lambda frame: frame.iloc[::-1]),
    "equal_duplicates": lambda: planted(lambda frame: frame.iloc[[*range(50), 49, *range(50, 120)]]),
    "conflicting_duplicates": lambda: planted(
        lambda frame: panel(frame[:50], frame[49:50].assign(volume=7.0), frame[50:])
    ),
    "mixed_frequency": hourly_short,
    "off_grid": lambda: planted(cell("timestamp", 119, pd.Timestamp("2019-05-01 13:07", tz="UTC"))),
    "implausible_stamp": lambda: planted(cell("timestamp", 0, pd.Timestamp("1700-01-01", tz="UTC"))),
    "end_stamped": lambda: Plant(session_minutes("09:05"), session_minutes("09:00"), tz="Europe/Berlin"),
    "dst_skipped": lambda: Plant(
        naive(walk(60, "2019-03-30", "1h")), naive(walk(20, "2019-03-30", "1h")), tz="Europe/Paris"
    ),
    "dst_doubled": doubled_hour,
    "dst_hole": lambda: Plant(local_hours("Europe/Berlin"), local_hours("UTC"), calendar="24/7"),
    "calendar_assumed": lambda: Plant(walk(), walk(), calendar="auto"),
    "missing_bars": lambda: planted(without(40, 41, 70)),
    "long_gap": lambda: planted(without(*range(40, 60))),
    "off_calendar": lambda: Plant(
        panel(five(), walk(1, "2019-01-05", symbol="S")), five()
    ),
    "ends_early": lambda: Plant(
        panel(walk(symbol="A"), walk(60, symbol="BB")), panel(walk(symbol="A"), walk(symbol="BB"))
    ),
    "ohlc_violation": lambda: planted(cell("high", 33, 1.0)),
    "non_positive": lambda: planted(cell("low", 33, 0.0)),
    "partial_bar": lambda: planted(cell("open", 33, np.nan)),
    "empty_bar": lambda: planted(empty_row),
    "infinite_value": lambda: planted(cell("volume", 33, np.inf)),
    "negative_volume": lambda: planted(cell("volume", 33, -1.0)),
    "zero_volume": lambda: planted(cell("volume", 33, 0.0)),
    "no_volume": lambda: planted(lambda frame: frame.assign(volume=0.0)),
    "flat_bar": lambda: planted(flat),
    "stale_run": lambda: planted(carried),
    "point_prices": lambda: Plant(points(), scaled(walk(), slice(0, 200), 1000)),
    "impossible_return": lambda: planted(lambda frame: scaled(frame, slice(60, 119), 60.0)),
    "outlier_return": lambda: planted(lambda frame: scaled(frame, slice(60, 119), 1.37)),
    "spike": lambda: planted(lambda frame: scaled(frame, slice(60, 60), 1.37)),
    "wick": lambda: planted(cell("high", 60, 170.0)),
    "split_like": lambda: planted(lambda frame: scaled(frame, slice(60, 119), 1 / 3)),
    "mixed_adjustment": lambda: planted(lambda frame: scaled(frame, slice(60, 90), 0.5)),
    "ticker_reuse": reused,
}  # fmt: skip


def codes_of(content: pd.DataFrame | str, folder: Path, name: str, options: dict[str, Any]) -> dict[str, list[Finding]]:
    path = folder / f"{name}.{'csv' if isinstance(content, str) else 'parquet'}"
    if isinstance(content, str):
        path.write_text(content)
    else:
        content.to_parquet(path, index=False)
    rest = dict(options)
    settings = ImportSettings(**{key: rest.pop(key) for key in ("tz", "stamp", "columns") if key in rest})
    codes: dict[str, list[Finding]] = {}
    for report in check_bars_at(path, settings, **rest):
        for finding in report.findings:
            codes.setdefault(finding.code, []).append(finding)
    return codes


def test_every_code_is_planted_once() -> None:
    assert PLANTS.keys() == CODES.keys()


@pytest.mark.parametrize("code", CODES)
def test_a_planted_defect_is_named(code: str, tmp_path: Path) -> None:
    plant = PLANTS[code]()
    named = codes_of(plant.dirty, tmp_path, "DIRTY", plant.options)
    assert code in named
    assert all(finding.count > 0 and finding.message and finding.todo for finding in named[code])


@pytest.mark.parametrize("code", [code for code in CODES if code != "calendar_assumed"])
def test_its_clean_twin_is_not_blamed(code: str, tmp_path: Path) -> None:
    plant = PLANTS[code]()
    assert code not in codes_of(plant.clean, tmp_path, "CLEAN", plant.options)


def test_a_calendar_that_was_asked_for_is_not_assumed(tmp_path: Path) -> None:
    assert "calendar_assumed" not in codes_of(walk(), tmp_path, "A", {"calendar": "24/7"})


def test_clean_bars_have_no_finding_but_the_calendar(tmp_path: Path) -> None:
    assert codes_of(walk(), tmp_path, "A", {}).keys() == {"calendar_assumed"}
    assert codes_of(text_of(walk()), tmp_path, "A", {}).keys() == {"calendar_assumed"}


def one(content: pd.DataFrame | str, folder: Path, code: str, **options: Any) -> Finding:
    (finding,) = codes_of(content, folder, "FILE", options)[code]
    return finding


def test_lines_of_a_text_file_are_counted_from_its_header(tmp_path: Path) -> None:
    finding = one(text_of(walk().pipe(cell("low", 33, -1.0))), tmp_path, "non_positive")
    assert (finding.rows, finding.count, finding.symbol) == ((35,), 1, "FILE")
    assert finding.stamps == (pd.Timestamp("2019-02-04").value,)


def test_a_banner_a_blank_line_and_a_ragged_one_do_not_shift_the_lines(tmp_path: Path) -> None:
    head, *rest = text_of(walk().pipe(cell("low", 33, -1.0))).splitlines()
    text = "\n".join(["banner", head, "", rest[0] + ",1", *rest[1:]]) + "\n"
    assert one(text, tmp_path, "non_positive").rows == (37,)
    assert one(text, tmp_path, "ragged_lines").rows == (4,)


def test_rows_of_a_parquet_file_are_counted_from_one_in_the_order_of_the_file(tmp_path: Path) -> None:
    frame = panel(walk(symbol="A"), walk(symbol="BB").pipe(cell("low", 3, -1.0)))
    assert one(frame, tmp_path, "non_positive").rows == (124,)


def test_duplicates_are_told_apart_and_counted_each(tmp_path: Path) -> None:
    frame = walk()
    doubled = panel(frame[:11], frame[10:11], frame[11:21], frame[20:21].assign(close=99.0), frame[21:])
    found = codes_of(doubled, tmp_path, "A", {})
    assert [(found[code][0].count, found[code][0].rows) for code in ("equal_duplicates", "conflicting_duplicates")] == [
        (1, (12,)),
        (1, (23,)),
    ]


def test_missing_bars_are_counted_as_holes_with_the_row_before_each(tmp_path: Path) -> None:
    finding = one(without(40, 41, 70)(walk()), tmp_path, "missing_bars", calendar="24/7")
    assert (finding.count, finding.rows) == (3, (40, 68))
    assert finding.stamps == tuple(pd.Timestamp(day).value for day in ("2019-02-11", "2019-03-13"))
    assert "3 of 120 bars missing (2.50%) in 2 holes" in finding.message


def new_york(days: slice = slice(None)) -> pd.DataFrame:
    sessions = pd.bdate_range("2019-03-01", "2019-06-28").difference(pd.DatetimeIndex(["2019-04-19", "2019-05-27"]))[
        days
    ]
    return walk(len(sessions)).assign(timestamp=sessions.tz_localize("UTC"))


def test_an_exchange_knows_its_holidays(tmp_path: Path) -> None:
    frame = new_york()
    assert not codes_of(frame, tmp_path, "A", {"calendar": "XNYS"})
    stray = frame.assign(timestamp=frame["timestamp"].where(frame.index != 34, pd.Timestamp("2019-04-19", tz="UTC")))
    named = codes_of(stray, tmp_path, "B", {"calendar": "XNYS"})
    assert named.keys() == {"off_calendar", "missing_bars"}  # Good Friday is there, the day before it is not
    assert named["off_calendar"][0].rows == (35,)


def test_new_york_is_recognised_and_said(tmp_path: Path) -> None:
    finding = one(new_york(), tmp_path, "calendar_assumed")
    assert finding.message.startswith("XNYS: 84 of 84 days with bars are sessions of New York")


def test_sessions_in_utc_follow_the_clocks_of_the_exchange(tmp_path: Path) -> None:
    days = new_york()["timestamp"].dt.strftime("%Y-%m-%d")
    stamps = [stamp for day in days for stamp in pd.date_range(f"{day} 09:30", periods=13, freq="30min")]
    local = pd.DatetimeIndex(stamps).tz_localize("America/New_York").tz_convert("UTC")
    frame = walk(len(local)).assign(timestamp=local)
    assert not codes_of(frame, tmp_path, "A", {"calendar": "XNYS"})
    finding = one(
        without(26, 30, 31, 51)(frame), tmp_path, "missing_bars", calendar="XNYS"
    )  # a first and a last bar too
    assert (finding.count, finding.rows) == (4, (26, 29, 48))


def test_the_week_of_foreign_exchange_ends_on_friday_evening(tmp_path: Path) -> None:
    stamps = pd.date_range("2019-01-06 22:00", "2019-03-01 21:00", freq="1h", tz="UTC")
    week = (stamps.day_of_week * 24 + stamps.hour).to_numpy()
    frame = (
        walk(len(stamps)).assign(timestamp=stamps)[(week < 4 * 24 + 22) | (week >= 6 * 24 + 22)].reset_index(drop=True)
    )
    assert codes_of(frame, tmp_path, "A", {}).keys() == {"calendar_assumed"}
    assert one(frame, tmp_path, "calendar_assumed").message.startswith("24/5")
    assert one(without(50)(frame), tmp_path, "missing_bars").count == 1


@pytest.mark.parametrize(
    ("factor", "text"), [(1 / 2, "2:1"), (2 / 3, "3:2"), (1 / 7, "7:1"), (1 / 4, "4:1"), (10, "1:10"), (3, "1:3")]
)
def test_split_ratios_are_named(factor: float, text: str, tmp_path: Path) -> None:
    finding = one(scaled(walk(), slice(60, 119), factor), tmp_path, "split_like")
    assert f"{text} on 2019-03-03" in finding.message


@pytest.mark.parametrize("factor", [0.75, 1.5, 0.45])
def test_falls_and_rises_beside_the_ratios_are_outliers(factor: float, tmp_path: Path) -> None:
    shifted = scaled(walk(), slice(60, 119), factor * 1.04)
    named = codes_of(shifted, tmp_path, "A", {})
    assert "split_like" not in named
    assert "outlier_return" in named


def test_a_crash_of_a_half_is_no_error(tmp_path: Path) -> None:
    named = codes_of(scaled(walk(), slice(60, 119), 0.5), tmp_path, "A", {})
    assert all(finding.severity != "error" for findings in named.values() for finding in findings)


def test_a_move_of_the_whole_market_is_nobodys_outlier(tmp_path: Path) -> None:
    def market(count: int) -> list[pd.DataFrame]:
        return [scaled(walk(symbol=f"S{'X' * n}"), slice(60, 119), 1.37 if n < count else 1.0) for n in range(7)]

    assert "outlier_return" not in codes_of(panel(*market(7)), tmp_path, "A", {})
    alone = codes_of(panel(*market(1)), tmp_path, "B", {})
    assert [finding.symbol for finding in alone["outlier_return"]] == ["S"]


def test_known_splits_are_explained(tmp_path: Path) -> None:
    actions = tmp_path / "actions.csv"
    actions.write_text("timestamp,symbol,action,value\n2019-03-03,A,split,3\n")
    frame = scaled(walk(symbol="A"), slice(60, 119), 1 / 3)
    assert "split_like" in codes_of(frame, tmp_path, "F", {})
    assert codes_of(frame, tmp_path, "F", {"actions": actions}).keys() == {"calendar_assumed"}


def test_stamps_of_ends_become_starts(tmp_path: Path) -> None:
    ends = session_minutes("09:05")
    (asked,) = check_bars_at(written(ends, tmp_path), ImportSettings(tz="UTC"))
    (told,) = check_bars_at(written(ends, tmp_path), ImportSettings(tz="UTC", stamp="end"))
    assert asked.first - told.first == 5 * 60 * 10**9
    assert "end_stamped" in {finding.code for finding in asked.findings}
    assert "end_stamped" not in {finding.code for finding in told.findings}


def written(frame: pd.DataFrame, folder: Path, name: str = "A.parquet") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, index=False)
    return path


def test_wall_clocks_are_read_in_their_zone(tmp_path: Path) -> None:
    path = written(naive(walk(40, "2019-01-02", "1h")), tmp_path)
    (report,) = check_bars_at(path, ImportSettings(tz="America/New_York"))
    assert report.first == pd.Timestamp("2019-01-02 05:00").value


def test_the_hour_that_is_twice_is_read_as_summer_then_winter_time(tmp_path: Path) -> None:
    frame = walk(12, "2019-10-26 22:00", "1h")
    local = frame["timestamp"].dt.tz_convert("Europe/Berlin").dt.tz_localize(None)
    (report,) = check_bars_at(written(frame.assign(timestamp=local), tmp_path), ImportSettings(tz="Europe/Berlin"))
    assert {finding.code for finding in report.findings} == {
        "dst_doubled",
        "calendar_assumed",
        "refused_column",  # a run is told no zone
    }
    assert (np.diff(report.ordered.rows.times) == 3600 * 10**9).all()


def test_a_store_is_checked_one_frequency_after_the_other(tmp_path: Path) -> None:
    written(walk(), tmp_path, "store/1d/AAA.parquet")
    written(walk().pipe(cell("low", 3, -1.0)), tmp_path, "store/1d/BBB.parquet")
    written(walk(step="1h"), tmp_path, "store/1h/AAA.parquet")
    hourly, daily = check_bars_at(tmp_path / "store")
    assert (hourly.frequency, hourly.symbols, daily.symbols) == ("1h", ("AAA",), ("AAA", "BBB"))
    assert [(f.symbol, f.rows) for f in daily.of_severity("error")] == [("BBB", (4,))]
    assert [len(check_bars_at(tmp_path / "store", ImportSettings(frequency=f))) for f in ("1d", "1h")] == [1, 1]


def test_only_the_symbols_asked_for_are_checked(tmp_path: Path) -> None:
    path = written(panel(walk(symbol="A"), walk(symbol="BB").pipe(cell("low", 3, -1.0))), tmp_path)
    (report,) = check_bars_at(path, symbols=["A"])
    assert (report.symbols, report.rows, report.of_severity("error")) == (("A",), 120, ())
    with pytest.raises(DataError, match="holds no symbol 'AB'"):
        check_bars_at(path, symbols=["AB"])


def test_scores_fall_with_the_share_of_bars_concerned(tmp_path: Path) -> None:
    def score(*rows: int) -> float:
        frame = walk()
        frame.loc[list(rows), "volume"] = -1.0
        return check_bars_at(written(frame, tmp_path))[0].score

    assert score() == 100
    assert score(3) == pytest.approx(100 - 15 - 100 / 120, abs=0.05)
    assert score(*range(100)) == 50


def test_an_unknown_calendar_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown calendar 'XNYY'; did you mean 'XNYS'"):
        check_bars_at(written(walk(), tmp_path), calendar="XNYY")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("A.csv", "", "it is empty"),
        ("A.csv", "a,b\n1,2\n", "must have a header with open, high, low and close"),
        ("A.csv", "date,open,high,low,close\n", "no row of it can be read"),
        ("A.xls", "x", "must be a CSV, Parquet or Feather file"),
        ("A.parquet", "x", "must be a whole Parquet file"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused(name: str, content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        check_bars_at(path)


def test_progress_ends_at_its_total(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    check_bars_at(written(walk(), tmp_path), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_whole_counts_in_a_parquet_file_are_read_in_every_unit(unit: str, tmp_path: Path) -> None:
    per = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    first = 1_502_928_000_000_000_000 // per + 1  # one beyond what a float of ns could tell
    frame = walk(40).assign(timestamp=[first + n * 86_400 * 10**9 // per for n in range(40)])
    (report,) = check_bars_at(written(frame, tmp_path))
    assert report.first == first * per
    assert report.frequency == "1d"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.assign(close=frame.close.astype(str)), "close must hold numbers; it holds"),
        (naive, "timestamp must have a time zone; it has no time zone"),
        (lambda frame: naive(frame).assign(timestamp=range(1_577_836_800, 1_577_836_920)), "it holds int64"),
        (lambda frame: frame.rename(columns={"timestamp": "when"}), "no timestamp among when, open"),
        (lambda frame: frame.assign(date=frame.timestamp), "timestamp must be one column; found timestamp, date"),
    ],
)
def test_columns_that_a_run_refuses_are_errors_in_the_same_words(change: Change, message: str, tmp_path: Path) -> None:
    path = written(change(walk()), tmp_path)
    (report,) = check_bars_at(path)
    (finding,) = report.of_severity("error")
    assert (finding.code, finding.severity) == ("refused_column", "error")
    assert message in finding.message
    with pytest.raises(DataError) as refusal:
        load_bars(DataSettings(path=str(path)))
    assert finding.message.removeprefix("a run refuses this file: ") in str(refusal.value)


@pytest.mark.parametrize("name", ["", " "])
def test_a_blank_symbol_is_refused_by_check_and_run(name: str, tmp_path: Path) -> None:
    path = written(walk().assign(symbol=name), tmp_path)
    with pytest.raises(DataError, match="120 rows without the name of a symbol: complete or remove these rows"):
        check_bars_at(path)
    with pytest.raises(DataError, match="every row must name its symbol; found 120 with a blank name: complete"):
        load_bars(DataSettings(path=str(path)))


def test_spikes_are_told_in_one_and_in_many(tmp_path: Path) -> None:
    def jump(frame: pd.DataFrame, *rows: int) -> pd.DataFrame:
        for row in rows:
            frame = scaled(frame, slice(row, row), 1.5)
        return frame

    assert one(jump(walk(), 60), tmp_path, "spike").message.startswith("1 bar with a jump away and back, first")
    assert one(jump(walk(), 30, 90), tmp_path, "spike").message.startswith("2 bars with a jump away and back, first")
