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

_KERNEL_ROOMS: Final = ("data", "features", "inference", "risk", "engine", "analytics")


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


def compiled(function: F) -> F:
    """Compile `function` on its first call and keep the machine code on disk.

    Division follows IEEE (no ZeroDivisionError) and no fast-math is allowed: NaN means "no bar".
    """
    return cast(F, numba.njit(function, cache=True, error_model="numpy", nogil=True))


def inlined(function: F) -> F:
    """Compile like `compiled`, and copy the machine code into every caller.

    For a step that takes many arrays and has one or two callers: handing the arrays over would cost more than
    the step does.
    """
    return cast(F, numba.njit(function, cache=True, error_model="numpy", nogil=True, forceinline=True))


@numba.extending.intrinsic  # type: ignore[misc]  # numba has no stubs
def borrowed(_context: Any, array: Any) -> Any:
    """Return a view of an array that is not reference-counted; the caller keeps the array alive.

    Handing arrays from one compiled function to the next counts references of each, atomically: in the
    engine that costs more than the work itself.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        make = context.make_array(signature.return_type)
        view = make(context, builder, value=args[0])
        for name in ("meminfo", "parent"):
            setattr(view, name, getattr(view, name).type(None))
        return view._getvalue()

    return array(array), build


def is_cold() -> bool:
    """Whether the folder holds no compiled engine yet, so that the next run compiles once."""
    return next(CACHE_FOLDER.rglob("kernel.advance*.nbi"), None) is None
