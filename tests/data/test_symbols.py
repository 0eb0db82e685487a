"""Symbols as file names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratkit.data.symbols import check_symbol, escape_symbol, nearest_symbol, unescape_symbol
from stratkit.errors import UsageError

TICKERS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@given(TICKERS)
def test_any_symbol_survives_being_a_file_name(symbol: str) -> None:
    assert unescape_symbol(escape_symbol(symbol)) == symbol


@given(TICKERS)
def test_every_file_name_is_safe_on_every_system(symbol: str) -> None:
    stem = escape_symbol(symbol)
    assert re.fullmatch(r"[A-Za-z0-9_.%-]+", stem)
    assert not stem.startswith(".")
    assert not stem.endswith(".")


@given(TICKERS, TICKERS)
def test_two_symbols_never_share_a_file(one: str, other: str) -> None:
    assert (escape_symbol(one) == escape_symbol(other)) == (one == other)


@pytest.mark.parametrize("device", ["CON", "con", "Nul", "COM1", "lpt9", "aux.x"])
def test_names_of_windows_devices_are_escaped(device: str) -> None:
    assert escape_symbol(device).startswith("%")


@pytest.mark.parametrize("symbol", ["", " A", "A ", "A\nB", "\x00"])
def test_blank_and_unprintable_symbols_are_refused(symbol: str) -> None:
    with pytest.raises(UsageError, match="printable name without blanks"):
        check_symbol(symbol)


def test_the_nearest_symbol_is_found_whatever_its_case() -> None:
    assert nearest_symbol("btcusd", ["ETHUSD", "BTCUSDT"]) == "did you mean 'BTCUSDT'?"
    assert nearest_symbol("zzz", [f"S{n}" for n in range(10)]) == "known: S0, S1, S2, S3, S4, S5, S6, S7 and 2 more"
    assert nearest_symbol("zzz", []) == "none is there"
