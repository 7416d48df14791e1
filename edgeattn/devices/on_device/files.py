"""What a device was sent: files by their content, each once, in a folder of bounded size."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edgeattn_runtime.errors import BadInput

SUFFIX = ".part"  # of what has not come whole
_LAID_OUT = "set-"  # begins the name of a folder of files under their names
_SHA256 = re.compile("[0-9a-f]{64}")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")  # of a path, as a bundle's manifest has it


@dataclass(frozen=True, slots=True)
class Files:
    """Files by the sha256 of their content.

    Attributes:
        folder: Where they lie.
        limit: Bytes of all of them; what was not used for longest makes room.
    """

    folder: Path
    limit: int
    _checked: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def missing(self, wanted: Mapping[str, str]) -> list[str]:
        """Return which contents are not here, of files by name."""
        return [digest for digest in dict.fromkeys(wanted.values()) if not self._is_whole(digest)]

    def keep(self, digest: str, start: int, size: int, piece: bytes) -> None:
        """Take a piece of a file; the last one makes it whole. A piece may come again.

        Args:
            digest: The sha256 of the whole, in hex.
            start: Where the piece begins: at most where those before it ended.
            size: Of the whole, in bytes.
            piece: Its bytes.

        Raises:
            BadInput: The file is too large, a piece is missing, the content is another, or the disk is full.
        """
        path = self._path(digest)
        if size > self.limit:
            raise BadInput(
                f"a file of {size / 1e6:,.0f} MB found, at most {self.limit / 1e6:,.0f} MB expected"
            )
        if self._is_whole(digest):
            return
        part = path.with_suffix(SUFFIX)
        with self._told_when_full(size):
            self.folder.mkdir(parents=True, exist_ok=True)
            if start == 0:
                self._make_room(size)
            come = part.stat().st_size if part.is_file() else 0
            if come < start:
                raise BadInput(f"a piece of {digest[:12]} at {start:,} found, {come:,} expected")
            with part.open("r+b" if start else "wb") as file:
                file.truncate(start)
                file.seek(start)
                file.write(piece)
            if start + len(piece) == size:
                self._close(part, path, digest)

    @contextmanager
    def laid_out(self, wanted: Mapping[str, str]) -> Iterator[Path]:
        """Yield a folder with files under their names, all of which are here.

        Args:
            wanted: By relative path, the sha256 of its content.

        Raises:
            BadInput: A path that leaves the folder, or the disk is full.
        """
        with self._told_when_full(0), tempfile.TemporaryDirectory(dir=self.folder, prefix=_LAID_OUT) as name:
            for path, digest in wanted.items():
                if not all(_PART.fullmatch(part) for part in path.split("/")):
                    raise BadInput(f"path {path!r}: parts of A-Z a-z 0-9 . _ - expected, joined by /")
                _link(self._path(digest), Path(name) / path)
            yield Path(name)

    def tidy(self) -> None:
        """Remove what a process laid out here that was killed."""
        for folder in self.folder.glob(f"{_LAID_OUT}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def read(self, digest: str) -> bytes:
        """Return a file's content, which is here."""
        path = self._path(digest)
        path.touch()
        return path.read_bytes()

    def _path(self, digest: str) -> Path:
        if not _SHA256.fullmatch(digest):
            raise BadInput(f"digest {digest[:80]!r}: 64 hexadecimal digits expected")
        return self.folder / digest

    def _is_whole(self, digest: str) -> bool:
        """Say whether a file is here; one that was left cut short, as where power failed, is removed."""
        path = self._path(digest)
        if not path.is_file():
            return False
        if digest not in self._checked:
            if _sha256(path) != digest:
                path.unlink()
                return False
            self._checked.add(digest)
        return True

    def _close(self, part: Path, path: Path, digest: str) -> None:
        found = _sha256(part)
        if found != digest:
            part.unlink()
            raise BadInput(f"content {found[:12]} found, {digest[:12]} expected; send it again")
        part.replace(path)
        self._checked.add(digest)

    def _make_room(self, size: int) -> None:
        found = sorted((path for path in self.folder.iterdir() if path.is_file()), key=_last_used)
        taken = sum(path.stat().st_size for path in found)
        for path in found:
            if taken + size <= self.limit:
                return
            taken -= path.stat().st_size
            path.unlink()

    @contextmanager
    def _told_when_full(self, size: int) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            free = shutil.disk_usage(self.folder.parent).free / 1e6
            needs = f" for a file of {size / 1e6:,.0f} MB" if size else ""
            raise BadInput(
                f"its disk is full: {free:,.0f} MB free in {self.folder}{needs}; free some there"
            ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _last_used(path: Path) -> tuple[bool, float]:
    """Order files by when they were used; what is still coming is the last to go."""
    return path.suffix == SUFFIX, path.stat().st_mtime


def _link(content: Path, path: Path) -> None:
    content.touch()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.hardlink_to(content)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        shutil.copyfile(content, path)  # where a file system has no links
