"""Results go to stdout, talk to stderr; a bar is drawn only for work that lasts, on a terminal."""

from __future__ import annotations

import io
import json
import time
import warnings

import pytest

from stratkit.cli import terminal as terminal_module
from stratkit.cli.terminal import Terminal


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_talk_goes_to_stderr_and_results_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.say("talk")
    terminal.out.print("result")
    assert capsys.readouterr() == ("result\n", "talk\n")


def test_quiet_silences_talk_and_keeps_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(quiet=True)
    terminal.say("talk")
    terminal.warn("careful")
    assert capsys.readouterr().err == "warning: careful\n"


def test_a_warning_is_one_line_shown_once_and_noted(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    with terminal.warnings_as_lines():
        for _ in range(2):
            warnings.warn("0.15 means 0.15 %, did you mean 15? [x]", stacklevel=1)
        warnings.warn("a word to developers", DeprecationWarning, stacklevel=1)
    assert capsys.readouterr().err == "warning: 0.15 means 0.15 %, did you mean 15? [x]\n"
    assert terminal.noted == ["0.15 means 0.15 %, did you mean 15? [x]"]


def test_emitted_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(as_json=True).emit({"a": float("nan"), "b": "[x]"})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": "[x]"}


def test_a_pipe_has_no_colours_and_a_width_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.out.print("[red]" + "x" * 90 + "[/red]")
    assert capsys.readouterr().out == "x" * 90 + "\n"


def drawn(clock: list[float], seconds: float, quiet: bool = False) -> str:
    screen = Screen()
    terminal = Terminal(quiet=quiet)
    terminal.__dict__["talk"] = terminal_module._console(screen)
    with terminal.progress("replaying [x]") as update:
        for done in range(1, 11):
            clock[0] += seconds / 10
            update(done, 10, f"best [{done}], 5/s")
    return screen.getvalue()


def test_short_work_draws_no_bar(clock: list[float]) -> None:
    assert drawn(clock, 0.9) == ""


def test_long_work_draws_a_bar_on_a_terminal(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    shown = drawn(clock, 5.0)
    assert "replaying [x]" in shown
    assert "best [10], 5/s" in shown  # what the work says of itself, behind the time that is left


def test_quiet_work_draws_no_bar(clock: list[float]) -> None:
    assert drawn(clock, 5.0, quiet=True) == ""


def test_a_pipe_gets_no_bar(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal().progress("replaying") as update:
        clock[0] = 5.0
        update(1, 2)
    assert capsys.readouterr().err == ""
