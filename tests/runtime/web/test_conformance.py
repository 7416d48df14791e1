"""Every case of runtime/conformance holds in plain Node, and in headless Chromium with one thread and two."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from answers import questions

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance"
NO_LISTING = {"file-extra.edge", "signature-unsaid.edge"}  # a server lists no folder


def _lines(package: Path, program: str) -> list[dict[str, Any]]:
    command = [package / program, CONFORMANCE]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def _check(lines: list[dict[str, Any]]) -> None:
    assert sorted((line["bundle"], line["what"]) for line in lines) == sorted(questions())
    assert [line for line in lines if not line["agrees"]] == []


@pytest.mark.parametrize("program", ["conformance-node", "conformance-native"])
def test_node(package: Path, program: str) -> None:
    lines = _lines(package, program)
    _check(lines)
    assert {line["found"] for line in lines} >= {"accepted", "refused", "incompatible", "golden-fails"}


@pytest.mark.parametrize("program", ["conformance-chromium", "conformance-chromium-threads"])
def test_chromium(package: Path, chromium: None, program: str) -> None:
    lines = _lines(package, program)
    _check(lines)
    assert {line["bundle"] for line in lines if line["found"] == "cannot list"} == NO_LISTING
