"""`run_user_file`: a user's file as a module, and the files that it is made of."""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
import sysconfig
from collections.abc import Iterator
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from stratkit.errors import StrategyError, UsageError
from stratkit.strategies.user_code import calling

_PREFIX: Final = "stratkit_user_"  # of the module that a file becomes
_NOT_OWN: Final = frozenset({*sys.stdlib_module_names, "stratkit"})
_beside: dict[str, dict[str, ModuleType]] = {}  # by the name of a file's module: what it imported from beside it
_added: list[str] = []  # the folder that stands last on sys.path for the file that ran last


def run_user_file(path: Path) -> ModuleType:
    """Run the file at the absolute `path` as a module of its own; the same files with the same content run once.

    It may import modules that stand beside it. Two files in two folders may each have a ``rules.py``
    beside them: each gets its own. Raises `StrategyError` with file and line when it cannot be run.
    """
    files = source_files(path)
    digest = hashlib.sha256(str(path).encode(errors="backslashreplace"))
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    name = f"{_PREFIX}{path.stem}_{digest.hexdigest()[:16]}"
    tops = {file.relative_to(path.parent).parts[0].removesuffix(".py") for file in files if file != path}
    open_folder(path.parent)
    _forget(tops)
    if name in sys.modules:
        sys.modules.update(_beside[name])
        return sys.modules[name]
    module = run_as_written(name, path)
    _beside[name] = {key: value for key, value in sys.modules.items() if key.partition(".")[0] in tops}
    return module


def run_as_written(name: str, path: Path) -> ModuleType:
    """Run the file at `path` as the module `name`, past any bytecode; raise `StrategyError` when it cannot be run."""
    spec = spec_from_file_location(name, path, loader=_AsWritten(name, str(path)))
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} must be a Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module  # before it runs: pydantic and dataclasses look their module up
    try:
        with calling(f"{path} cannot be run", file=str(path)):
            spec.loader.exec_module(module)
    except StrategyError:
        del sys.modules[name]
        raise
    return module


def source_files(path: Path, module: str = "") -> list[Path]:
    """Return the files that the code at the absolute `path` is made of: itself first, then what it imports.

    Of a user's file these are the modules and packages beside it; of a `module` inside an installed
    package the package's own modules. Imports are read, not run: also those inside functions count;
    a module that is named by a text at run time does not.
    """
    if module.startswith("stratkit.") or (_is_installed(path) and "." not in module):
        return [path]
    inside = "" if module.startswith(_PREFIX) else module
    root = path.parents[inside.count(".")]
    if path.name == "__init__.py" and inside:
        root = root.parent
    package = inside.partition(".")[0] if "." in inside else None
    found, waiting = [path], [path]
    while waiting:
        names = [name for name in _imported(waiting.pop(0), root) if _is_own(name.partition(".")[0], root, package)]
        for file in (file for name in names for file in _files_of(name, root)):
            if file not in found:
                found.append(file)
                waiting.append(file)
    return [path, *sorted(found[1:])]


def imported_packages(files: list[Path]) -> list[str]:
    """Return the top-level names that `files` import and that are neither Python's own, stratkit's, nor among them."""
    root = files[0].parent
    tops = {name.partition(".")[0] for file in files for name in _imported(file, root)}
    return sorted(name for name in tops - _NOT_OWN if name and not any(_files_of(name, root)))


def open_folder(folder: Path) -> None:
    """Let Python import what stands in `folder`, in the place of the folder opened before."""
    # last on the path: a file called random.py beside a strategy must not replace Python's own
    for old in _added:
        if old in sys.path:
            sys.path.remove(old)
    _added.clear()
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        _added.append(str(folder))
    importlib.invalidate_caches()  # files may have been written a moment ago


class _AsWritten(SourceFileLoader):
    """Runs a file as it is written now: bytecode of another text of the same length and second would pass for it."""

    def path_stats(self, path: Any) -> Any:
        raise OSError("no bytecode is read or kept")


def _forget(tops: set[str]) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
        del sys.modules[name]


def _imported(file: Path, root: Path) -> list[str]:
    """Return the dotted names that a file may import, relative ones as seen from `root`."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # running it will say where
        return []
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = file.parents[node.level - 1].relative_to(root).parts if _inside(file, root, node.level) else ()
            whole = ".".join((*above, *(node.module or "").split("."))).strip(".")
            names += [whole, *(f"{whole}.{alias.name}".strip(".") for alias in node.names)]
    return names


def _inside(file: Path, root: Path, level: int) -> bool:
    return level > 0 and len(file.parents) >= level and file.parents[level - 1].is_relative_to(root)


def _is_own(top: str, root: Path, package: str | None) -> bool:
    if top in _NOT_OWN or not top:
        return False
    if package is not None:
        return top == package
    if not any(_files_of(top, root)) and not (root / top).is_dir():
        return False
    # what an import of that name would find first; the folder of another strategy is not on the path then
    spec = PathFinder.find_spec(top, [*(place for place in sys.path if place not in _added), str(root)])
    places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
    return spec is None or any(Path(place).resolve().is_relative_to(root.resolve()) for place in places if place)


def _files_of(name: str, root: Path) -> Iterator[Path]:
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:count])
        yield from (file for file in (place.with_name(f"{place.name}.py"), place / "__init__.py") if file.is_file())


def _is_installed(path: Path) -> bool:
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return any(path.is_relative_to(folder) for folder in folders)
