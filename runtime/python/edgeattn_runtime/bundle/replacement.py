"""The folder of a bundle, replaced: at each moment the old one or the new one stands there, whole.

Linux and macOS exchange two folders in one call. Where they cannot, or another system runs, the old one is
moved aside first: a process that is killed then leaves it there, and the next to write that bundle puts it
back.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edgeattn_runtime.bundle.files import SIGNATURE_FILE
from edgeattn_runtime.bundle.folder import BundleFiles
from edgeattn_runtime.bundle.folder_lock import keep
from edgeattn_runtime.bundle.hidden_folder import HiddenFolder, hidden_folder, left_behind
from edgeattn_runtime.bundle.integrity import is_passed_over
from edgeattn_runtime.bundle.manifest import MANIFEST_FILE, Manifest
from edgeattn_runtime.errors import BundleError, InputError

_HERE: Final = -100  # AT_FDCWD: paths are taken as others are
_EXCHANGE: Final = 2  # RENAME_EXCHANGE, see renameat2(2), and RENAME_SWAP, see renamex_np(2)
_UNABLE: Final = (errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.ENOTSUP)  # a kernel, or a file system
_EXCHANGES: Final[Mapping[str, tuple[str, Callable[[bytes, bytes], tuple[object, ...]]]]] = {
    "linux": ("renameat2", lambda one, other: (_HERE, one, _HERE, other, _EXCHANGE)),
    "darwin": ("renamex_np", lambda one, other: (one, other, _EXCHANGE)),
}


def check_folder(folder: Path) -> None:
    """Refuse a place where a bundle may not be written; bring back one that a killed process moved aside.

    Raises:
        InputError: Its parent, or the nearest one that exists, may not be written; or it holds something
            other than a bundle.
    """
    _check_writable(folder)
    restore(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: a file; expected a bundle to replace, or nothing; name another place")
    stray = next(_strays(folder), None)
    if stray is not None:
        raise InputError(f"{folder}: not a bundle alone ({stray}); nothing was written; name another place")


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Yield an empty folder, to be filled, which then stands in the place of ``folder``.

    What is raised meanwhile leaves ``folder`` as it was.

    Raises:
        OSError: The disk is full, or the folder may not be written.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    restore(folder)
    with hidden_folder(folder) as hidden:
        hidden.new.mkdir()
        yield hidden.new
        for path in (*filter(Path.is_dir, hidden.new.rglob("*")), hidden.new):
            sync(path)
        _put(hidden)
        sync(folder.parent)


def copy_bundle(files: BundleFiles, folder: Path) -> None:
    """Copy a bundle into an empty folder, its signature too, onto the disk.

    Raises:
        OSError: The disk is full, or the folder may not be written.
        BundleError: The bundle was replaced meanwhile.
    """
    signature = () if files.manifest.signature is None else (SIGNATURE_FILE,)
    for name in (*files.manifest.files, *signature, MANIFEST_FILE):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files.path(name), copy)
        sync(copy)


def sync(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk: a full one must show here."""
    if path.is_dir() and sys.platform == "win32":
        return  # which syncs no folder
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def restore(folder: Path) -> None:
    """Bring back a bundle that a killed process moved aside, and remove what such processes left unfinished.

    What belongs to a running process stays, and what a writer of bundles did not make.
    """
    for hidden in left_behind(folder.resolve()):
        hidden.clear()


def _put(hidden: HiddenFolder) -> None:
    if not hidden.bundle.exists():
        hidden.new.rename(hidden.bundle)
        return
    mode = hidden.bundle.stat().st_mode
    with suppress(OSError):  # another user's
        hidden.bundle.chmod(mode | stat.S_IWUSR)  # the name ".." in it is written when it moves
    try:
        if not _exchanged(hidden.new, hidden.bundle):
            keep(hidden.held)
            hidden.bundle.rename(hidden.old)
            hidden.new.rename(hidden.bundle)
    except OSError:
        with suppress(OSError):
            hidden.bundle.chmod(mode)
        raise


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one call; say whether this system can. Raises OSError."""
    if sys.platform not in _EXCHANGES:
        return False
    name, arguments = _EXCHANGES[sys.platform]
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if call is None:
        return False
    if call(*arguments(os.fsencode(one), os.fsencode(other))) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNABLE:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _check_writable(folder: Path) -> None:
    parent = next(place for place in folder.resolve().parents if place.exists())
    try:
        probe = tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent)
    except OSError as error:
        raise InputError(
            f"{folder}: nothing can be written in {parent} ({error.strerror}); name another place"
        ) from error
    with suppress(OSError):
        Path(probe).rmdir()  # another process may have taken it for a killed one's


def _strays(folder: Path) -> Iterator[str]:
    """Yield what speaks against replacing the folder: no manifest, or a file that the manifest knows not."""
    try:
        manifest = Manifest.from_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BundleError):
        yield f"it has no readable {MANIFEST_FILE}"
        return
    unlisted = (MANIFEST_FILE,) if manifest.signature is None else (MANIFEST_FILE, SIGNATURE_FILE)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_own = name in unlisted or name in manifest.files or is_passed_over(folder, name)
        if not is_own and (path.is_symlink() or not path.is_dir()):
            yield f"it also holds {name}"
