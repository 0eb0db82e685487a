"""Arrays become Arrow columns: the same values, null for what is not known, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.data.arrow_arrays import arrow_text, arrow_values
from stratkit.errors import UsageError


@given(st.lists(st.floats() | st.just(float("nan")), max_size=40))
def test_floats_come_back_and_nan_is_null(values: list[float]) -> None:
    column = arrow_values(np.array(values, dtype=np.float64))
    column.validate(full=True)
    assert column.type == pa.float64()
    assert column.to_pylist() == [None if value != value else value for value in values]


@given(st.lists(st.booleans(), max_size=40))
def test_flags_come_back_whatever_their_number(values: list[bool]) -> None:
    column = arrow_values(np.array(values, dtype=bool))
    column.validate(full=True)
    assert column.to_pylist() == values


@given(st.lists(st.none() | st.integers(0, 2**62), max_size=40))
def test_times_are_utc_nanoseconds_and_nat_is_null(values: list[int | None]) -> None:
    stamps = np.array(["NaT" if value is None else value for value in values], dtype="datetime64[ns]")
    column = arrow_values(stamps)
    column.validate(full=True)
    assert column.type == pa.timestamp("ns", tz="UTC")
    assert column.cast(pa.int64()).to_pylist() == values


def test_a_field_of_records_and_narrow_numbers_are_widened_and_copied() -> None:
    records = np.array([(1, 0.5), (-2, 1.5)], dtype=[("bar", "i8"), ("price", "f4")])
    assert arrow_values(records["bar"]).to_pylist() == [1, -2]
    assert arrow_values(records["price"]).equals(pa.array([0.5, 1.5], pa.float64()))
    assert arrow_values(np.array([3, 4], dtype=np.int8)).type == pa.int64()


@pytest.mark.parametrize("values", [np.array(["a"]), np.array(["a"], dtype=object), np.array([1], dtype=np.uint64)])
def test_another_kind_of_array_is_refused(values: npt.NDArray[Any]) -> None:
    with pytest.raises(UsageError, match=r"floats, signed whole numbers, .*found .*codes and names"):
        arrow_values(values)


@given(st.data(), st.lists(st.text(max_size=5), min_size=1, max_size=8))
def test_text_is_the_name_of_each_code(data: st.DataObject, names: list[str]) -> None:
    codes = data.draw(st.lists(st.integers(-1, len(names) - 1), max_size=30))
    column = arrow_text(np.array(codes, dtype=np.int64), names)
    column.validate(full=True)
    assert column.type == pa.string()
    assert column.to_pylist() == [names[code] for code in codes]


def test_no_rows_and_no_names_are_still_text() -> None:
    column = arrow_text(np.array([], dtype=np.int64), ())
    assert (len(column), column.type) == (0, pa.string())


def test_bytes_that_are_no_text_are_written_as_escapes() -> None:
    assert arrow_text(np.array([0]), ("\udcff",)).to_pylist() == ["\\udcff"]


def test_a_code_without_a_name_is_refused() -> None:
    with pytest.raises(pa.ArrowIndexError):
        arrow_text(np.array([2]), ("a", "b"))
