"""Alerts on their way out: each once, in order, and a channel that fails is told, not raised."""

from __future__ import annotations

import json
import logging
import multiprocessing
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stratkit.alerts.alert import Alert
from stratkit.alerts.channels import send
from stratkit.alerts.delivery import ChannelDownError, Delivery
from stratkit.alerts.settings import Channel
from stratkit.panel import parse_time

FALL = Alert(
    rule="deep", kind="drawdown", severity="critical", strategy=None, bar=7, time=parse_time("2024-01-08"), value=0.1,
    worst=0.2, threshold=0.1, message="the account: fell.", until_bar=9, until=parse_time("2024-01-10T00:30:00"),
)  # fmt: skip
SLOW = Alert(
    rule="slow", kind="latency", severity="warning", strategy="trend", bar=9, time=parse_time("2024-01-10"), value=12.0,
    worst=12.0, threshold=10.0, message="trend: slow.",
)  # fmt: skip
LOSES = replace(SLOW, rule="loses", kind="accuracy", severity="info", message="trend: loses.")
ALL = (FALL, SLOW, LOSES)


def test_an_alert_survives_json() -> None:
    for alert in (*ALL, replace(FALL, time=1, until=2)):
        assert Alert.from_plain(json.loads(json.dumps(alert.plain(), allow_nan=False))) == alert


def test_times_are_iso_text_in_json() -> None:
    plain = FALL.plain()
    assert (plain["time"], plain["until"]) == ("2024-01-08T00:00:00Z", "2024-01-10T00:30:00Z")
    assert SLOW.plain()["until"] is None


# ---- functions


def test_a_function_gets_every_alert_once_and_in_order() -> None:
    got: list[Alert] = []
    assert send((*ALL, SLOW), [got.append]) == (Delivery("function append", 3, 3),)
    assert got == list(ALL)


def test_only_alerts_as_severe_as_asked_for_are_sent() -> None:
    for severity, expected in (("info", ALL), ("warning", (FALL, SLOW)), ("critical", (FALL,))):
        got: list[Alert] = []
        send(ALL, [got.append], severity=severity)  # type: ignore[arg-type]  # mypy sees str in the tuple
        assert tuple(got) == expected


def test_a_function_that_raises_costs_its_own_alert_only() -> None:
    got: list[Alert] = []

    def picky(alert: Alert) -> None:
        if alert.severity != "info":
            raise ValueError(f"not\n{alert.rule}")

    first, second = send(ALL, [picky, got.append])
    assert first == Delivery("function picky", 3, 1, "ValueError: not deep; 2 alerts failed, this is the first error")
    assert second.sent == len(got) == 3


def test_a_channel_that_is_down_is_not_tried_again() -> None:
    calls: list[Alert] = []

    def down(alert: Alert) -> None:
        calls.append(alert)
        raise ChannelDownError("it must be up; found it down")

    (delivery,) = send(ALL, [down])
    assert delivery == Delivery("function down", 3, 0, "it must be up; found it down; 2 more not tried")
    assert calls == [FALL]


def test_an_interruption_is_not_taken_for_a_failing_channel() -> None:
    def stop(alert: Alert) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(ALL, [stop])


def test_without_alerts_no_channel_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    assert send((), [Channel(kind="file", path=str(path))]) == (Delivery(f"file {path}", 0, 0),)
    assert not path.exists()


# ---- log


def test_the_log_has_levels_and_the_name_of_the_run(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="stratkit.alerts"):
        send(ALL, [Channel(kind="log")])
        send([SLOW], [Channel(kind="log")], run="20240102-abc")
    assert caplog.record_tuples == [
        ("stratkit.alerts", logging.CRITICAL, "the account: fell."),
        ("stratkit.alerts", logging.WARNING, "trend: slow."),
        ("stratkit.alerts", logging.INFO, "trend: loses."),
        ("stratkit.alerts", logging.WARNING, "20240102-abc: trend: slow."),
    ]


# ---- file


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_file_is_made_and_appended_to_in_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "new" / "alerts.jsonl"
    channel = Channel(kind="file", path=str(path))
    assert send(ALL, [channel]) == (Delivery(f"file {path}", 3, 3),)
    assert send([SLOW], [channel], run="second")[0].error is None
    assert [Alert.from_plain(line) for line in lines(path)] == [*ALL, SLOW]
    assert [line.get("run") for line in lines(path)] == [None, None, None, "second"]


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    send([SLOW], [Channel(kind="file", path="~/alerts.jsonl")])
    assert len(lines(tmp_path / "alerts.jsonl")) == 1


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    got: list[Alert] = []
    (delivery, _) = send([SLOW], [Channel(kind="file", path=str(tmp_path)), got.append])
    assert (delivery.sent, got) == (0, [SLOW])
    assert delivery.error is not None
    assert delivery.error.startswith(("IsADirectoryError", "PermissionError"))


def test_a_disk_with_no_room_for_a_whole_line_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.write", lambda file, data: 3)
    (delivery,) = send([SLOW], [Channel(kind="file", path=str(tmp_path / "a.jsonl"))])
    assert delivery.error is not None
    assert "must hold whole lines; found room for a part of one" in delivery.error


def _write_many(path: str, name: str) -> None:
    many = [replace(SLOW, bar=bar, message=name * 500) for bar in range(200)]
    send(many, [Channel(kind="file", path=path)])


def test_lines_of_two_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(str(path), name)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    written = [Alert.from_plain(line) for line in lines(path)]
    for name in "ab":
        assert [alert.bar for alert in written if alert.message == name * 500] == list(range(200))


# ---- apprise

MAIL = Channel(kind="apprise", urls=("mailto://${MAIL_USER}@mail.example", "json://hooks.example"))


class Stub(ModuleType):
    """A module in the place of apprise, which keeps what it is told."""

    def __init__(self, takes: bool = True, knows: str = "") -> None:
        super().__init__("apprise")
        self.urls: list[str] = []
        self.told: list[dict[str, str]] = []
        self.takes, self.knows = takes, knows

    def Apprise(self) -> Stub:  # noqa: N802  the name that apprise gives its class
        return self

    def add(self, url: str) -> bool:
        self.urls.append(url)
        return url.startswith(self.knows)

    def notify(self, **told: str) -> bool:
        self.told.append(told)
        return self.takes


def test_a_missing_extra_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert send(ALL, [MAIL]) == (
        Delivery("apprise (2 URLs)", 3, 0, "this needs: pip install 'stratkit[alerts]'; 2 more not tried"),
    )


def test_apprise_is_told_each_alert_with_its_severity(monkeypatch: pytest.MonkeyPatch) -> None:
    stub = Stub()
    monkeypatch.setitem(sys.modules, "apprise", stub)
    monkeypatch.setenv("MAIL_USER", "ann:secret")
    assert send(ALL, [MAIL], run="r1") == (Delivery("apprise (2 URLs)", 3, 3),)
    assert stub.urls == ["mailto://ann:secret@mail.example", "json://hooks.example"]
    assert stub.told == [
        {"body": "the account: fell.", "title": "stratkit r1 critical", "notify_type": "failure"},
        {"body": "trend: slow.", "title": "stratkit r1 warning", "notify_type": "warning"},
        {"body": "trend: loses.", "title": "stratkit r1 info", "notify_type": "info"},
    ]


def test_what_apprise_could_not_do_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_USER", "ann:secret")
    monkeypatch.setitem(sys.modules, "apprise", Stub(takes=False))
    assert send([SLOW], [MAIL])[0].error == "apprise must reach each URL; found that it did not: its log says which"
    monkeypatch.setitem(sys.modules, "apprise", Stub(knows="mailto"))
    told = send([SLOW], [MAIL])[0].error
    assert told == "apprise must know each URL; found that it does not know number 2 of urls"


def test_a_secret_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", Stub())
    monkeypatch.delenv("MAIL_USER", raising=False)
    assert send([SLOW], [MAIL])[0].error == (
        "the environment variable MAIL_USER must be set; found nothing: export MAIL_USER=..."
    )
