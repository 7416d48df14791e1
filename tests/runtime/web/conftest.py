"""The package of runtime/web, built once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "runtime" / "web"


@pytest.fixture(scope="session")
def package() -> Path:
    """The package's folder, with its ``dist`` built; the first time npm installs what that needs."""
    if shutil.which("npm") is None:
        pytest.skip("no npm on the PATH")
    subprocess.run([PACKAGE / "build-package"], check=True)
    return PACKAGE


@pytest.fixture(scope="session")
def chromium() -> None:
    """A browser, where conformance/browser.mjs looks for it."""
    if not Path(os.environ.get("CHROMIUM", "/usr/bin/chromium")).exists():
        pytest.skip("no chromium; name one in CHROMIUM")
