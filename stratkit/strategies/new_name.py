"""`check_new_name`: whether a new strategy may be called so, and what it could be called instead."""

from __future__ import annotations

import itertools
import keyword
import re
import sys
import unicodedata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from stratkit.errors import UsageError
from stratkit.strategies.catalog import STRATEGIES
from stratkit.strategies.templates import class_name_of

# what the files of a new strategy import: a class of that name would take its place
_IMPORTED: Final = {
    "BarContext",
    "BarStrategy",
    "Bars",
    "Context",
    "Parameters",
    "Proposal",
    "Signals",
    "Strategy",
}


def check_new_name(name: str, folder: Path) -> None:
    """Raise `UsageError`, with the nearest name that may be used, when no strategy in `folder` may be called `name`."""
    problem = _problem(name, folder)
    if problem is not None:
        raise UsageError(f"the name of a new strategy must {problem}; found {name!r}: try {_nearest(name, folder)!r}")


def _problem(name: str, folder: Path) -> str | None:
    if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) is None:
        return "be in snake_case: a to z and digits, a letter first, words joined by _"
    if keyword.iskeyword(name):
        return "not be a keyword of Python"
    if name in STRATEGIES:
        return "not be that of a strategy that is there"
    if name.startswith("test") or name == "conftest":
        return "not be one that pytest takes for its own"
    if class_name_of(name) in _IMPORTED:
        return f"not make its class {class_name_of(name)}, which stratkit has already"
    if name in {*sys.stdlib_module_names, "stratkit"} or _is_importable(name, folder):
        return "not hide a module that can be imported"
    return None


def _is_importable(name: str, folder: Path) -> bool:
    # what stands in the folder itself is what is being written, or written anew
    own = {folder.resolve(), Path.cwd()}
    return PathFinder.find_spec(name, [place for place in sys.path if Path(place).resolve() not in own]) is not None


def _nearest(name: str, folder: Path) -> str:
    plain = _tidied(name) or "strategy"
    numbered = (f"my_{plain}_{count}" for count in itertools.count(2))
    candidates = itertools.chain((plain, f"my_{plain}"), numbered)
    return next(candidate for candidate in candidates if _problem(candidate, folder) is None)


def _tidied(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.removesuffix(".py")).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", letters).lower()
    return re.sub(r"[^a-z0-9]+", "_", words).strip("_")
