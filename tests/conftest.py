"""What every test stands on: one thread per library, quiet terminals, hypothesis settings."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path

# before numpy is imported anywhere: two cores shared by many threads are slower than one
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_variable] = "1"
# the terminal that tests see: one width, no colours, no progress redrawn
os.environ.update({"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
os.environ.pop("FORCE_COLOR", None)

import pytest  # noqa: E402  after the thread settings
from hypothesis import settings  # noqa: E402  likewise

from stratkit.adaptive.environment import VARIABLES  # noqa: E402  likewise

for _variable in VARIABLES:  # a developer may have settings there, and these tests have their own
    os.environ.pop(_variable, None)

# the first example may compile a kernel, so no example has a deadline
settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("explore", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# These take a minute and more, so they come first: begun at the end, one of them would keep one core and leave the
# others idle. The first compiles the kernel in all its versions; none of the next three needs it meanwhile.
FIRST = (
    "engine/test_metrics_only.py",
    "cli/test_check_commands.py",
    "research/test_planted_suite.py",
    "test_imports.py",
    "test_docs.py",
    "research/test_executors.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first, then those of many tests; the order within a file stays."""
    tests = Path(__file__).parent
    missing = [name for name in FIRST if not (tests / name).exists()]
    if missing:
        raise pytest.UsageError(f"tests/conftest.py: FIRST must name files of tests; not there: {', '.join(missing)}")
    place = {tests / name: number for number, name in enumerate(FIRST)}
    count = Counter(item.path for item in items)
    items.sort(key=lambda item: (place.get(item.path, len(FIRST)), -count[item.path], str(item.path)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where a browser is required, a test that was skipped for want of one has failed."""
    report = yield
    required = os.environ.get("STRATKIT_REQUIRE_CHROMIUM") == "1"
    if required and report.skipped and "Chromium" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = "Chromium is required here (STRATKIT_REQUIRE_CHROMIUM=1) and was not found: install it"
    return report


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of the checkout."""
    return Path(__file__).resolve().parents[1]
