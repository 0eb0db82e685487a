"""`bundled_folder`: where the data that ship with stratkit are, in a checkout and when installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from stratkit.errors import DataError, did_you_mean

BUNDLED_PREFIX: Final = "bundled:"  # of the path of a series that ships with stratkit


def bundled_folder() -> Path:
    """Return the folder of the bundled bars: ``stratkit/bundled`` when installed, ``data`` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "bundled", package.parent / "data"):
        if (folder / "1d").is_dir():
            return folder
    raise DataError(
        f"the bundled data must be in {package / 'bundled'}; they are not there: "
        "install stratkit again, or give your own bars with --data"
    )


def bundled_series(name: str) -> Path:
    """Return the file of a bundled external series; raise `DataError` with the nearest name for an unknown one."""
    folder = bundled_folder() / "series"
    known = [path.stem for path in sorted(folder.glob("*.parquet"))]
    if name not in known:
        raise DataError(f"there is no bundled series {name!r}; {did_you_mean(name, known)}")
    return folder / f"{name}.parquet"
