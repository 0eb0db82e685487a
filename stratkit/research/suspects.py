"""`Suspect`: a line of source that often means looking ahead: a reason to read it again, no proof.

The rules stand in `stratkit.research.suspect_rules`. A line that is innocent says why in a comment,
``# causal: the sums are divided by what was known then``, and is not listed again.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stratkit.research.suspect_rules import RULES

_VOUCHED: Final = re.compile(r"#.*\bcausal:\s*\w+\W+\w+")  # a reason has at least two words


@dataclass(frozen=True)
class Suspect:
    """A line to read again: which rule it meets, and what that would mean."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"


def is_vouched(line: str) -> bool:
    """Whether a line carries the comment with which its author vouches for it.

    >>> is_vouched("top = close.max()  # causal: close holds the bars up to now"), is_vouched("x = 1  # causal:")
    (True, False)
    """
    return _VOUCHED.search(line) is not None


def suspects_of(code: object) -> tuple[Suspect, ...]:
    """Return the suspects in the source of a class or function, and in what it calls in the same file.

    Empty for what has no source, such as a class typed in a session.
    """
    try:
        file = inspect.getsourcefile(code)  # type: ignore[arg-type]  # anything else raises TypeError
        name = getattr(code, "__qualname__", "")
    except TypeError:
        return ()
    if file is None or not Path(file).is_file():
        return ()
    return suspects_in(Path(file).read_text("utf-8"), file, name.split(".")[0])


def suspects_in(source: str, file: str, start: str | None = None) -> tuple[Suspect, ...]:
    """Return the suspects in a source text: in the definition `start` and all it reaches, or everywhere (None)."""
    tree = ast.parse(source)
    lines = source.splitlines()
    scopes = [tree] if start is None else list(_reached(tree, start))
    found = {
        Suspect(file, each.node.lineno, each.rule, each.message)
        for scope in scopes
        for rule in RULES
        for each in rule(scope)
        if not _is_silenced(each.node, lines)
    }
    return tuple(sorted(found, key=lambda suspect: (suspect.line, suspect.rule)))


def _is_silenced(node: ast.expr | ast.stmt, lines: list[str]) -> bool:
    last = min(node.end_lineno or node.lineno, node.lineno + 12)
    above = lines[node.lineno - 2] if node.lineno > 1 and lines[node.lineno - 2].lstrip().startswith("#") else ""
    return any(map(is_vouched, [above, *lines[node.lineno - 1 : last]]))


def _reached(tree: ast.Module, start: str) -> Iterator[ast.stmt]:
    """Yield the top-level statements that define `start` and, in turn, every name of the file that these use."""
    defined: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in _names(statement):
            defined.setdefault(name, []).append(statement)
    waiting, seen = [start], set[int]()
    while waiting:
        for statement in defined.get(waiting.pop(), []):
            if id(statement) in seen:
                continue
            seen.add(id(statement))
            yield statement
            used = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
            waiting += [name for name in used if name in defined]


def _names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id  # TABLE["x"] = ..., frame.columns = ...
