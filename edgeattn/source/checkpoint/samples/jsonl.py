"""JSON Lines: an object each line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeattn.source.checkpoint.utf8 import read_utf8


def read_jsonl(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a UTF-8 file, empty lines left out.

    Raises:
        ValueError: A line is no JSON object, or no UTF-8.
    """
    for number, line in enumerate(read_utf8(file).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number}: no JSON ({error.msg}); one object a line expected") from error
        if not isinstance(row, dict):
            raise ValueError(f"line {number}: {type(row).__name__} found, an object expected")
        yield row
