"""Opens the folder of a bundle: nothing of it is used before all of it is known to be whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.files import SIGNATURE_BYTES, SIGNATURE_FILE
from edgeattn_runtime.manifest import MANIFEST_FILE, FileEntry, Manifest

DESKTOP_FILES = frozenset(
    {".DS_Store", "Thumbs.db"}
)  # which Finder and Explorer leave in folders that they show

_LARGEST_MANIFEST = 2**20  # bytes; a folder that claims more is not worth the memory


@dataclass(frozen=True, slots=True)
class BundleFiles:
    """A bundle whose every file has been checked against its manifest.

    Attributes:
        folder: Where it lies.
        manifest: What it holds.
        place: What tells the folder that was checked from another under its name; None where nothing was.
        kernels: False where every variant runs stock operators, whatever is installed.
    """

    folder: Path
    manifest: Manifest
    place: tuple[int, int] | None = None
    kernels: bool = True

    def path(self, file: str) -> Path:
        """Return where ``file``, one of the manifest's files, lies.

        Raises:
            BundleError: The folder is no longer the one that was checked.
        """
        if self.place is not None and _place(self.folder) != self.place:
            raise BundleError(f"{self.folder}: replaced since it was opened; load it again")
        return self.folder / file


def open_bundle(path: str | os.PathLike[str], *, kernels: bool = True) -> BundleFiles:
    """Read a bundle's manifest and check the whole folder against it.

    Checked in this order: the manifest, that its signature is there or is not, that no file is missing, of
    another size, outside the folder or unlisted, and last every sha256. A signature is not verified.

    Args:
        path: The folder, such as ``sentence.edge``.
        kernels: False has every variant run stock operators, whatever is installed.

    Raises:
        BundleError: One line that names the file, what was found and what was expected; or why the system
            cannot read one.
        ResourceError: The machine lacks memory or file descriptors.
    """
    folder = Path(path)
    with refusing(BundleError, str(folder), "cannot be read", "check its files, or copy it again"):
        files = _checked(folder)
    return files if kernels else replace(files, manifest=files.manifest.without_kernels(), kernels=False)


def _checked(folder: Path) -> BundleFiles:
    place, manifest = _place(folder), _read_manifest(folder)
    unlisted = {MANIFEST_FILE}
    if manifest.signature is not None:
        _check_signature_file(folder)
        unlisted.add(SIGNATURE_FILE)
    for file, entry in manifest.files.items():
        _check_inside(folder, file)
        _check_size(folder / file, entry)
    for file in _walk(folder):
        if file not in unlisted and file not in manifest.files:
            raise BundleError(
                f"{folder / file}: not listed in {MANIFEST_FILE}; remove it or copy the bundle again"
            )
    for file, entry in manifest.files.items():
        _check_sha256(folder / file, entry)
    return BundleFiles(folder, manifest, place)


def _place(folder: Path) -> tuple[int, int] | None:
    """Return the device and the inode of a folder; None where nothing stands there."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST_FILE
    if not folder.is_dir():
        kind = "a file" if folder.exists() else "nothing"
        raise BundleError(f"{folder}: {kind} found, the folder of a bundle expected; check the path")
    _check_inside(folder, MANIFEST_FILE)
    if path.stat().st_size > _LARGEST_MANIFEST:
        raise BundleError(
            f"{path}: {path.stat().st_size:,} bytes found, at most {_LARGEST_MANIFEST:,} expected"
        )
    try:
        return Manifest.from_json(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BundleError(f"{path}: not UTF-8; copy the bundle again") from error
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error


def _check_signature_file(folder: Path) -> None:
    _check_inside(folder, SIGNATURE_FILE)
    path = folder / SIGNATURE_FILE
    if path.stat().st_size != SIGNATURE_BYTES:
        raise BundleError(
            f"{path}: {path.stat().st_size:,} bytes found, {SIGNATURE_BYTES} expected; copy the bundle again"
        )


def _check_inside(folder: Path, file: str) -> None:
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BundleError(f"{path}: a link that leaves the folder; copy the bundle with its links followed")
    if not path.is_file():
        raise BundleError(f"{path}: no such file; copy the bundle again, whole")


def _check_size(path: Path, entry: FileEntry) -> None:
    size = path.stat().st_size
    if size != entry.size:
        hint = " (truncated?)" if size < entry.size else ""
        raise BundleError(
            f"{path}: {size:,} bytes found, {entry.size:,} expected{hint}; copy the bundle again"
        )


def _walk(folder: Path) -> Iterator[str]:
    """Yield every file below ``folder`` as the manifest would name it, but for a desktop's own.

    A linked folder counts as one file.
    """
    for root, folders, files in os.walk(folder):
        own = set(files) - DESKTOP_FILES
        for name in sorted(files + folders):
            path = Path(root) / name
            if name in own or path.is_symlink():
                yield path.relative_to(folder).as_posix()


def _check_sha256(path: Path, entry: FileEntry) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != entry.sha256:
        raise BundleError(
            f"{path}: sha256 {digest[:12]}... found, {entry.sha256[:12]}... expected (changed); "
            "copy the bundle again"
        )
