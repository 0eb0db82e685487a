"""`Terminal`: where a command talks. Results go to stdout, talk and progress to stderr."""

from __future__ import annotations

import re
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, TextIO

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of everything random.", metavar="N")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No talk, no progress: results and warnings only.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the Python traceback of an error.")]

PLAIN_WIDTH: Final = 100  # columns of a pipe or a file, which have no width of their own
_PATIENCE_S: Final = 1.0  # work shorter than this shows no progress bar
_REFRESH_S: Final = 0.1
_FILLING: Final = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)  # spaces at a line's end, styles behind them


@dataclass(frozen=True)
class Terminal:
    """The two streams of one command; `noted` collects the warnings shown on the way."""

    as_json: bool = False
    quiet: bool = False
    noted: list[str] = field(default_factory=list)

    @cached_property
    def out(self) -> Console:
        """Results, on stdout."""
        return _console(sys.stdout)

    @cached_property
    def talk(self) -> Console:
        """Everything else, on stderr."""
        return _console(sys.stderr)

    def show(self, table: RenderableType) -> None:
        """Print a table as a result, without the spaces that would fill its lines."""
        with self.out.capture() as captured:
            self.out.print(table)
        self.out.file.write(_FILLING.sub(r"\1", captured.get()))

    def say(self, text: str) -> None:
        """Print a line of talk on stderr, unless asked to be quiet."""
        if not self.quiet:
            self.talk.print(text, markup=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Print a warning on stderr, each text once."""
        if text not in self.noted:
            self.noted.append(text)
            self.talk.print(f"[yellow]warning:[/yellow] {_escape(text)}", soft_wrap=True)

    def fail(self, message: str, hint: str = "") -> None:
        """Print an error on stderr."""
        self.talk.print(f"[bold red]error:[/bold red] {_escape(message)}", soft_wrap=True)
        if hint:
            self.talk.print(hint, markup=False, style="dim", soft_wrap=True)

    def emit(self, record: Mapping[str, Any]) -> None:
        """Print the one JSON object of a command on stdout; NaN and infinities become null."""
        from stratkit.runs.json_text import json_text

        sys.stdout.write(json_text(record))

    @contextmanager
    def warnings_as_lines(self) -> Iterator[None]:
        """Show Python's user warnings as lines of talk; those of libraries to developers stay silent."""

        def show(message: Warning | str, *_place: object, **_more: object) -> None:
            self.warn(str(message))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("always", category=UserWarning)
            warnings.showwarning = show
            yield

    @contextmanager
    def progress(self, label: str) -> Iterator[ProgressUpdate]:
        """Yield ``update(done, total, note)``: a bar on a terminal once the work has lasted a second.

        The time that is left stands beside it, and then the `note`.
        """
        bar = _ProgressBar(label, None if self.quiet or not self.talk.is_terminal else self.talk)
        try:
            yield bar.update
        finally:
            bar.close()


class ProgressUpdate(Protocol):
    """Tells a progress bar how far the work is."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Show that so much is done."""


class _ProgressBar:
    def __init__(self, label: str, console: Console | None) -> None:
        self.label = label
        self.console = console
        self.started = self.drawn = time.monotonic()
        self.bar: Progress | None = None

    def update(self, done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        if self.console is None or now - self.started < _PATIENCE_S or now - self.drawn < _REFRESH_S:
            return
        self.drawn = now
        if self.bar is None:
            self.bar = self._open(self.console, total)
        self.bar.update(self.bar.task_ids[0], completed=done, total=total, note=_escape(note))

    def _open(self, console: Console, total: int) -> Progress:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )  # fmt: skip
        bar = Progress(*columns, console=console, transient=True)
        bar.add_task(_escape(self.label), total=total, note="")
        bar.start()
        return bar

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    class PipeConsole(Console):
        """A console that lets `main` deal with a reader that went away."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    width = None if stream.isatty() else PLAIN_WIDTH
    return PipeConsole(file=stream, width=width, highlight=False, emoji=False)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
