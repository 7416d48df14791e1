"""Whether the files of a bundle are those of its manifest: inside its folder, of their size and hash.

Every check raises BundleError, which names the file, what was found and what was expected.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from edgeattn_runtime.bundle.files import FileEntry
from edgeattn_runtime.errors import BundleError

_DESKTOP_FILES = frozenset({".DS_Store", "Thumbs.db"})  # of Finder and Explorer, in folders that they show
_HUB_FILE, _HUB_FOLDER = ".gitattributes", ".cache/huggingface/"  # of Hugging Face's hub, in downloads


def is_passed_over(folder: Path, file: str) -> bool:
    """Say whether a desktop or Hugging Face's hub left a file in a bundle's folder; it is never read."""
    if PurePosixPath(file).name in _DESKTOP_FILES:
        return not (folder / file).is_symlink()
    return file == _HUB_FILE or file.startswith(_HUB_FOLDER)


def check_inside(folder: Path, file: str) -> None:
    """Check that a file is there, and that no link leads out of the folder but to Hugging Face's cache."""
    path, root = folder / file, folder.resolve()
    real = path.resolve()
    if not real.is_relative_to(root) and real.parent not in _hub_blobs(root):
        raise BundleError(f"{path}: a link that leaves the folder; copy the bundle with its links followed")
    if not path.is_file():
        raise BundleError(f"{path}: no such file; copy the bundle again, whole")


def _hub_blobs(root: Path) -> Iterator[Path]:
    """Yield where the links of a snapshot in Hugging Face's cache lead: snapshots/REVISION to blobs."""
    return (parent.with_name("blobs") for parent in root.parents if parent.name == "snapshots")


def check_size(path: Path, entry: FileEntry) -> None:
    """Check that a file has as many bytes as the manifest says."""
    size = path.stat().st_size
    if size != entry.size:
        hint = " (truncated?)" if size < entry.size else ""
        raise BundleError(
            f"{path}: {size:,} bytes found, {entry.size:,} expected{hint}; copy the bundle again"
        )


def walk(folder: Path) -> Iterator[str]:
    """Yield every file below ``folder`` as the manifest would name it; a linked folder counts as one file."""
    for root, folders, files in os.walk(folder):
        own = set(files)
        for name in sorted(files + folders):
            path = Path(root) / name
            if name in own or path.is_symlink():
                yield path.relative_to(folder).as_posix()


def check_sha256(path: Path, entry: FileEntry) -> None:
    """Check that a file holds what the manifest says."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    check_digest(path, digest, entry)


def check_digest(path: Path, digest: str, entry: FileEntry) -> None:
    """Check the digest of what a file holds."""
    if digest != entry.sha256:
        raise BundleError(
            f"{path}: sha256 {digest[:12]}... found, {entry.sha256[:12]}... expected (changed); "
            "copy the bundle again"
        )
