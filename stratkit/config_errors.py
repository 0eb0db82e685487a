"""`explain`: what pydantic refused, as sentences that point into the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stratkit.errors import did_you_mean
from stratkit.research.fields import Step, known_keys
from stratkit.yaml_positions import Placed, describe

_MUST: Final = {
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list, such as [A, B]",
    "tuple_type": "must be a list, such as [A, B]",
    "dict_type": "must be a block of keys",
    "model_type": "must be a block of keys",
    "model_attributes_type": "must be a block of keys",
}
_WORDS: Final = (
    ("Input should", "must"),
    ("greater than or equal to", "at least"),
    ("less than or equal to", "at most"),
    ("greater than", "above"),
    ("less than", "below"),
)
_BLOCKS: Final = ("dict_type", "model_type", "model_attributes_type")
_NUMBERS: Final = ("float_type", "int_type", "float_parsing", "int_parsing")


def explain(error: ValidationError, root: Placed, model: type[BaseModel]) -> str:
    """Return one line per thing that does not hold: its place, what must hold, what was found."""
    refused: dict[tuple[Step, ...], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        refused.setdefault(_written_path(detail, root, model), []).append(detail)
    return "\n".join(_line(path, details, root, model) for path, details in refused.items())


def _line(path: Sequence[Step], details: list[ErrorDetails], root: Placed, model: type[BaseModel]) -> str:
    found, _ = root.find(path)
    name = ".".join(str(step) for step in path)
    kind, message = details[0]["type"], str(details[0]["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return _unknown_key(path, found, model)
    if kind == "missing":
        return f"{found.key_place or found.place}: {name} must be given; found nothing"
    if kind == "value_error":
        message = message.removeprefix(f"{path[-1]} " if path else "")
        about = message.partition(" ")[0]
        if about in found.names:  # the check of a whole block that is about one of its keys
            own = found.child(about)
            return f"{own.key_place or own.place}: {name}.{message}" if name else f"{own.place}: {message}"
        joint = " " if message.startswith("must ") else ": "
        return f"{_subject(_block_place(found), name)}{joint if name else ' '}{message}"
    return f"{_subject(found.place, name)} {_must(details)}; found {describe(found)}{_hint(details[0], found)}"


def _must(details: list[ErrorDetails]) -> str:
    # several refusals of one value are those of the members of a union
    words = [_MUST.get(detail["type"]) or _in_plain_words(str(detail["msg"])) for detail in details]
    first, *rest = dict.fromkeys(words)
    return " or ".join([first, *(word.removeprefix("must be ") for word in rest)])


def _subject(place: str, name: str) -> str:
    return place if place == f"--set {name}" else f"{place}: {name}"


def _in_plain_words(message: str) -> str:
    """Return pydantic's words as ours.

    >>> _in_plain_words("Input should be greater than or equal to 1")
    'must be at least 1'
    """
    for theirs, ours in _WORDS:
        message = message.replace(theirs, ours)
    return message


def _unknown_key(path: Sequence[Step], found: Placed, model: type[BaseModel]) -> str:
    block = ".".join(str(step) for step in path[:-1])
    where = f"{block!r}" if block else "a configuration"
    known = known_keys(model, path[:-1])
    return f"{found.key_place}: {where} has no key {str(path[-1])!r}; {did_you_mean(str(path[-1]), known)}"


def _hint(detail: ErrorDetails, found: Placed) -> str:
    kind = detail["type"]
    if kind == "string_type" and not isinstance(found.value, dict | list):
        return f'; put it in quotes: "{found.text or "null"}"'
    if kind in _NUMBERS and isinstance(found.value, str) and re.fullmatch(r"[-+.\deE]+", found.value):
        return "; remove the quotes"
    if kind in _BLOCKS and found.value is None:
        return "; put keys below it, or remove it"
    if kind in ("literal_error", "enum") and isinstance(found.value, str):
        known = re.findall(r"'([^']*)'", str((detail.get("ctx") or {}).get("expected", "")))
        near = did_you_mean(found.value, known)
        return f"; {near}" if near.startswith("did") else ""
    return ""


def _written_path(detail: ErrorDetails, root: Placed, model: type[BaseModel]) -> tuple[Step, ...]:
    # pydantic also names the members of a union and the functions of a validator: they are not in the file
    path: tuple[Step, ...] = ()
    for place, step in enumerate(detail["loc"], start=1):
        _, there = root.find([*path, step])
        is_unknown_key = detail["type"] == "extra_forbidden" and place == len(detail["loc"])
        if there or is_unknown_key or step in known_keys(model, path):
            path = (*path, step)
    return path


def _block_place(found: Placed) -> str:
    return found.key_place if isinstance(found.value, dict) and found.key_place else found.place
