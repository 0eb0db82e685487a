"""`configured_arms`: the configuration of each arm of an A/B test that has one, so that arms differ in one thing only.

A strategy takes everything but itself from the first configuration or run among the arms, or from the built-in one:
bars, account, costs, fills and risk are then the same on both sides.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stratkit.config import FileConfig, load_config, read_resolved
from stratkit.errors import ConfigError, UsageError
from stratkit.research.ab_arms import ArmToken
from stratkit.research.search_settings import SearchSettings
from stratkit.runs.find import find_run
from stratkit.runs.places import find_place, working_folders
from stratkit.strategies.catalog import build_strategy
from stratkit.strategies.settings import StrategySettings
from stratkit.yaml_positions import Placed, from_option, parse_setting


def configured_arms(
    tokens: Sequence[ArmToken], out: Path, options: list[Placed], settings: list[str]
) -> list[FileConfig | None]:
    """Return the configuration of each arm, None for a file and for a run whose configuration cannot be read.

    `options` and ``--set`` `settings` hold for all that is replayed; runs stay as they were. Raises `ConfigError` for
    a configuration and `UsageError` for parameters that do not hold, with the arm that they are of, and for options
    that would hold for nothing.
    """
    if not any(token.kind in ("configuration", "strategy") for token in tokens):
        _refuse_idle(options, settings)
    given = {
        place: _of_run(token, out)
        if token.kind == "run"
        else load_config([Path(token.target).expanduser()], options=options, settings=settings, environment=os.environ)
        for place, token in enumerate(tokens)
        if token.kind in ("configuration", "run")
    }
    base: FileConfig | None = None
    if given and any(token.kind == "strategy" for token in tokens):
        first = min(given)
        base = _as_base(tokens[first], out, options, settings) if tokens[first].kind == "run" else given[first]
    return [
        _with_strategy(token, base, options, settings) if token.kind == "strategy" else given.get(place)
        for place, token in enumerate(tokens)
    ]


def _refuse_idle(options: Sequence[Placed], settings: Sequence[str]) -> None:
    """Raise `UsageError` for options of a replay where nothing is replayed: files and runs stay as they are."""
    idle = [one.place for one in options if one.place != "--seed"] + (["--set"] if settings else [])
    if idle:  # the test would be of other bars than was thought
        raise UsageError(
            f"{' and '.join(idle)} can only hold for arms that are replayed; these are files and runs, which stay as "
            "they are: leave it out, or cut the files yourself"
        )


def _of_run(token: ArmToken, out: Path) -> FileConfig | None:
    try:
        return read_resolved(find_run(token.target, out).path("config.yaml"))
    except ConfigError:  # of another version: its account is compared all the same
        return None


def _as_base(token: ArmToken, out: Path, options: list[Placed], settings: list[str]) -> FileConfig:
    """Return the configuration of a run with the options of this command, its bars where they are seen from here."""
    record = find_run(token.target, out)
    path = read_resolved(record.path("config.yaml")).data.path
    place = [] if path is None else [
        from_option("data.path", str(find_place(path, working_folders(record.folder))), record.run_id)
    ]  # fmt: skip
    return load_config([record.path("config.yaml")], options=[*place, *options], settings=settings)


def _with_strategy(token: ArmToken, base: FileConfig | None, options: list[Placed], settings: list[str]) -> FileConfig:
    config = base or load_config(options=options, settings=settings, strategy=token.target, environment=os.environ)
    target = token.target if ".py:" in token.target or ".py" not in token.target else f"{token.target}:"
    name = Path(target.rpartition(":")[2] or token.target).stem
    try:
        built = build_strategy(token.target, _parameters(token))
    except UsageError as error:
        raise UsageError(f"{token.typed}: {error}") from None
    alone = StrategySettings(enabled=True, type=token.target, params=built.params.model_dump(mode="json"))
    # what speaks of other strategies by name says nothing about this one
    return config.model_copy(update={"strategies": {name: alone}, "overrides": {}, "search": SearchSettings()})


def _parameters(token: ArmToken) -> dict[str, Any]:
    """Return the parameters as YAML reads them: numbers, words, lists."""
    return {text.partition("=")[0].strip(): _value(token, text) for text in token.params}


def _value(token: ArmToken, text: str) -> Any:
    name, _, value = text.partition("=")
    return parse_setting(f"{name.strip()}={value}").plain()[name.strip()]
