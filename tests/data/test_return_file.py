"""Files of returns, equity and trades: read by exact column names, and refused with row, value and a way out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stratkit.data.return_file import read_return_file
from stratkit.errors import DataError
from stratkit.panel import parse_time

GOOD = "time,return\n2020-01-01,0.01\n2020-01-02,-0.02\n2020-01-03,0.005\n"


def write(folder: Path, text: str, name: str = "arm.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("column", ["return", "returns"])
def test_returns_are_read_as_they_stand(tmp_path: Path, column: str) -> None:
    file = read_return_file(write(tmp_path, GOOD.replace("return", column, 1)))
    assert file.kind == "returns"
    assert file.returns.tolist() == [0.01, -0.02, 0.005]
    assert file.times.tolist() == [parse_time(day) for day in ("2020-01-01", "2020-01-02", "2020-01-03")]
    assert (file.pnl, len(file.digest)) == (None, 64)


def test_the_first_row_of_equity_is_what_the_first_return_is_measured_against(tmp_path: Path) -> None:
    file = read_return_file(write(tmp_path, "time,equity\n2020-01-01,100\n2020-01-02,110\n2020-01-03,99\n"))
    assert file.kind == "equity"
    np.testing.assert_allclose(file.returns, [0.1, -0.1])
    assert file.times.tolist() == [parse_time("2020-01-02"), parse_time("2020-01-03")]


def test_trades_may_be_closed_at_one_moment_and_stand_in_any_order(tmp_path: Path) -> None:
    rows = "2020-01-03,0.02,20\n2020-01-02,-0.01,-10\n2020-01-02,0.03,30\n"
    file = read_return_file(write(tmp_path, "exit_time,return,pnl\n" + rows))
    assert file.kind == "trades"
    assert file.returns.tolist() == [-0.01, 0.03, 0.02]
    assert file.pnl is not None
    assert file.pnl.tolist() == [-10, 30, 20]


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    text = read_return_file(write(tmp_path, GOOD))
    frame = pd.DataFrame({"time": pd.to_datetime(text.times, utc=True), "return": text.returns})
    frame.to_parquet(tmp_path / "arm.parquet", index=False)
    binary = read_return_file(tmp_path / "arm.parquet")
    assert binary.times.tolist() == text.times.tolist()
    assert binary.returns.tolist() == text.returns.tolist()


def test_a_stamp_with_a_zone_is_brought_to_utc(tmp_path: Path) -> None:
    rows = "2020-01-01T09:00-05:00,0.01\n2020-01-01T15:00Z,0.02\n"
    file = read_return_file(write(tmp_path, "time,return\n" + rows))
    assert file.times.tolist() == [parse_time("2020-01-01 14:00"), parse_time("2020-01-01 15:00")]


def test_an_equity_file_may_have_its_own_returns_beside_when_they_agree(tmp_path: Path) -> None:
    good = "time,equity,return\n2020-01-01,100,0\n2020-01-02,110,0.1\n2020-01-03,99,-0.1\n"
    assert read_return_file(write(tmp_path, good)).kind == "equity"
    with pytest.raises(DataError, match=r"equity and return must say the same; found return 0.2.*row 3.*leave one"):
        read_return_file(write(tmp_path, good.replace("110,0.1", "110,0.2")))


HEAD = "time,return\n"
CASES = {
    "wrong columns": ("date,ret\n2020-01-01,1\n2020-01-02,2\n", r"must have the columns time and return .*found date"),
    "another case": (GOOD.replace("time,return", "Time,Return"), r"found Time, Return: name them so; .*mean 'Time'"),
    "bars": ("time,open,close\n2020-01-01,1,2\n2020-01-02,2,3\n", r"found prices \(open, close\): .*--data"),
    "both names": (
        "time,return,returns\n2020-01-01,0.1,0.1\n2020-01-02,0.2,0.2\n",
        r"found time, return, returns: leave",
    ),
    "twice": ("time,return,return\n2020-01-01,0.1,0.1\n2020-01-02,0.2,0.2\n", r"found return twice"),
    "one row": (HEAD + "2020-01-01,0.01\n", r"at least two rows; it has 1"),
    "empty": ("", r"must be a CSV file with a header"),
    "unsorted": (GOOD + "2020-01-02,0.01\n", r"ascending; found 2020-01-02 after 2020-01-03 in row 5: sort"),
    "twice the same time": (GOOD + "2020-01-03,0.01\n", r"every time must stand once; found 2020-01-03 again in row 5"),
    "no time": (GOOD + ",0.01\n", r"must be an ISO date or time.* row 5"),
    "no date": (GOOD + "03.01.2020,0.01\n", r"must be an ISO date or time.*row 5: '03.01.2020'"),
    "missing": (GOOD + "2020-01-04,\n", r"finite number; found others .* 1 row, first row 5: ''"),
    "NaN": (GOOD + "2020-01-04,NaN\n", r"first row 5: 'NaN'"),
    "infinite": (GOOD + "2020-01-04,inf\n", r"first row 5: 'inf'"),
    "text": (GOOD + "2020-01-04,1.2%\n", r"first row 5: '1.2%'"),
    "prices": (HEAD + "2020-01-01,101\n2020-01-02,102\n", r"above -1.*found 101 in row 2.*under the name equity"),
    "prices from 1": (HEAD + "2020-01-01,1.0\n2020-01-02,1.02\n", r"found 1 in row 2, and a typical size of 1.01"),
    "percent": (GOOD + "2020-01-04,-1.3\n", r"found -1.3 in row 5.*percents are divided by 100"),
    "equity lost": ("time,equity\n2020-01-01,100\n2020-01-02,0\n", r"equity must be above 0.*row 3: 0"),
    "open trade": (
        "exit_time,return,pnl\n2020-01-01,0.1,1\n,0.1,1\n",
        r"every trade must be closed; found no exit_time in 1 row, first row 3",
    ),
    "trades without pnl": (GOOD.replace("time", "exit_time"), r"exit_time, return and pnl.*found exit_time, return"),
}


@pytest.mark.parametrize(("text", "said"), CASES.values(), ids=CASES)
def test_what_cannot_be_returns_is_refused_with_what_was_found(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_return_file(write(tmp_path, text))


def test_a_missing_value_of_parquet_and_a_wrong_type_are_refused(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-01", periods=3, tz="UTC")
    pd.DataFrame({"time": days, "return": [0.01, None, 0.02]}).to_parquet(tmp_path / "a.parquet", index=False)
    with pytest.raises(DataError, match="first row 2: nan"):
        read_return_file(tmp_path / "a.parquet")
    pd.DataFrame({"time": days, "return": [True, False, True]}).to_parquet(tmp_path / "b.parquet", index=False)
    with pytest.raises(DataError, match="return must hold numbers; it holds bool"):
        read_return_file(tmp_path / "b.parquet")
    pd.DataFrame({"time": [1, 2, 3], "return": [0.1, 0.2, 0.1]}).to_parquet(tmp_path / "c.parquet", index=False)
    with pytest.raises(DataError, match=r"time must hold dates, times or ISO text.*int64"):
        read_return_file(tmp_path / "c.parquet")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"found none at .*none.csv"):
        read_return_file(tmp_path / "none.csv")
