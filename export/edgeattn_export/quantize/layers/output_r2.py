"""R² of values inside a graph: what a layer keeps of all that its own output varies by.

The channels are the places of a value's last axis, of a convolution those of its second. Positions are pooled
even where an export fixes them: few samples suffice, and a layer has one figure at every shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.dataflow import dims
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.output_kinds import NUMBERS
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.spread import LEAST_SPREAD, LOST, Array, Moments
from edgeattn_export.graph.values import values_of, with_outputs

COMPARED_SAMPLES = 16  # samples; a layer's R² is a pointer to where accuracy goes, not the verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is kept of two runs of a value, a channel at a time.

    Attributes:
        moments: Of the first.
        squares: Sum of the squared differences, (C,).
    """

    moments: Moments
    squares: Array

    @classmethod
    def of(cls, expected: NDArray[np.generic], actual: NDArray[np.generic], axis: int | None) -> Comparison:
        """Compare two arrays of equal shape, whose channels lie along an axis; None where all are one."""
        a, b = (_rows(array, axis) for array in (expected, actual))
        moments = Moments.of(a, a.shape[1])
        with np.errstate(invalid="ignore", over="ignore"):
            squared = np.square(a - b)
        wrong = ~np.isfinite(squared)
        if wrong.any():
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            squared[wrong] = np.where(same, 0.0, LOST * moments.largest**2)[wrong]
        return cls(moments, squared.sum(axis=0))

    def __add__(self, other: Comparison) -> Comparison:
        """Return the sums of both."""
        return Comparison(self.moments + other.moments, self.squares + other.squares)

    @property
    def r2(self) -> float | None:
        """The mean over channels; None where none of them varies, and yet some differ."""
        if not self.squares.any():
            return 1.0
        if (self.moments.deviation <= LEAST_SPREAD * self.moments.largest).all():
            return None
        means = self.squares / np.maximum(self.moments.count, 1)
        return float(1 - (means / np.square(self.moments.channel_units(NUMBERS))).mean())


def layer_r2(
    before: ir.Model, after: ir.Model, values: Iterable[str], samples: Samples, engine: Engine
) -> Mapping[str, float | None]:
    """Compare values of the same names inside two models, on a few samples, one at a time.

    Returns:
        R² by name, for the names that both models have in the same dims; None of those that do not vary.
    """
    known, others = values_of(before), values_of(after)
    axes = {name: _channel_axis(known[name]) for name in values if name in known and name in others}
    one, other = (engine.runner(with_outputs(model, axes)) for model in (before, after))
    totals: dict[str, Comparison] = {}
    for sample in samples[:COMPARED_SAMPLES]:
        a, b = one(sample.inputs), other(sample.inputs)
        for name, axis in axes.items():
            if a[name].shape == b[name].shape:  # else an expert, given other rows by another router
                found = Comparison.of(a[name], b[name], axis)
                totals[name] = totals[name] + found if name in totals else found
    return {name: total.r2 for name, total in totals.items()}


def _channel_axis(value: ir.Value) -> int | None:
    """Return the axis of a value's channels; None where its size is not fixed."""
    node, sizes = value.producer(), dims(value)
    axis = 1 if node is not None and node.op_type == "Conv" else len(sizes) - 1
    return axis if sizes and isinstance(sizes[axis], int) else None


def _rows(array: NDArray[np.generic], axis: int | None) -> Array:
    """Return an array as rows of its channels, (N, C)."""
    if axis is None:
        return np.asarray(array, np.float64).reshape(-1, 1)
    return np.moveaxis(np.asarray(array, np.float64), axis, -1).reshape(-1, array.shape[axis])
