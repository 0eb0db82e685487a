"""`stratkit data clean`: what it proposes, what it writes only when told, and how it is taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from command_line import Stratkit, WriteBars

DIRTY = (
    "date,open,high,low,close,volume\n"
    "2020-01-03,11,13,10,12,200\n"
    "2020-01-02,10,12,9,11,100\n"
    "2020-01-06,12,13,11,12,5\n"
    "2020-01-06,12,13,11,12.5,7\n"
    "2020-01-07,0,0,0,0,0\n"
)
HOURS = "timestamp,open,high,low,close\n" + "".join(
    f"2020-01-0{day} {hour:02}:00,10,11,9,10.5\n" for day in (2, 3, 6) for hour in range(9, 18)
)


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    path = tmp_path / "acme.csv"
    path.write_text(DIRTY)
    return path


def test_repairs_are_proposed_and_nothing_is_written(stratkit: Stratkit, dirty: Path, tmp_path: Path) -> None:
    for arguments in ((), ("--dry-run",), ("--out", "clean.parquet")):
        done = stratkit("data", "clean", dirty, *arguments)
        assert done.code == 0
        assert "begins 2020-01-03" in done.out
        assert "drop_non_positive" in done.out
        assert "o 0 h 0 l 0 c 0" in done.out
        assert "--keep first, last or volume" in done.out
        assert "5 rows read, 4 would be written" in done.out
        assert "nothing was written: add --apply --out FILE.parquet" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme.csv"]


def test_applied_repairs_make_bars_that_a_run_takes(stratkit: Stratkit, dirty: Path, tmp_path: Path) -> None:
    done = stratkit("data", "clean", dirty, "--apply", "--out", "new/clean.parquet", "--keep", "last")
    assert done.code == 0
    assert "5 rows read, 3 written" in done.out
    assert "errors: none" in done.out
    shown = stratkit("data", "show", "new/clean.parquet", "--json")
    assert [row["close"] for row in shown.json["rows"]] == [11, 12, 12.5]
    assert dirty.read_text() == DIRTY
    again = stratkit("data", "clean", dirty, "--apply", "--out", "new/clean.parquet")
    assert again.code == 4
    assert "add --overwrite" in again.err
    over = stratkit("data", "clean", dirty, "--apply", "--out", "new/clean.parquet", "--overwrite", "--keep", "first")
    assert over.code == 0
    assert stratkit("data", "show", "new/clean.parquet", "--json").json["rows"][2]["close"] == 12


def test_errors_that_are_left_are_said(stratkit: Stratkit, dirty: Path) -> None:
    done = stratkit("data", "clean", dirty, "--apply", "--out", "clean.parquet")
    assert done.code == 0
    assert "errors: conflicting_duplicates 1" in done.out
    assert "errors are left: stratkit data check clean.parquet says where" in done.err


def test_only_repairs_that_are_named_take_part(stratkit: Stratkit, dirty: Path) -> None:
    record = stratkit("data", "clean", dirty, "--repair", "unsorted", "--json").json["files"][0]
    assert [repair["repair"] for repair in record["repairs"]] == ["sort"]
    assert {offer["name"] for offer in record["offers"]} == {"keep_one", "drop_non_positive"}
    record = stratkit("data", "clean", dirty, "--repair", "safe", "--repair", "keep_one", "--keep", "volume", "--json")
    names = [repair["repair"] for repair in record.json["files"][0]["repairs"]]
    assert names == ["sort", "drop_non_positive", "keep_one"]


def test_json_holds_proposals_result_and_what_is_left(stratkit: Stratkit, dirty: Path) -> None:
    (proposed,) = stratkit("data", "clean", dirty, "--json").json["files"]
    assert (proposed["rows_read"], proposed["rows_written"], proposed["result"]) == (5, 4, None)
    assert (proposed["remaining"], proposed["obstacle"]) == (None, None)
    zeros = next(repair for repair in proposed["repairs"] if repair["repair"] == "drop_non_positive")
    assert zeros["example"] == {"where": "line 6: ACME, 2020-01-07", "before": "o 0 h 0 l 0 c 0", "after": "taken out"}
    (done,) = stratkit("data", "clean", dirty, "--apply", "--out", "a.parquet", "--json").json["files"]
    assert (done["result"], done["log"]) == ("a.parquet", "a.log.jsonl")
    assert "conflicting_duplicates" in {finding["code"] for finding in done["remaining"]}


def test_a_cleaning_is_undone_from_its_log(stratkit: Stratkit, dirty: Path, tmp_path: Path) -> None:
    stratkit("data", "clean", dirty, "--apply", "--out", "clean.parquet", "--price-scale", "7")
    done = stratkit("data", "clean", "--undo", "clean.log.jsonl", "--out", "back.parquet")
    assert done.code == 0
    assert "5 rows as they were read written to back.parquet" in done.out
    assert pd.read_parquet(tmp_path / "back.parquet")["close"].tolist() == [12, 11, 12, 12.5, 0]
    record = stratkit("data", "clean", "--undo", "clean.log.jsonl", "--out", "b.parquet", "--json").json
    assert record == {"undone": "clean.log.jsonl", "out": "b.parquet", "rows": 5}
    broken = stratkit("data", "clean", "--undo", "acme.csv", "--out", "c.parquet")
    assert broken.code == 3
    assert "must be the log of a cleaning" in broken.err


def test_a_wall_clock_waits_for_its_zone(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text(HOURS)
    proposed = stratkit("data", "clean", "h.csv")
    assert "--tz ZONE" in proposed.out
    assert "these bars cannot be written yet: stamps with a time of day must have a time zone" in proposed.err
    refused = stratkit("data", "clean", "h.csv", "--apply", "--out", "h.parquet")
    assert refused.code == 3
    assert not (tmp_path / "h.parquet").exists()
    done = stratkit(
        "data", "clean", "h.csv", "--apply", "--out", "h.parquet", "--tz", "Europe/Berlin", "--stamp", "end"
    )
    assert done.code == 0
    shown = stratkit("data", "show", "h.parquet", "--json").json
    assert shown["rows"][0]["time"] == "2020-01-02 07:00"
    longer = ("--tz", "Europe/Berlin", "--stamp", "end", "--frequency", "2h", "--json")
    zone, shift = stratkit("data", "clean", "h.csv", *longer).json["files"][0]["repairs"]
    assert (zone["example"]["before"], zone["example"]["after"]) == ("2020-01-02 09:00", "2020-01-02 08:00")
    assert (shift["example"]["before"], shift["example"]["after"]) == ("2020-01-02 08:00", "2020-01-02 06:00")


def test_reading_options_reach_the_reader(stratkit: Stratkit, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a vendor\nsome;more;words;1;1;\n02/01/2020;10;12;9;11;\n03/01/2020;11;13;10;0;\n")
    read: tuple[str, ...] = (
        "--skip-rows",
        "2",
        "--names",
        "day,open,high,low,close,none",
        "--delimiter",
        ";",
        "--symbol",
        "XYZ",
    )
    read += ("--column", "timestamp=day", "--date-format", "%d/%m/%Y")
    record = stratkit("data", "clean", "a.txt", *read, "--json").json["files"][0]
    assert (record["rows_read"], record["rows_written"]) == (2, 1)
    assert record["repairs"][0]["example"]["where"] == "line 4: XYZ, 2020-01-03"


def test_widening_and_calendar_are_passed_on(stratkit: Stratkit, write_bars: WriteBars) -> None:
    def tight(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[3, "high"] = frame.loc[3, ["open", "close"]].max() * 0.9995
        return frame

    path = write_bars(tight)
    names = [
        [repair["repair"] for repair in stratkit("data", "clean", path, *more, "--json").json["files"][0]["repairs"]]
        for more in ((), ("--widen-bps", "10"))
    ]
    assert names == [["drop_crossed"], ["widen_range"]]
    always, exchange = (
        {
            offer["code"]
            for offer in stratkit("data", "clean", path, "--calendar", name, "--json").json["files"][0]["offers"]
        }
        for name in ("24/7", "XNYS")
    )
    assert "off_calendar" in exchange - always


def test_splits_are_applied_from_a_file_of_actions(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    def split(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[:99, ["open", "high", "low", "close"]] *= 4
        return frame

    (tmp_path / "actions.csv").write_text("timestamp,symbol,action,value\n2020-04-10,ACME,split,4\n")
    path = write_bars(split)
    assert "--actions FILE" in stratkit("data", "clean", path).out
    done = stratkit("data", "clean", path, "--actions", "actions.csv", "--apply", "--out", "out.parquet")
    assert done.code == 0
    mended, right = pd.read_parquet(tmp_path / "out.parquet"), pd.read_parquet(write_bars(name="RIGHT"))
    assert mended["close"].tolist() == right["close"].tolist()
    assert mended["volume"].tolist() == [4e6] * 100 + [1e6] * 200


def test_several_files_go_to_a_folder(stratkit: Stratkit, write_bars: WriteBars, dirty: Path, tmp_path: Path) -> None:
    bars = write_bars(name="BBB")
    refused = stratkit("data", "clean", dirty, bars, "--apply", "--out", "all.parquet")
    assert refused.code == 2
    assert "--out must be a folder for 2 files" in refused.err
    done = stratkit("data", "clean", dirty, bars, "--apply", "--out", "all")
    assert done.code == 0
    assert "nothing to repair" in done.out
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == [
        "BBB.log.jsonl", "BBB.parquet", "acme.log.jsonl", "acme.parquet"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "a file to clean must be named"),
        (("acme.csv", "--apply"), "--apply needs a new file to write to"),
        (("acme.csv", "--apply", "--dry-run", "--out", "a.parquet"), "exclude each other"),
        (("acme.csv", "--repair", "srot"), "did you mean 'sort'?"),
        (("acme.csv", "--repair", "keep_one"), "--repair keep_one must be told more: add --keep"),
        (("acme.csv", "--tz", "Mars"), "--tz: must be a time zone"),
        (("acme.csv", "--price-scale", "0"), "--price-scale"),
        (("acme.csv", "--widen-bps", "-1"), "--widen-bps"),
        (("acme.csv", "--frequency", "1x"), "--frequency"),
        (("acme.csv", "--keep", "best"), "--keep"),
        (("acme.csv", "--undo", "x.jsonl"), "--undo takes the log alone"),
        (("--undo", "x.jsonl"), "--undo needs a file"),
    ],
)
def test_wrong_options_are_usage_errors(
    stratkit: Stratkit, dirty: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = stratkit("data", "clean", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert message in " ".join(done.err.split())


def test_bars_that_are_not_there_are_a_data_error(stratkit: Stratkit) -> None:
    done = stratkit("data", "clean", "no.csv")
    assert done.code == 3
    assert "must be a file of bars; there is none" in done.err


def test_adjusted_prices_change_a_run_and_its_digest(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text(
        "timestamp,symbol,action,value\n2020-04-10,ACME,split,4\n2020-06-01,ACME,dividend,2\n"
    )
    path = write_bars()
    runs = {}
    for adjust in ("none", "splits", "total"):
        done = stratkit("backtest", "--data", path, "--strategy", "buy_and_hold", "--no-report", "--json",
                        "--set", f"data.adjust={adjust}", "--set", "data.actions_path=actions.csv")  # fmt: skip
        assert done.code == 0
        runs[adjust] = done.json
    assert len({run["data"]["digest"] for run in runs.values()}) == 3
    assert "adjusted for splits and dividends (2 of 2 events of actions.csv)" in runs["total"]["data"]["source"]
    growth = {
        name: next(one["value"] for one in run["metrics"] if one["name"] == "total_return")
        for name, run in runs.items()
    }
    # splits are booked on raw prices and dividends are paid in cash; total reinvests them
    assert growth["none"] == pytest.approx(growth["splits"], rel=1e-9)
    assert growth["splits"] < growth["total"]
    refused = stratkit("backtest", "--data", path, "--set", "data.adjust=total")
    assert refused.code == 2
    assert "adjust total needs a file of splits and dividends" in refused.err


def test_columns_left_out_are_said_and_logged(stratkit: Stratkit, write_bars: WriteBars, tmp_path: Path) -> None:
    path = write_bars(lambda frame: frame.assign(adj_close=frame.close, **{"bid.open": 1.0}))
    done = stratkit("data", "clean", path, "--apply", "--out", "new.parquet")
    assert done.code == 0
    assert "columns left out: adj_close, bid.open" in done.out
    head = json.loads((tmp_path / "new.log.jsonl").read_text().splitlines()[0])
    assert head["columns_left_out"] == ["adj_close", "bid.open"]
    (record,) = stratkit("data", "clean", path, "--json").json["files"]
    assert record["columns_left_out"] == ["adj_close", "bid.open"]
    assert "columns left out" not in stratkit("data", "clean", write_bars(name="PLAIN")).out


def test_counts_of_ns_and_prices_in_text_are_cleaned(stratkit: Stratkit, write_bars: WriteBars) -> None:
    def odd(frame: pd.DataFrame) -> pd.DataFrame:
        ns = frame.timestamp.dt.as_unit("ns").astype("int64")
        return frame.assign(timestamp=ns, close=frame.close.astype(str))

    done = stratkit("data", "clean", write_bars(odd), "--apply", "--out", "new.parquet")
    assert done.code == 0
    assert "errors: none" in done.out
    assert stratkit("data", "check", "new.parquet").code == 0
