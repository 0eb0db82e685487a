"""The table of codes: complete, consistent, and as the page says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stratkit.data.findings import CODES, SHOWN_ROWS, Code, acceptable, finding_record, found, known_code
from stratkit.errors import UsageError


def page_row(code: Code) -> str:
    accepted = (code.accepted or "never") if code.severity == "error" else ""
    return f"| `{code.name}` | {code.severity} | {code.meaning} | {code.todo} | {accepted} |"


def test_the_page_lists_every_code_as_the_program_has_it(checkout: Path) -> None:
    page = (checkout / "docs/data-quality.md").read_text("utf-8")
    listed = [line for line in page.splitlines() if line.startswith("| `")]
    assert listed == [page_row(code) for code in CODES.values()]


def test_only_errors_can_need_to_be_accepted() -> None:
    assert {code.severity for code in CODES.values() if code.accepted is not None} == {"error"}
    assert all(name == code.name for name, code in CODES.items())


def test_an_unknown_code_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'unsorted'"):
        known_code("unsortd")


def test_warnings_may_be_named_too() -> None:
    assert acceptable(["split_like", "non_positive", "split_like"]) == ("split_like", "non_positive")


def test_a_finding_shows_its_first_places_and_keeps_all() -> None:
    rows = np.arange(10) + 2
    finding = found("spike", "ten", count=10, rows=rows, stamps=rows * 86_400 * 10**9)
    assert finding.rows == tuple(range(2, 2 + SHOWN_ROWS))
    assert finding.places.tolist() == rows.tolist()
    assert not finding.places.flags.writeable
    assert finding_record(finding)["stamps"][0] == "1970-01-03"
    assert finding.todo == CODES["spike"].todo
