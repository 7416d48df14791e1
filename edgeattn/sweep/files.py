"""A sweep's files beside its index: the table as data, and as a page."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from edgeattn.sweep.line import Line

TABLE_FILE = "sweep.json"
PAGE_FILE = "sweep.html"
SCHEMA = 1


def to_json(lines: Sequence[Line]) -> str:
    """Return the text of sweep.json."""
    table = {"schema": SCHEMA, "rows": [asdict(line) for line in lines]}
    return json.dumps(table, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files by name, each whole or not at all.

    Raises:
        OSError: The disk is full, or the folder may not be written.
    """
    for name, text in texts.items():
        path, part = folder / name, folder / f".{name}.{os.getpid()}"
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        finally:
            part.unlink(missing_ok=True)
