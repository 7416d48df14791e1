"""A bundle's manifest, put right after its files were changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def relist(bundle: Path, *files: str, change: Callable[[Any], object] = lambda _: None) -> Path:
    """List files of a bundle as they are now, and make a change to the manifest; return the bundle."""
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    for file in files:
        content = (bundle / file).read_bytes()
        manifest["files"][file] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    change(manifest)
    path.write_text(json.dumps(manifest), "utf-8")
    return bundle
