"""`KindTable`: which keys each kind of a rule or a channel takes, and what is said when they do not fit.

One model with a table, not a union of models: a refused key is then named by what the user wrote, without
the names of the union's members in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel

NEEDED: Final = "needed"  # in a table: the key has no default

KindTable = Mapping[str, Mapping[str, Any]]  # kind -> key -> default, `NEEDED`, or None = may be given


def with_defaults(data: Any, key: str, table: KindTable) -> Any:
    """Return a written block completed with the defaults of its kind; null counts as not written."""
    if not isinstance(data, Mapping) or not isinstance(data.get(key), str):
        return data  # pydantic says what is wrong with it
    defaults = {name: value for name, value in table.get(data[key], {}).items() if value not in (NEEDED, None)}
    return {**defaults, **{name: value for name, value in data.items() if value is not None}}


def check_keys(model: BaseModel, kind: str, table: KindTable, common: Iterable[str]) -> None:
    """Raise `ValueError` unless a block of `kind` holds what it needs and nothing that it would ignore."""
    takes = table[kind]
    given = {name for name in type(model).model_fields if getattr(model, name) is not None} - set(common)
    for name, value in takes.items():
        if value == NEEDED and name not in given:
            raise ValueError(f"{kind} must have {name}; found none: give one")
    for name in sorted(given - takes.keys()):
        rest = f"it takes {', '.join(takes)}" if takes else "it takes no keys"
        raise ValueError(f"{kind} must not have {name}, which it would ignore; {rest}: leave {name} out")
