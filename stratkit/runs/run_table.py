"""`RunTable`: a table of a run by its columns: whole numbers, figures and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stratkit.errors import DataError
from stratkit.panel import FloatArray, IntArray
from stratkit.runs.folder import RunRecord
from stratkit.runs.table_digest import Column, Words, read_columns


@dataclass(frozen=True)
class RunTable:
    """Columns of K rows by name; asking for one that is not there raises `DataError`."""

    run_id: str
    columns: Mapping[str, Column]

    def ints(self, name: str) -> IntArray:
        """Return (K,) whole numbers, or stamps [UTC ns]."""
        return self._numbers(name).astype(np.int64)

    def floats(self, name: str) -> FloatArray:
        """Return (K,) figures, NaN where there is none."""
        return self._numbers(name).astype(np.float64, copy=False)

    def words(self, name: str) -> list[str]:
        """Return K texts."""
        codes, names = self.coded(name)
        return [names[code] for code in codes]

    def coded(self, name: str) -> Words:
        """Return K texts as codes (K,) and what these stand for."""
        column = self.columns.get(name)
        if not isinstance(column, tuple):
            raise self._lacks(f"{name} of texts")
        return column

    def _numbers(self, name: str) -> npt.NDArray[Any]:
        column = self.columns.get(name)
        if column is None or isinstance(column, tuple):
            raise self._lacks(f"{name} of numbers")
        return column

    def _lacks(self, column: str) -> DataError:
        return DataError(f"a table of {self.run_id} must have a column {column}: its folder is damaged, run it again")


def read_table(record: RunRecord, table: str) -> RunTable:
    """Return a table of a run, such as trades; raise `DataError` when it is damaged or gone."""
    return RunTable(record.run_id, read_columns(record.path(f"{table}.parquet")))
