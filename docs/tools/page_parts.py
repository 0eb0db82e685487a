"""What generated pages are made of: tables, cells and paragraphs in Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

NOTE = "<!-- written by `make docs`; change the code, not this page -->"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table with one line per row."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def cell(text: str) -> str:
    """Text for one cell: one line, its bars escaped once."""
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def paragraphs(text: str) -> str:
    """Dedented text; a paragraph is one line, indented and listed lines stay."""
    parts = inspect.cleandoc(text).replace("``", "`").split("\n\n")
    return "\n\n".join(
        part if re.search(r"^(\s|[-*] )", part, re.MULTILINE) else " ".join(part.split()) for part in parts
    )
