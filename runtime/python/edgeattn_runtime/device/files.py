"""What a device was sent: files by their content, each once, in a folder of bounded size."""

from __future__ import annotations

import errno
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edgeattn_runtime.device.request import Piece
from edgeattn_runtime.errors import BadInput

SUFFIX = ".part"  # of what has not come whole
_LAID_OUT = "set-"  # begins the name of a folder of files under their names
_BLOCK = 4096  # bytes that a file takes at least


@dataclass(frozen=True, slots=True)
class Files:
    """Files by the sha256 of their content, at most ``limit`` bytes: the least recently used make room."""

    folder: Path
    limit: int
    _checked: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Return which contents are not here."""
        return [digest for digest in dict.fromkeys(digests) if not self._is_whole(digest)]

    def keep(self, pieces: Sequence[tuple[Piece, bytes]]) -> None:
        """Take pieces of files, each of which begins at most where those before it ended; one may come again.

        Raises:
            BadInput: More bytes than there is room for, or than were announced; a piece is missing, the
                content is another, or the disk is full.
        """
        if not pieces:
            return
        with self._disk_full_explained(sum(len(content) for _, content in pieces)):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._make_room(pieces)
            for piece, content in pieces:
                self._keep(piece, content)

    def _keep(self, piece: Piece, content: bytes) -> None:
        end, path = piece.start + len(content), self._path(piece.sha256)
        if piece.size > self.limit:
            raise BadInput(
                f"a file of {piece.size / 1e6:,.0f} MB found, at most {self.limit / 1e6:,.0f} MB expected"
            )
        if end > piece.size or (not content and piece.size):
            raise BadInput(
                f"a piece of {len(content):,} bytes at {piece.start:,} found in a file of {piece.size:,}"
            )
        if self._is_whole(piece.sha256):
            return
        part = path.with_suffix(SUFFIX)
        received = part.stat().st_size if part.is_file() else 0
        if received < piece.start:
            raise BadInput(f"a piece of {path.name[:12]} at {piece.start:,} found, {received:,} expected")
        with part.open("r+b" if piece.start else "wb") as file:
            file.truncate(piece.start)
            file.seek(piece.start)
            file.write(content)
        if end == piece.size:
            self._close(part, path, piece.sha256)

    @contextmanager
    def laid_out(self, digests: Mapping[str, str]) -> Iterator[Path]:
        """Yield a folder with files, all of which are here, laid out by relative path and sha256."""
        with (
            self._disk_full_explained(0),
            tempfile.TemporaryDirectory(dir=self.folder, prefix=_LAID_OUT) as name,
        ):
            for path, digest in digests.items():
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
        sha256 = _sha256(part)
        if sha256 != digest:
            part.unlink()
            raise BadInput(f"content {sha256[:12]} found, {digest[:12]} expected; send it again")
        part.replace(path)
        self._checked.add(digest)

    def _make_room(self, pieces: Sequence[tuple[Piece, bytes]]) -> None:
        """Remove what was not used for longest, apart from files that these pieces go on with."""
        coming = sum(_room(len(content)) for _, content in pieces)
        continued = {f"{piece.sha256}{SUFFIX}" for piece, _ in pieces if piece.start}
        kept = [path for path in self.folder.iterdir() if path.is_file() and path.suffix in ("", SUFFIX)]
        taken = sum(_room(path.stat().st_size) for path in kept)
        for path in sorted(kept, key=_last_used):
            if taken + coming <= self.limit:
                return
            if path.name not in continued:
                taken -= _room(path.stat().st_size)
                path.unlink()
        if taken + coming > self.limit:
            raise BadInput(
                f"{(taken + coming) / 1e6:,.1f} MB of files at once, at most {self.limit / 1e6:,.1f} expected"
            )

    @contextmanager
    def _disk_full_explained(self, size: int) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not is_full(error):
                raise
            needs = f" for a file of {size / 1e6:,.0f} MB" if size else ""
            raise BadInput(disk_full(self.folder, needs)) from error


def is_full(error: OSError) -> bool:
    """Say whether a disk is full, or the share of it that a user may have."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_full(folder: Path, needs: str = "") -> str:
    """Return what to say of a folder on a full disk."""
    place = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(place).free / 1e6
    return f"its disk is full: {free:,.0f} MB free in {place}{needs}; free some there"


def _room(size: int) -> int:
    """Return what a file of so many bytes takes on a disk, about."""
    return -(-max(size, 1) // _BLOCK) * _BLOCK


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
