"""`calling`: the one place where other people's code runs, and whatever it raises gets a place and a reason.

A strategy may come from a user's file or from a package of somebody else. Nothing that it does
may end in a bare traceback: every error becomes a `StrategyError` with file, line and reason.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from stratkit.errors import ParameterError, StrategyError, StratkitError, Terminated


class LocatedError(StrategyError):
    """A `StrategyError` that already says where: `calling` lets it pass as it is."""


@contextmanager
def calling(what: str, owner: type | None = None, file: str | None = None) -> Iterator[None]:
    """Turn whatever is raised inside into a `StrategyError` that begins with `what`.

    The place named is the deepest frame in `file` (which may be a folder), or in the file of the class `owner`,
    or at all. A `ParameterError` passes: it is about a value that the user gave, not about the code; a `LocatedError`
    passes because it comes from a `calling` further inside. So do Ctrl-C
    and a termination signal, also when the code makes another error of them. What the code prints goes
    to stderr: stdout is for results.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (ParameterError, LocatedError):
        raise
    except (Exception, SystemExit) as error:  # user code: anything may come, and leaving is no way out
        stopped = _stop_behind(error)
        if stopped is not None:
            raise stopped from None
        place = _place(error, file or _file_of(owner))
        raise LocatedError(f"{what}: {place}: {_reason(error)}") from error


def place_of_error(error: BaseException, owner: type | None) -> str:
    """Return file:line of the deepest frame of an error in the file of the class `owner`, or at all."""
    return _place(error, _file_of(owner))


def place_of_class(owner: type) -> str:
    """Return file:line of a class, or its name when it was typed in a session."""
    try:
        return f"{inspect.getsourcefile(owner)}:{inspect.getsourcelines(owner)[1]}"
    except (OSError, TypeError):
        return owner.__qualname__


def _stop_behind(error: BaseException) -> BaseException | None:
    """Return the Ctrl-C or termination signal during which `error` was raised."""
    seen: set[int] = set()
    behind: BaseException | None = error
    while behind is not None and id(behind) not in seen:
        if isinstance(behind, KeyboardInterrupt | Terminated):
            return behind
        seen.add(id(behind))
        behind = behind.__cause__ or behind.__context__
    return None


def _file_of(owner: type | None) -> str | None:
    try:
        return inspect.getsourcefile(owner) if owner is not None else None
    except TypeError:  # a class typed in a session
        return None


def _place(error: BaseException, file: str | None) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if file is not None and _within(frame.filename, file)]
    frame = (own or frames)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _within(name: str, place: str) -> bool:
    if name.startswith("<"):  # frozen code, or typed in a session
        return name == place
    return name == place or Path(name).resolve().is_relative_to(Path(place).resolve())


def _reason(error: BaseException) -> str:
    if isinstance(error, StratkitError):
        return str(error)
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
