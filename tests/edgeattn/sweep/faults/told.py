"""A model that tells which process loads it: what a test kills."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SPEC = importlib.util.spec_from_file_location("tiny", Path(__file__).parents[2] / "tiny.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_TINY = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_TINY)

model = _TINY.model


def samples() -> Iterator[Any]:
    with Path(os.environ["TOLD_BY"]).open("a") as log:
        log.write(f"{os.getpid()}\n")
    yield from _TINY.samples()
