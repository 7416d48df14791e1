"""Arrays as .npz files, read without pickle and written whole or not at all."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.boundary import Boundary, reason_of
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import InputError

EXPANDED = 1 << 28  # bytes that a compressed file may take in memory
TIMES = 16  # or this many times its size on disk, where that is more


def expansion(size: int) -> int:
    """Return how many bytes a compressed file of arrays or rows may take in memory, by its size on disk."""
    return max(EXPANDED, TIMES * size)


def read_npz(path: Path) -> Arrays:
    """Read every array of an .npz file.

    Raises:
        InputError: The file is missing or corrupt, no .npz, or holds pickled objects; or its arrays take more
            memory than ``expansion`` allows a file of its size.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; an .npz file with one array per input expected")
    # Out of memory too: a header says how much to take, and a broken one says petabytes.
    with Boundary(
        lambda error: InputError(
            f"{path}: corrupt, or holds objects ({reason_of(error)}); write it again with numpy.savez"
        )
    ):
        if not zipfile.is_zipfile(path):
            raise InputError(f"{path}: not an .npz file; write it with numpy.savez")
        _check_size(path)
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)


def _check_size(path: Path) -> None:
    """Add up what the archive says of its entries: none is read any further than that."""
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > (most := expansion(path.stat().st_size)):
        raise InputError(
            f"{path}: {size / 1e6:,.0f} MB of arrays found, at most {most / 1e6:,.0f} MB expected of a "
            "compressed file of its size; write it with numpy.savez"
        )


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as an .npz file, which replaces ``path`` only once it is complete.

    Raises:
        InputError: ``path`` names no file, or the folder that it lies in cannot be made.
    """
    if not path.name:
        raise InputError(f"{path}: a folder found, the name of a file expected")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{path}: the folder {path.parent} cannot be made ({error.strerror}); name another place"
        ) from error
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Not numpy.savez: it cannot name an array "file".
        with zipfile.ZipFile(unfinished, "x") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
