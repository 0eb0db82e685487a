"""`write_bars`, `open_bars`: bars in files that several processes of one machine map into memory instead of copying."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np

from stratkit.data.bars import FIELDS, Bars

_NAMES: Final = "names.json"


def write_bars(bars: Bars, folder: Path) -> None:
    """Write `bars` into an empty folder: one .npy file per field. What the gate found in them is left out."""
    for name in ("times", *FIELDS):
        np.save(folder / f"{name}.npy", getattr(bars, name))
    names = {"symbols": bars.symbols, "frequency": bars.frequency, "source": bars.source}
    (folder / _NAMES).write_text(json.dumps(names), "utf-8")


def open_bars(folder: Path) -> Bars:
    """Return the bars in `folder`; pages are read when they are looked at, and all processes share them."""
    names = json.loads((folder / _NAMES).read_text("utf-8"))
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("times", *FIELDS)}
    return Bars(
        **arrays, symbols=tuple(names["symbols"]), frequency=names["frequency"], source=names["source"]
    )  # fmt: skip
