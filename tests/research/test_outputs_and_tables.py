"""Differences between two computations, and tables without their later rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stratkit.errors import StrategyError
from stratkit.panel import parse_time
from stratkit.research.dated import has_dates, hide_later, readers_hide
from stratkit.research.outputs import Outputs, differences, unequal

NAN = np.nan
SYMBOLS = ("A", "B")
FEBRUARY = parse_time("2020-02-01")


def panels(value: Any, **more: Any) -> Outputs:
    return Outputs({"value": np.asarray(value)}, SYMBOLS, **more)


def test_a_difference_counts_values_and_bars_and_measures_the_largest() -> None:
    whole = panels([[1.0, NAN], [2.0, 4.0], [3.0, NAN], [9.0, 9.0]])
    part = panels([[1.0, NAN], [2.5, 5.0], [3.0, 1.0]])
    (found,) = differences(whole, part, 3)
    assert (found.bar, found.symbol, found.whole, found.part) == (1, "A", 2.0, 2.5)
    assert (found.values, found.bars, found.largest, found.relative) == (3, 2, 1.0, 0.2)
    assert not list(differences(whole, part, 1))


def test_columns_are_matched_by_symbol() -> None:
    whole = panels([[1.0, 2.0], [3.0, 4.0]])
    assert not list(differences(whole, Outputs({"value": np.array([[2.0]])}, ("B",)), 1))
    (found,) = differences(whole, Outputs({"value": np.array([[1.0]])}, ("B",)), 1)
    assert (found.symbol, found.whole) == ("B", 2.0)


def test_a_panel_that_is_not_given_means_what_it_means() -> None:
    given = Outputs({"confidence": np.array([[1.0, 0.5]])}, SYMBOLS, not_given={"confidence": 1.0})
    absent = Outputs({"side": np.zeros((1, 2), np.int8)}, SYMBOLS, not_given={"confidence": 1.0, "side": 0.0})
    (found,) = differences(given, absent, 1)
    assert (found.field, found.symbol, found.part) == ("confidence", "B", 1.0)
    (back,) = differences(absent, given, 1)
    assert (back.field, back.whole) == ("confidence", 1.0)
    indicator = Outputs({"indicator x": np.ones((1, 2))}, SYMBOLS)
    assert not list(differences(indicator, panels(np.ones((1, 2))), 1))


def test_constants_come_first() -> None:
    found = list(differences(panels([[1.0, 2.0]], constants={"n": 1}), panels([[0.0, 2.0]], constants={"m": 1}), 1))
    assert [each.field for each in found] == ["n", "m", "value"]


def test_another_shape_is_an_error_that_says_so() -> None:
    with pytest.raises(
        StrategyError,
        match="value must have a row for each of 2 bars and a column for each of 2 symbols; found the shape",
    ):
        list(differences(panels(np.ones((3, 2))), panels(np.ones((1, 2))), 2))


def test_nan_equals_nan_and_tolerance_is_relative() -> None:
    left, right = np.array([1e9, 1.0, NAN, np.inf]), np.array([1e9 + 1, 1.1, NAN, np.inf])
    assert unequal(left, right).tolist() == [True, True, False, False]
    assert unequal(left, right, 1e-6).tolist() == [False, True, False, False]
    assert unequal(np.array([1], np.int8), np.array([2], np.int8), 0.9).tolist() == [True]


TABLES: list[tuple[Any, Any]] = [
    ({"2020-01-31": 1, "2020-02-01": 2}, {"2020-01-31": 1}),
    ({date(2020, 1, 1): 1, date(2021, 1, 1): 2}, {date(2020, 1, 1): 1}),
    ({"GDP": {"2020-01-01": 1, "2020-03-01": 2}, "n": 3}, {"GDP": {"2020-01-01": 1}, "n": 3}),
    ({"2020-01-01": ("2020-02-15", 1.0)}, {}),
    ([("2020-01-01", 1.0), ("2020-02-01", 2.0)], [("2020-01-01", 1.0)]),
    ([{"day": datetime(2020, 1, 1, tzinfo=UTC), "v": 1}, {"day": datetime(2020, 5, 1, tzinfo=UTC), "v": 2}], 1),
]


@pytest.mark.parametrize(("table", "known"), TABLES)
def test_rows_with_a_later_date_are_hidden(table: Any, known: Any) -> None:
    hidden = hide_later(table, FEBRUARY)
    assert hidden == (table[:1] if known == 1 else known)
    assert has_dates(table)


@pytest.mark.parametrize(
    "value",
    [
        ["2020-01-01", "2021-01-01"],  # a calendar
        {"2020-01-01", "2021-01-01"},
        [("2020-01-01", "2020-01-05"), ("2021-01-01", "2021-01-05")],  # spans of a calendar
        {"a": 1, "b": [1, 2]},
        {"window": 20},
        [1.0, 2.0],
        [],
        {},
        "2021-01-01",
        np.arange(3),
        pd.Series([1, 2]),
        pd.DataFrame({"a": [1, 2]}),
        pd.DataFrame({"open": pd.to_datetime(["2020-01-01", "2021-01-01"])}),
        pd.DataFrame(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_holds_no_values_by_date_is_left_alone(value: Any) -> None:
    assert hide_later(value, FEBRUARY) is value
    assert not has_dates(value)


@pytest.mark.parametrize(
    "index",
    [
        pd.to_datetime(["2020-01-31", "2020-02-01"]),
        pd.to_datetime(["2020-01-31", "2020-02-01"], utc=True),
        pd.to_datetime(["2020-01-31", "2020-02-01"]).astype("datetime64[s]"),
        pd.Index(["2020-01-31", "2020-02-01"]),
        pd.Index([date(2020, 1, 31), date(2020, 2, 1)], dtype=object),
        pd.MultiIndex.from_tuples([("x", pd.Timestamp("2020-01-31")), ("x", pd.Timestamp("2020-02-01"))]),
    ],
    ids=lambda index: str(index.dtype),
)
def test_frames_and_series_lose_their_later_rows(index: Any) -> None:
    assert hide_later(pd.Series([1.0, 2.0], index=index), FEBRUARY).tolist() == [1.0]
    assert hide_later(pd.DataFrame({"a": [1.0, 2.0]}, index=index), FEBRUARY)["a"].tolist() == [1.0]


def test_a_revision_waits_for_its_publication() -> None:
    table = pd.DataFrame(
        {"month": pd.to_datetime(["2020-01-01"] * 2), "out": pd.to_datetime(["2020-01-20", "2020-02-20"]), "v": [1, 2]}
    )
    assert hide_later(table, FEBRUARY)["v"].tolist() == [1]


def test_records_of_numpy_lose_their_later_rows() -> None:
    table = np.array([("2020-01-01", 1.0), ("2020-03-01", 2.0)], dtype=[("day", "datetime64[D]"), ("v", "f8")])
    assert hide_later(table, FEBRUARY)["v"].tolist() == [1.0]


def test_readers_are_put_back_and_note_what_they_read(tmp_path: Any) -> None:
    path = tmp_path / "x.csv"
    path.write_text("day,v\n2020-01-01,1\n2020-03-01,2\n")
    (tmp_path / "plain.csv").write_text("v\n1\n")
    before, read = pd.read_csv, list[str]()
    with readers_hide(FEBRUARY, read):
        assert pd.read_csv(path)["v"].tolist() == [1]
        assert pd.read_csv(tmp_path / "plain.csv")["v"].tolist() == [1]
        assert pd.read_csv(path)["v"].tolist() == [1, 2]  # causal: known beforehand, says this line
    assert pd.read_csv is before
    assert read == ["x.csv"]
