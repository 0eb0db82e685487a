"""The browser that the report tests look through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import Browser, chromium, find_chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a headless Chromium with a fresh profile."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium found on PATH (chromium, chromium-browser, google-chrome)")
    folder: Path = tmp_path_factory.mktemp("chromium")
    with chromium(executable, folder / "profile") as tab:
        yield tab
