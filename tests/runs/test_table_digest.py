"""A table's digest is that of its content, and the first difference of two tables is the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.errors import DataError
from stratkit.runs.folder import new_run
from stratkit.runs.table_difference import first_difference
from stratkit.runs.table_digest import Column, read_columns, rows_of, table_digest

NAN = float("nan")
DAY = 86_400_000_000_000


def table(**changed: Column) -> dict[str, Column]:
    """Four rows of every kind of column."""
    stamps = (np.arange(4) * DAY).astype("datetime64[ns]")
    stamps[3] = np.datetime64("NaT")
    columns: dict[str, Column] = {
        "time": stamps,
        "side": (np.array([1, 0, -1, 0]), ("buy", "sell", "héld")),
        "price": np.array([1.5, -0.0, NAN, 1e300]),
        "bar": np.array([0, 1, 2, -1]),
        "ambiguous": np.array([True, False, False, True]),
    }
    return {**columns, **changed}


def stored(folder: Path, columns: dict[str, Column]) -> Path:
    with new_run(folder, "run") as draft:
        draft.write_table("table.parquet", columns)
    assert draft.record is not None
    return draft.record.path("table.parquet")


def test_a_table_read_back_has_the_digest_of_the_one_written(tmp_path: Path) -> None:
    path = stored(tmp_path, table())
    back = read_columns(path)
    assert table_digest(back) == table_digest(table())
    assert first_difference(back, table()) is None
    assert rows_of(back) == 4


@pytest.mark.parametrize(
    "settings",
    [
        {"compression": "snappy", "row_group_size": 1},
        {"compression": "none", "use_dictionary": False},
        {"version": "1.0", "compression": "gzip", "data_page_version": "2.0"},
    ],
)
def test_how_a_file_is_written_does_not_matter(settings: dict[str, Any], tmp_path: Path) -> None:
    path = stored(tmp_path, table())
    if settings.get("version") == "1.0":
        settings = {**settings, "version": "2.4"}  # nanoseconds need a newer format than 1.0, microseconds do not
    pq.write_table(pq.read_table(path), path, **settings)
    assert table_digest(read_columns(path)) == table_digest(table())


def test_a_file_that_pandas_rewrote_is_the_same(tmp_path: Path) -> None:
    path = stored(tmp_path, table())
    frame = pd.read_parquet(path)
    frame["side"] = frame["side"].astype("category")
    frame["time"] = frame["time"].astype("datetime64[us, UTC]")
    frame.to_parquet(path, index=False)
    assert table_digest(read_columns(path)) == table_digest(table())


@pytest.mark.parametrize(
    "changed",
    [
        {"price": np.array([np.nextafter(1.5, 2), -0.0, NAN, 1e300])},
        {"price": np.array([1.5, 0.0, NAN, 1e300])},
        {"price": np.array([1.5, -0.0, 0.0, 1e300])},
        {"bar": np.array([0.0, 1.0, 2.0, -1.0])},
        {"side": (np.array([1, 0, 2, 1]), ("buy", "sell", "héld"))},
        {"side": (np.array([1, 0, 2, 0]), ("buy", "sell", "held"))},
        {"ambiguous": np.array([True, False, True, True])},
        {"more": np.array([1, 2, 3, 4])},
    ],
)
def test_any_change_changes_the_digest(changed: dict[str, Column]) -> None:
    assert table_digest(table(**changed)) != table_digest(table())
    assert first_difference(table(), table(**changed)) is not None


def test_the_order_of_columns_and_rows_counts() -> None:
    columns = table()
    turned = dict(reversed(columns.items()))
    assert table_digest(turned) != table_digest(columns)
    found = first_difference(columns, turned)
    assert found is not None
    assert found.what == "columns: in another order"
    rows = {"a": np.array([1.0, 2.0])}
    assert table_digest(rows) != table_digest({"a": np.array([2.0, 1.0])})


def test_all_nan_are_one() -> None:
    odd = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
    assert table_digest({"a": odd}) == table_digest({"a": np.array([NAN])})


def test_words_count_and_not_how_they_are_coded() -> None:
    one: Column = (np.array([0, 1, 0]), ("long", "short"))
    other: Column = (np.array([2, 0, 2]), ("short", "never", "long"))
    assert table_digest({"side": one}) == table_digest({"side": other})
    assert first_difference({"side": one}, {"side": other}) is None


@given(st.lists(st.integers(0, 3), max_size=20), st.permutations(range(4)))
def test_any_coding_of_the_same_words_has_one_digest(codes: list[int], order: list[int]) -> None:
    names = ["a", "b", "ä", ""]
    shuffled = tuple(names[place] for place in order)
    again = np.array([shuffled.index(names[code]) for code in codes], dtype=np.int64)
    one, other = {"w": (np.array(codes, dtype=np.int64), tuple(names))}, {"w": (again, shuffled)}
    assert table_digest(one) == table_digest(other)


def test_an_empty_table_has_a_digest_and_is_read_back(tmp_path: Path) -> None:
    empty: dict[str, Column] = {
        "time": np.array([], dtype="datetime64[ns]"),
        "side": (np.array([], dtype=np.int64), ("buy",)),
        "price": np.array([]),
    }
    assert table_digest(read_columns(stored(tmp_path, empty))) == table_digest(empty)
    assert rows_of(empty) == 0


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, table())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="must be a whole Parquet file"):
        read_columns(path)
    pq.write_table(pa.table({"a": [[1, 2]]}), path)
    with pytest.raises(DataError, match="it was not written by stratkit"):
        read_columns(path)


def test_the_first_difference_is_named_with_both_values_and_its_time() -> None:
    found = first_difference(table(), table(price=np.array([1.5, -0.0, 7.0, 8.0]), bar=np.array([0, 1, 3, -1])))
    assert found is not None
    assert (found.row, found.column, found.now, found.time_ns, found.rows) == (2, "price", 7.0, 2 * DAY, 2)
    assert np.isnan(found.then)


def test_a_changed_word_and_a_changed_time_are_shown_as_such() -> None:
    word = first_difference(table(), table(side=(np.array([1, 0, -1, 2]), ("buy", "sell", "héld"))))
    assert word is not None
    assert (word.row, word.then, word.now, word.time_ns) == (3, "buy", "héld", None)
    later = (np.arange(4) * DAY + 1_000_000_000).astype("datetime64[ns]")
    time = first_difference(table(), table(time=later))
    assert time is not None
    assert (time.then, time.now, time.rows) == ("1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z", 4)


def test_rows_of_one_table_only_are_counted() -> None:
    longer = {"time": (np.arange(3) * DAY).astype("datetime64[ns]"), "a": np.array([1.0, 2.0, 3.0])}
    shorter: dict[str, Column] = {name: column[:1] for name, column in longer.items()}
    more, fewer = first_difference(shorter, dict(longer)), first_difference(dict(longer), shorter)
    assert more is not None
    assert fewer is not None
    assert (more.row, more.column, more.rows, more.what) == (1, None, 2, "only in the new run")
    assert (fewer.row, fewer.time_ns, fewer.what) == (1, DAY, "not in the new run")
