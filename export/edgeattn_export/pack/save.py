"""A bundle onto the disk: whole or not at all, and never over something that is no bundle."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edgeattn_export.pack.pack import Packed
from edgeattn_runtime.bundle import DESKTOP_FILES
from edgeattn_runtime.errors import BadInput, BundleError
from edgeattn_runtime.manifest import MANIFEST_FILE, Manifest


def save(packed: Packed, folder: Path) -> None:
    """Write a bundle beside ``folder``, then put it in its place; one that is there is replaced whole.

    Raises:
        BadInput: Something at ``folder`` is no bundle; it is left as it is.
        OSError: The disk is full, or the folder may not be written; what was there before is still there.
    """
    check_folder(folder)
    try:
        _save(packed, folder.resolve())
    except OSError as error:  # of a file beside the folder, which the caller does not know
        raise OSError(error.errno, error.strerror, str(folder)) from error


def _save(packed: Packed, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, data in packed.files.items():
            _write(staging / name, data)
        _write(staging / MANIFEST_FILE, packed.manifest.to_json().encode())
        staging.chmod(0o777 & ~_umask())
        _put(staging, folder)
    finally:  # also on an interrupt
        shutil.rmtree(staging, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Refuse a place where a bundle may not be written.

    Raises:
        BadInput: Its parent, or the nearest one that exists, may not be written; or it holds something other
            than a bundle.
    """
    _check_writable(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not folder.is_dir():
        raise BadInput(f"{folder}: a file; expected a bundle to replace, or nothing; name another place")
    stray = next(_strays(folder), None)
    if stray is not None:
        raise BadInput(f"{folder}: not a bundle alone ({stray}); nothing was written; name another place")


def _check_writable(folder: Path) -> None:
    parent = next(place for place in folder.resolve().parents if place.exists())
    try:
        Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent)).rmdir()
    except OSError as error:
        raise BadInput(
            f"{folder}: nothing can be written in {parent} ({error.strerror}); name another place"
        ) from error


def _strays(folder: Path) -> Iterator[str]:
    """Yield what speaks against replacing the folder: no manifest, or a file that the manifest knows not."""
    try:
        manifest = Manifest.from_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BundleError):
        yield f"it has no readable {MANIFEST_FILE}"
        return
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_own = name == MANIFEST_FILE or name in manifest.files or path.name in DESKTOP_FILES
        if not is_own and (path.is_symlink() or not path.is_dir()):
            yield f"it also holds {name}"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # a full disk must show here, not after the old bundle is gone


def _put(staging: Path, folder: Path) -> None:
    if not folder.exists():
        staging.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    replaced = old / folder.name
    try:
        folder.rename(replaced)
        staging.rename(folder)
    finally:
        if not folder.exists():
            replaced.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
