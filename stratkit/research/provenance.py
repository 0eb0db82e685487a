"""`run_manifest`: what a run was made from and what came out of it, gathered from all rooms into one record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stratkit.backtest import RunConfig
from stratkit.data.bars import FIELDS, Bars
from stratkit.data.beside import detail_settings
from stratkit.data.bundled import BUNDLED_PREFIX
from stratkit.data.series import series_path
from stratkit.data.store import load_bars
from stratkit.engine.layout import ENGINE_SEMANTICS
from stratkit.engine.result import BacktestResult
from stratkit.engine.tables import Columns
from stratkit.errors import DataError
from stratkit.runs.bar_marks import symbol_bars
from stratkit.runs.manifest import data_digests, file_digest, manifest, output_digests
from stratkit.runs.places import find_place
from stratkit.strategies.catalog import build_strategy, source_digest, source_digests, source_packages

# in the order in which one follows from another; opinions only where strategies are combined or give reasons
SHADOW: Final = "shadow_trades"  # only where something adapts
TABLES: Final = ("opinions", "decisions", "fills", "trades", "equity", SHADOW)
_SERIES: Final = ("data", "series")
STATE_PATH: Final = "state_path"
_ROOMS: Final = ("inference", "data", "features", "regimes", "strategies", "combine", "risk", "engine", "adaptive")


def run_manifest(
    config: RunConfig,
    plain: Mapping[str, Any],
    bars: Bars,
    tables: Mapping[str, Columns],
    command: Sequence[str],
    folders: tuple[Path, ...] = (),
) -> dict[str, Any]:
    """Return the manifest of a run.

    `config` is what ran, with paths that lead somewhere from here; `plain` is the resolved
    configuration as it was given, whose relative paths are seen from `folders`, or from here. `tables`
    are those of `run_tables`; none for a run that is still to come.
    """
    built = {name: build_strategy(settings.spec, settings.params) for name, settings in config.enabled().items()}
    panels = [getattr(bars, field) for field in FIELDS]
    known = symbol_bars(bars.times, bars.symbols, panels)
    detail = _detail(config, plain, bars)
    return manifest(
        config=plain,
        data=data_digests(bars.times, bars.symbols, panels),
        bars={symbol: entry.plain() for symbol, entry in known.items()},
        strategies={name: source_digest(strategy) for name, strategy in built.items()},
        sources={name: source_digests(strategy) for name, strategy in built.items()},
        inputs={**input_files(plain, folders or (Path.cwd(),)), **detail},
        engine_semantics=ENGINE_SEMANTICS,
        code=code_digests(),
        seed=config.seed,
        packages=sorted({package for strategy in built.values() for package in source_packages(strategy)}),
        command=command,
        outputs=output_digests(tables),
    )


def run_tables(result: BacktestResult) -> dict[str, Columns]:
    """Return the tables of a run by name, in the order in which one follows from another."""
    told = {} if result.opinions is None else {"opinions": result.opinions_columns()}
    return {
        **told,
        "decisions": result.decisions_columns(),
        "fills": result.fills_columns(),
        "trades": result.trades_columns(),
        "equity": result.equity_columns(),
        **({} if result.adapted is None else {SHADOW: result.shadow_columns()}),
    }


def input_files(plain: Mapping[str, Any], folders: tuple[Path, ...]) -> dict[str, dict[str, str]]:
    """Return path as given and digest of every file that a configuration names, by its role: funding, series vix ...

    Files of bars are not among them: their content counts. Nor is a state file, of which a run keeps what it went on
    from. Raises `DataError` when one is gone.
    """
    found = {}
    for keys, text in path_settings(plain):
        is_series = keys[:2] == _SERIES
        if (keys[-1] in ("path", "detail_path") and not is_series) or keys[0] == "strategies" or keys[-1] == STATE_PATH:
            continue
        place = find_place(text, folders)
        if not place.exists():
            raise DataError(f"{'.'.join(keys)} must name a file; found none at {place}: bring it back")
        role = f"series {keys[2]}" if is_series else keys[-1].removesuffix("_path")
        found[role] = {"path": text, "sha256": file_digest(place)}
    for name, entry in plain["data"].get("series", {}).items():
        if entry["path"].startswith(BUNDLED_PREFIX):
            found[f"series {name}"] = {"path": entry["path"], "sha256": file_digest(series_path(entry["path"]))}
    return found


def located(plain: Mapping[str, Any], folders: tuple[Path, ...]) -> RunConfig:
    """Return the run of a resolved configuration with every relative path where it leads from `folders`."""
    keys_of_run = [field.alias or name for name, field in RunConfig.model_fields.items()]
    values = {key: plain[key] for key in keys_of_run if key in plain}
    for keys, text in path_settings(values):
        values = _replaced(values, keys, _located(text, folders))
    return RunConfig.model_validate(values)


def path_settings(plain: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the keys and the text of every setting that names a file: ``path``, ``*_path``, a strategy of a user's."""
    return _paths(plain, ())


def code_digests(*further: str) -> dict[str, str]:
    """Return a digest of each room of stratkit that decides what a run computes, and of `further` rooms."""
    root = Path(__file__).resolve().parents[1]
    files = {
        "ground": sorted(root.glob("*.py")),
        **{room: sorted((root / room).rglob("*.py")) for room in (*_ROOMS, *further)},
    }
    return {room: _code_digest(paths, root) for room, paths in files.items() if paths}


def _detail(config: RunConfig, plain: Mapping[str, Any], bars: Bars) -> dict[str, dict[str, str]]:
    if config.data.detail_path is None:
        return {}
    finer = load_bars(detail_settings(config.data, bars))
    return {"detail": {"path": plain["data"]["detail_path"], "sha256": finer.digest}}


def _code_digest(paths: list[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        # a checkout on Windows may end its lines in its own way
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def _paths(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if keys == _SERIES or key not in ("params", "report", "columns", "alerts"):
                yield from _paths(item, (*keys, key))
    elif isinstance(value, str) and keys and value and _names_file(keys, value):
        yield keys, value


def _names_file(keys: tuple[str, ...], value: str) -> bool:
    if keys[0] == "strategies":  # type may be a name, and module_path a module
        return keys[-1] in ("type", "module_path") and re.search(r"\.py(:\w+)?$", value) is not None
    if keys[:2] == _SERIES:
        return keys[-1] == "path" and not value.startswith(BUNDLED_PREFIX)  # which leads nowhere from a folder
    return keys[-1] == "path" or keys[-1].endswith("_path")


def _located(text: str, folders: tuple[Path, ...]) -> str:
    path, dot_py, name = text.partition(".py:")  # a strategy is a file and the class in it
    return f"{find_place(f'{path}{dot_py[:3]}', folders)}{dot_py[3:]}{name}"


def _replaced(values: Mapping[str, Any], keys: tuple[str, ...], text: str) -> dict[str, Any]:
    first, *rest = keys
    return {**values, first: _replaced(values[first], tuple(rest), text) if rest else text}
