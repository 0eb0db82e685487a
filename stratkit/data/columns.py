"""Which column of a file holds the stamp, the symbol and each price: a mapping by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from stratkit.data.bars import PRICES
from stratkit.data.symbols import nearest_symbol
from stratkit.errors import DataError

# Names that can mean nothing else; compared without regard to case. Anything further must be mapped.
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "timestamp": ("timestamp", "date", "time", "datetime"),
    "symbol": ("symbol",),
    **{name: (name,) for name in (*PRICES, "volume")},
}
_OPTIONAL: Final = ("symbol", "volume")


def resolve_columns(names: Sequence[str], mapping: Mapping[str, str], where: str) -> dict[str, str]:
    """Return field -> column of the file at `where`, given its column `names` and the user's `mapping`.

    `symbol` and `volume` may be absent, and are when mapped to ""; raises `DataError` when a
    column is missing, unknown or could be two, with the nearest name.

    >>> resolve_columns(["Date", "Open", "High", "Low", "Close"], {}, "a.csv")
    {'timestamp': 'Date', 'open': 'Open', 'high': 'High', 'low': 'Low', 'close': 'Close'}
    """
    found: dict[str, str] = {}
    for field in ALIASES:
        column = _mapped(field, mapping[field], names, where) if field in mapping else _named(field, names, where)
        if column:
            found[field] = column
    for field, column in mapping.items():
        if field not in ALIASES:  # an importer's own field, such as the clock of a date
            found[field] = _mapped(field, column, names, where)
    _check_missing(found, mapping, names, where)
    return found


def _mapped(field: str, column: str, names: Sequence[str], where: str) -> str:
    if not column and field in _OPTIONAL:
        return ""
    if column not in names:
        raise DataError(
            f"{where}: {field} must be the column {column!r}, as asked for, but there is none; "
            f"{nearest_symbol(column, list(names))}"
        )
    return column


def _named(field: str, names: Sequence[str], where: str) -> str:
    matches = [name for name in names if name.strip().casefold() in ALIASES[field]]
    if len(matches) > 1:
        raise DataError(
            f"{where}: {field} must be one column; found {_listed(matches)}: "
            f"say which, as in --column {field}={_quoted(matches[0])}"
            + (f", and --column clock={_quoted(matches[1])} if that is the time of day" if field == "timestamp" else "")
        )
    return matches[0] if matches else ""


def _check_missing(found: Mapping[str, str], mapping: Mapping[str, str], names: Sequence[str], where: str) -> None:
    missing = [field for field in ("timestamp", *PRICES) if field not in found]
    if missing:
        free = [name for name in names if name not in found.values()]
        hint = nearest_symbol(missing[0], free) if free else "no other column is left;"
        hint += "" if hint.endswith(("?", ";")) else "."
        raise DataError(
            f"{where}: the columns timestamp, open, high, low and close must be there; no {_listed(missing)} "
            f"among {_listed(names)}; {hint} Name it with --column {missing[0]}=NAME"
        )
    if "volume" not in found and "volume" not in mapping:
        likely = [name for name in names if "vol" in name.casefold()]
        if likely:
            raise DataError(
                f"{where}: volume must be one column; found none of that name, but {_listed(likely)}: "
                f"say --column volume={_quoted(likely[0])}, or --column volume= when volume is unknown"
            )


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")
