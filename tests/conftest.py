"""What holds for every test, and must before anything is imported: a cache of its own, one thread.

Where CI is set, a skipped test has failed: CI installs all that the tests need.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import settings

_CACHE = tempfile.TemporaryDirectory(prefix="edgeattn-tests-")

os.environ["EDGEATTN_CACHE"] = _CACHE.name
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def pytest_unconfigure() -> None:
    _CACHE.cleanup()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skip((yield))


def _no_skip(report: Report) -> Report:
    """Fail what is skipped, a test or a file, where CI is set."""
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr[-1]}"  # of path, line and reason
    return report
