"""`source_lines`: some lines of a text file as they stand in it, for a log that shows what was read."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import IO

import numpy as np

from stratkit.data.raw_rows import TEXT
from stratkit.panel import IntArray


def source_lines(path: Path, numbers: IntArray) -> dict[int, str]:
    """Return the text of lines by number, counted from 1; none of a file that is no text."""
    if not len(numbers) or not path.name.lower().endswith(TEXT):
        return {}
    wanted = set(np.asarray(numbers).tolist())
    with _opened(path) as file:
        return {
            number: line.rstrip(b"\r\n").decode(errors="replace")
            for number, line in enumerate(file, start=1)
            if number in wanted
        }


def _opened(path: Path) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")
