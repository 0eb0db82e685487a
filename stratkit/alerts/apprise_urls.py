"""`open_apprise`: a function that hands one alert to the services that apprise knows: mail, chat, phones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stratkit.alerts.alert import Alert
from stratkit.alerts.delivery import ChannelDownError, UndeliveredError
from stratkit.alerts.environment import filled_in
from stratkit.alerts.rules import Severity
from stratkit.alerts.settings import Channel
from stratkit.errors import needs_extra

_TYPES: Final[dict[Severity, str]] = {"info": "info", "warning": "warning", "critical": "failure"}  # apprise's words


def open_apprise(channel: Channel, run: str | None) -> Callable[[Alert], None]:
    """Return what notifies all URLs of `channel`; raise `ChannelDownError` without apprise, or for a wrong URL."""
    try:
        import apprise
    except ImportError:
        raise ChannelDownError(needs_extra("alerts")) from None
    services = apprise.Apprise()
    for place, url in enumerate(channel.urls or (), 1):
        if not services.add(filled_in(url)):
            raise ChannelDownError(f"apprise must know each URL; found that it does not know number {place} of urls")

    def notify(alert: Alert) -> None:
        title = " ".join(filter(None, ("stratkit", run, alert.severity)))
        if not services.notify(body=alert.message, title=title, notify_type=_TYPES[alert.severity]):
            raise UndeliveredError("apprise must reach each URL; found that it did not: its log says which")

    return notify
