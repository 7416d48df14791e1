"""Imports that leave no ``__pycache__`` in a user's folder; packages elsewhere are compiled once, as ever."""

from __future__ import annotations

import sys
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

_INSTALLED = ("site-packages", "dist-packages")  # of an environment that lies in the folder


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
