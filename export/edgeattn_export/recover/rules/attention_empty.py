"""Telling masks that may leave a query with no key to see, by minus infinity, from those that cannot.

A mask that follows from the number of tokens alone, such as a causal one, shows each query something. One
that follows from an input's numbers may hide a whole row: softmax of minus infinities is NaN in PyTorch.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.dataflow import constant, is_constant
from edgeattn_export.recover.rules.attention_scores import Bias, Fill, Mask


def may_empty(mask: Mask) -> bool:
    """Say whether a mask hides by minus infinity where an input's numbers say so."""
    match mask:
        case Fill():
            return bool(np.isneginf(mask.value)) and reads_input(mask.condition)
        case Bias():
            return holds_infinity(mask.mask) and reads_input(mask.mask)
        case _:
            return False


def reads_input(value: ir.Value | None) -> bool:
    """Say whether a value follows from an input's numbers, not from its dims alone."""
    return any(source.is_graph_input() for source in sources_of(value))


def holds_infinity(value: ir.Value | None) -> bool:
    """Say whether a value is made with minus infinity, or with a logarithm of what may be 0."""
    sources = sources_of(value)
    if any(source.producer() is not None and _op(source) == "Log" for source in sources):
        return True
    known = (constant(source) for source in sources if is_constant(source))
    return any(array is not None and bool((array == -np.inf).any()) for array in known)


def _op(value: ir.Value) -> str:
    node = value.producer()
    return node.op_type if node is not None else ""


def sources_of(value: ir.Value | None) -> set[ir.Value]:
    """Return all values that a value's numbers are made of."""
    found: set[ir.Value] = set()
    waiting = [value]
    while waiting:
        source = waiting.pop()
        if source is None or source in found:
            continue
        found.add(source)
        node = source.producer()
        if node is not None and node.op_type != "Shape":
            waiting += node.inputs
    return found
