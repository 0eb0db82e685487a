"""`manifest`: what a run was made from, so that it can be made again; nothing here differs between two equal runs."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_PACKAGES: Final = ("stratkit", "numpy", "numba", "scipy", "pandas", "pyarrow", "TA-Lib", "pydantic")


def manifest(
    *,
    config: Mapping[str, Any],
    data: Mapping[str, str],
    strategies: Mapping[str, str | None],
    engine_semantics: int,
    seed: int,
    command: Sequence[str],
) -> dict[str, Any]:
    """Return the manifest of a run from plain values.

    `config` is the resolved configuration, `data` the digest of each symbol, `strategies` the
    digest of each strategy's source file, None when it has none.
    """
    return {
        "config_digest": config_digest(config),
        "data_digests": dict(data),
        "strategy_digests": dict(strategies),
        "engine_semantics": engine_semantics,
        "seed": seed,
        "versions": versions(),
        "command": list(command),
    }


def run_name(started: datetime, *identity: str | int) -> str:
    """Return the name of a run: its UTC start, which sorts, and a short digest of what it was made from.

    >>> from datetime import timezone
    >>> run_name(datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc), "config", "data", 1)[:16]
    '20240506-070809-'
    """
    digest = hashlib.sha256("\x00".join(str(part) for part in identity).encode()).hexdigest()
    return f"{started:%Y%m%d-%H%M%S}-{digest[:6]}"


def config_digest(config: Mapping[str, Any]) -> str:
    """Return the sha256 of a resolved configuration; the order of its keys counts.

    The order counts because entries of equal confidence are ranked by their strategy's position.
    """
    text = json.dumps(config, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def data_digests(
    times: npt.NDArray[np.int64], symbols: Sequence[str], panels: Sequence[npt.NDArray[np.float64]]
) -> dict[str, str]:
    """Return the sha256 of each symbol's own bars, whatever other symbols stand beside it.

    `times` (T,) are stamps, `panels` are (T, N) open, high, low, close, volume; rows whose first
    panel is NaN are no bars and are left out.
    """
    digests = {}
    for column, symbol in enumerate(symbols):
        bars = np.isfinite(panels[0][:, column])
        digest = hashlib.sha256(times[bars].astype("<i8").tobytes())
        for panel in panels:
            digest.update(panel[bars, column].astype("<f8").tobytes())
        digests[symbol] = digest.hexdigest()
    return digests


def versions() -> dict[str, str]:
    """Return the version of Python and of each package whose change may move a number."""
    found = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
