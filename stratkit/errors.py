"""The exception tree: every error that a user can cause is a `StratkitError`.

::

    StratkitError
    ├── UsageError          exit 2: a wrong option, key, name or value
    │   ├── ConfigError     ... in a configuration file, with its place
    │   └── ParameterError  ... in a strategy's parameters
    ├── DataError           exit 3: bars that cannot be used as they are
    ├── RunError            exit 4: a run that could not be finished
    │   ├── StrategyError   ... because a strategy raised or broke its contract
    │   └── OutputError     ... because its results could not be written
    └── ConditionError      exit 5: an asked-for condition does not hold

A message says what must hold, what was found, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_LISTED: Final = 12  # names of many that a message still shows


class StratkitError(Exception):
    """Stop with a message for the user; `exit_code` is what the command line returns."""

    exit_code = 4


class Terminated(BaseException):
    """A termination signal; like `KeyboardInterrupt` no error, so that nothing but the command line catches it."""


class UsageError(StratkitError):
    """A wrong option, key, name or value."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration that does not hold; the message carries file:line:column where known."""


class ParameterError(UsageError):
    """A strategy parameter that is unknown, of the wrong type or out of its bounds."""


class DataError(StratkitError):
    """Bars that cannot be used as they are."""

    exit_code = 3


class RunError(StratkitError):
    """A run that could not be finished."""


class StrategyError(RunError):
    """A strategy that raised or broke its contract."""


class OutputError(RunError):
    """Results that could not be written."""


class ConditionError(StratkitError):
    """A condition that the user asked for does not hold."""

    exit_code = 5


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence naming the nearest known name, whatever its case, or the first of them when none is near.

    >>> did_you_mean("Fsat", ["fast", "slow"])
    "did you mean 'fast'?"
    >>> did_you_mean("zzz", ["fast", "slow"])
    'known: fast, slow'
    """
    names = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {names[near[0]]!r}?"
    listed = list(names.values())
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return f"known: {', '.join(listed[:_LISTED])}{more}" if listed else "none is known"


def needs_extra(extra: str) -> str:
    """Return the sentence on an optional part of stratkit that is not installed.

    >>> needs_extra("cluster")
    "this needs: pip install 'stratkit[cluster]'"
    """
    return f"this needs: pip install 'stratkit[{extra}]'"
