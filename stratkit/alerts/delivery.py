"""`Delivery`: what became of the alerts on one channel; and the errors that a channel may raise."""

from __future__ import annotations

from dataclasses import dataclass

from stratkit.errors import OutputError


@dataclass(frozen=True)
class Delivery:
    """Of `asked` alerts, how many one channel took; `error` is one sentence about the first that it did not."""

    channel: str
    asked: int
    sent: int
    error: str | None = None


class UndeliveredError(OutputError):
    """One alert was not taken; the next may be."""


class ChannelDownError(UndeliveredError):
    """The channel takes nothing: the alerts that follow are not tried."""
