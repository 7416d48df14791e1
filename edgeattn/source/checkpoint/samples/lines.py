"""A text file: a text each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgeattn.source.checkpoint.utf8 import read_utf8


def read_lines(file: Path) -> Iterator[dict[str, str]]:
    """Yield the lines of a UTF-8 file as ``text``, empty ones left out.

    Raises:
        ValueError: It is no UTF-8.
    """
    for line in read_utf8(file).splitlines():
        if line.strip():
            yield {"text": line}
