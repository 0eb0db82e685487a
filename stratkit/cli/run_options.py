"""`run_options`: what the options of a command say of the configuration, each with its own name as its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stratkit.yaml_positions import Placed

OptionValue = str | float | list[str] | None
Given = tuple[str, OptionValue, str]


def bars_given(data: str | None, start: str | None, end: str | None, accept: list[str] | None) -> tuple[Given, ...]:
    """Return what --data, --from, --to and --accept say, for `run_options`."""
    return (
        ("data.path", data, "--data"), ("data.start", start, "--from"), ("data.end", end, "--to"),
        ("data.accept", accept or None, "--accept"),
    )  # fmt: skip


def run_options(*given: Given) -> list[Placed]:
    """Return the settings that were given as (key, value, option); None was not given.

    Raises `UsageError` for an option whose path is an empty text: it would be the current folder.
    """
    from stratkit.errors import UsageError
    from stratkit.yaml_positions import from_option

    for key, value, option in given:
        if value == "" and key.endswith("path"):
            raise UsageError(f"{option} must name a path; found an empty text: is a variable of your shell not set?")
    return [from_option(key, value, option) for key, value, option in given if value is not None]
