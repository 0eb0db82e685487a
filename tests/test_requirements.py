"""Declared dependencies, the versions they are tested with, and the oldest ones allowed agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:>=(?P<lowest>[\d.]+))?")


def project(checkout: Path) -> dict[str, Any]:
    whole: dict[str, Any] = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))
    table: dict[str, Any] = whole["project"]
    return table


def bounds(requirements: list[str]) -> dict[str, str | None]:
    """The lower bound of each requirement; those of one platform only are left out."""
    found = [LINE.match(line) for line in requirements if ";" not in line]
    return {plain(match["name"]): match["lowest"] for match in found if match}


def pins(path: Path) -> dict[str, str]:
    """The pinned version of each name in a constraints file."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    split = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {plain(name): version for name, version in split}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def number(version: str) -> tuple[int, ...]:
    """A version as numbers, without trailing zeros."""
    parts = [int(part) for part in version.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def test_every_dependency_has_a_lower_bound(checkout: Path) -> None:
    assert all(bounds(project(checkout)["dependencies"]).values())


def test_lower_bounds_are_the_versions_of_the_oldest_run(checkout: Path) -> None:
    table, oldest = project(checkout), pins(checkout / "constraints-lowest.txt")
    declared = bounds(table["dependencies"]) | bounds(table["optional-dependencies"]["test"])
    oldest_of_ours = {name: number(oldest[name]) for name in declared if name in oldest}
    assert oldest_of_ours == {name: number(lowest) for name, lowest in declared.items() if lowest}


@pytest.mark.parametrize("extra", ["", "test", "dev"])
def test_every_dependency_is_pinned_above_its_bound(checkout: Path, extra: str) -> None:
    table, pinned = project(checkout), pins(checkout / "constraints.txt")
    declared = bounds(table["optional-dependencies"][extra] if extra else table["dependencies"])
    assert declared.keys() <= pinned.keys()
    assert all(number(pinned[name]) >= number(lowest) for name, lowest in declared.items() if lowest)


def test_the_changelog_knows_the_version(checkout: Path) -> None:
    assert f"## [{project(checkout)['version']}]" in (checkout / "CHANGELOG.md").read_text("utf-8")
