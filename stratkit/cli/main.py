"""The `stratkit` command: its subcommands, and the one place where an error becomes an exit code."""

from __future__ import annotations

import codecs
import os
import re
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, Final, NoReturn

import typer
from typer.exceptions import TyperException

from stratkit.cli.abtest import abtest
from stratkit.cli.backtest import backtest
from stratkit.cli.check import app as check_app
from stratkit.cli.config import app as config_app
from stratkit.cli.data import app as data_app
from stratkit.cli.features import features
from stratkit.cli.ledger import ledger
from stratkit.cli.montecarlo import montecarlo
from stratkit.cli.optimize import optimize
from stratkit.cli.performance import performance
from stratkit.cli.regime import regime
from stratkit.cli.reproduce import reproduce
from stratkit.cli.runs import app as runs_app
from stratkit.cli.strategies import app as strategies_app
from stratkit.cli.terminal import Terminal
from stratkit.cli.walkforward import walkforward
from stratkit.errors import OutputError, RunError, StratkitError, Terminated, did_you_mean

INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count
TERMINATED: Final = 143  # 128 + SIGTERM
NO_READER: Final = 141  # 128 + SIGPIPE
# a lost minus sign would turn a loss into a profit
_PLAIN: Final = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{MULTIPLICATION SIGN}": "x",
}

_NO_CHOICE: Final = re.compile("'([^']*)' is not one of (.+)")
_QUOTED: Final = re.compile("'([^']*)'")

app = typer.Typer(
    name="stratkit",
    help="Backtest, search and judge trading strategies: a command line over one honest engine.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: rich would take longer to import than everything else
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("backtest")(backtest)
app.command("optimize")(optimize)
app.command("walkforward")(walkforward)
app.command("abtest")(abtest)
app.command("montecarlo")(montecarlo)
app.command("regime")(regime)
app.command("features")(features)
app.add_typer(check_app, name="check")
app.add_typer(data_app, name="data")
app.add_typer(strategies_app, name="strategies")
runs_app.command("ledger")(ledger)
runs_app.command("performance")(performance)
app.add_typer(runs_app, name="runs")
app.command("reproduce")(reproduce)
app.add_typer(config_app, name="config")


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"stratkit {version('stratkit')}")
        except PackageNotFoundError:  # run from a checkout that was never installed
            typer.echo("stratkit (not installed)")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code."""
    signal.signal(signal.SIGTERM, _stop)
    codecs.register_error("plain_letters", _plain_letters)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plain_letters")  # what a terminal cannot show is spelled out
    code = run(sys.argv[1:])
    sys.exit(_flushed(code))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors become one message on stderr."""
    terminal = Terminal()
    debug = "--debug" in arguments
    try:
        with terminal.warnings_as_lines():
            code = app(args=list(arguments), prog_name="stratkit", standalone_mode=False)
        return _stopped(terminal) if code == INTERRUPTED else int(code or 0)
    except KeyboardInterrupt:
        return _stopped(terminal)
    except Terminated:
        return TERMINATED
    except BrokenPipeError:
        return _no_reader()
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):  # typer turns it into an exit with 1
            return _no_reader()
        raise
    except TyperException as error:
        return _misused(terminal, error)
    except StratkitError as error:
        return _report(terminal, error, error.exit_code, debug)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        problem = OutputError(f"{where}{error.strerror or error}; check the path, its permissions and the free space")
        return _report(terminal, problem.with_traceback(error.__traceback__), problem.exit_code, debug)
    except Exception as error:  # the last line of defence: whatever is left is a defect, and says how to report it
        return _unexpected(terminal, error, debug)


def _report(terminal: Terminal, error: StratkitError, code: int, debug: bool) -> int:
    if debug:
        _print_traceback(terminal, error)
    return _complain(terminal, str(error), "", code)


def _unexpected(terminal: Terminal, error: Exception, debug: bool) -> int:
    if debug:
        _print_traceback(terminal, error)
        hint = "this is a defect: please report it with the traceback above and the command line"
    else:
        hint = "this is a defect: run the command again with --debug and report what it prints"
    return _complain(terminal, f"{type(error).__name__}: {error}", hint, RunError.exit_code)


def _complain(terminal: Terminal, message: str, hint: str, code: int) -> int:
    terminal.fail(message, hint)
    return code


def _misused(terminal: Terminal, error: TyperException) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":  # typer keeps the class to itself; its message is the help
        typer.echo(error.format_message(), err=True)
        return error.exit_code
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "stratkit"
    return _complain(terminal, _plain_words(error.format_message()), f"see {command} --help", error.exit_code)


def _plain_words(message: str) -> str:
    """Return what typer says of a misuse without its own jargon, and with the choice that was likely meant."""
    said = message.replace("Value error, ", "")
    found = _NO_CHOICE.search(said)
    if found is None:
        return said
    hint = did_you_mean(found[1], _QUOTED.findall(found[2]))
    return f"{said.removesuffix('.')}; {hint}" if hint.startswith("did you mean") else said


def _print_traceback(terminal: Terminal, error: BaseException) -> None:
    import traceback

    terminal.talk.print("".join(traceback.format_exception(error)), markup=False, soft_wrap=True)


def _stopped(terminal: Terminal) -> int:
    return _complain(
        terminal, "stopped by Ctrl-C; runs that were whole are kept, one that was being written is not", "", INTERRUPTED
    )


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated  # unwinds, so that a half-written run is taken away


def _plain_letters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter, "?") for letter in text), error.end


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _no_reader()
    except Terminated:  # while its reader was slow
        return TERMINATED
    return code


def _no_reader() -> int:
    # Python flushes standard output once more at exit and would complain about the closed pipe
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return NO_READER
