"""Options that several commands of `stratkit data` share, and how their texts become settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

Settings = TypeVar("Settings")

StartOption = Annotated[str | None, typer.Option("--from", help="First date, UTC, ISO.", metavar="DATE")]
EndOption = Annotated[str | None, typer.Option("--to", help="Last date, UTC, ISO, inclusive.", metavar="DATE")]
SymbolsOption = Annotated[
    str | None, typer.Option("--symbols", help="Symbols, separated by commas; default all.", metavar="A,B")
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="OURS=THEIRS",
        help="Which column is our timestamp, clock (time of day apart), symbol, open, high, low, close or volume; "
        "'volume=' when there is none. Repeat.",
    ),
]
DataOption = Annotated[
    str | None, typer.Option("--data", help="Store, folder or Parquet file; default the bundled data.", metavar="PATH")
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]


def built_settings(model: Callable[..., Settings], **values: Any) -> Settings:
    """Build settings from options; what they refuse becomes a usage error that names the option."""
    from pydantic import ValidationError

    from stratkit.errors import UsageError

    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        if first["loc"]:
            name = str(first["loc"][0])
            option = {"columns": "column", "start": "from", "end": "to"}.get(name, name.replace("_", "-"))
            message = f"--{option}: {message}"
        raise UsageError(message) from None


def column_pairs(pairs: list[str] | None) -> dict[str, str]:
    """Return what ``--column OURS=THEIRS`` maps."""
    from stratkit.errors import UsageError

    columns = {}
    for pair in pairs or []:
        ours, equals, theirs = pair.partition("=")
        if not equals:
            raise UsageError(f"--column must be OURS=THEIRS, as in open=Open; found {pair!r}")
        columns[ours] = theirs
    return columns


def listed(text: str | None) -> tuple[str, ...] | None:
    """Return the parts of a text with commas."""
    return None if text is None else tuple(part.strip() for part in text.split(","))
