"""A process that forks after it loaded a model: its child is answered, or told why not, and never waits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no process forks here")

FORKED = Path(__file__).parents[1] / "faults" / "forked.py"


@pytest.mark.parametrize(
    ("threads", "call", "message"),
    [
        (1, "idle", "True"),
        (2, "idle", "its threads stayed behind"),
        (1, "called", "its threads stayed behind"),
    ],
)
def test_a_child_is_answered_or_told(threads: int, call: str, message: str, conformance: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(FORKED), str(conformance / "good.edge"), str(threads), call],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert message in ended.stdout
