"""The log of libraries: kept off the terminal, shown by --verbose."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_INSTALLED = {"site-packages", "dist-packages"}
_FORMAT = "%(name)s: %(levelname)s: %(message)s"


@contextmanager
def library_log(*, verbose: bool) -> Iterator[None]:
    """Take over the root logger inside the block: onto stderr where ``verbose``, else nowhere."""
    root = logging.getLogger()
    before = root.handlers[:]
    handler = logging.StreamHandler(sys.stderr) if verbose else logging.NullHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.handlers[:] = [handler]
    try:
        yield
    finally:
        root.handlers[:] = before


def is_of_library(file: str) -> bool:
    """True if a Python file is part of an installed package other than edgeattn."""
    parts = Path(file).parts
    return bool(_INSTALLED & set(parts)) and not any(part.startswith("edgeattn") for part in parts)
