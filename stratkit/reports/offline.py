"""`interactive_page`: templates, scripts and policy of a page that is one file and loads nothing from anywhere.

Its chart library is the script inside the installed plotly package, compressed into the page and
unpacked by the browser. A content security policy names the exact scripts that may run by their
hash, so that no text from a file or a name can ever run as one.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.metadata
import importlib.resources
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from stratkit.errors import OutputError
from stratkit.reports.payload import compressed_text

MAX_PAGE_BYTES: Final = 2_500_000
FEWEST_POINTS: Final = 50  # thinner than this a chart says nothing; the page is then as large as it is


@functools.cache
def chart_library() -> tuple[str, str]:
    """Return plotly's script as compressed text, and the hash of the script."""
    source = importlib.resources.files("plotly") / "package_data" / "plotly.min.js"
    try:
        raw = source.read_bytes()
    except OSError as error:
        version = importlib.metadata.version("plotly")
        raise OutputError(
            f"the report needs package_data/plotly.min.js of the plotly package; plotly {version} has none: "
            "reinstall plotly>=6"
        ) from error
    return compressed_text(raw), hash_of(raw.decode())


def hash_of(script: str) -> str:
    """Return the hash by which a policy names a script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def content_policy(hashes: list[str]) -> str:
    """Return the policy under which only the scripts of these hashes run and nothing is loaded."""
    scripts = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def first_that_fits(pages: Iterable[str]) -> str:
    """Return the first of pages, each coarser than the one before, that stays under 2.5 MB; else the coarsest."""
    page = ""
    for page in pages:
        if len(page.encode()) <= MAX_PAGE_BYTES:
            break
    return page


@functools.cache
def environment() -> Any:
    """Return the templates: what is put into them is escaped."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def template_text(name: str) -> str:
    """Return a script or a style sheet that stands beside the templates."""
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def trusted(text: str) -> Any:
    """Mark text of our own making, which holds no markup of a user, as not to be escaped."""
    import markupsafe

    return markupsafe.Markup(text)  # our own files and base64, never a user's text


def write_page(path: Path, page: str) -> Path:
    """Write a page and return its path; raise `OutputError` when it cannot be written."""
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(
            f"the page must be writable; {path}: {error.strerror or error}: choose another --out"
        ) from error
    return path


def interactive_page(name: str, *, script_name: str = "", style_name: str = "", **content: Any) -> str:
    """Return the page of the template called `name` with its script and the chart library inside.

    The script is called like the template unless `script_name` is given; what all pages share stands before it.
    A style sheet of its own, `style_name`, is laid over the one that all share.
    Beside `content` the template is given css, script, theme, library and the policy that lets only these run.
    """
    shared, own, theme, css = (
        template_text(file) for file in ("page.js", f"{script_name or name}.js", "theme.js", "report.css")
    )
    script = shared + own
    css += template_text(f"{style_name}.css") if style_name else ""
    library, library_hash = chart_library()
    text: str = (
        environment()
        .get_template(f"{name}.html.j2")
        .render(
            css=trusted(css),
            script=trusted(script),
            theme=trusted(theme),
            policy=content_policy([hash_of(script), hash_of(theme), library_hash]),
            library=trusted(library),
            **content,
        )
    )
    return text
