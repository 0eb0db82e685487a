"""`Placed`: a YAML value that knows where it was written, so that an error can point at it.

The text is composed into nodes by ruamel (YAML 1.2) and turned into plain values here, because a
configuration wants its own answers to YAML's traps: a date stays text, ``1e5`` is a number, ``NO``
and ``ON`` are words, a key given twice, a key that is not text and a number that is not finite are refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from stratkit.errors import ConfigError, did_you_mean

_TAG: Final = "tag:yaml.org,2002:"
_TEXT_TAGS: Final = (f"{_TAG}str", f"{_TAG}timestamp", f"{_TAG}value")
_MERGE_TAG: Final = f"{_TAG}merge"

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Placed:
    """A scalar, list or mapping of a configuration with its place.

    `place` is ``file:line:column`` or the option it was given by; `key_place` is that of the key it
    stands under; `text` is a scalar as it was written.
    """

    value: Scalar | list[Placed] | dict[str, Placed]
    place: str
    key_place: str = ""
    text: str = ""

    def plain(self) -> Any:
        """Return the value without places: scalars, lists and dicts."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value

    @property
    def names(self) -> list[str]:
        """The keys of a mapping; none of anything else."""
        return list(self.value) if isinstance(self.value, dict) else []

    def child(self, key: str) -> Placed:
        """Return what stands under `key`, or nothing at this place."""
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return found if found is not None else Placed(None, self.place, self.key_place)

    def children(self) -> list[Placed]:
        """Return the values of a mapping or list; of a scalar itself, of nothing none."""
        if isinstance(self.value, dict):
            return list(self.value.values())
        if isinstance(self.value, list):
            return self.value
        return [] if self.value is None else [self]

    def find(self, path: Iterable[str | int]) -> tuple[Placed, bool]:
        """Return the deepest value met along `path`, and whether the whole path was there."""
        here = self
        for step in path:
            if isinstance(here.value, dict) and step in here.value:
                here = here.value[str(step)]
            elif isinstance(here.value, list) and isinstance(step, int) and step < len(here.value):
                here = here.value[step]
            else:
                return here, False
        return here, True


def merge(below: Placed, above: Placed) -> Placed:
    """Return `below` with everything that `above` says: mappings merge, the rest is replaced."""
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    merged = dict(below.value)
    for key, item in above.value.items():
        merged[key] = merge(merged[key], item) if key in merged else item
    return replace(below, value=merged)


def assign(path: str, value: Placed) -> Placed:
    """Return the mapping in which only the dotted `path` is given, with the place of `value`."""
    for key in reversed(path.split(".")):
        value = Placed({key: replace(value, key_place=value.place)}, value.place)
    return value


def from_option(path: str, value: Scalar | list[str], option: str) -> Placed:
    """Return the mapping in which `path` has the value that a command-line option gave it."""
    items = [Placed(item, option, text=item) for item in value] if isinstance(value, list) else value
    return assign(path, Placed(items, option, text=str(value)))


def parse_setting(setting: str) -> Placed:
    """Return the mapping of one ``--set a.b=value``; the value is YAML, such as ``[SPX, NDX]`` or ``null``.

    >>> parse_setting("risk.sizing.fraction=0.5").plain()
    {'risk': {'sizing': {'fraction': 0.5}}}
    """
    path, equals, text = setting.partition("=")
    path = path.strip()
    if not equals or not all(path.split(".")):
        raise ConfigError(f"--set needs KEY=VALUE, such as costs.commission_bps=5; found {setting!r}")
    option = f"--set {path}"
    value = parse_yaml(text, option, positions=False)
    if value is None:
        raise ConfigError(f"{option}: a value must follow the '='; found nothing; null switches an option off")
    return assign(path, value)


def load_yaml(path: Path) -> Placed:
    """Return the mapping in the YAML file at `path`; raise `ConfigError` when there is none."""
    content = _read(path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise ConfigError(
            f"{path}:{line}:{column}: a configuration must be UTF-8 text; found the byte "
            f"0x{content[error.start]:02x}; save the file as UTF-8"
        ) from None
    root = parse_yaml(text, str(path))
    if root is None:
        raise ConfigError(
            f"{path}: a configuration must hold keys; the file is empty; "
            f"`stratkit config init` writes a complete one to start from"
        )
    if not isinstance(root.value, dict):
        raise ConfigError(f"{root.place}: a configuration must hold `key: value` lines; found {describe(root)}")
    return root


def parse_yaml(text: str, source: str, *, positions: bool = True) -> Placed | None:
    """Return the one document in `text`, or None when it holds nothing.

    Places read ``source:line:column``, or just `source` without `positions`. Raises `ConfigError`
    for text that is not YAML.
    """
    places = _Places(source, positions)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise _syntax_error(error, text, places) from None
    except YAMLError as error:  # a character that YAML does not allow
        at = getattr(error, "position", 0)
        line, column = text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1
        raise ConfigError(
            f"{places.at(line, column)}: YAML allows no control characters; found {text[at : at + 1]!r}"
        ) from None
    return None if root is None else _place(root, places, "", frozenset())


def describe(item: Placed) -> str:
    """Return what stands there, for a message.

    >>> describe(Placed([], "x")), describe(Placed(None, "x")), describe(Placed("a", "x"))
    ('a list', 'nothing', "'a'")
    """
    if isinstance(item.value, dict):
        return "a mapping"
    if isinstance(item.value, list):
        return "a list"
    return "nothing" if item.value is None else repr(item.value) if isinstance(item.value, str) else item.text


@dataclass(frozen=True)
class _Places:
    source: str
    positions: bool

    def at(self, line: int, column: int) -> str:
        return f"{self.source}:{line + 1}:{column + 1}" if self.positions else self.source

    def of(self, node: Node) -> str:
        return self.at(node.start_mark.line, node.start_mark.column)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        near = sorted(str(file) for file in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        hint = f"; {did_you_mean(str(path), near)}" if near else ""
        raise ConfigError(f"{path}: a configuration file must exist; found none{hint}") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: a configuration must be a file; found a folder") from None
    except OSError as error:
        raise ConfigError(f"{path}: a configuration must be readable; {error.strerror or error}") from None


def _syntax_error(error: Any, text: str, places: _Places) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    place = places.at(mark.line, mark.column) if mark else places.source
    problem = str(error.problem or error.context or error)
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return ConfigError(f"{place}: YAML indents with spaces; found a tab; replace it by spaces")
    if "mapping values are not allowed" in problem:
        problem += "; check the indentation, and quote a text that holds ': '"
    if "single document" in str(error.context):
        problem = "one document only; found a second one after '---'"
    return ConfigError(f"{place}: this is not YAML: {problem}")


def _place(node: Node, places: _Places, key_place: str, parents: frozenset[int]) -> Placed:
    place = places.of(node)
    if id(node) in parents:
        raise ConfigError(f"{place}: an alias must not contain itself")
    within = parents | {id(node)}
    if str(node.tag) == f"{_TAG}map" and isinstance(node, MappingNode):
        return Placed(_mapping(node, places, within), place, key_place)
    if str(node.tag) == f"{_TAG}seq" and isinstance(node, SequenceNode):
        return Placed([_place(item, places, "", within) for item in node.value], place, key_place)
    if isinstance(node, ScalarNode):
        place = place if node.value or not key_place else key_place  # nothing written: the key is where to look
        return Placed(_scalar(node, place), place, key_place, str(node.value))
    raise _unknown_tag(node, place)


def _mapping(node: MappingNode, places: _Places, parents: frozenset[int]) -> dict[str, Placed]:
    own: dict[str, Placed] = {}
    inherited: dict[str, Placed] = {}
    for key, value in node.value:
        place = places.of(key)
        if str(key.tag) == _MERGE_TAG:
            for source in value.value if isinstance(value, SequenceNode) else [value]:
                block = _place(source, places, place, parents)
                if not isinstance(block.value, dict):
                    raise ConfigError(f"{block.place}: '<<' must be followed by a mapping; found {describe(block)}")
                inherited = {**block.value, **inherited}
            continue
        if not isinstance(key, ScalarNode) or str(key.tag) not in _TEXT_TAGS:
            raise ConfigError(f'{place}: a key must be text; found {key.value}; quote this key: "{key.value}"')
        if key.value in own:
            first = own[key.value].key_place
            raise ConfigError(f"{place}: a key must be given once; found {key.value!r} again, first at {first}")
        own[key.value] = _place(value, places, place, parents)
    return {**inherited, **own}


def _scalar(node: ScalarNode, place: str) -> Scalar:
    tag, text = str(node.tag), str(node.value)
    if tag in _TEXT_TAGS:
        return text
    if tag == f"{_TAG}null":
        return None
    if tag == f"{_TAG}bool":
        return text.lower() in ("true", "yes", "on")
    if tag == f"{_TAG}int":
        digits = text.replace("_", "")
        return int(digits, 0) if digits.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else int(digits)
    if tag == f"{_TAG}float":
        number = float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
        if not math.isfinite(number):
            raise ConfigError(f"{place}: a number must be finite; found {text}; null switches an option off")
        return number
    raise _unknown_tag(node, place)


def _unknown_tag(node: Node, place: str) -> ConfigError:
    shown = str(node.tag).replace(_TAG, "!!")
    return ConfigError(f"{place}: a value must be plain YAML; found the tag {shown}; remove it")
