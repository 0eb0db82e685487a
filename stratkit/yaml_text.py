"""`yaml_text`: plain values as YAML that reads back as the same values, with a comment per key if wished."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

KeyPath: TypeAlias = tuple[str, ...]
Comment: TypeAlias = Callable[[KeyPath], str]

_PLAIN_WORD: Final = re.compile(r"[A-Za-z_/^][\w./^+ -]*(?<! )")
_LINE_BREAKS: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # folded or refused by YAML, not by JSON
_REMARK_COLUMN: Final = 40
_LINE_WIDTH: Final = 110
_RESERVED: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def yaml_text(values: Mapping[str, Any], comment: Comment | None = None) -> str:
    """Return `values` (dicts, lists, scalars) as block YAML in their own order.

    `comment` is asked for the remark on each key by its path; an empty one is left out.

    >>> print(yaml_text({"data": {"symbols": ["SPX", "NO"], "adjust": None}}), end="")
    data:
      symbols: [SPX, "NO"]
      adjust: null
    """
    return "".join(_block(values, (), comment or (lambda _path: "")))


def _block(values: Mapping[str, Any], path: KeyPath, comment: Comment) -> list[str]:
    indent = "  " * len(path)
    lines = []
    for key, value in values.items():
        here = (*path, key)
        remark = comment(here)
        nested = isinstance(value, Mapping) and len(value) > 0
        written = f"{indent}{_scalar(key)}:" if nested else f"{indent}{_scalar(key)}: {_flow(value)}"
        beside = f"{written:<{_REMARK_COLUMN}}# {remark}"
        if remark and not nested and len(beside) <= _LINE_WIDTH:
            lines.append(f"{beside}\n")
        else:
            lines.extend(f"{indent}# {line}\n" for line in textwrap.wrap(remark, _LINE_WIDTH - len(indent) - 2))
            lines.append(f"{written}\n")
        if nested:
            lines.extend(_block(value, here, comment))
    return lines


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN_WORD.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _LINE_BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
