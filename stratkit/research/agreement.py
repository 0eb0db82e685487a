"""`agreed`: what decides a trial beside its configuration and bars, and must be the same wherever it is computed."""

from __future__ import annotations

from collections.abc import Mapping

from stratkit.backtest import RunConfig
from stratkit.data.bars import Bars
from stratkit.data.beside import detail_settings
from stratkit.data.store import load_bars
from stratkit.research.provenance import code_digests, input_files
from stratkit.runs.manifest import versions
from stratkit.strategies.catalog import build_strategy, source_digest, source_packages

Agreement = Mapping[str, str | None]


def agreed(config: RunConfig, bars: Bars) -> Agreement:
    """Return digest or version of all code and files that trials of `config` on `bars` need in this process, by a name.

    Paths of `config` lead somewhere from any folder. Raises `StratkitError` when something cannot be found.
    """
    built = {name: build_strategy(settings.spec, settings.params) for name, settings in config.enabled().items()}
    packages = sorted({package for strategy in built.values() for package in source_packages(strategy)})
    plain = config.model_dump(mode="json", by_alias=True)
    files = {f"the file for {role}": file["sha256"] for role, file in input_files(plain, ()).items()}
    if config.data.detail_path is not None:
        files["the detail bars"] = load_bars(detail_settings(config.data, bars)).digest
    return {
        **{f"stratkit's {room}": digest for room, digest in code_digests("runs", "research").items()},
        **{f"the version of {package}": version for package, version in versions(packages).items()},
        **{f"the source of strategy {name}": source_digest(strategy) for name, strategy in built.items()},
        **files,
    }


def difference(here: Agreement, there: Agreement) -> str | None:
    """Return in words what is not the same there, None when everything is.

    >>> difference({"the version of numpy": "2.4.1"}, {"the version of numpy": "2.3.0"})
    'the version of numpy (2.4.1 here, 2.3.0 there)'
    """
    differing = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    if not differing:
        return None
    listed = [f"{name} ({_short(here.get(name))} here, {_short(there.get(name))} there)" for name in differing[:3]]
    more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
    return ", ".join(listed) + more


def _short(value: str | None) -> str:
    return "none" if value is None else value[:16]
