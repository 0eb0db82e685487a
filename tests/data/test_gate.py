"""The quality gate: each rule, its count, its first place and its remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.data.bars import FIELDS, Bars
from stratkit.data.gate import check_bars, check_rows
from stratkit.data.rows import Rows, rows_of
from stratkit.errors import DataError
from stratkit.panel import NS_PER_DAY

MakeBars = Callable[..., Bars]


def with_cell(bars: Bars, name: str, value: float, bar: int = 2, column: int = 1) -> Bars:
    arrays = {field: getattr(bars, field).copy() for field in FIELDS}
    arrays[name][bar, column] = value
    return Bars(bars.times, bars.symbols, frequency="1d", **arrays)


def refusal(bars: Bars) -> str:
    with pytest.raises(DataError) as panel:
        check_bars(bars)
    return str(panel.value)


def test_sound_bars_pass_unchanged(make_bars: MakeBars) -> None:
    bars = make_bars()
    assert check_bars(bars) is bars
    check_rows(rows_of(bars), "here")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("close", np.nan, "all four prices or none; found 1 in part NaN, first BBB on 1970-01-03 (close)"),
        ("high", np.inf, "must be finite; found 1 infinite rows, first BBB on 1970-01-03 (high)"),
        ("volume", np.inf, "must be finite; found 1 infinite rows, first BBB on 1970-01-03 (volume)"),
        ("low", 0.0, "must be positive; found 1 rows with a zero or negative one, first BBB on 1970-01-03 (low 0)"),
        ("low", -3.0, "must be positive; found 1 rows with a zero or negative one, first BBB on 1970-01-03 (low -3)"),
        ("high", 50.0, "high must not be below low; found 1 rows, first BBB on 1970-01-03 (high 50, low 111)"),
        ("open", 150.0, "open and close must lie between low and high; found 1 rows, first BBB on 1970-01-03"),
        ("close", 90.0, "open and close must lie between low and high; found 1 rows, first BBB on 1970-01-03"),
        ("volume", -1.0, "volume must not be negative (NaN = unknown); found 1 rows, first BBB on 1970-01-03"),
    ],
)
def test_a_bad_value_is_counted_placed_and_given_a_remedy(
    make_bars: MakeBars, field: str, value: float, expected: str
) -> None:
    message = refusal(with_cell(make_bars(), field, value))
    assert expected in message
    assert "remove these rows" in message


@pytest.mark.parametrize("field", FIELDS)
def test_rows_and_panels_pass_the_same_rules(make_bars: MakeBars, field: str) -> None:
    bars = with_cell(make_bars(), field, -1.0)
    with pytest.raises(DataError) as found:
        check_rows(rows_of(bars), "arrays")
    assert str(found.value) == refusal(bars)


def test_every_broken_rule_is_listed(make_bars: MakeBars) -> None:
    message = refusal(with_cell(with_cell(make_bars(), "volume", -1), "open", 999.0, bar=4))
    assert message.startswith("arrays: 2 rules are broken:")
    assert "volume must not be negative" in message
    assert "open and close must lie" in message


def test_rounding_below_a_billionth_passes_and_above_it_fails(make_bars: MakeBars) -> None:
    high = make_bars().high[2, 1]
    check_bars(with_cell(make_bars(), "close", high * (1 + 5e-10)))
    assert "between low and high" in refusal(with_cell(make_bars(), "close", high * (1 + 5e-9)))


def test_four_missing_prices_mean_no_bar_and_a_missing_volume_means_unknown(make_bars: MakeBars) -> None:
    bars = with_cell(make_bars(), "volume", np.nan, bar=0)
    for name in ("open", "high", "low", "close"):
        bars = with_cell(bars, name, np.nan)
    check_bars(bars)


def test_panel_times_must_ascend(make_bars: MakeBars) -> None:
    days = np.array([0, 1, 1, 3, 2, 5]) * NS_PER_DAY
    message = refusal(make_bars(times=days))
    assert "times must strictly ascend; found 2 that do not: bar 2, 1970-01-02, equals the one before it" in message


def test_panel_symbols_must_ascend_and_each_have_a_bar(make_bars: MakeBars) -> None:
    assert "symbols must ascend and differ; found BBB, AAA" in refusal(make_bars(symbols=("BBB", "AAA")))
    nothing = {name: np.full((6, 2), np.nan) for name in ("open", "high", "low", "close")}
    for name, values in nothing.items():
        values[:, 0] = getattr(make_bars(), name)[:, 0]
    assert "every symbol must have a bar; found none for BBB" in refusal(make_bars(**nothing))


def test_one_bar_and_no_bar_are_refused(make_bars: MakeBars) -> None:
    assert "at least two bars are needed; found one, 1970-01-01" in refusal(make_bars(1))
    assert "at least two bars are needed; found none" in refusal(make_bars(0))


def test_stamps_of_a_wrong_unit_are_recognised_by_their_year(make_bars: MakeBars) -> None:
    far = np.arange(6) * NS_PER_DAY + 7_000_000_000_000_000_000
    assert "stamps must lie between 1800 and 2150; found 2191-" in refusal(make_bars(times=far))


def rows(times: list[int], close: list[float], offsets: list[int], symbols: tuple[str, ...]) -> Rows:
    price = np.array(close)
    arrays = {name: price for name in ("open", "high", "low", "close")}
    return Rows(symbols, np.array(offsets), np.array(times) * NS_PER_DAY, volume=np.ones(len(times)), **arrays)


def test_unsorted_rows_are_counted_within_each_symbol() -> None:
    sound = rows([1, 2, 3, 1, 2], [1.0] * 5, [0, 3, 5], ("A", "B"))
    check_rows(sound, "here")  # going back from one symbol to the next is no disorder
    with pytest.raises(DataError, match=r"found 1 that go back, first B on 1970-01-02: .*--sort"):
        check_rows(rows([1, 2, 3, 2, 1], [1.0] * 5, [0, 3, 5], ("A", "B")), "here")


def test_newest_first_is_named() -> None:
    with pytest.raises(DataError, match=r"found 4 that go back \(newest first\)"):
        check_rows(rows([5, 4, 3, 2, 1], [1.0] * 5, [0, 5], ("A",)), "here")


def test_duplicates_are_counted_as_equal_and_conflicting() -> None:
    doubled = rows([1, 1, 2, 2, 3], [7.0, 7.0, 8.0, 9.0, 9.0], [0, 5], ("A",))
    expected = "found 2 repeated, 1 with equal values and 1 with other values, first A on 1970-01-03"
    with pytest.raises(DataError, match=expected):
        check_rows(doubled, "here")


def test_duplicates_of_unsorted_rows_are_counted_too() -> None:
    with pytest.raises(DataError) as found:
        check_rows(rows([2, 1, 2], [7.0, 7.0, 7.0], [0, 3], ("A",)), "here")
    assert "1 that go back" in str(found.value)
    assert "1 repeated, 1 with equal values and 0 with other values" in str(found.value)


@given(
    st.lists(st.tuples(*[st.floats(0.1, 10)] * 4, st.booleans(), st.floats(-1, 5)), min_size=2, max_size=20),
)
def test_a_panel_passes_exactly_when_every_bar_keeps_every_rule(drawn: list[tuple[float, ...]]) -> None:
    table = np.array([row[:4] for row in drawn])
    exists = ~np.array([row[4] for row in drawn], dtype=bool)
    exists[0] = True
    table[~exists] = np.nan
    volume = np.array([row[5] for row in drawn])
    arrays: dict[str, Any] = {name: table[:, [n]] for n, name in enumerate(("open", "high", "low", "close"))}
    arrays["volume"] = volume[:, None]
    bars = Bars(np.arange(len(drawn)) * NS_PER_DAY, ("A",), **arrays, frequency="1d")
    sound = all(v >= 0 for v in volume) and all(
        low <= min(o, c) and max(o, c) <= high for (o, high, low, c), there in zip(table, exists, strict=True) if there
    )
    try:
        check_bars(bars)
        passed = True
    except DataError:
        passed = False
    assert passed == sound
