"""What replaces a bundle, killed at each of its steps: the old bundle stands there, or the new one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def new(good: Path) -> Path:
    """A bundle to be told from the good one by its name."""
    manifest = good / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"name": "tiny"', '"name": "newer"'), "utf-8")
    return good


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked and killed as Linux does it")
@pytest.mark.parametrize(
    ("verb", "way"), [("install", "exchange"), ("install", "aside"), ("save", "exchange")]
)
def test_killed_at_each_step_one_of_the_two_stands_there(
    verb: str, way: str, new: Path, conformance: Path, tmp_path: Path
) -> None:
    script = Path(__file__).with_name("killed.py")
    places = (conformance / "good.edge", new, tmp_path / "apps")
    process = subprocess.run(
        [sys.executable, str(script), verb, way, *map(str, places)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    seen = json.loads(process.stdout)
    assert len(seen["left"]) > 20
    assert seen["left"][0] == "tiny"
    assert seen["left"][-1] == "newer"
    assert set(seen["restored"]) == {"tiny", "newer"}
    assert seen["strays"] == ["x.edge"]
    if way == "exchange":
        assert set(seen["left"]) == {"tiny", "newer"}
