"""What a logarithm is of stays float: in integers of one step nothing is left of small numbers.

Before: y = Log(f(x))               f of sums, products, powers and views, as log-mel features have it
After:  y = DQ(Q(Log(f(x))))        f in float, which Hexagon computes in 16 bits

An energy of 1e-5 lies as far from 0.1 as 0.1 from 1,000. Where 1,000 is stored too, 16 bits make 0 of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.dataflow import is_constant, producer, sources
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.quantize.layers.ranges import NOTHING, Ranges

LARGEST = float(np.finfo(np.float16).max)
SMALLEST = float(np.finfo(np.float16).smallest_subnormal)

# What gives small numbers for small ones, so that those before it count as well.
_SCALING = frozenset(
    {
        *("Abs", "Add", "Clip", "Conv", "Div", "MatMul", "Max", "Mul", "Pow", "Sqrt", "Sub", "Sum"),
        *("ReduceL2", "ReduceMean", "ReduceSum", "ReduceSumSquare"),
        *("Cast", "Concat", "Expand", "Flatten", "Gather", "Identity", "Pad", "Reshape", "Slice", "Split"),
        *("Squeeze", "Transpose", "Unsqueeze"),
    }
)


def arguments(model: ir.Model) -> set[ir.Value]:
    """Return what logarithms are of, back to an input or to what gives no small number for a small one."""
    return {value for node in _logarithms(model) for value in _before(node)}


def held(model: ir.Model, ranges: Ranges) -> tuple[set[ir.Value], tuple[str, ...]]:
    """Return of ``arguments`` those that 16-bit floats hold, and a reason for each logarithm of others.

    Args:
        model: A graph.
        ranges: Of its values.
    """
    values: set[ir.Value] = set()
    reasons: list[str] = []
    for node in _logarithms(model):
        before = _before(node)
        reach = [ranges.get(value.name or "", NOTHING) for value in before]
        smallest = math.exp(ranges.get(node.outputs[0].name or "", NOTHING).low)
        largest = max((max(-each.low, each.high) for each in reach), default=0.0)
        if smallest >= SMALLEST and largest <= LARGEST:
            values |= before
        else:
            reasons.append(
                f"The logarithm of {module_of(node)!r} is of integers, which hold few small numbers: its "
                f"argument reaches from {smallest:.1e} to {largest:.1e}, and 16-bit floats hold "
                f"{SMALLEST:.1e} to {LARGEST:.1e}. Scale it."
            )
    return values, tuple(reasons)


def computes_float(node: ir.Node, floats: set[ir.Value]) -> bool:
    """Say whether a node computes in float: it makes such a value, or is the logarithm of one."""
    return not floats.isdisjoint(node.outputs) or (node.op_type == "Log" and node.inputs[0] in floats)


def _logarithms(model: ir.Model) -> Iterator[ir.Node]:
    yield from (node for node in model.graph if node.op_type == "Log" and not node.domain)


def _before(logarithm: ir.Node) -> set[ir.Value]:
    """Return the floats that a logarithm is of, but for what is stored."""
    floats: set[ir.Value] = set()
    waiting = list(sources(logarithm))
    while waiting:
        value = waiting.pop()
        is_stored = producer(value, "DequantizeLinear") is not None
        if value in floats or is_stored or is_constant(value) or value.dtype is not ir.DataType.FLOAT:
            continue
        floats.add(value)
        node = producer(value, *_SCALING)
        waiting += () if node is None else sources(node)
    return floats
