"""Runs the examples of README and docs, and says where a page shows something else than what happens.

The conventions, all on the line that opens a block:

* ```` ```console ````: lines after ``$ `` are commands, the lines below each are its stdout. Only ``stratkit``,
  ``python`` and ``cat`` may be run; talk and progress on stderr are not shown. ``exit=2`` says that the block's last
  command leaves with 2; then its stderr is shown too.
* ```` ```python ````: is run; with ``>>>`` prompts, the output is compared.
* ``title=NAME`` on any block: it is a file of that name, written for the blocks below it, and not run.
* Other languages are not run.

A line ``...`` in an output stands for any lines, ``...`` inside a line for any characters of it. ``head=N`` keeps
the first N lines of an output when it is rewritten. All blocks of a page share one empty folder, in order.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<info>\S.*)\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
# what differs from run to run, and what a rewritten output says instead
VOLATILE = (
    (re.compile(r"\b\d{8}[-T_]?\d{6}[\w-]*"), "..."),  # a run's name
    (re.compile(r"\b\d+(\.\d+)? [mµ]s\b"), "..."),  # a short duration, whose unit may differ as well
    (re.compile(r"\b\d+(\.\d+)? s\b"), "... s"),  # a duration
    (re.compile(r"\b\d+(\.\d+)? [kM]i?B\b"), "... MB"),  # a size
)
COMMANDS = {
    "stratkit": [sys.executable, "-c", "from stratkit.cli.main import main; main()"],
    "python": [sys.executable],
    "cat": ["cat"],
}


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, options, text, and where it stands in its page."""

    page: Path
    line: int
    language: str
    options: dict[str, str]
    body: str
    span: tuple[int, int]  # of the body, in characters of the page


@dataclass(frozen=True)
class Difference:
    """What a block shows and what happened instead; `rewritten` is the body that would be true."""

    block: Block
    said: str
    rewritten: str | None = None

    def __str__(self) -> str:
        return f"{self.block.page.relative_to(ROOT)}:{self.block.line}: {self.said}"


def pages() -> list[Path]:
    """README, the contributor's page and all pages of docs."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text("utf-8")
    found = []
    for match in FENCE.finditer(text):
        language, *words = match["info"].split()
        options = dict(word.split("=", 1) for word in words)
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, language, options, match["body"], match.span("body")))
    return found


def differences(page: Path, folder: Path) -> Iterator[Difference]:
    """Run all blocks of a page in `folder` and yield where it does not tell what happened."""
    for block in blocks(page):
        if "title" in block.options:
            target = folder / block.options["title"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.body, "utf-8")
        elif block.language == "console":
            yield from _console(block, folder)
        elif block.language == "python":
            yield from _python(block, folder)


def matches(expected: str, found: str) -> bool:
    """Whether an output is the expected one, up to elisions and space at line ends.

    >>> matches("a\\n...\\nz 1... s", "a\\nb\\nc\\nz 12.5 s")
    True
    >>> matches("a ... c", "a b\\nc")
    False
    """
    pattern = ""
    for line in _lines(expected):
        if line == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.split("...")) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(found))) is not None


def _lines(text: str) -> list[str]:
    """Lines without the spaces at their ends, and without empty lines before the first and after the last."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n").splitlines()


def _console(block: Block, folder: Path) -> Iterator[Difference]:
    steps = _steps(block.body)
    rewritten, wrong = [], []
    for number, (command, expected) in enumerate(steps, 1):
        last = number == len(steps)
        wanted = int(block.options.get("exit", "0")) if last else 0
        done = _run(command, folder)
        found = done.stdout + (done.stderr if wanted else "")
        if done.returncode != wanted:
            wrong.append(f"$ {command}\nleft with {done.returncode}, not {wanted}:\n{done.stdout}{done.stderr}")
        true = matches(expected, found)
        if not true:
            wrong.append(f"$ {command}\nshown:\n{expected}\nhappened:\n{found}")
        rewritten.append(f"$ {command}\n{expected if true else _tidied(found, block.options)}")
    if wrong:
        yield Difference(block, "\n".join(wrong), "".join(rewritten))


def _steps(body: str) -> list[tuple[str, str]]:
    """The commands of a block, each with the output below it; a trailing backslash continues a command."""
    steps: list[tuple[str, str]] = []
    for line in body.splitlines(keepends=True):
        if line.startswith("$ "):
            steps.append((line[2:].rstrip("\n"), ""))
        elif steps and steps[-1][0].endswith("\\"):
            steps[-1] = (f"{steps[-1][0]}\n{line.rstrip()}", "")
        elif steps:
            steps[-1] = (steps[-1][0], steps[-1][1] + line)
    return steps


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command.replace("\\\n", " "))
    if program not in COMMANDS:
        raise ValueError(f"an example may run {', '.join(COMMANDS)}; found {program!r} in $ {command}")
    return _process([*COMMANDS[program], *arguments], folder)


def _process(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    terminal = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    # PYTHONPATH: this checkout, wherever it is installed
    surroundings = {**os.environ, **terminal, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=surroundings, capture_output=True, text=True, encoding="utf-8", check=False
    )


def _tidied(found: str, options: dict[str, str]) -> str:
    lines = _lines(found)
    if "head" in options and len(lines) > int(options["head"]):
        lines = [*lines[: int(options["head"])], "..."]
    text = "".join(f"{line}\n" for line in lines)
    for pattern, elision in VOLATILE:
        text = pattern.sub(elision, text)
    return text


def _python(block: Block, folder: Path) -> Iterator[Difference]:
    if ">>>" not in block.body:
        done = _process([sys.executable, "-c", block.body], folder)
        if done.returncode:
            yield Difference(block, done.stderr)
    elif said := _prompts(block, folder):
        yield Difference(block, said)


def _prompts(block: Block, folder: Path) -> str:
    """What doctest says about a block with prompts; nothing when all is as shown."""
    test = doctest.DocTestParser().get_doctest(block.body, {}, str(block.page), None, block.line)
    said: list[str] = []
    with contextlib.chdir(folder):
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    return "".join(said)


def rewrite(page: Path) -> int:
    """Put the true output under every command of a page; return how many blocks changed."""
    with tempfile.TemporaryDirectory() as folder:
        found = [each for each in differences(page, Path(folder)) if each.rewritten is not None]
    text = page.read_text("utf-8")
    for each in reversed(found):
        start, stop = each.block.span
        text = text[:start] + (each.rewritten or "") + text[stop:]
    page.write_text(text, "utf-8")
    return len(found)


def main() -> int:
    """Compare all pages, or rewrite them with --update."""
    parser = argparse.ArgumentParser(description="Run the examples of README and docs.")
    parser.add_argument("--update", action="store_true", help="put the true output under every command")
    parser.add_argument("pages", nargs="*", type=Path, help="only these")
    options = parser.parse_args()
    chosen = [page.resolve() for page in options.pages] or pages()
    if options.update:
        for page in chosen:
            print(f"{page.relative_to(ROOT)}: {rewrite(page)} blocks rewritten")
    wrong = []
    for page in chosen:
        with tempfile.TemporaryDirectory() as folder:
            wrong += [str(each) for each in differences(page, Path(folder))]
    print("\n".join(wrong) or "every example is true")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
