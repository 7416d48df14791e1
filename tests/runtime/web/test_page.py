"""The page of edgeattn serve, which is made of the package's own sources."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[3] / "edgeattn" / "serve" / "page"


@pytest.mark.parametrize("check", [("tsc", "--project", "."), ("biome", "check", "--error-on-warnings", ".")])
def test_its_types_and_its_style_hold(check: tuple[str, ...], package: Path) -> None:
    command, *arguments = check
    found = subprocess.run(
        [package / "node_modules" / ".bin" / command, *arguments],
        cwd=SOURCES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
