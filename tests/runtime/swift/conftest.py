"""The Swift package, built once for all tests; it needs Debian's packages, and is left out elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "runtime" / "swift"


@pytest.fixture(scope="session")
def programs() -> Path:
    """Return the folder of the package's programs."""
    if shutil.which("apt-get") is None or shutil.which("pkg-config") is None:
        pytest.skip("Swift is built with Debian's packages")
    built = subprocess.run([PACKAGE / "build"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return PACKAGE / ".build" / "debug"
