"""A bundle onto the disk: whole or not at all, and never over something that is no bundle."""

from __future__ import annotations

from pathlib import Path

from edgeattn_export.pack.pack import Packed
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE
from edgeattn_runtime.bundle.replacement import check_folder, staged, sync


def save(packed: Packed, folder: Path) -> None:
    """Write a bundle next to ``folder``, then put it in its place; one that is there is replaced whole.

    Raises:
        BadInput: Something at ``folder`` is no bundle; it is left as it is.
        OSError: The disk is full, or the folder may not be written; what was there before is still there.
    """
    check_folder(folder)
    try:
        with staged(folder) as staging:
            for name, data in packed.files.items():
                _write(staging / name, data)
            _write(staging / MANIFEST_FILE, packed.manifest.to_json().encode())
    except OSError as error:  # of a file next to the folder, which the caller does not know
        raise OSError(error.errno, error.strerror, str(folder)) from error


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    sync(path)
