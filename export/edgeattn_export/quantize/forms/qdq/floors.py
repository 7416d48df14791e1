"""How low a mask must be, and no lower: static steps that reach to -1e30 leave nothing of the scores.

Before: Softmax(scores + m)       m = -1e30 where a key is masked out
After:  Softmax(scores + m')      m' = low - MARGIN - high there, of scores between low and high

With it the highest score that is masked out lies ``MARGIN`` below the lowest that is not. So what is masked
out weighs less than half a step of 16 bits, and the steps of the sum are those of its scores.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.dataflow import constant, is_constant, producer, sources
from edgeattn_export.quantize.layers.ranges import MASKED_OUT, Range, Ranges

MARGIN = math.log(2 * 65536)  # exp(-MARGIN) is half a step of weights between 0 and 1

# What hands on the numbers of a mask, or adds to them.
_CARRIES = frozenset(
    {
        *("Add", "Max", "Min", "Where", "Concat", "Expand", "Gather", "Identity"),
        *("Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"),
    }
)


def raise_floors(model: ir.Model, ranges: Ranges) -> Ranges:
    """Raise what masks hold to what their softmaxes need, in place.

    Args:
        model: Any graph; a mask's lowest numbers are constants of it.
        ranges: Of its values, what is masked out left out.

    Returns:
        The ranges with room for what is masked out.
    """
    widened = dict(ranges)
    floors: dict[ir.Value, float] = {}  # by the constant that masks
    for node in model.graph:
        scores = node.inputs[0] if node.op_type == "Softmax" else None
        masking = set() if scores is None else set(_masking(scores))
        if scores is None or not masking:
            continue
        reach = ranges[scores.name or ""]
        floor = reach.low - MARGIN - sum(ranges[each.name or ""].high for each in _added(masking, ranges))
        for value in masking:
            if is_constant(value):
                floors[value] = min(floor, floors.get(value, 0.0))
            elif value is not scores and value.name in widened:
                widened[value.name] = widened[value.name].joined(Range(floor, 0.0))
        widened[scores.name or ""] = reach.joined(Range(reach.low - MARGIN, 0.0))
    for value, floor in floors.items():
        raised = np.maximum(np.asarray(constant(value)), np.float32(floor))
        value.const_value = ir.tensor(raised, name=value.name)
    return widened


def _masking(value: ir.Value) -> Iterator[ir.Value]:
    """Yield a value, and what comes before it, as far as a constant in it masks out."""
    if is_constant(value):
        if _masks(value):
            yield value
        return
    node = producer(value, *_CARRIES)
    before = [each for source in (() if node is None else sources(node)) for each in _masking(source)]
    if before:
        yield value
        yield from before


def _masks(value: ir.Value) -> bool:
    array = constant(value) if value.dtype is ir.DataType.FLOAT else None
    return array is not None and bool((np.asarray(array, np.float32) <= MASKED_OUT).any())


def _added(masking: set[ir.Value], ranges: Ranges) -> Iterator[ir.Value]:
    """Yield what is added to values that mask out, and masks nothing itself: the scores."""
    for value in masking:
        node = producer(value, "Add")
        for source in () if node is None else sources(node):
            if source not in masking and source.name in ranges:
                yield source
