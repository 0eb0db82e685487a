"""`import_user_module`: a module of a user's own package, imported as Python does."""

from __future__ import annotations

from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from stratkit.errors import StrategyError, UsageError
from stratkit.strategies.user_code import calling
from stratkit.strategies.user_files import open_folder


def import_user_module(name: str) -> ModuleType:
    """Import the module of the dotted `name`: what is installed, else what the working folder holds.

    Unlike a file it runs once in a process, and its relative imports work. Raises `UsageError` when
    there is none, `StrategyError` with file and line when it cannot be run.
    """
    open_folder(Path.cwd())
    try:
        with calling(f"module {name} cannot be imported", file=_own_place(name)):
            return import_module(name)
    except StrategyError as error:
        missing = _missing(error.__cause__, name)
        if missing is None:
            raise
        raise UsageError(
            f"a strategy's module must be importable; found no module {missing!r} for {name!r}: "
            "check the name, install its package, or start in the folder that holds it"
        ) from None


def _own_place(name: str) -> str | None:
    """Return the folder of the package that holds a module, or the module's file when it stands alone."""
    spec = PathFinder.find_spec(name.partition(".")[0])
    if spec is None:
        return None
    return next(iter(spec.submodule_search_locations or ()), spec.origin)


def _missing(error: BaseException | None, name: str) -> str | None:
    """Return the module that is not there, when that is `name` itself or a package around it."""
    if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
        return error.name
    return None
