"""What is measured of a row: the float graph's error and the int8 graph's cosine, both to PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from calls import calls, emptied
from numpy.typing import NDArray
from row import Row

from edgeattn_export.targets.cpu import CPU
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.errors import ModelError

Array = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Empty:
    """The answer to a row of padding alone: its error, and whether PyTorch's own is a number all over.

    Where it is none, the graph's must be one, but is compared with nothing.
    """

    error: float
    defined: bool


def errors(row: Row) -> Mapping[str, float]:
    """Return the float graph's error on each call that the module itself can answer, by the call's name."""
    runner = CPU.engine.runner(row.lowered.model)
    found: dict[str, float] = {}
    for name, inputs in calls(row):
        try:
            expected = row.captured.reference(inputs)
        except ModelError:
            if name.startswith("sample"):
                raise
            continue  # a size that the module was not made for
        outputs = runner(inputs)
        found[name] = max(
            error(_told(value, outputs[output]), outputs[output]) for output, value in expected.items()
        )
    return found


def _told(expected: Array, found: Array) -> Array:
    """Return what the module answers; where that is NaN, as for a row of padding alone, what was found."""
    return np.where(np.isnan(expected), found, expected) if expected.dtype.kind == "f" else expected


def empty(row: Row) -> Empty | None:
    """Compare the answers to a row of padding alone; None where the form knows no padding."""
    inputs = emptied(row)
    if inputs is None:
        return None
    outputs = CPU.engine.runner(row.lowered.model)(inputs)
    expected = row.captured.reference(inputs)
    undefined = {output: np.isnan(value) for output, value in expected.items()}
    answered = {output: np.where(undefined[output], outputs[output], expected[output]) for output in expected}
    return Empty(
        max(error(value, outputs[output]) for output, value in answered.items()),
        not any(places.any() for places in undefined.values()),
    )


def error(expected: Array, found: Array) -> float:
    """Return the largest difference, as a share of the largest number; infinite for a NaN or other dims.

    An infinity that both hold in one place, as detectors do for what they leave out, is no difference.
    """
    if expected.shape != found.shape:
        return float("inf")
    counted = ~(np.isinf(expected) & (expected == found))
    a, b = (array.astype(np.float64)[counted] for array in (expected, found))
    difference, scale = np.abs(a - b).max(initial=0.0), np.abs(a).max(initial=0.0) or 1.0
    return float(difference / scale) if np.isfinite(difference) else float("inf")


def int8_cosine(row: Row) -> float:
    """Return the lowest cosine of an int8 output to PyTorch's, over samples and outputs."""
    runner = CPU.engine.runner(row.quantized.model)
    found = []
    for sample in row.samples:
        outputs = runner(sample.inputs)
        expected = row.captured.reference(sample.inputs)
        found += [cosine(value, outputs[output]) for output, value in expected.items()]
    return min(found)
