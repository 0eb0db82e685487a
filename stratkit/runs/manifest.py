"""`manifest`: what a run was made from, so that it can be made again; nothing here differs between two equal runs."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from stratkit.errors import DataError, UsageError
from stratkit.runs.facts import read_json
from stratkit.runs.table_digest import Column, rows_of, table_digest

MANIFEST_VERSION: Final = 2  # 1 had no version, no digests of what came out, and no configuration
_PACKAGES: Final = (
    "stratkit", "numpy", "numba", "llvmlite", "scipy", "pandas", "pyarrow", "TA-Lib", "pydantic", "exchange-calendars",
)  # fmt: skip


def manifest(
    *,
    config: Mapping[str, Any],
    data: Mapping[str, str],
    bars: Mapping[str, Mapping[str, Any]],
    strategies: Mapping[str, str | None],
    sources: Mapping[str, Mapping[str, str]],
    inputs: Mapping[str, Mapping[str, str]],
    engine_semantics: int,
    code: Mapping[str, str],
    seed: int,
    packages: Sequence[str],
    command: Sequence[str],
    outputs: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the manifest of a run from plain values.

    `config` is the resolved configuration with paths as they were given; `data` the digest of each
    symbol's bars and `bars` what else is known of them; `strategies` the digest of each strategy's
    source, None when it has none, and `sources` those of its files; `inputs` path and digest of every
    other file by its role; `code` the digest of each of stratkit's rooms; `packages` what else is
    installed and used; `outputs` rows and digest of each table that came out.
    """
    return {
        "manifest_version": MANIFEST_VERSION,
        "config_digest": config_digest(config),
        "data_digests": dict(data),
        "strategy_digests": dict(strategies),
        "strategy_files": {name: dict(files) for name, files in sources.items()},
        "inputs": {role: dict(entry) for role, entry in inputs.items()},
        "engine_semantics": engine_semantics,
        "seed": seed,
        "versions": versions(packages),
        "command": list(command),
        "outputs": {name: dict(entry) for name, entry in outputs.items()},
        "kernel_source": dict(code),
        "config": dict(config),
        "bars": {symbol: dict(entry) for symbol, entry in bars.items()},
    }


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest in a file; what an older version did not write is empty in it.

    Raises `DataError` when it is damaged, `UsageError` when a newer version of stratkit wrote it.
    """
    found = dict(read_json(path))
    written = found.get("manifest_version", 1)
    if not isinstance(written, int) or written > MANIFEST_VERSION:
        raise UsageError(
            f"{path} must be of manifest version {MANIFEST_VERSION} or older; found {written}: a newer stratkit "
            "wrote it, so use that one or upgrade"
        )
    if not isinstance(found.get("data_digests"), dict) or not isinstance(found.get("engine_semantics"), int):
        raise DataError(f"{path} must hold data_digests and engine_semantics: it is damaged, or no manifest of a run")
    empty = ("strategy_digests", "strategy_files", "inputs", "versions", "outputs", "kernel_source", "config", "bars")
    return {**{key: {} for key in empty}, **found, "manifest_version": written}


def output_digests(tables: Mapping[str, Mapping[str, Column]]) -> dict[str, dict[str, Any]]:
    """Return rows and content digest of each table by its name."""
    return {name: {"rows": rows_of(columns), "sha256": table_digest(columns)} for name, columns in tables.items()}


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes; of a folder, that of the names and bytes of all files in it."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    whole = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            one = hashlib.file_digest(content, "sha256").hexdigest()
        if files == [path]:
            return one
        whole.update(f"{file.relative_to(path).as_posix()}\0{one}\n".encode(errors="backslashreplace"))
    return whole.hexdigest()


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


def versions(modules: Sequence[str] = ()) -> dict[str, str]:
    """Return the version of Python and of each package whose change may move a number.

    `modules` are names that a strategy of the user's own imports.
    """
    found = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for package in (*_PACKAGES, *(_package_of(module) for module in modules)):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _package_of(module: str) -> str:
    try:
        version(module)
    except PackageNotFoundError:  # sklearn comes with scikit-learn
        return next(iter(packages_distributions().get(module, ())), module)
    return module
