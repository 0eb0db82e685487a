"""`field_at`: the declared field of a settings model to which a path of keys leads."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Step = str | int


def field_at(model: type[BaseModel], path: Sequence[Step]) -> FieldInfo | None:
    """Return the field that `path` leads to; None where any key may stand, or none is known.

    >>> from stratkit.plans import ExitPlan
    >>> field_at(ExitPlan, ("sl",)).description
    'stop distance [R]'
    """
    here: Any = model
    field: FieldInfo | None = None
    for step in path:
        owner = _model_in(here)
        field = _fields(owner).get(str(step)) if owner else None
        here = field.annotation if field else None if owner else _item_of(here)
    return field


def known_keys(model: type[BaseModel], path: Sequence[Step]) -> list[str]:
    """Return the keys that may stand in the block to which `path` leads; none where any may.

    >>> from stratkit.backtest import RunConfig
    >>> known_keys(RunConfig, ("risk",))
    ['sizing', 'caps', 'breakers']
    """
    here: Any = model
    for step in path:
        owner = _model_in(here)
        if owner is None:
            here = _item_of(here)
        else:
            field = _fields(owner).get(str(step))
            here = field.annotation if field else None
    found = _model_in(here)
    return list(_fields(found)) if found else []


def members(annotation: Any) -> tuple[Any, ...]:
    """Return the types that a union stands for; of anything else itself.

    >>> members(int | None)
    (<class 'int'>, <class 'NoneType'>)
    """
    if get_origin(annotation) is Annotated:
        return members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(member for part in get_args(annotation) for member in members(part))
    return (annotation,)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _item_of(annotation: Any) -> Any:
    for member in members(annotation):
        arguments = get_args(member)
        if arguments:
            return arguments[-1] if get_origin(member) is dict else arguments[0]
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for member in members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            return member
    return None
