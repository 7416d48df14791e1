"""What is measured of a row: the float and the int8 graph's distance from PyTorch, by channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from calls import calls, emptied
from numpy.typing import NDArray
from row import Row

from edgeattn.judge.r2 import output_r2, r2_part
from edgeattn.results.accuracy import OutputAccuracy
from edgeattn_export.graph.spread import Spread, spreads_of
from edgeattn_export.targets.cpu import CPU
from edgeattn_runtime.errors import ModelError

Array = NDArray[np.generic]
Difference = Callable[[str, Array, Array], float]  # of an output's name, PyTorch's answer and another


@dataclass(frozen=True, slots=True)
class Empty:
    """The answer to a row of padding alone: its error, and whether PyTorch's own is a number all over.

    Where it is none, the graph's must be one, but is compared with nothing.
    """

    error: float
    defined: bool


def errors(row: Row, difference: Difference) -> Mapping[str, float]:
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
            difference(output, _told(value, outputs[output]), outputs[output])
            for output, value in expected.items()
        )
    return found


def _told(expected: Array, found: Array) -> Array:
    """Return what the module answers; where that is NaN, as for a row of padding alone, what was found."""
    return np.where(np.isnan(expected), found, expected) if expected.dtype.kind == "f" else expected


def empty(row: Row, difference: Difference) -> Empty | None:
    """Compare the answers to a row of padding alone; None where the form knows no padding."""
    inputs = emptied(row)
    if inputs is None:
        return None
    outputs = CPU.engine.runner(row.lowered.model)(inputs)
    expected = row.captured.reference(inputs)
    undefined = {output: np.isnan(value) for output, value in expected.items()}
    answered = {output: np.where(undefined[output], outputs[output], expected[output]) for output in expected}
    return Empty(
        max(difference(output, value, outputs[output]) for output, value in answered.items()),
        not any(places.any() for places in undefined.values()),
    )


def in_units(row: Row) -> Difference:
    """Return a measure by how far each channel of PyTorch's answers to the samples varies."""
    spreads = spreads_of(
        row.captured.graph.outputs, (row.captured.reference(each.inputs) for each in row.samples)
    )
    return lambda output, expected, found: largest(spreads[output], expected, found)


def largest(spread: Spread, expected: Array, found: Array) -> float:
    """Return the largest difference, in units of its channel; infinite for other dims.

    A NaN or infinity that both hold in one place is no difference; one that only one of them holds is 1000.
    """
    if expected.shape != found.shape:
        return float("inf")
    return float(np.sqrt(np.nan_to_num(spread.errors(expected, found)).max(initial=0.0)))


def int8_accuracy(row: Row) -> tuple[OutputAccuracy, ...]:
    """Compare each output of the int8 graph with PyTorch's over the samples, as a report does."""
    runner = CPU.engine.runner(row.quantized.model)
    answers = [(row.captured.reference(each.inputs), runner(each.inputs)) for each in row.samples]
    tensors = row.captured.graph.outputs
    spreads = spreads_of(tensors, (expected for expected, _ in answers))
    accuracies = []
    for tensor in tensors:
        name, spread = tensor.name, spreads[tensor.name]
        parts = [r2_part(spread, right[name], found[name], right[name]) for right, found in answers]
        accuracies.append(output_r2(name, tensor.dims, spread, parts).accuracy)
    return tuple(accuracies)
