"""A case's tensors as arrays, and how near an answer comes to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Line = dict[str, Any]
Arrays = dict[str, NDArray[Any]]

ANSWERED = "answered"


def arrays(tensors: dict[str, Any]) -> Arrays:
    """Return tensors by name as arrays."""
    return {name: array(tensor) for name, tensor in tensors.items()}


def array(tensor: dict[str, Any]) -> NDArray[Any]:
    """Return a tensor of its dtype and shape; "NaN" stands for a NaN."""
    numbers = [float(n) if n == "NaN" else n for n in tensor["data"]]
    return np.array(numbers, tensor["dtype"]).reshape(tensor["shape"])


def difference(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Return the largest difference of two numbers; infinity for other shapes."""
    if found.shape != expected.shape:
        return np.inf
    return float(np.abs(found.astype(np.float64) - expected).max(initial=0))


def compared(outputs: Arrays, expected: Arrays, tolerance: float) -> Line:
    """Return how near outputs came; ``tolerance`` is the largest difference of two numbers."""
    if {name: (a.dtype, a.shape) for name, a in outputs.items()} != {
        name: (a.dtype, a.shape) for name, a in expected.items()
    }:
        return {"found": "outputs of other names, dtypes or shapes"}
    farthest = max(difference(each, expected[name]) for name, each in outputs.items())
    near = farthest <= tolerance
    return {"found": ANSWERED if near else "outputs beyond the tolerance", "max_abs": farthest}


def worst(answers: Sequence[Arrays], expected: Sequence[Arrays], tolerance: float) -> Line:
    """Return the first that is not as expected, else the farthest."""
    if len(answers) != len(expected):
        return {"found": f"{len(answers)} answers"}
    lines = [compared(*pair, tolerance) for pair in zip(answers, expected, strict=True)]
    wrong = [line for line in lines if line["found"] != ANSWERED]
    return wrong[0] if wrong else max(lines, key=lambda line: line["max_abs"], default={"found": ANSWERED})
