"""`Leak`: one field that changes when what follows a bar changes, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stratkit.research.futures import FUTURE_WORDS
from stratkit.research.outputs import Difference

_ROUNDING: Final = 1e-9  # relative; a leak of information is larger


@dataclass(frozen=True)
class Leak:
    """One field that changes when what follows a bar changes.

    `check` is how it showed: ``truncation``, ``universe`` (symbols that appear later were taken
    away too), ``tables`` (later rows of its own tables too), ``future: KIND``, ``series`` (external series say
    something else later), or ``state`` (it remembers earlier calls). `shown_bars` is how many bars it was shown
    when `bar` differed; the rest of the field is that of `Difference`.
    """

    check: str
    shown_bars: int
    time: str | None
    difference: Difference

    @property
    def reach_bars(self) -> int | None:
        """How many bars ahead it looks at least."""
        return None if self.difference.bar is None else self.shown_bars - self.difference.bar

    def when(self) -> str:
        """Say in words under which circumstances it differs."""
        shown = self.shown_bars
        words = {
            "truncation": f"when the bars from {shown} on are missing",
            "universe": f"when the bars from {shown} on, and the symbols that begin there, are missing",
            "tables": f"when the bars from {shown} on, and later rows of its own tables, are missing",
            "series": f"when its external series say something else after bar {shown - 1}",
            "state": "after other bars were seen: it remembers earlier calls",
            "equal runs": "when it runs again",
        }
        return words.get(self.check) or f"when the bars from {shown} on {FUTURE_WORDS[self.check.partition(': ')[2]]}"

    def where(self) -> str:
        """Say field, symbol and bar."""
        found = self.difference
        symbol = f" of {found.symbol}" if found.symbol else ""
        return f"{found.field}{symbol} " + (
            "of the whole run" if found.bar is None else f"on bar {found.bar} ({self.time})"
        )

    def values(self) -> tuple[str, str]:
        """Return both values as text: computed on all bars, and otherwise."""
        whole, part = self.difference.whole, self.difference.part
        short = _short(whole), _short(part)
        return short if short[0] != short[1] else (repr(whole), repr(part))

    def sentence(self) -> str:
        """Say where, both values, when and how much in one sentence."""
        found, (whole, part) = self.difference, self.values()
        size = f"{found.values:,} value{'s'[: found.values > 1]} on {found.bars:,} bar{'s'[: found.bars > 1]}"
        size += "" if found.largest is None else f", by up to {found.largest:.6g}"
        return f"{self.where()} is {whole}, but {part} {self.when()} ({size})"


def size_hint(leaks: tuple[Leak, ...]) -> str:
    """Return what to do where all differences are of the size of rounding, else nothing."""
    sizes = [leak.difference.relative for leak in leaks]
    if all(size is not None and size < _ROUNDING for size in sizes):
        return "; this is the size of rounding: sum in a fixed order, or allow it with a tolerance such as 1e-9"
    return ""


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
