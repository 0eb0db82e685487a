"""`send`: alerts to log, file, webhook, apprise and functions, and what became of them on each."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from stratkit.alerts.alert import Alert
from stratkit.alerts.apprise_urls import open_apprise
from stratkit.alerts.delivery import ChannelDownError, Delivery
from stratkit.alerts.rules import SEVERITIES, Severity
from stratkit.alerts.settings import Channel
from stratkit.alerts.webhook import Webhook, host, payload
from stratkit.errors import StratkitError

Callback: TypeAlias = Callable[[Alert], object]

LOGGER: Final = logging.getLogger("stratkit.alerts")
_LEVELS: Final[dict[Severity, int]] = {
    "info": logging.INFO,
    "warning": logging.WARNING,
    "critical": logging.CRITICAL,
}


def send(
    alerts: Iterable[Alert],
    channels: Sequence[Channel | Callback],
    *,
    severity: Severity = "info",
    run: str | None = None,
) -> tuple[Delivery, ...]:
    """Hand the alerts, in their order and each once, to every channel and function; return one `Delivery` for each.

    Alerts less severe than `severity` are left out; `run` names the run to whoever receives them. Nothing that
    goes wrong on a channel is raised: it stands in its delivery, and the other channels are served.
    """
    least = SEVERITIES.index(severity)
    wanted = [alert for alert in dict.fromkeys(alerts) if SEVERITIES.index(alert.severity) >= least]
    return tuple(_serve(channel, wanted, run) for channel in channels)


def _serve(channel: Channel | Callback, alerts: Sequence[Alert], run: str | None) -> Delivery:
    deliver: Callback | None = None
    errors: list[str] = []
    tried = 0
    for alert in alerts:
        tried += 1
        try:
            deliver = deliver or _opened(channel, run)
            deliver(alert)
        except Exception as error:  # outside code and networks: a finished run must not fail on them
            errors.append(_in_words(error))
            if isinstance(error, ChannelDownError):
                break
    left = len(alerts) - tried
    return Delivery(_name(channel), len(alerts), tried - len(errors), _sentence(errors, left))


def _sentence(errors: Sequence[str], left: int) -> str | None:
    if not errors:
        return None
    more = f"; {len(errors)} alerts failed, this is the first error" if len(errors) > 1 else ""
    rest = f"; {left} more not tried" if left else ""
    return f"{errors[0]}{more}{rest}"


def _in_words(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, StratkitError) else f"{type(error).__name__}: {text}"


def _name(channel: Channel | Callback) -> str:
    """Return what a channel is called, without the secrets that addresses hold."""
    if not isinstance(channel, Channel):
        return f"function {getattr(channel, '__name__', type(channel).__name__)}"
    shown = {"file": channel.path, "webhook": host(channel.url or ""), "apprise": f"({len(channel.urls or ())} URLs)"}
    return f"{channel.kind} {shown.get(channel.kind) or ''}".strip()


def _opened(channel: Channel | Callback, run: str | None) -> Callback:
    if not isinstance(channel, Channel):
        return channel
    match channel.kind:
        case "log":
            return lambda alert: LOGGER.log(_LEVELS[alert.severity], "%s%s", f"{run}: " if run else "", alert.message)
        case "file":
            return lambda alert: _append(Path(str(channel.path)).expanduser(), alert, run)
        case "webhook":
            return Webhook(channel, run)
        case "apprise":
            return open_apprise(channel, run)


def _append(path: Path, alert: Alert, run: str | None) -> None:
    """Append one line in one write, so that lines of runs that write at once do not mix."""
    line = (json.dumps(payload(alert, run), ensure_ascii=False, allow_nan=False) + "\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)  # less what the umask takes
    try:
        if os.write(file, line) < len(line):
            raise OSError(f"{path} must hold whole lines; found room for a part of one")
    finally:
        os.close(file)
