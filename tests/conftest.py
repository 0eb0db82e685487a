"""What every test stands on: one thread per library, quiet terminals, hypothesis settings."""

from __future__ import annotations

import os
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
