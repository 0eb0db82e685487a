"""`RunTable`: a table of a run by its columns: whole numbers, figures and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stratkit.errors import DataError
from stratkit.panel import FloatArray, IntArray
from stratkit.runs.folder import RunRecord
from stratkit.runs.table_digest import Column, read_columns


@dataclass(frozen=True)
class RunTable:
    """Columns of K rows by name; asking for one that is not there raises `DataError`."""

    run_id: str
    columns: Mapping[str, Column]

    def ints(self, name: str) -> IntArray:
        """Return (K,) whole numbers, or stamps [UTC ns]."""
        return np.asarray(self._column(name)).astype(np.int64)

    def floats(self, name: str) -> FloatArray:
        """Return (K,) figures, NaN where there is none."""
        return np.asarray(self._column(name), np.float64)

    def words(self, name: str) -> list[str]:
        """Return K texts."""
        codes, names = self._column(name)
        return [names[code] for code in codes]

    def _column(self, name: str) -> Column:
        if name not in self.columns:
            raise DataError(f"a table of {self.run_id} must have a column {name}: its folder is damaged, run it again")
        return self.columns[name]


def read_table(record: RunRecord, table: str) -> RunTable:
    """Return a table of a run, such as trades; raise `DataError` when it is damaged or gone."""
    return RunTable(record.run_id, read_columns(record.path(f"{table}.parquet")))
