"""`bundled_folder`: where the data that ship with stratkit are, in a checkout and when installed."""

from __future__ import annotations

from pathlib import Path

from stratkit.errors import DataError


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
