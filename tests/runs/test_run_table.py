"""A column that a table lacks, or has of another kind, is named with what to do."""

from __future__ import annotations

import numpy as np
import pytest

from stratkit.errors import DataError
from stratkit.runs.run_table import RunTable

TABLE = RunTable("made", {"bar": np.array([3, 1]), "side": (np.array([1, 0]), ("long", "short"))})


def test_numbers_and_words_are_told() -> None:
    assert TABLE.ints("bar").tolist() == [3, 1]
    assert TABLE.floats("bar").dtype == np.float64
    assert TABLE.words("side") == ["short", "long"]


@pytest.mark.parametrize("name", ["side", "pnl"])
def test_a_column_that_holds_no_numbers_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=f"a table of made must have a column {name} of numbers: its folder is damaged"):
        TABLE.floats(name)


@pytest.mark.parametrize("name", ["bar", "symbol"])
def test_a_column_that_holds_no_texts_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=f"column {name} of texts"):
        TABLE.words(name)
