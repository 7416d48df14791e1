"""Bundles of releases: the archives are read as they were written, and each is frozen once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CONFORMANCE = Path(__file__).parents[2] / "runtime" / "conformance"


def test_what_was_frozen_is_among_the_cases(conformance: Path) -> None:
    cases = json.loads((conformance / "cases.json").read_text("utf-8"))
    frozen = [case for case in cases if case["bundle"].startswith("0.1.0-")]
    assert len(frozen) >= 10
    assert {case["verdict"] for case in frozen} == {"accepted"}
    asked = {key for case in frozen for key, value in case.items() if isinstance(value, list) and value}
    assert {"calls", "generate", "prepare", "predictions", "forecast", "steps"} <= asked


def test_a_release_is_frozen_once() -> None:
    command = [sys.executable, CONFORMANCE / "frozen.py", "0.1.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "FileExistsError" in done.stderr
