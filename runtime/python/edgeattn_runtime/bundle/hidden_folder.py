"""The hidden folder beside a bundle in which its replacement is made, and those that killed processes left.

runtime/README.md has its format under "Replacing a bundle". What lies in one is reached by the descriptor
that locks it: another user who renames folders there then leads to nothing else.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from edgeattn_runtime.bundle.folder_lock import lock, locked, unlock
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE

MARKER: Final = "edgeattn-replacement"
_NEW, _OLD = "new", "old"
_PLAIN: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # neither on Windows
_LONGEST_MARKER: Final = 4096  # bytes; a name has at most 255


@dataclass(frozen=True, slots=True)
class HiddenFolder:
    """A folder that this process holds.

    Attributes:
        path: Of the folder itself.
        bundle: The place of the bundle that is replaced.
        held: What locks the folder; None where the system has no such lock.
    """

    path: Path
    bundle: Path
    held: int | None

    @property
    def new(self) -> Path:
        """Place of the bundle that is written."""
        return self.path / _NEW

    @property
    def old(self) -> Path:
        """Place to which the other bundle is moved aside where folders cannot be exchanged."""
        return self.path / _OLD

    def mark(self) -> None:
        """Write the marker, before anything else. Raises OSError."""
        with (self.path / MARKER).open("xb") as file:
            file.write(self._line(_digest(str(self.bundle / MANIFEST_FILE))))
            file.flush()
            os.fsync(file.fileno())

    def is_proven(self) -> bool:
        """True if this program made the folder, for this user, or nothing is in it that could be lost."""
        assert self.held is not None
        status, names = os.fstat(self.held), {each.name for each in os.scandir(self.held)}
        if status.st_uid != os.geteuid() or status.st_mode & 0o777 != 0o700:
            return False
        if names <= {MARKER}:
            return True
        own = {name for name in (_NEW, _OLD) if self._is_folder(name)}
        return names <= {MARKER, *own} and self._is_marked()

    def clear(self) -> None:
        """Move the bundle back that was moved aside, where none stands; remove all else, the marker last.

        Raises:
            OSError: The bundle cannot be moved back; nothing is removed.
        """
        if self._is_folder(_OLD) and not self.bundle.exists():
            if self._marker() != self._line(_digest(self._at(f"{_OLD}/{MANIFEST_FILE}"), self.held)):
                return
            os.rename(self._at(_OLD), self.bundle, src_dir_fd=self.held)
        for name in (_NEW, _OLD):
            self._remove(name)
        if not (self._is_folder(_NEW) or self._is_folder(_OLD)):
            with suppress(OSError):  # not yet made, or the folder is another user's
                os.unlink(self._at(MARKER), dir_fd=self.held)
        with suppress(OSError):
            self.path.rmdir()

    def _line(self, digest: str) -> bytes:
        return os.fsencode(self.path.name) + f" replaces {digest}\n".encode()

    def _is_marked(self) -> bool:
        line = re.escape(self._line("")[:-1]) + rb"[0-9a-f]{64}\n"
        return re.fullmatch(line, self._marker()) is not None

    def _marker(self) -> bytes:
        """Read what the marker says; nothing where there is none, or a link."""
        try:
            with _opened(self._at(MARKER), self.held) as file:
                return file.read(_LONGEST_MARKER)
        except OSError:
            return b""

    def _is_folder(self, name: str) -> bool:
        try:
            return stat.S_ISDIR(os.stat(self._at(name), dir_fd=self.held, follow_symlinks=False).st_mode)
        except OSError:
            return False

    def _remove(self, name: str) -> None:
        """Remove a folder, and in it those that may only be read, as a bundle from such a place has them."""
        if sys.platform != "win32":
            with suppress(OSError):  # another user's
                for *_, place in os.fwalk(self._at(name), dir_fd=self.held):
                    os.fchmod(place, 0o700)
        shutil.rmtree(self._at(name), ignore_errors=True, dir_fd=self.held)

    def _at(self, name: str) -> str:
        return name if self.held is not None else str(self.path / name)


@contextmanager
def hidden_folder(bundle: Path) -> Iterator[HiddenFolder]:
    """Yield a new folder beside a bundle, marked and locked; it is cleared at the end.

    Raises:
        OSError: The disk is full, or the place may not be written.
    """
    path, held = locked(f".{bundle.name}.", bundle.parent)
    folder = HiddenFolder(path, bundle, held)
    try:
        folder.mark()
        yield folder
    finally:  # also on an interrupt
        try:
            folder.clear()
        finally:
            unlock(held)


def left_behind(bundle: Path) -> Iterator[HiddenFolder]:
    """Yield the folders beside a bundle that killed processes left, locked as long as each is looked at."""
    name = re.compile(rf"\.{re.escape(bundle.name)}\.[a-z0-9_]{{8}}")
    for path in sorted(each for each in bundle.parent.glob(".*") if name.fullmatch(each.name)):
        held = lock(path)
        if held is None:
            continue
        try:
            folder = HiddenFolder(path, bundle, held)
            if folder.is_proven():
                yield folder
        finally:
            unlock(held)


def _digest(manifest: str, within: int | None = None) -> str:
    """Hash a manifest's bytes; no bytes where there is none."""
    try:
        with _opened(manifest, within) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return hashlib.sha256().hexdigest()


def _opened(name: str, within: int | None) -> FileIO:
    """Open a file in a folder, but no link, and wait for no pipe."""
    return FileIO(name, opener=lambda path, flags: os.open(path, flags | _PLAIN, dir_fd=within))
