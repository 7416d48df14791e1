"""Opens the folder of a bundle: nothing of it is used before all of it is known to be whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle.files import SIGNATURE_BYTES, SIGNATURE_FILE
from edgeattn_runtime.bundle.integrity import (
    check_digest,
    check_inside,
    check_sha256,
    check_size,
    is_passed_over,
    walk,
)
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE, Manifest
from edgeattn_runtime.bundle.signature import checked_keys, signer_of
from edgeattn_runtime.errors import BundleError

_LARGEST_MANIFEST = 2**20  # bytes; a folder that claims more is not worth the memory


@dataclass(frozen=True, slots=True)
class GraphContent:
    """A graph's file and, by their paths from its folder, those of its weights: read and checked."""

    path: Path
    content: bytes
    weights: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class BundleFiles:
    """A bundle whose every file has been checked against its manifest, but what golden vectors hold.

    Attributes:
        place: Which folder of this name was checked; None where nothing was.
        kernels: False where every variant runs stock operators, whatever is installed.
        signer: The trusted key that signed it, in hex; None where no key was to be trusted.
    """

    folder: Path
    manifest: Manifest
    place: tuple[int, int] | None = None
    kernels: bool = True
    signer: str | None = None

    def path(self, file: str) -> Path:
        """Return where ``file``, one of the manifest's files, lies.

        Raises:
            BundleError: The folder is no longer the one that was checked.
        """
        if self.place is not None and _place(self.folder) != self.place:
            raise BundleError(f"{self.folder}: replaced since it was opened; load it again")
        return self.folder / file

    def read(self, file: str) -> bytes:
        """Return what ``file``, one of the manifest's files, holds: the bytes that were hashed.

        Raises:
            BundleError: It is no longer what the manifest says.
        """
        path, entry = self.path(file), self.manifest.files[file]
        with (
            refusing(BundleError, str(path), "cannot be read", "check it, or copy the bundle again"),
            path.open("rb") as opened,
        ):
            content = opened.read(entry.size + 1)
        check_digest(path, hashlib.sha256(content).hexdigest(), entry)
        return content

    def check_golden(self) -> None:
        """Check the golden vectors too, which opening the bundle leaves to whoever asks for them."""
        if self.manifest.golden is not None:
            self.read(self.manifest.golden.file)

    def graph(self, file: str) -> Path | GraphContent:
        """Return what a session opens: a graph's path, or its content where a trusted key signed it.

        Weights are mapped into memory from a path, and whoever may write there can change them at any time.

        Raises:
            BundleError: A file is no longer what the manifest says.
        """
        path = self.path(file)
        if self.signer is None:
            return path
        folder = PurePosixPath(file).parent
        weights = [name for name in self.manifest.files if name.startswith(f"{file}.data")]
        return GraphContent(
            path,
            self.read(file),
            {PurePosixPath(name).relative_to(folder).as_posix(): self.read(name) for name in weights},
        )


def open_bundle(
    path: str | os.PathLike[str], *, kernels: bool = True, trusted_keys: Iterable[str] | None = None
) -> BundleFiles:
    """Read a bundle's manifest and check the whole folder against it.

    Checked in this order: that a trusted key signed the manifest, the manifest, that its signature is there
    or is not, that no file is missing, of another size, outside the folder or unlisted, and last every
    sha256, but that of the golden vectors, which ``BundleFiles.read`` checks when they are asked for.
    ``kernels`` and ``trusted_keys`` are as ``load`` takes them.

    Raises:
        InputError: ``trusted_keys`` are none.
        BundleError: One line that names the file, what was found and what was expected; or why the system
            cannot read one.
        EdgeAttnError: Keys are to be trusted, and the extra ``edgeattn[signatures]`` is not installed.
        ResourceError: The machine lacks memory or file descriptors.
    """
    folder, keys = Path(path), None if trusted_keys is None else checked_keys(trusted_keys)
    with refusing(BundleError, str(folder), "cannot be read", "check its files, or copy it again"):
        files = _checked(folder, keys)
    return files if kernels else replace(files, manifest=files.manifest.without_kernels(), kernels=False)


def _checked(folder: Path, keys: tuple[str, ...] | None) -> BundleFiles:
    place, content = _place(folder), _manifest_content(folder)
    signer = None if keys is None else _signer(folder, content, keys)
    manifest = _parsed(folder / MANIFEST_FILE, content)
    unlisted = {MANIFEST_FILE}
    if manifest.signature is not None:
        _read_signature(folder)
        unlisted.add(SIGNATURE_FILE)
    if signer is not None and (manifest.signature is None or manifest.signature.key != signer):
        raise BundleError(
            f"{folder / MANIFEST_FILE}: names another key than {signer}, which signed it; "
            "sign the bundle again"
        )
    for file, entry in manifest.files.items():
        check_inside(folder, file)
        check_size(folder / file, entry)
    for file in walk(folder):
        if file not in unlisted and file not in manifest.files and not is_passed_over(folder, file):
            raise BundleError(
                f"{folder / file}: not listed in {MANIFEST_FILE}; remove it or copy the bundle again"
            )
    golden = None if manifest.golden is None else manifest.golden.file
    for file, entry in manifest.files.items():
        if file != golden:
            check_sha256(folder / file, entry)
    return BundleFiles(folder, manifest, place, signer=signer)


def _place(folder: Path) -> tuple[int, int] | None:
    """Return the device and the inode of a folder; None where nothing stands there."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _manifest_content(folder: Path) -> bytes:
    path = folder / MANIFEST_FILE
    if not folder.is_dir():
        kind = "a file" if folder.exists() else "nothing"
        raise BundleError(f"{folder}: {kind} found, the folder of a bundle expected; check the path")
    check_inside(folder, MANIFEST_FILE)
    with path.open("rb") as file:
        content = file.read(_LARGEST_MANIFEST + 1)
    if len(content) > _LARGEST_MANIFEST:
        raise BundleError(
            f"{path}: {path.stat().st_size:,} bytes found, at most {_LARGEST_MANIFEST:,} expected"
        )
    return content


def _parsed(path: Path, content: bytes) -> Manifest:
    try:
        return Manifest.from_json(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BundleError(f"{path}: not UTF-8; copy the bundle again") from error
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error


def _signer(folder: Path, manifest: bytes, keys: tuple[str, ...]) -> str:
    """Return the trusted key that signed a manifest, of which nothing is read for it."""
    if not (folder / SIGNATURE_FILE).exists():
        raise BundleError(
            f"{folder}: not signed ({SIGNATURE_FILE} missing), a signature by a trusted key expected; "
            "get the bundle from its publisher"
        )
    signer = signer_of(manifest, _read_signature(folder), keys)
    if signer is None:
        raise BundleError(
            f"{folder}: signed by no trusted key ({len(keys)} tried), or changed since; "
            "get the bundle from its publisher again"
        )
    return signer


def _read_signature(folder: Path) -> bytes:
    check_inside(folder, SIGNATURE_FILE)
    path = folder / SIGNATURE_FILE
    with path.open("rb") as file:
        signature = file.read(SIGNATURE_BYTES + 1)
    if len(signature) != SIGNATURE_BYTES:
        raise BundleError(
            f"{path}: {path.stat().st_size:,} bytes found, {SIGNATURE_BYTES} expected; copy the bundle again"
        )
    return signature
