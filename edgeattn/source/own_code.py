"""Code of the user's own: imported from its folder, and what it raises in one line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import PathEntryFinder
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path

from edgeattn.source.checkpoint.utf8 import undecodable
from edgeattn_runtime.errors import EdgeAttnError, ModelError

# Packages that pip knows by another name than Python does; most others only swap _ for -.
_PACKAGES = {"PIL": "pillow", "cv2": "opencv-python", "sklearn": "scikit-learn", "yaml": "pyyaml"}

_INSTALLED = ("site-packages", "dist-packages")  # of an environment that lies in the folder


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let imports find what lies in ``folder``, and leave no __pycache__ there."""
    paths = sys.path.copy()
    sys.path.insert(0, str(folder))
    with uncached(folder):
        try:
            yield
        finally:
            sys.path[:] = paths


@contextmanager
def user_errors(path: Path) -> Iterator[None]:
    """Put into one line what the user's code raised, and where in the file it was.

    Raises:
        ModelError: Anything but an ``EdgeAttnError`` was raised.
    """
    try:
        yield
    except EdgeAttnError:
        raise
    except (Exception, SystemExit) as error:
        if (obstacle := undecodable(path, error)) is not None:
            raise ModelError(obstacle) from error
        line = _line(path, error)
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}{line}: {type(error).__name__}: {reason}; {_remedy(error)}") from error


def _remedy(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        module = error.name.partition(".")[0]
        package = _PACKAGES.get(module, module.replace("_", "-"))
        return f"pip install {package}, or put the module next to the file"
    return "make it load and yield its samples in Python"


def _line(path: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f", line {error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f", line {lines[-1]}" if lines else ""


class UncachedLoader(SourceFileLoader):
    """A loader of Python files that writes no bytecode."""

    def set_data(self, path: str, data: object, *, _mode: int = 0o666) -> None:
        """Write nothing."""


_FINDER = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (UncachedLoader, SOURCE_SUFFIXES))


@contextmanager
def uncached(folder: Path) -> Iterator[None]:
    """Write no bytecode of what is imported from a folder inside the block, or later by the same finders.

    Args:
        folder: Absolute; environments in it are left out.
    """

    def finder(path: str) -> PathEntryFinder:
        if not _is_within(path, folder):
            raise ImportError(path=path)  # another hook's
        return _FINDER(path)

    for path in [path for path in sys.path_importer_cache if _is_within(path, folder)]:
        del sys.path_importer_cache[path]
    sys.path_hooks.insert(0, finder)
    try:
        yield
    finally:
        sys.path_hooks.remove(finder)


def _is_within(path: str, folder: Path) -> bool:
    within = Path(path)
    return within.is_relative_to(folder) and not any(
        part in _INSTALLED for part in within.relative_to(folder).parts
    )
