"""Why a graph fails on inputs that its contract allows, and what can be done about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.session import explain

_BEYOND = re.compile(r"idx=(-?\d+) must be within the inclusive range \[-?\d+,(\d+)\]")
_MEMORY = ("Failed to allocate memory", "bad allocation", "bad_alloc")


def failure(graph: str, error: Exception, inputs: Mapping[str, NDArray[Any]]) -> InputError | BundleError:
    """Return what to raise where onnxruntime failed: it is the inputs' fault, or else the graph's.

    Args:
        graph: What failed, such as its file.
        error: onnxruntime's.
        inputs: What it failed on.
    """
    reason = explain(error)
    beyond = _BEYOND.search(reason)
    if beyond:
        return _beyond_its_table(graph, int(beyond[1]), int(beyond[2]), inputs)
    if any(words in reason for words in _MEMORY):
        shapes = ", ".join(f"{name} {tuple(array.shape)}" for name, array in inputs.items())
        return InputError(
            f"{graph}: {shapes} need more memory than there is ({reason}); give shorter inputs, or fewer at "
            "a time"
        )
    return BundleError(f"{graph}: fails on inputs that its contract allows ({reason}); export again")


def _beyond_its_table(graph: str, row: int, last: int, inputs: Mapping[str, NDArray[Any]]) -> InputError:
    holder = next((name for name, array in inputs.items() if array.dtype.kind in "iu" and row in array), None)
    if holder is None:  # such as a position, which follows from how long an input is
        return InputError(
            f"{graph}: index {row} out of range for a lookup table of {last + 1} rows; give shorter "
            "inputs, or smaller numbers in them"
        )
    return InputError(
        f"{graph}: {holder!r} holds {row}, out of range for a lookup table of {last + 1} rows; "
        f"give 0 to {last}"
    )
