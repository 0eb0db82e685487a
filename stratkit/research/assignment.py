"""`assigned`: a configuration with some of its values changed, by their dotted keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from stratkit.backtest import RunConfig
from stratkit.errors import ConfigError, did_you_mean
from stratkit.research.trials import Assignment


def assigned(config: RunConfig, values: Assignment) -> RunConfig:
    """Return the configuration with `values` in place, checked like one that was read from a file.

    A block that is off, such as an ``exit_plan`` that is none, is begun by its first value. Raises `ConfigError` for a
    key that does not exist and for a value that its key does not take.
    """
    plain = config.model_dump(mode="json", by_alias=True)
    for key, value in values.items():
        _place(plain, key.split("."), value, key)
    try:
        return RunConfig.model_validate_json(json.dumps(plain), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{where}: {first['msg']}; found {first['input']!r}") from None


def value_at(plain: Mapping[str, Any], key: str) -> Any:
    """Return what stands at a dotted key of a plain configuration; raise `ConfigError` when there is no such key."""
    found: Any = plain
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            known = list(found) if isinstance(found, Mapping) else []
            raise ConfigError(f"there is no key {key!r} in the configuration; {did_you_mean(part, known)}")
        found = found[part]
    return found


def _place(block: dict[str, Any], parts: list[str], value: Any, key: str) -> None:
    first, *rest = parts
    is_parameter = not rest and key.endswith(f".params.{first}")  # its strategy knows which there are
    if first not in block and not is_parameter:
        raise ConfigError(f"there is no key {key!r} in the configuration; {did_you_mean(first, block)}")
    if not rest:
        block[first] = value
        return
    if block[first] is None:
        block[first] = dict.fromkeys(rest[:1])
    if not isinstance(block[first], dict):
        raise ConfigError(f"{key}: {first} holds a value, no keys; found {block[first]!r}")
    _place(block[first], rest, value, key)
