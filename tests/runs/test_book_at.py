"""The book of a run after a bar: only what had happened by then is in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stratkit.engine.tables import Columns, Labels
from stratkit.errors import DataError, UsageError
from stratkit.panel import NS_PER_DAY, parse_time
from stratkit.runs.book_at import BookAt, Record, read_book
from stratkit.runs.folder import RunRecord, new_run

TIMES = parse_time("2024-01-01") + np.array([0, 1, 2, 5, 6]) * NS_PER_DAY  # the 4th and 5th are no bars
TRADES: Columns = {
    "symbol": Labels(np.array([0, 1, 0]), ("X", "Y")),
    "strategy": Labels(np.array([0, 1, 0]), ("a", "b")),
    "side": Labels(np.array([0, 1, 0]), ("long", "short")),
    "entry_bar": np.array([0, 1, 3]),
    "exit_bar": np.array([2, 4, -1]),
    "quantity": np.array([10.0, 5.0, 2.0]),
    "entry_price": np.array([100.0, 50.0, 110.0]),
    "pnl": np.array([-3.0, 8.0, 1.5]),
    "r_multiple": np.array([-1.0, np.nan, 0.5]),
    "bars_held": np.array([2, 3, 1]),
    "ambiguous": np.array([False, True, False]),
}
PNL = {"pnl a": np.array([0.0, -1, -3, -2, -1.5]), "pnl b": np.array([0.0, 0, 1, 2, 8])}


@pytest.fixture
def kept(tmp_path: Path) -> RunRecord:
    with new_run(tmp_path, "20240101-000000-abcdef") as draft:
        equity = 100.0 + PNL["pnl a"] + PNL["pnl b"]
        draft.write_table("equity.parquet", {"time": TIMES.astype("datetime64[ns]"), "equity": equity, **PNL})
        draft.write_table("trades.parquet", TRADES)
    assert draft.record is not None
    return draft.record


def at(kept: RunRecord, when: str | None) -> BookAt:
    return read_book(kept, ("a", "b"), 100.0, when)


def test_a_trade_is_open_from_its_entry_to_the_bar_before_its_exit(kept: RunRecord) -> None:
    book = at(kept, "2024-01-02")
    assert (book.bar, book.bars, book.time) == (1, 5, "2024-01-02")
    assert book.records == {
        "a": Record(0, 1, None, None, -1.0, "2024-01-01"), "b": Record(0, 1, None, None, 0.0, "2024-01-02"),
    }  # fmt: skip
    assert [(row["symbol"], row["side"], row["since"]) for row in book.open_trades] == [
        ("X", "long", "2024-01-01"), ("Y", "short", "2024-01-02"),
    ]  # fmt: skip
    assert {row["pnl"] for row in book.open_trades} == {None}  # what it came to is not known yet


def test_a_day_without_a_bar_stands_as_the_last_bar_before(kept: RunRecord) -> None:
    book = at(kept, "2024-01-04")
    assert book.bar == 2
    assert book.records["a"] == Record(1, 0, 0.0, -1.0, -3.0, "2024-01-03")
    assert at(kept, "2024-01-04T12:00").bar == 2


def test_the_end_has_the_marks_of_what_is_open(kept: RunRecord) -> None:
    book = at(kept, None)
    assert book == at(kept, "2024-01-07")
    assert book.records["a"] == Record(1, 1, 0.0, -1.0, -1.5, "2024-01-06")
    assert book.records["b"] == Record(1, 0, 1.0, None, 8.0, "2024-01-07")  # its R is not known
    assert [(row["quantity"], row["entry_price"], row["pnl"]) for row in book.open_trades] == [(2.0, 110.0, 1.5)]


def test_an_only_strategy_has_the_pnl_of_the_account(kept: RunRecord) -> None:
    assert read_book(kept, ("a",), 100.0, "2024-01-03").records["a"].pnl == -2.0


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("2023-12-31", r"within the run, from 2024-01-01 to 2024-01-07; found 2023-12-31"),
        ("2024-01-08", r"within the run"),
        ("soon", r"--at must be an ISO date"),
    ],
)
def test_a_time_outside_the_run_is_refused(kept: RunRecord, when: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        at(kept, when)


def test_a_table_that_is_gone_is_named(kept: RunRecord) -> None:
    kept.path("trades.parquet").unlink()
    with pytest.raises(DataError, match=r"trades\.parquet must be a whole Parquet file"):
        at(kept, None)
