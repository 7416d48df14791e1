"""What npm packs of runtime/web, its types, and its style."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import pytest

MODULES = {"index", "folder", "platform.browser", "platform.node"}
LARGEST = 30_000  # bytes of index.js, compressed as a server sends it


@pytest.mark.parametrize("script", ["types", "lint"])
def test_script(package: Path, script: str) -> None:
    run = subprocess.run(
        ["npm", "run", "--silent", script], cwd=package, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_package_holds_modules_and_their_types(package: Path) -> None:
    pack = ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"]
    text = subprocess.run(pack, cwd=package, capture_output=True, text=True, check=True).stdout
    packed = json.loads(text)
    contents = packed[0] if isinstance(packed, list) else packed["edgeattn-web"]  # by npm's version
    files = {file["path"] for file in contents["files"]}
    assert {f"dist/{name}.{end}" for name in MODULES for end in ("js", "d.ts")} <= files
    assert {"package.json", "README.md"} <= files
    assert not [file for file in files if file.startswith(("src/", "conformance", "node_modules"))]


def test_the_package_is_small(package: Path) -> None:
    assert len(gzip.compress((package / "dist" / "index.js").read_bytes())) < LARGEST
