"""`compiled`: the decorator of every kernel, and the folder where machine code is kept.

Import numba through this module only: it must be told where to cache before it is imported. The
folder is named after the version and a hash of every source file that may hold a kernel, because
numba itself looks at a function's own file and would miss a change in a function that it calls.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_KERNEL_ROOMS: Final = ("data", "features", "inference", "regimes", "combine", "risk", "engine", "analytics")


def _source_digest() -> str:
    root = Path(__file__).parent
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    files = [*root.glob("*.py"), *(path for room in _KERNEL_ROOMS for path in (root / room).rglob("*.py"))]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _choose_folder() -> Path:
    import platformdirs

    name = f"kernels-{_source_digest()}"
    given = os.environ.get("STRATKIT_CACHE_DIR")
    homes = [Path(given)] if given else []
    homes += [Path(platformdirs.user_cache_dir("stratkit", appauthor=False))]
    homes += [Path(tempfile.gettempdir()) / f"stratkit-{os.getuid() if hasattr(os, 'getuid') else 'user'}"]
    for home in homes:
        if _writable(home / name):
            return home / name
    return Path(tempfile.mkdtemp(prefix="stratkit-"))


CACHE_FOLDER: Final = _choose_folder()
os.environ["NUMBA_CACHE_DIR"] = str(CACHE_FOLDER)

import numba  # noqa: E402  numba reads NUMBA_CACHE_DIR once, when it is imported

vars(numba.config)["CACHE_DIR"] = str(CACHE_FOLDER)  # also where numba was imported before this module


_OPTIONS: Final[dict[str, Any]] = {"error_model": "numpy", "nogil": True}
# what allocates nothing need not count references, which costs more than the engine's own work
_BARE: Final[dict[str, Any]] = {**_OPTIONS, "_nrt": False}
_INNER: Final[dict[str, Any]] = {**_BARE, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compiled(function: F) -> F:
    """Compile `function` on its first call and keep the machine code on disk.

    Division follows IEEE (no ZeroDivisionError) and no fast-math is allowed: NaN means "no bar".
    """
    return cast(F, numba.njit(function, cache=True, **_OPTIONS))


def allocating_nothing(function: F) -> F:
    """Compile like `compiled`, for a function that makes no array: references are not counted."""
    return cast(F, numba.njit(function, cache=True, **_BARE))


def inner(function: F) -> F:
    """Compile a step that only compiled functions call and that makes no array.

    It has no entry from Python, and its callers keep its machine code: entries for records and named
    tuples take longer to compile than the steps themselves.
    """
    return cast(F, numba.njit(function, **_INNER))


def inlined(function: F) -> F:
    """Compile like `inner`, and copy the machine code into every caller.

    For a step that takes many arrays and has one or two callers: handing the arrays over would cost more than
    the step does.
    """
    return cast(F, numba.njit(function, forceinline=True, **_INNER))


def is_cold() -> bool:
    """Whether the folder holds no compiled engine yet, so that the next run compiles once."""
    return next(CACHE_FOLDER.rglob("kernel.advance*.nbi"), None) is None
