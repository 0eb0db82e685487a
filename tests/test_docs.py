"""What README and docs show is what happens, and the generated pages are current."""

from __future__ import annotations

import re
from pathlib import Path

import docs_examples
import docs_reference
import pytest

PAGES = docs_examples.pages()
ROOT = docs_examples.ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_of_a_page_is_true(page: Path, tmp_path: Path) -> None:
    wrong = list(docs_examples.differences(page, tmp_path))
    assert not wrong, "\n".join(map(str, wrong)) + "\n`make readme` writes the true outputs"


@pytest.mark.parametrize("path", docs_reference.PAGES)
def test_a_generated_page_is_current(path: str) -> None:
    written = (ROOT / path).read_text("utf-8")
    assert written == docs_reference.PAGES[path](), f"{path} is old: run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text) + re.findall(r'src(?:set)?="([^"]+)"', text)
    local = [link for link in links if not re.match(r"https?:|mailto:", link)]
    broken = [link for link in local if not (page.parent / link).exists()]
    assert not broken


def test_every_page_is_reached_from_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text("utf-8")
    missing = [page.name for page in (ROOT / "docs").glob("*.md") if page.name not in index and page.name != "index.md"]
    assert not missing


def test_every_command_of_the_makefile_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"\bmake ([a-z-]+)\b(?=[`\n ])", _code(page))}
    assert named
    assert named <= targets


def _code(page: Path) -> str:
    """What a page shows as code, in blocks and in lines."""
    text = page.read_text("utf-8")
    return "\n".join(re.findall(r"`[^`\n]+`", text) + [block.body for block in docs_examples.blocks(page)])


def page_with(text: str, folder: Path) -> Path:
    """A page outside docs/, for the runner itself."""
    page = folder / "page.md"
    page.write_text(text, "utf-8")
    return page


@pytest.mark.parametrize(
    "block",
    [
        "```console\n$ python -c 'print(1)'\n2\n```\n",
        "```console\n$ python -c 'print(1); print(2)'\n1\n```\n",
        "```console\n$ python -c 'raise SystemExit(3)'\n```\n",
        "```console exit=2\n$ python -c 'pass'\n```\n",
        "```python\nassert False\n```\n",
        "```python\n>>> 1 + 1\n3\n```\n",
    ],
)
def test_an_example_that_is_not_true_is_found(block: str, tmp_path: Path) -> None:
    assert len(list(docs_examples.differences(page_with(block, tmp_path), tmp_path))) == 1


@pytest.mark.parametrize(
    "block",
    [
        "```console\n$ python -c 'print(1); print(2); print(30)'\n1\n...\n3...\n```\n",
        "```console exit=2\n$ python -c 'import sys; sys.stderr.write(\"no\"); sys.exit(2)'\nno\n```\n",
        "```text title=note.txt\nhello\n```\n\n```console\n$ cat note.txt\nhello\n```\n",
        "```bash\nmake everything\n```\n",
        "```python\n>>> 1 + 1\n2\n```\n",
    ],
)
def test_a_true_example_passes(block: str, tmp_path: Path) -> None:
    assert not list(docs_examples.differences(page_with(block, tmp_path), tmp_path))


def test_an_example_may_not_run_any_program(tmp_path: Path) -> None:
    page = page_with("```console\n$ rm -rf somewhere\n```\n", tmp_path)
    with pytest.raises(ValueError, match="may run stratkit"):
        list(docs_examples.differences(page, tmp_path))


def test_rewriting_puts_the_true_output_and_elides_what_varies(tmp_path: Path) -> None:
    page = page_with(
        "before\n\n```console head=2\n$ python -c 'print(7, \"1.5 s\"); print(2); print(3)'\nold\n```\n", tmp_path
    )
    assert docs_examples.rewrite(page) == 1
    assert "print(3)'\n7 ... s\n2\n...\n```\n" in page.read_text("utf-8")
    assert docs_examples.rewrite(page) == 0
