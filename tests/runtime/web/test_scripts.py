"""The tests that are written in the package's own language, by Node's own runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_script(package: Path, script: Path, request: pytest.FixtureRequest) -> None:
    if script.name.startswith("page"):
        request.getfixturevalue("chromium")
    run = subprocess.run(["node", "--test", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
