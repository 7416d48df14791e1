"""A text file: a text each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def read_lines(file: Path) -> Iterator[dict[str, str]]:
    """Yield the lines of a UTF-8 file as ``text``, empty ones left out."""
    for line in file.read_text(encoding="utf-8-sig").splitlines():
        if line.strip():
            yield {"text": line}
