"""Folders that are one process's as long as it lives: what a killed process left has a free lock."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_OWN: dict[int, Path] = {}  # folders that this process made, by what holds them


def locked(prefix: str, parent: Path) -> tuple[Path, int | None]:
    """Return a new folder that is this process's as long as it lives, and what holds it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        held = lock(folder)
        if folder.exists():  # another process may have taken it for a killed one's, before it was locked
            if held is not None:
                _OWN[held] = folder
            return folder, held
        unlock(held)


def own_folders() -> tuple[Path, ...]:
    """Return the folders that this process made and holds, each unfinished or for a while."""
    return tuple(_OWN.values())


def keep(held: int | None) -> None:
    """Count a folder no longer among ``own_folders``: what is in it must outlive this process if need be."""
    if held is not None:
        _OWN.pop(held, None)


def lock(folder: Path) -> int | None:
    """Lock a folder as long as this process lives; None where another holds it, or the system has no such."""
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # its process removed it meanwhile, or it is no folder, or a link
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def unlock(held: int | None) -> None:
    """Let go of a folder."""
    if held is not None:
        keep(held)
        os.close(held)
