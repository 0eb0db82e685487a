"""Writes the generated reference pages: docs/cli.md from the commands, docs/configuration.md from the settings."""

from __future__ import annotations

import enum
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parents[2]
NOTE = "<!-- written by `make docs`; change the code, not this page -->"
# the options that every command has are explained once
SHARED = ("--json", "--seed", "--quiet", "--debug", "--help")


def cli_page() -> str:
    """The command line: every command with its usage, arguments and options."""
    import typer

    from stratkit.cli.main import app

    root = typer.main.get_command(app)
    sections = [
        "# Command line",
        NOTE,
        "Results go to stdout; talk, warnings and progress to stderr. `--json` prints one object on stdout.",
        "Exit codes: 0 done · 2 usage or configuration · 3 data · 4 the run failed · 5 an asked-for condition does "
        "not hold.",
    ]
    commands = list(_commands(root, "stratkit"))
    shared = {name: param for _, command in commands for param in command.params for name in _names(param)[:1]}
    rows = [_option_row(shared[name]) for name in SHARED if name in shared]
    if rows:
        sections += ["Every command also takes:", _table(("option", "default", "meaning"), rows)]
    for path, command in commands:
        sections += _command_section(path, command)
    return "\n\n".join(sections) + "\n"


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All commands that do something, in order; `command` is of the click that typer brings along."""
    children = getattr(command, "commands", None)
    if not children:
        yield path, command
        return
    for name, child in children.items():
        if not child.hidden:
            yield from _commands(child, f"{path} {name}")


def _command_section(path: str, command: Any) -> list[str]:
    arguments = [param for param in command.params if param.param_type_name == "argument" and not param.hidden]
    options = [
        param
        for param in command.params
        if param.param_type_name == "option" and not param.hidden and _names(param)[0] not in SHARED
    ]
    usage = " ".join([path, *(["[OPTIONS]"] if options else []), *(_metavar(argument) for argument in arguments)])
    section = [f"## {path}", f"`{usage}`", _paragraphs(command.help or "")]
    if arguments:
        rows = [(f"`{_metavar(each)}`", _cell(getattr(each, "help", None) or "")) for each in arguments]
        section.append(_table(("argument", "meaning"), rows))
    if options:
        section.append(_table(("option", "default", "meaning"), [_option_row(option) for option in options]))
    return [part for part in section if part]


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    if argument.nargs == -1:
        name += "..."
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _names(option: Any) -> list[str]:
    return sorted([*option.opts, *option.secondary_opts], key=lambda name: not name.startswith("--"))


def _option_row(option: Any) -> tuple[str, ...]:
    names = " / ".join(_names(option))
    kind = "" if getattr(option, "is_flag", False) else f" {_kind(option)}"
    default = option.default
    shown = "" if default is None or default is False or default == () or callable(default) else f"`{_plain(default)}`"
    return f"`{names}{kind}`", shown, _cell(option.help or "")


def _kind(option: Any) -> str:
    choices = getattr(option.type, "choices", None)
    if option.metavar:
        return str(option.metavar)
    return "|".join(str(_plain(choice)) for choice in choices) if choices else str(option.type.name).upper()


def _plain(value: object) -> object:
    return value.value if isinstance(value, enum.Enum) else value


def configuration_page() -> str:
    """The configuration file: every key with its type, default and meaning."""
    from stratkit.config import FileConfig

    sections = [
        "# Configuration",
        NOTE,
        "A configuration is a YAML file; every key below may also be set on the command line with `--set a.b=c`. "
        "`stratkit config init` writes a commented file, `stratkit config schema` the JSON Schema for your editor. "
        "Keys that end in `_pct` are percent (15 means 15 %), `_bps` are basis points, `_bars` are bars, `_ann` "
        "are yearly; all other rates and weights are fractions. `null` means off.",
        *_model_sections(FileConfig, ""),
    ]
    return "\n\n".join(sections) + "\n"


def _model_sections(model: type[BaseModel], path: str) -> list[str]:
    rows, children = [], []
    for name, field in model.model_fields.items():
        key = f"{path}{field.alias or name}"
        nested, many = _nested(field.annotation)
        if nested is not None:
            inside = f"{key}{many}."
            children += _model_sections(nested, inside)
        if nested is None or many or _is_optional(field.annotation):
            rows.append((f"`{key}`", _cell(_type_text(field.annotation)), _default(field), _cell(_meaning(field))))
    title = f"## {path.rstrip('.')}" if path else "## top level"
    own = [title, _paragraphs(model.__doc__ or "")]
    if rows:
        own.append(_table(("key", "type", "default", "meaning"), rows))
    return [part for part in own if part] + children


def _nested(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The settings inside an annotation, and how its key goes on: by name, or by place in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    origin = typing.get_origin(annotation)
    for inner in typing.get_args(annotation):
        model, many = _nested(inner)
        if model is not None:
            named = isinstance(origin, type) and issubclass(origin, typing.cast(Any, dict | types.MappingProxyType))
            listed = origin in (list, tuple)
            return model, many + (".NAME" if named else "[n]" if listed else "")
    return None, ""


def _is_optional(annotation: Any) -> bool:
    return type(None) in typing.get_args(annotation)


def _type_text(annotation: Any) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is type(None):
        return "null"
    if origin is typing.Annotated:
        return _type_text(inner[0])
    if origin is typing.Literal:
        return " \\| ".join(f"`{value}`" for value in inner)
    if origin in (types.UnionType, typing.Union):
        return " \\| ".join(_type_text(each) for each in inner)
    if origin in (tuple, list):
        return "list of " + _type_text(inner[0])
    if origin is not None and inner:
        return "mapping to " + _type_text(inner[-1])
    names = {bool: "true or false", int: "integer", float: "number", str: "text", Path: "path"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _meaning(field: FieldInfo) -> str:
    bounds = []
    for sign, name in ((">", "gt"), ("≥", "ge"), ("<", "lt"), ("≤", "le")):
        bounds += [f"{sign} {limit:g}" for entry in field.metadata if (limit := getattr(entry, name, None)) is not None]
    return (field.description or "") + (f" ({', '.join(bounds)})" if bounds else "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return "see below"
    if isinstance(value, list | tuple) and any(isinstance(each, BaseModel) for each in value):
        return "see below"
    text = {None: "null", True: "true", False: "false"}.get(value) if value is None or isinstance(value, bool) else None
    return f"`{text or (f'{value:g}' if isinstance(value, float) else _plain(value))}`"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(text: str) -> str:
    """Text for one cell: one line, its bars escaped once."""
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def _paragraphs(text: str) -> str:
    """Dedented text; a paragraph is one line, indented and listed lines stay."""
    import inspect

    parts = inspect.cleandoc(text).replace("\b\n", "").split("\n\n")
    return "\n\n".join(
        part if re.search(r"^(\s|[-*] )", part, re.MULTILINE) else " ".join(part.split()) for part in parts
    )


PAGES: dict[str, Callable[[], str]] = {"docs/cli.md": cli_page, "docs/configuration.md": configuration_page}


def main() -> int:
    """Write all generated pages."""
    for path, page in PAGES.items():
        (ROOT / path).write_text(page(), "utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
