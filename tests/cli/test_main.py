"""Errors become one message and an exit code; nothing else reaches the terminal."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_line import COMMAND, ENVIRONMENT, WriteBars

from stratkit.cli import main as main_module
from stratkit.cli.main import run
from stratkit.errors import ConditionError, DataError, OutputError, StrategyError, UsageError


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(**_arguments: Any) -> int:
        raise error

    monkeypatch.setattr(main_module, "app", fail)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("must be so"), 2),
        (DataError("must be so"), 3),
        (StrategyError("must be so"), 4),
        (OutputError("must be so"), 4),
        (ConditionError("must be so"), 5),
    ],
)
def test_an_error_is_one_message_on_stderr_and_its_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, error)
    assert run(["backtest"]) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "error: must be so\n")


def test_debug_adds_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, DataError("must be so"))
    assert run(["backtest", "--debug"]) == 3
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.endswith("error: must be so\n")


def test_markup_in_a_message_is_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, DataError("column [bold]x[/bold] and [/] and :smile:"))
    run(["backtest"])
    assert capsys.readouterr().err == "error: column [bold]x[/bold] and [/] and :smile:\n"


def test_a_long_message_is_not_wrapped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, DataError("word " * 100))
    run(["backtest"])
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unforeseen_error_says_how_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, ZeroDivisionError("division by zero"))
    assert run(["backtest"]) == 4
    err = capsys.readouterr().err
    assert "error: ZeroDivisionError: division by zero\n" in err
    assert "run the command again with --debug and report" in err
    assert "Traceback" not in err
    assert run(["backtest", "--debug"]) == 4
    assert "Traceback" in capsys.readouterr().err


def test_a_full_disk_is_an_output_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, OSError(28, "No space left on device", "reports/x"))
    assert run(["backtest"]) == 4
    assert capsys.readouterr().err.startswith("error: reports/x: No space left on device; check")


def test_ctrl_c_is_said_and_leaves_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    assert run(["backtest"]) == 130
    assert capsys.readouterr().err.startswith("error: stopped by Ctrl-C")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["backtst"], "No such command 'backtst'. Did you mean 'backtest'"),
        (["backtest", "--sedd", "1"], "No such option: --sedd"),
        (["backtest", "--seed", "x"], "--seed"),
        (["config", "shw"], "No such command 'shw'"),
        (["backtest", "--data"], "requires an argument"),
        (["abtest", "--metric", "sharp"], "error: Invalid value for '--metric': 'sharp' is not one of 'sharpe', "),
        (["abtest", "--metric", "sharp"], "'profit_factor'; did you mean 'sharpe'?"),
    ],
)
def test_a_wrong_command_line_is_exit_2_with_a_hint(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert message in captured.err
    assert " --help\n" in captured.err


@pytest.mark.parametrize("arguments", [[], ["config"], ["data"], ["strategies"]])
def test_a_command_that_says_nothing_gets_help_and_exit_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("Usage: stratkit")
    assert "error" not in captured.err


def test_help_and_version_are_results(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("stratkit ")
    assert run(["backtest", "-h"]) == 0
    out = capsys.readouterr().out
    for option in (
        "--data",
        "--strategy",
        "--only",
        "--set",
        "--from",
        "--to",
        "--fills",
        "--detail",
        "--accept",
        "--explain-caps",
        "--trial",
        "--judge-adaptive",
        "--out",
        "--json",
        "--debug",
    ):
        assert option in out


def test_a_reader_that_goes_away_ends_it_silently() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "config", "show"], env=ENVIRONMENT, stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_terminal_without_unicode_still_shows_a_minus(write_bars: WriteBars, tmp_path: Path) -> None:
    ascii_only = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    falling = str(write_bars(lambda frame: frame.iloc[40:90].reset_index(drop=True)))
    command = [*COMMAND, "backtest", "--data", falling, "--strategy", "buy_and_hold", "--no-report", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, env=ascii_only, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"Maximum drawdown +-\d", done.stdout)
