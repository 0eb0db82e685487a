"""Each repair of bars by hand: what it mends, what it leaves, and what it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from stratkit.data.bars import FIELDS
from stratkit.data.clean_settings import CleanSettings
from stratkit.data.cleaning import Cleaning, clean_rows, obstacle
from stratkit.data.findings import CODES, Finding, found
from stratkit.data.raw_rows import RawRows
from stratkit.data.repairs import REPAIRS, SETTLED, chosen_repairs
from stratkit.data.rows import Rows
from stratkit.errors import UsageError
from stratkit.panel import NS_PER_DAY, format_time, parse_time

HOUR = NS_PER_DAY // 24
NAN = float("nan")
Row = tuple[float, ...]


def raw_rows(*rows: Row, step: int = NS_PER_DAY, aware: bool = True, symbol: str = "AAA") -> RawRows:
    """Rows of one symbol: (time in steps, open, high, low, close[, volume]), on lines 2, 3, ..."""
    table = np.array([row if len(row) == 6 else (*row, 1000.0) for row in rows])
    values = {name: table[:, place].copy() for place, name in enumerate(FIELDS, start=1)}
    times = (table[:, 0] * step).astype(np.int64)
    held = Rows((symbol,), np.array([0, len(rows)]), times, **values)
    return RawRows(Path("x.csv"), held, np.arange(len(rows)) + 2, aware, "UTC" if aware else None, (), "line")


def bar(time: float, close: float = 10.0, volume: float = 1000.0) -> Row:
    return (time, close, close, close, close, volume)


def clean(raw: RawRows, findings: Sequence[Finding] = (), **settings: object) -> Cleaning:
    return clean_rows(raw, findings, CleanSettings.model_validate(settings))


def lines(cleaning: Cleaning) -> list[int]:
    return [int(line) for line in cleaning.after.line]


def test_rows_are_sorted_and_equal_stamps_keep_their_order() -> None:
    done = clean(raw_rows(bar(3), bar(1), bar(2, 5.0), bar(2, 6.0)))
    assert lines(done) == [3, 4, 5, 2]
    assert [(change.repair.name, change.touched) for change in done.changes] == [("sort", 4)]


def test_rows_in_order_are_left_alone() -> None:
    assert clean(raw_rows(bar(1), bar(2))).changes == ()


def test_a_row_that_is_said_again_goes_even_when_another_stands_between() -> None:
    done = clean(raw_rows(bar(1), bar(1, 11.0), bar(1), bar(2, NAN), bar(2, NAN)), repairs=("equal_duplicates",))
    assert lines(done) == [2, 3, 5]


@pytest.mark.parametrize(("keep", "left"), [("first", [2, 5]), ("last", [4, 5]), ("volume", [3, 5])])
def test_one_row_of_a_stamp_stays_as_asked(keep: str, left: list[int]) -> None:
    raw = raw_rows(bar(1, 10.0, 5.0), bar(1, 11.0, 7.0), bar(1, 12.0, NAN), bar(2))
    assert lines(clean(raw, keep=keep)) == left


def test_of_equal_volumes_the_first_row_stays() -> None:
    assert lines(clean(raw_rows(bar(1, 10.0), bar(1, 11.0)), keep="volume")) == [2]


def test_which_row_of_a_stamp_stays_is_never_guessed() -> None:
    raw = raw_rows(bar(1, 10.0), bar(1, 11.0))
    conflict = found("conflicting_duplicates", "", count=1, rows=np.array([3]))
    done = clean(raw, [conflict])
    assert lines(done) == [2, 3]
    assert [(offer.name, offer.count, offer.ask) for offer in done.offers] == [
        ("keep_one", 1, "--keep first, last or volume")
    ]


def test_rows_without_sound_prices_go() -> None:
    raw = raw_rows(
        bar(1), bar(2, NAN), (3, 10, 10, NAN, 10), bar(4, 0.0), bar(5, -1.0), bar(6, np.inf), bar(7, 9.0, np.inf)
    )
    done = clean(raw)
    assert lines(done) == [2]
    assert [(change.repair.name, change.touched) for change in done.changes] == [
        ("drop_incomplete", 2), ("drop_infinite", 2), ("drop_non_positive", 2)
    ]  # fmt: skip


def test_high_and_low_are_widened_by_tiny_amounts_only() -> None:
    raw = raw_rows((1, 100.0, 100.0, 99.0, 100.005), (2, 100.0, 101.0, 99.0, 102.0), (3, 98.995, 100.0, 99.0, 99.5))
    done = clean(raw)
    assert lines(done) == [2, 4]  # 0.5 bps outside; 200 bps go
    assert done.after.rows.high.tolist() == [100.005, 100.0]
    assert done.after.rows.low.tolist() == [99.0, 98.995]
    wide = clean(raw, widen_bps=300.0)
    assert lines(wide) == [2, 3, 4]
    assert wide.after.rows.high.tolist() == [100.005, 102.0, 100.0]
    assert lines(clean(raw, widen_bps=0.0)) == []


def test_a_crossed_bar_is_widened_both_ways_when_the_limit_allows_it() -> None:
    done = clean(raw_rows((1, 10.0, 9.9, 10.1, 10.0)), widen_bps=200.0)
    assert (done.after.rows.high.tolist(), done.after.rows.low.tolist()) == ([10.1], [9.9])


def test_a_negative_volume_is_unknown() -> None:
    done = clean(raw_rows(bar(1, 10.0, -5.0), bar(2)))
    assert np.isnan(done.after.rows.volume[0])
    assert done.after.rows.volume[1] == 1000.0


def test_prices_are_divided_by_the_scale_and_volumes_are_not() -> None:
    done = clean(raw_rows(bar(1, 129000.0)), price_scale=100000.0)
    assert done.after.rows.close.tolist() == [1.29]
    assert done.after.rows.volume.tolist() == [1000.0]


def test_stamps_of_ends_move_one_bar_back() -> None:
    raw = raw_rows(bar(9), bar(10), bar(11), bar(14), step=HOUR)
    assert (clean(raw, stamp="end").after.rows.times // HOUR).tolist() == [8, 9, 10, 13]
    assert (clean(raw, stamp="end", frequency="2h").after.rows.times // HOUR).tolist() == [7, 8, 9, 12]
    assert clean(raw).after.rows.times.tolist() == raw.rows.times.tolist()


def test_the_end_of_a_month_is_no_fixed_length() -> None:
    with pytest.raises(UsageError, match="monthly bars must be stamped at their start"):
        clean(raw_rows(bar(1), bar(2)), stamp="end", frequency="1mo")
    with pytest.raises(UsageError, match="say it with --frequency"):
        clean(raw_rows(bar(1)), stamp="end")


def test_a_wall_clock_is_read_in_its_zone_and_hours_that_are_no_moment_go() -> None:
    clocks = ["2020-03-29T01:00", "2020-03-29T02:30", "2020-03-29T03:00", "2020-10-25T02:30", "2020-10-25T12:00"]
    raw = raw_rows(*(bar(parse_time(clock) / HOUR) for clock in clocks), step=HOUR, aware=False)
    done = clean(raw, tz="Europe/Berlin")
    assert [format_time(int(time)) for time in done.after.rows.times] == [
        "2020-03-29", "2020-03-29 01:00", "2020-10-25 11:00"
    ]  # fmt: skip
    assert lines(done) == [2, 4, 6]
    assert obstacle(clean(raw)) is not None
    assert obstacle(done) is None


def test_dates_are_no_wall_clock() -> None:
    raw = raw_rows(bar(1), bar(2), aware=False)
    assert clean(raw, tz="America/New_York").after.rows.times.tolist() == raw.rows.times.tolist()
    assert obstacle(clean(raw)) is None


@pytest.mark.parametrize("rare", ["with", "without"])
def test_only_stamps_without_a_zone_are_read_in_the_zone(tmp_path: Path, rare: str) -> None:
    naive, aware = "2020-01-02 10:00,1,1,1,1", "2020-01-02 10:00:00Z,1,1,1,1"
    text = [naive, naive, aware] if rare == "with" else [aware, aware, naive]
    path = tmp_path / "x.csv"
    path.write_text("timestamp,open,high,low,close\n" + "\n".join(text) + "\n")
    raw = raw_rows(*(bar(10),) * 3, step=HOUR)
    raw = RawRows(path, raw.rows, raw.line, True, "UTC", (), "line")
    few = found("mixed_zones", "", count=1, rows=np.array([4]))
    hours = (clean(raw, [few], tz="Europe/Berlin", repairs=("localize",)).after.rows.times // HOUR).tolist()
    assert hours == ([9, 9, 10] if rare == "with" else [10, 10, 9])


@pytest.mark.parametrize(
    "code", ["spike", "wick", "off_calendar", "off_grid", "impossible_return", "implausible_stamp"]
)
def test_bars_go_on_suspicion_only_when_asked_for(code: str) -> None:
    raw = raw_rows(bar(1), bar(2, 99.0), bar(3))
    suspect = found(code, "", count=1, rows=np.array([3]))
    assert lines(clean(raw, [suspect])) == [2, 3, 4]
    assert [offer.code for offer in clean(raw, [suspect]).offers] == [code]
    assert lines(clean(raw, [suspect], repairs=(code,))) == [2, 4]
    assert lines(clean(raw, [suspect], repairs=("safe", code), price_scale=2.0)) == [2, 4]
    assert clean(raw, [suspect], repairs=(code,), price_scale=2.0).after.rows.close.tolist() == [10.0, 10.0]
    assert clean(raw, [suspect], repairs=("safe", code), price_scale=2.0).after.rows.close.tolist() == [5.0, 5.0]


def write_splits(folder: Path, *rows: str) -> str:
    path = folder / "actions.csv"
    path.write_text("timestamp,symbol,action,value\n" + "\n".join(rows) + "\n")
    return str(path)


def test_a_stretch_before_a_split_is_adjusted_where_it_was_not(tmp_path: Path) -> None:
    # adjusted until day 2, then as traded until the split of day 5
    closes = [50.0, 51.0, 102.0, 103.0, 52.0, 53.0]
    raw = raw_rows(*(bar(day, close) for day, close in enumerate(closes, start=1)))
    done = clean(raw, actions_path=write_splits(tmp_path, "1970-01-06,AAA,split,2", "1970-01-06,ZZZ,split,3"))
    assert done.after.rows.close.tolist() == [50.0, 51.0, 51.0, 51.5, 52.0, 53.0]
    assert done.after.rows.volume.tolist() == [1000.0, 1000.0, 2000.0, 2000.0, 1000.0, 1000.0]


def test_two_splits_are_both_applied_to_what_was_before_them(tmp_path: Path) -> None:
    raw = raw_rows(*(bar(day, close) for day, close in enumerate([84.0, 42.0, 42.0, 6.0], start=1)))
    splits = write_splits(tmp_path, "1970-01-03,AAA,split,2", "1970-01-05,AAA,split,7")
    assert clean(raw, actions_path=splits).after.rows.close.tolist() == [6.0, 6.0, 6.0, 6.0]


@pytest.mark.parametrize("row", ["1970-01-03,AAA,split,2", "1970-01-01,AAA,split,2", "1970-02-01,AAA,split,2",
                                 "1970-01-03,AAA,split,1", "1970-01-03,AAA,dividend,1"])  # fmt: skip
def test_a_split_that_the_price_does_not_show_changes_nothing(tmp_path: Path, row: str) -> None:
    raw = raw_rows(bar(1, 50.0), bar(2, 51.0), bar(3, 49.0))
    assert clean(raw, actions_path=write_splits(tmp_path, row)).changes == ()


def test_splits_need_rows_in_order(tmp_path: Path) -> None:
    splits = write_splits(tmp_path, "1970-01-03,AAA,split,2")
    with pytest.raises(UsageError, match="ask for the repairs sort and keep as well"):
        clean(raw_rows(bar(2), bar(1)), actions_path=splits, repairs=("apply_splits",))


def test_a_repair_asked_for_by_name_must_be_told_what_it_needs() -> None:
    for name, option in (("keep_one", "--keep"), ("localize", "--tz"), ("shift_to_start", "--stamp end"),
                         ("scale_prices", "--price-scale"), ("apply_splits", "--actions")):  # fmt: skip
        with pytest.raises(UsageError, match=f"--repair {name} must be told more: add {option}"):
            clean(raw_rows(bar(1)), repairs=(name,))


def test_repairs_are_named_by_themselves_or_by_a_finding() -> None:
    assert [repair.name for repair in chosen_repairs(["ohlc_violation", "sort"])] == [
        "sort",
        "widen_range",
        "drop_crossed",
    ]
    assert chosen_repairs(["repeated_header"]) == []  # reading settles it
    with pytest.raises(UsageError, match="found 'sorts'; did you mean 'sort'"):
        chosen_repairs(["sorts"])
    with pytest.raises(UsageError, match="--repair long_gap: nothing repairs this; get the data again"):
        chosen_repairs(["long_gap"])


def test_every_repair_is_for_codes_that_exist_and_says_why() -> None:
    for repair in REPAIRS.values():
        assert set(repair.codes) <= set(CODES)
        assert repair.reason
    assert set(SETTLED) <= set(CODES)


def test_every_error_that_promises_a_repair_has_one() -> None:
    repaired = {code for repair in REPAIRS.values() for code in repair.codes} | set(SETTLED)
    promised = {code.name for code in CODES.values() if "data clean" in code.todo}
    assert promised <= repaired


def test_lines_that_reading_leaves_out_are_shown_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("timestamp,open,high,low,close\n2020-01-02,1,1,1,1\ntimestamp,open,high,low,close\n")
    raw = raw_rows(bar(1))
    raw = RawRows(path, raw.rows, raw.line, True, "UTC", (), "line")
    header = found("repeated_header", "", count=1, rows=np.array([3]))
    (settled,) = clean(raw, [header]).settled
    assert (settled.name, settled.left_out, settled.text) == (
        "drop_headers",
        True,
        {3: "timestamp,open,high,low,close"},
    )
