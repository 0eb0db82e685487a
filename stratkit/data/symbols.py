"""Symbols as file names: any ticker to a safe file stem and back, without loss.

``BRK/B``, ``^GSPC``, ``..`` and ``CON`` are tickers that a file system refuses, misreads or hides.
Every byte outside letters, digits, ``_``, ``-`` and ``.`` becomes ``%XX``; so do a leading or a
trailing dot and the first letter of a name that Windows reserves for a device.
"""

from __future__ import annotations

import difflib
import re
from typing import Final
from urllib.parse import unquote

from stratkit.errors import UsageError

_PLAIN: Final = re.compile(rb"[A-Za-z0-9_.-]")
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # reserved by Windows


def escape_symbol(symbol: str) -> str:
    """Return the file stem of a symbol.

    >>> [escape_symbol(symbol) for symbol in ("SPY", "BRK/B", "^GSPC", "..", "CON")]
    ['SPY', 'BRK%2FB', '%5EGSPC', '%2E%2E', '%43ON']
    """
    check_symbol(symbol)
    parts = [_escape_byte(byte) for byte in symbol.encode()]
    for place in (0, -1):
        if parts[place] == ".":
            parts[place] = "%2E"
    if _DEVICE.fullmatch(symbol):
        parts[0] = f"%{ord(symbol[0]):02X}"
    return "".join(parts)


def unescape_symbol(stem: str) -> str:
    """Return the symbol of a file stem; one that holds no ``%XX`` is the symbol itself.

    >>> unescape_symbol("BRK%2FB")
    'BRK/B'
    """
    return unquote(stem)


def check_symbol(symbol: str) -> str:
    """Return `symbol`; raise `UsageError` when it is empty or has blanks around it."""
    if not symbol or symbol != symbol.strip() or not symbol.isprintable():
        raise UsageError(f"a symbol must be a printable name without blanks around it; found {symbol!r}")
    return symbol


def nearest_symbol(name: str, known: list[str]) -> str:
    """Return a sentence naming the known symbol nearest to `name`, whatever its case; a few when none is near.

    >>> nearest_symbol("spy", ["QQQ", "SPY"])
    "did you mean 'SPY'?"
    """
    by_fold = {symbol.casefold(): symbol for symbol in known}
    near = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    if near:
        return f"did you mean {by_fold[near[0]]!r}?"
    shown = ", ".join(known[:8])
    return f"known: {shown}" + (f" and {len(known) - 8} more" if len(known) > 8 else "") if known else "none is there"


def _escape_byte(byte: int) -> str:
    return chr(byte) if _PLAIN.match(bytes([byte])) else f"%{byte:02X}"
