"""`trial_identity`, `trial_key`: which trial a run is, and which trials it counts together with, from its manifest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stratkit.runs.ledger_entry import LedgerKey

# blocks of a configuration that decide nothing of what a run computes
BESIDE: Final = frozenset({"report", "alerts", "features", "search", "walkforward"})
_PLACES: Final = frozenset({"path", "detail_path"})  # of bars: their content counts, wherever it lies


def trial_identity(manifest: Mapping[str, Any]) -> str:
    """Return the sha256 of what decides the result of a run.

    `manifest` holds its ``config``, ``data_digests``, ``inputs``, ``strategy_digests`` and ``engine_semantics``. Where
    the bars lie is no part of it, nor is what a report shows. A key without a value counts like one that is not there,
    so that a later version, which knows more keys, still knows the trial.
    """
    config = {name: block for name, block in manifest["config"].items() if name not in BESIDE}
    config["data"] = {name: value for name, value in config.get("data", {}).items() if name not in _PLACES}
    inputs = {role: entry.get("sha256") for role, entry in manifest.get("inputs", {}).items()}
    deciding = {
        "config": _without_nulls(config),
        "bars": dict(manifest["data_digests"]),
        "inputs": inputs,
        "sources": dict(manifest.get("strategy_digests", {})),
        "semantics": manifest["engine_semantics"],
    }
    text = json.dumps(deciding, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def trial_key(manifest: Mapping[str, Any]) -> LedgerKey:
    """Return what the trial of a manifest counts together with: its strategies, by name and by source, and symbols."""
    running = running_strategies(manifest["config"])
    digests = manifest.get("strategy_digests", {})
    implementations = {name: _implementation(str(block.get("type") or name)) for name, block in running.items()}
    sources = {digests.get(name) or found if _is_own(found) else found for name, found in implementations.items()}
    return LedgerKey(
        tuple(sorted(set(implementations.values()))), tuple(sorted(sources)), tuple(sorted(manifest["data_digests"]))
    )


def tried_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the strategies that run, by their dotted keys."""
    return {
        f"strategies.{name}.params.{parameter}": value
        for name, block in running_strategies(config).items()
        for parameter, value in (block.get("params") or {}).items()
    }


def running_strategies(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the blocks of the strategies that a configuration enables, by name."""
    blocks = config.get("strategies") or {}
    return {name: block for name, block in blocks.items() if isinstance(block, Mapping) and block.get("enabled")}


def _implementation(spec: str) -> str:
    """Return a strategy's name, a file's as seen from here: the same file has one name however it is reached."""
    if ".py" not in spec:
        return spec
    path, _, name = spec.partition(".py")
    file = Path(f"{path}.py").expanduser()
    if file.is_absolute() and file.is_relative_to(Path.cwd()):
        file = file.relative_to(Path.cwd())
    return Path(os.path.normpath(file)).as_posix() + name


def _is_own(implementation: str) -> bool:
    return ".py" in implementation or ":" in implementation


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(item) for item in value]
    return value
