"""Writes the generated reference pages: of commands, settings, indicators and strategies, each from its code."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from indicator_reference import indicators_page
from page_parts import NOTE, cell, paragraphs, table
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from strategy_reference import strategies_page

ROOT = Path(__file__).resolve().parents[2]
# the options that every command has are explained once
SHARED = ("--json", "--seed", "--quiet", "--debug")


@dataclass(frozen=True)
class Parameter:
    """One argument or option of a command, as declared in its signature."""

    names: tuple[str, ...]
    metavar: str
    default: object
    help: str
    is_option: bool
    many: bool  # may be given several times


def cli_page() -> str:
    """The command line: every command with its usage, arguments and options."""
    from stratkit.cli.main import app

    commands = list(_commands(app, "stratkit"))
    sections = [
        "# Command line",
        NOTE,
        "Results go to stdout; talk, warnings and progress to stderr. `--json` prints one object on stdout.",
        "Exit codes: 0 done · 2 usage or configuration · 3 data · 4 the run failed · 5 an asked-for condition does "
        "not hold · 130 stopped by Ctrl-C · 143 stopped by a termination signal · 141 whoever read the output left.",
    ]
    shared = {each.names[0]: each for _, call in commands for each in _parameters(call) if each.names[0] in SHARED}
    sections += ["Every command that can also takes:", _options_table([shared[name] for name in SHARED])]
    for path, call in commands:
        sections += _command_section(path, call)
    return "\n\n".join(sections) + "\n"


def _commands(app: typer.Typer, path: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """All commands of an application and of the groups in it, in order."""
    for command in app.registered_commands:
        if command.callback is not None and not command.hidden:
            yield f"{path} {command.name or command.callback.__name__.replace('_', '-')}", command.callback
    for group in app.registered_groups:
        if group.typer_instance is not None and not group.hidden:
            yield from _commands(group.typer_instance, f"{path} {group.name or group.typer_instance.info.name}")


def _parameters(call: Callable[..., Any]) -> list[Parameter]:
    hints = typing.get_type_hints(call, include_extras=True)
    found = []
    for name, declared in inspect.signature(call).parameters.items():
        kind, info = typing.get_args(hints[name])[:2]
        default = ... if declared.default is inspect.Parameter.empty else declared.default
        if info.hidden:
            continue
        is_option = type(info).__name__ == "OptionInfo"
        # inside Annotated, typer takes the first name for what it calls the default
        given = [each for each in (info.default, *(info.param_decls or ())) if isinstance(each, str)]
        names = tuple(given or ["--" + name.replace("_", "-")]) if is_option else (name,)
        found.append(
            Parameter(names, info.metavar or _metavar(kind), default, info.help or "", is_option, _is_list(kind))
        )
    return found


def _is_list(kind: Any) -> bool:
    return typing.get_origin(kind) is list or any(_is_list(each) for each in typing.get_args(kind))


def _metavar(kind: Any) -> str:
    """What stands for a value of a type: its choices, or its name; nothing for a flag."""
    if typing.get_origin(kind) is typing.Literal:
        return "|".join(str(choice) for choice in typing.get_args(kind))
    inner = [each for each in typing.get_args(kind) if each is not type(None)]
    if inner:
        return _metavar(inner[0])
    names = {bool: "", int: "INTEGER", float: "NUMBER", str: "TEXT", Path: "PATH"}
    return names.get(kind, getattr(kind, "__name__", str(kind)).upper())


def _command_section(path: str, call: Callable[..., Any]) -> list[str]:
    parameters = _parameters(call)
    arguments = [each for each in parameters if not each.is_option]
    options = [each for each in parameters if each.is_option and each.names[0] not in SHARED]
    usage = " ".join([path, *(["[OPTIONS]"] if options else []), *(_usage(each) for each in arguments)])
    section = [f"## {path}", f"`{usage}`", paragraphs(call.__doc__ or "")]
    if arguments:
        rows = [(cell(f"`{_usage(each)}`"), cell(each.help)) for each in arguments]
        section.append(table(("argument", "meaning"), rows))
    if options:
        section.append(_options_table(options))
    return section


def _usage(argument: Parameter) -> str:
    bare = argument.metavar.strip("[].") + ("..." if argument.many else "")
    return bare if argument.default is ... else f"[{bare}]"


def _options_table(options: list[Parameter]) -> str:
    rows = []
    for option in options:
        written = " ".join(filter(None, [", ".join(option.names), option.metavar]))
        shown = "" if option.default in (None, False, ...) else f"`{option.default}`"
        rows.append((cell(f"`{written}`"), shown, cell(option.help)))
    return table(("option", "default", "meaning"), rows)


def configuration_page() -> str:
    """The configuration file: every key with its type, default and meaning."""
    from stratkit.adaptive.environment import VARIABLES
    from stratkit.config import FileConfig

    sections = [
        "# Configuration",
        NOTE,
        "A configuration is a YAML file; every key below may also be set on the command line with `--set a.b=c`. "
        "`stratkit config init` writes a commented file, `stratkit config schema` the JSON Schema for your editor. "
        "Keys that end in `_pct` are percent (15 means 15 %), `_bps` are basis points, `_bars` are bars, `_ann` "
        "are yearly; all other rates and weights are fractions. `null` means off.",
        "## environment",
        "Variables of the environment win over files, and `--set` and the other options win over them. A figure "
        "switches nothing on: it holds where the configuration has its block. What they said stands in the "
        "`config.yaml` of the run, so that nothing made from a run reads them again.",
        table(("variable", "keys"), [(f"`{name}`", _keys(keys)) for name, (keys, _) in VARIABLES.items()]),
        *_model_sections(FileConfig, ""),
    ]
    return "\n\n".join(sections) + "\n"


def _keys(factors: Mapping[str, float]) -> str:
    return ", ".join(f"`{key}`" + (f" (x {factor:g})" if factor != 1 else "") for key, factor in factors.items())


def _model_sections(model: type[BaseModel], path: str) -> list[str]:
    rows, children = [], []
    for name, field in model.model_fields.items():
        key = f"{path}{field.alias or name}"
        nested, many = _nested(field.annotation)
        if nested is not None:
            inside = f"{key}{many}."
            children += _model_sections(nested, inside)
        if nested is None or many or _is_optional(field.annotation):
            rows.append((f"`{key}`", cell(_type_text(field.annotation)), _default(field), cell(_meaning(field))))
    title = f"## {path.rstrip('.')}" if path else "## top level"
    own = [title, paragraphs(model.__doc__ or "")]
    if rows:
        own.append(table(("key", "type", "default", "meaning"), rows))
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
    if value == "":
        return '`""`'
    text = {None: "null", True: "true", False: "false"}.get(value) if value is None or isinstance(value, bool) else None
    return f"`{text or (f'{value:g}' if isinstance(value, float) else value)}`"


PAGES: dict[str, Callable[[], str]] = {
    "docs/cli.md": cli_page,
    "docs/configuration.md": configuration_page,
    "docs/indicators.md": indicators_page,
    "docs/strategy-library.md": strategies_page,
}


def main() -> int:
    """Write all generated pages."""
    for path, page in PAGES.items():
        (ROOT / path).write_text(page(), "utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
