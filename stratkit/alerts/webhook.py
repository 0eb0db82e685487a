"""`Webhook`: POSTs one alert as JSON, and tries again when that may help."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from time import sleep
from typing import Any, Final
from urllib.parse import urlsplit

from stratkit.alerts.alert import Alert
from stratkit.alerts.delivery import ChannelDownError, UndeliveredError
from stratkit.alerts.environment import filled_in, from_environment, visible
from stratkit.alerts.settings import Channel

FIRST_PAUSE_SECONDS: Final = 0.2  # doubled at each further try
LONGEST_PAUSE_SECONDS: Final = 5.0
_SERVER_ERROR: Final = 500


class Webhook:
    """An address that takes alerts; calling it delivers one."""

    def __init__(self, channel: Channel, run: str | None) -> None:
        assert channel.url is not None  # a webhook has one: its model says so
        assert channel.timeout_seconds is not None
        self._url, self._run = _address(channel.url), run
        self._timeout, self._tries = channel.timeout_seconds, 1 + (channel.retries or 0)
        self._headers = {"Content-Type": "application/json", "User-Agent": "stratkit"}
        if channel.token_env is not None:
            token = visible(from_environment(channel.token_env), f"the token in {channel.token_env}")
            self._headers["Authorization"] = f"Bearer {token}"
        self._opener = _opener()

    def __call__(self, alert: Alert) -> None:
        """POST one alert; raise `UndeliveredError` when it is refused, `ChannelDownError` when nobody answers."""
        body = json.dumps(payload(alert, self._run), ensure_ascii=False, allow_nan=False).encode()
        request = urllib.request.Request(self._url, body, self._headers, method="POST")
        found = ""
        for attempt in range(self._tries):
            if attempt:
                sleep(min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS))
            found = self._try(request)
            if not found:
                return
        tries = "once" if self._tries == 1 else f"{self._tries} times"
        raise ChannelDownError(f"{host(self._url)} must take a POST; tried {tries}, found {found}")

    def _try(self, request: urllib.request.Request) -> str:
        """Return what went wrong and may pass, or nothing."""
        try:
            with self._opener.open(request, timeout=self._timeout):
                return ""
        except urllib.error.HTTPError as error:
            with error:  # it holds the connection
                answer = f"{error.code} {error.reason}"
            if error.code < _SERVER_ERROR:
                raise UndeliveredError(f"{host(self._url)} must answer 2xx; found {answer}") from None
            return answer
        except urllib.error.URLError as error:
            return str(error.reason)
        except (OSError, http.client.HTTPException) as error:  # while the answer was read
            return str(error) or type(error).__name__


def _opener() -> urllib.request.OpenerDirector:
    """Return what opens addresses and follows no redirect: a GET, with the token, to wherever that leads."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _address(written: str) -> str:
    url = visible(filled_in(written), "a webhook's url")
    if "@" in urlsplit(url).netloc:
        raise ChannelDownError(f"the url of {host(url)} must not hold a user or password; found one: use token_env")
    return url


def payload(alert: Alert, run: str | None) -> Mapping[str, Any]:
    """Return what is sent and filed: the run, where it has a name, and the fields of the alert."""
    return {**({} if run is None else {"run": run}), **alert.plain()}


def host(url: str) -> str:
    """Return the part of an address that holds no secret.

    >>> host("https://user:pass@hooks.example:8443/services/T0/B0/secret")
    'hooks.example:8443'
    """
    return urlsplit(url).netloc.rpartition("@")[2]
