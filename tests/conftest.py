"""What holds for every test, and must before anything is imported: a cache of its own, one thread."""

from __future__ import annotations

import os
import tempfile

_CACHE = tempfile.TemporaryDirectory(prefix="edgeattn-tests-")

os.environ["EDGEATTN_CACHE"] = _CACHE.name
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"


def pytest_unconfigure() -> None:
    _CACHE.cleanup()
