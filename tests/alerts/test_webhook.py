"""A webhook on the loopback address: what it gets, and what is tried again."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from stratkit.alerts.alert import Alert
from stratkit.alerts.channels import send
from stratkit.alerts.delivery import Delivery
from stratkit.alerts.settings import Channel

SLOW = Alert(
    rule="slow", kind="latency", severity="warning", strategy="trend", bar=9, time=0, value=12.0, worst=12.0,
    threshold=10.0, message="trend: zu langsam – 12 ms.",
)  # fmt: skip
LATE = replace(SLOW, rule="late")


@dataclass
class Hook:
    """A server that answers as it is told, 200 when it has not been, and keeps what it got."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    got: list[tuple[str, str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    wait_seconds: float = 0.0

    def channel(self, path: str = "/in", **keys: Any) -> Channel:
        return Channel(kind="webhook", url=f"http://127.0.0.1:{self.port}{path}", **keys)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hook() -> Iterator[Hook]:
    told = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.got.append((self.command, self.path, dict(self.headers), json.loads(body)))
            time.sleep(told.wait_seconds)
            code = told.answers.pop(0) if told.answers else 200
            self.send_response(code)
            if code in (301, 302):
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815  the server's name for it

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which are not waited for."""
    waited: list[float] = []
    monkeypatch.setattr("stratkit.alerts.webhook.sleep", waited.append)
    return waited


def test_a_webhook_gets_one_post_of_json_per_alert(hook: Hook) -> None:
    (delivery,) = send([SLOW, LATE], [hook.channel()], run="r1")
    assert delivery == Delivery(f"webhook 127.0.0.1:{hook.port}", 2, 2)
    assert [(method, path) for method, path, *_ in hook.got] == [("POST", "/in")] * 2
    _, _, headers, body = hook.got[0]
    assert headers["Content-Type"] == "application/json"
    assert "Authorization" not in headers
    assert body == {
        "run": "r1", "rule": "slow", "kind": "latency", "severity": "warning", "strategy": "trend", "bar": 9,
        "time": "1970-01-01T00:00:00Z", "value": 12.0, "worst": 12.0, "threshold": 10.0,
        "message": "trend: zu langsam – 12 ms.", "until_bar": None, "until": None,
    }  # fmt: skip
    assert [Alert.from_plain(body) for *_, body in hook.got] == [SLOW, LATE]


def test_the_token_comes_from_the_environment(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "s3cret\n")
    assert send([SLOW], [hook.channel(token_env="HOOK_TOKEN")])[0].sent == 1
    assert hook.got[0][2]["Authorization"] == "Bearer s3cret"


def test_a_missing_token_is_named_and_nothing_is_sent(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK_TOKEN", raising=False)
    told = send([SLOW], [hook.channel(token_env="HOOK_TOKEN")])[0].error
    assert told == "the environment variable HOOK_TOKEN must be set; found nothing: export HOOK_TOKEN=..."
    assert not hook.got


@pytest.mark.parametrize("token", ["two words", "two\nlines", "schlüssel"])
def test_a_token_that_no_header_can_hold_is_refused_unseen(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", token)
    told = send([SLOW], [hook.channel(token_env="HOOK_TOKEN")])[0].error
    assert told == "the token in HOOK_TOKEN must be visible ASCII characters; found others, such as a space"


def test_a_part_of_the_address_may_come_from_the_environment(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_KEY", "T0/B1")
    send([SLOW], [hook.channel("/services/${HOOK_KEY}")])
    assert hook.got[0][1] == "/services/T0/B1"


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    (delivery,) = send([SLOW], [Channel(kind="webhook", url="http://ann:s3cret@hooks.example/in")])
    assert delivery.channel == "webhook hooks.example"
    assert delivery.error == ("the url of hooks.example must not hold a user or password; found one: use token_env")


def test_a_503_is_tried_again(hook: Hook, pauses: list[float]) -> None:
    hook.answers = [503, 200]
    assert send([SLOW], [hook.channel()])[0] == Delivery(f"webhook 127.0.0.1:{hook.port}", 1, 1)
    assert len(hook.got) == 2
    assert pauses == [0.2]


def test_tries_are_bounded_and_their_pauses_grow(hook: Hook, pauses: list[float]) -> None:
    hook.answers = [500, 502, 503, 503]
    (delivery,) = send([SLOW, LATE], [hook.channel(retries=3)])
    where = f"127.0.0.1:{hook.port}"
    assert delivery == Delivery(
        f"webhook {where}",
        2,
        0,
        f"{where} must take a POST; tried 4 times, found 503 Service Unavailable; 1 more not tried",
    )
    assert len(hook.got) == 4
    assert pauses == [0.2, 0.4, 0.8]


def test_no_pause_is_longer_than_five_seconds(hook: Hook, pauses: list[float]) -> None:
    hook.answers = [500] * 9
    send([SLOW], [hook.channel(retries=8)])
    assert max(pauses) == 5.0


def test_without_retries_there_is_one_try(hook: Hook) -> None:
    hook.answers = [503]
    told = send([SLOW], [hook.channel(retries=0)])[0].error
    assert told == f"127.0.0.1:{hook.port} must take a POST; tried once, found 503 Service Unavailable"
    assert len(hook.got) == 1


def test_a_4xx_is_not_tried_again_and_the_next_alert_is(hook: Hook) -> None:
    hook.answers = [404, 200]
    (delivery,) = send([SLOW, LATE], [hook.channel()])
    where = f"127.0.0.1:{hook.port}"
    assert delivery == Delivery(f"webhook {where}", 2, 1, f"{where} must answer 2xx; found 404 Not Found")
    assert [body["rule"] for *_, body in hook.got] == ["slow", "late"]


@pytest.mark.parametrize("code", [301, 302])
def test_a_redirect_is_not_followed_with_the_token(hook: Hook, code: int) -> None:
    hook.answers = [code]
    (delivery,) = send([SLOW], [hook.channel()])
    assert delivery.error is not None
    assert f"must answer 2xx; found {code}" in delivery.error
    assert [path for _, path, *_ in hook.got] == ["/in"]


def test_a_refused_connection_is_given_up_quickly() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    many = [replace(SLOW, bar=bar) for bar in range(50)]
    began = time.perf_counter()
    (delivery,) = send(many, [Channel(kind="webhook", url=f"http://127.0.0.1:{port}/")])
    assert time.perf_counter() - began < 5
    assert (delivery.asked, delivery.sent) == (50, 0)
    assert delivery.error is not None
    assert f"127.0.0.1:{port} must take a POST; tried 3 times, found" in delivery.error
    assert delivery.error.endswith("refused; 49 more not tried")


def test_an_answer_that_does_not_come_is_waited_for_as_long_as_said(hook: Hook) -> None:
    hook.wait_seconds = 0.5
    told = send([SLOW], [hook.channel(timeout_seconds=0.05, retries=0)])[0].error
    assert told == f"127.0.0.1:{hook.port} must take a POST; tried once, found timed out"
    assert send([SLOW], [hook.channel(timeout_seconds=5, retries=0)])[0].sent == 1


def test_a_dead_webhook_does_not_silence_the_others(hook: Hook) -> None:
    hook.answers = [500]
    got: list[Alert] = []
    deliveries = send([SLOW], [hook.channel(retries=0), got.append, hook.channel()])
    assert [delivery.sent for delivery in deliveries] == [0, 1, 1]
    assert got == [SLOW]
