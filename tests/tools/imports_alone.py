"""What becomes of each module when it is imported alone: run as a script, it prints the failures.

usage: imports_alone.py FOLDER MODULE…

The import of a module begins with the import of the first one that it names. So a process in which that one was
imported alone is copied (forked), and the copy goes on with the module. What lies below is imported once, not
once for each of several hundred modules; still each meets exactly what it would meet as the first of all.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import io
import json
import os
import sys
import tempfile
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

PACKAGE = "stratkit"
ALONE = ""  # what a module follows that is imported into an empty process

Order = dict[str, list[str]]


def is_ours(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def forget() -> None:
    """Let the package be as if it had never been imported; third parties stay loaded."""
    for name in filter(is_ours, list(sys.modules)):
        del sys.modules[name]


def failure(name: str) -> str | None:
    """Return why a module cannot be imported silently, None when it can."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            importlib.import_module(name)
    except BaseException:
        return traceback.format_exc(limit=-3)
    return f"printed: {said.getvalue()}" if said.getvalue() else None


def first_named(path: Path, known: frozenset[str]) -> str | None:
    """Return the first module of the package that a source imports, None when anything else is done before."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and is_ours(node.module):
            inner = f"{node.module}.{node.names[0].name}"
            return inner if inner in known else node.module
        if isinstance(node, ast.Import) and is_ours(node.names[0].name):
            return node.names[0].name
        if not isinstance(node, ast.Expr | ast.Import | ast.ImportFrom):
            return None
    return None


def order_of(names: list[str], root: Path) -> Order:
    """Return for each module those whose import begins with its own."""
    known = frozenset(names)
    folders = {name: root.joinpath(*name.split(".")) for name in names}
    packages = {name: folder / "__init__.py" for name, folder in folders.items() if folder.is_dir()}
    # a package runs before its modules; where it imports nothing of ours, it may as well run later
    busy = {name for name, path in packages.items() if first_named(path, known)}
    order: Order = defaultdict(list)
    for name in names:
        package = name.rpartition(".")[0]
        begins = (
            package if package in busy else first_named(packages.get(name, folders[name].with_suffix(".py")), known)
        )
        order[begins if begins in known and name not in packages else ALONE].append(name)
    return order


def in_a_copy(work: Callable[[], None]) -> None:
    """Do `work` in a copy of this process, and wait for its end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: no thread of third parties is waited for
        copy = os.fork()
    if copy == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitpid(copy, 0)[1]:
        raise ChildProcessError("a copy of the process has ended early")


def import_after(begins: str, name: str, order: Order, told: BinaryIO) -> None:
    """Import a module where the one that it begins with was imported alone; then, in copies, what comes after it."""
    if name in sys.modules and not name.startswith(f"{begins}."):
        return  # a circle: what it begins with reads it. (Where its own package reads it, there is no more to do.)
    reason = failure(name)
    told.write((json.dumps([name, reason]) + "\n").encode())
    if reason is None:
        for later in order.get(name, ()):
            in_a_copy(partial(import_after, name, later, order, told))


def import_each(root: Path, names: list[str]) -> dict[str, str | None]:
    """Return what became of each module: why it cannot be imported alone, or None."""
    for name in names:
        failure(name)  # loads the third parties, once for all copies
    forget()
    gc.collect()
    gc.freeze()  # what is loaded now stays
    gc.disable()
    order = order_of(names, root)
    with tempfile.TemporaryFile(buffering=0) as told:
        for name in order[ALONE]:
            in_a_copy(partial(import_after, ALONE, name, order, told))
        for name in set(names) - outcomes(told).keys():  # in a circle, or behind one that failed
            in_a_copy(partial(import_after, ALONE, name, {}, told))
        return outcomes(told)


def outcomes(told: BinaryIO) -> dict[str, str | None]:
    told.seek(0)
    return dict(json.loads(line) for line in told)


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    became = import_each(Path(sys.argv[1]), sys.argv[2:])
    assert became.keys() == set(sys.argv[2:])
    print(json.dumps({name: reason for name, reason in became.items() if reason}))
