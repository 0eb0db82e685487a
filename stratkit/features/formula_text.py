"""`FormulaText`: the text of a formula, its syntax tree within limits, and how anything in it is refused.

The text is read by Python's own parser into a tree and never compiled or run.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Final, NoReturn

from stratkit.errors import UsageError

# far above what anybody writes; a tree within them is walked in a blink and without deep recursion
MAX_CHARACTERS: Final = 2_000
MAX_DEPTH: Final = 50
MAX_PARTS: Final = 400
_SHOWN: Final = 70  # characters of a formula in a message
# before Python reads it: other alphabets have letters that look like, or are read as, plain ones
_FOREIGN: Final = re.compile(r"[^ -~\t\r\n]|[\\#;]")


@dataclass(frozen=True)
class FormulaText:
    """A formula as it was written."""

    text: str

    @property
    def plain(self) -> str:
        """The text on one line, as its columns are counted; no more of it than may be."""
        return re.sub(r"[\t\r\n]", " ", self.text[: MAX_CHARACTERS + 1]).strip(" ")

    def tree(self) -> ast.expr:
        """Return the expression; raise `UsageError` for text that is none, too long, too deep or not plain."""
        if len(self.text) > MAX_CHARACTERS:
            self._refuse_at(1, f"may have {MAX_CHARACTERS} characters", f"{len(self.text)}", "split it up")
        if not self.plain:
            raise UsageError(f"a formula must hold something, such as 'close > sma(200)'; found {self.text!r}")
        foreign = _FOREIGN.search(self.plain)
        if foreign is not None:
            self._refuse_at(foreign.start() + 1, "is plain ASCII", repr(foreign[0]), "write it without that character")
        tree = self._parsed()
        self._check_size(tree)
        return tree

    def refuse(self, node: ast.AST, must: str, do: str, found: str | None = None) -> NoReturn:
        """Raise `UsageError`: a formula `must`, what was found at which column, what to `do`."""
        column = getattr(node, "col_offset", 0)
        end = getattr(node, "end_col_offset", None)
        self._refuse_at(column + 1, must, found or _short(self.plain[column:end]), do)

    def _refuse_at(self, column: int, must: str, found: str, do: str) -> NoReturn:
        raise UsageError(f"a formula {must}; found {found} at column {column} of {_short(self.plain)!r}: {do}")

    def _parsed(self) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's remarks on odd code, such as 1and
                return ast.parse(self.plain, mode="eval").body
        except SyntaxError as error:
            column = min(error.offset or 1, len(self.plain))
            self._refuse_at(
                column,
                "must be one expression",
                error.msg,
                "close every bracket, and put an operator between two values",
            )
        except (MemoryError, RecursionError):  # how Python's parser says that brackets or signs go too deep
            self._refuse_deep()
        except ValueError as error:
            self._refuse_at(1, "must be one expression", str(error), "write plain numbers")

    def _check_size(self, tree: ast.expr) -> None:
        level: list[ast.AST] = [tree]
        count = depth = 0
        while level:
            count, depth = count + len(level), depth + 1
            if depth > MAX_DEPTH:
                self._refuse_deep()
            if count > MAX_PARTS:
                self._refuse_at(1, f"may have {MAX_PARTS} parts", "more", "split it up")
            level = [child for node in level for child in ast.iter_child_nodes(node)]

    def _refuse_deep(self) -> NoReturn:
        self._refuse_at(1, f"may be {MAX_DEPTH} levels deep", "more", "use fewer brackets, or split it up")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
