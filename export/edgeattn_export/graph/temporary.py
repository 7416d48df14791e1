"""Folders for a while, all in one of this process's: the next process removes what a killed one left."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from edgeattn_runtime.bundle.folder_lock import lock, locked, unlock

_PREFIX: Final = "edgeattn-process-"  # of folders in TMPDIR
_NAME: Final = re.compile(rf"{_PREFIX}\w{{8}}")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield an empty folder that is deleted at the end.

    Raises:
        OSError: The disk is full, or TMPDIR may not be written.
    """
    with tempfile.TemporaryDirectory(dir=process_folder()) as folder:
        yield Path(folder)


def process_folder() -> Path:
    """Return the folder in TMPDIR that is deleted when this process ends; the first call removes strays.

    Raises:
        OSError: The disk is full, or TMPDIR may not be written.
    """
    return _made(os.getpid())


@cache
def _made(process: int) -> Path:
    parent = Path(tempfile.gettempdir())
    _remove_strays(parent)
    folder, held = locked(_PREFIX, parent)

    def remove() -> None:
        if os.getpid() == process:  # a forked child ends earlier
            shutil.rmtree(folder, ignore_errors=True)
            unlock(held)

    atexit.register(remove)
    return folder


def _remove_strays(parent: Path) -> None:
    """Remove the folders of killed processes: they are this user's, and no process holds them."""
    if sys.platform == "win32":  # which has no such locks
        return
    for folder in parent.glob(f"{_PREFIX}*"):
        if _NAME.fullmatch(folder.name) is None or not _is_own(folder):
            continue
        held = lock(folder)
        if held is not None:
            shutil.rmtree(folder, ignore_errors=True)
            unlock(held)


def _is_own(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:  # its process removed it meanwhile
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
