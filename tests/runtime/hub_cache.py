"""A bundle as Hugging Face's hub keeps it in its cache: links in a snapshot, what they lead to in blobs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def linked_snapshot(
    bundle: Path, cache: Path, below: str = "", *, blobs: str = "blobs", snapshots: str = "snapshots"
) -> Path:
    """Lay a bundle out as ``hf download`` does.

    Args:
        bundle: A folder.
        cache: Where the model's folder of the cache is made.
        below: The bundle's folder in the repository; the repository itself where empty.
        blobs: What the folder of contents is called, which is the hub's name alone.
        snapshots: The same of the folder of links.

    Returns:
        The bundle's folder there.
    """
    revision = cache / "models--owner--name" / snapshots / ("0" * 40)
    contents = revision.parents[1] / blobs
    contents.mkdir(parents=True)
    for path in sorted(bundle.rglob("*")):
        if path.is_file():
            blob = contents / hashlib.sha256(path.read_bytes()).hexdigest()
            blob.write_bytes(path.read_bytes())
            link = revision / below / path.relative_to(bundle)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(blob, link.parent))
    return revision / below
