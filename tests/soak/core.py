"""The C++ core as a foreign language has it: the C API of the library that EDGEATTN_CORE names, by ctypes."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edgeattn_runtime.bundle.folder import open_bundle

CHECKS: Final = 10  # of a model, each of all golden samples


def core(bundle: Path) -> Callable[[], tuple[int, int]]:
    """Load a bundle, check it some times, and free it."""
    library = ctypes.CDLL(os.environ["EDGEATTN_CORE"])
    samples = open_bundle(bundle).manifest.golden.samples
    name = str(bundle).encode()

    def turn() -> tuple[int, int]:
        model, error = ctypes.c_void_p(), ctypes.c_void_p()
        status = library.edgeattn_load(name, None, ctypes.byref(model), ctypes.byref(error))
        for _ in range(CHECKS):
            results = ctypes.c_void_p()
            status = status or library.edgeattn_check(model, None, ctypes.byref(results), ctypes.byref(error))
            library.edgeattn_golden_results_free(results)
        library.edgeattn_model_free(model)
        if status:
            raise AssertionError(f"status {status}")
        return CHECKS * samples, 1

    return turn
