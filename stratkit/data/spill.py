"""`Spill`: rows on their way into a store, one raw file per symbol, so that memory holds one symbol at a time."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from stratkit.data.bars import FIELDS
from stratkit.errors import OutputError
from stratkit.panel import FloatArray, IntArray

_WIDTH = 1 + len(FIELDS)  # stamp, prices and volume: 8 bytes each


class Spill:
    """A temporary folder below `root`: `append` rows by symbol, read one symbol back; gone on exit."""

    def __init__(self, root: Path) -> None:
        self.new_root = None if root.exists() else root
        try:
            root.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix=".import-", dir=root))
        except OSError as error:
            raise OutputError(f"{root} cannot be written ({error.strerror}): choose another folder with --to") from None
        self.files: dict[str, Path] = {}

    def __enter__(self) -> Spill:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.new_root is not None and not any(self.new_root.iterdir()):
            self.new_root.rmdir()

    def append(self, symbol: str, stamps: IntArray, values: dict[str, FloatArray]) -> None:
        """Add rows of a symbol: stamps in ns, prices and volume."""
        record: npt.NDArray[np.int64] = np.empty((len(stamps), _WIDTH), dtype=np.int64)
        record[:, 0] = stamps
        for place, name in enumerate(FIELDS, start=1):
            record[:, place] = values[name].view(np.int64)
        path = self.files.setdefault(symbol, self.folder / f"{len(self.files)}.rows")
        with path.open("ab") as file:
            record.tofile(file)

    def stamps(self, symbol: str) -> IntArray:
        """Return the stamps of a symbol, in the order of the file."""
        return np.ascontiguousarray(self._record(symbol)[:, 0])

    def values(self, symbol: str) -> dict[str, FloatArray]:
        """Return prices and volume of a symbol by name."""
        record = self._record(symbol)
        return {name: np.ascontiguousarray(record[:, n]).view(np.float64) for n, name in enumerate(FIELDS, start=1)}

    def _record(self, symbol: str) -> npt.NDArray[np.int64]:
        return np.memmap(self.files[symbol], dtype=np.int64, mode="r").reshape(-1, _WIDTH)
