"""`Fault`: an error of one strategy that the run went on without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OnError = Literal["fail", "skip"]


@dataclass(frozen=True)
class Fault:
    """What a strategy did wrong: on `bar`, on which it then said nothing, or on all bars (-1)."""

    strategy: str
    bar: int
    message: str
