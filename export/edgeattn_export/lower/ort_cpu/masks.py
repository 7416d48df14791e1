"""The masks of PyTorch's own attention, in the dims that onnxruntime's kernel takes.

Before: Attention(q, k, v, m)                     m broadcastable to (B, H, S, T), as PyTorch allows
After:  Attention(q, k, v, Expand(m, [S, 1]))     S written out: the CPU kernel broadcasts the others alone
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.scopes import MODULE, module_of

FLOOR = -1e30  # excludes as any lower number does, and leaves a row of nothing else uniform, as in PyTorch


def expand_masks(model: ir.Model) -> None:
    """Write out the query's length in the mask of every Attention, and floor its numbers, in place."""
    for node in tuple(model.graph):
        if node.op_type != "Attention" or len(node.inputs) < 4:
            continue
        query, mask = node.inputs[0], node.inputs[3]
        if query is None or mask is None or query.shape is None or mask.shape is None:
            continue
        if mask.dtype is ir.DataType.FLOAT:
            mask = _floored(node, mask, model.graph)
        if mask.shape and mask.shape[-2] != query.shape[2]:
            mask = _expanded(node, query, mask, model.graph)
        node.replace_input_with(3, mask)


def _floored(node: ir.Node, mask: ir.Value, graph: ir.Graph) -> ir.Value:
    """Raise finite numbers to ``FLOOR``: the kernel alone takes float32's lowest for minus infinity."""
    tape = Tape()
    floor = tape.op("Constant", [], {"value_float": FLOOR})
    floored = tape.op("Where", [tape.op("IsInf", [mask]), mask, tape.op("Max", [mask, floor])])
    floored.type, floored.shape = mask.type, mask.shape
    for made in tape.nodes:
        made.metadata_props[MODULE] = module_of(node)
    graph.insert_before(node, tape.nodes)
    return floored


def _expanded(node: ir.Node, query: ir.Value, mask: ir.Value, graph: ir.Graph) -> ir.Value:
    tape = Tape()
    one = tape.op("Constant", [], {"value_ints": [1]})
    dims = tape.op("Concat", [_length(tape, query, graph), one], {"axis": 0})  # (S, 1)
    expanded = tape.op("Expand", [mask, dims])  # (B|1, H|1, S, T)
    expanded.type = mask.type
    for made in tape.nodes:
        made.metadata_props[MODULE] = module_of(node)
    graph.insert_before(node, tape.nodes)
    return expanded


def _length(tape: Tape, query: ir.Value, graph: ir.Graph) -> ir.Value:
    length = tuple(query.shape or ())[2]
    # Asked of an input where it is one's size, so that the layers share one mask.
    for value in graph.inputs:
        sizes = tuple(value.shape or ())
        if length in sizes:
            axis = sizes.index(length)
            return tape.op("Shape", [value], {"start": axis, "end": axis + 1})
    return tape.op("Shape", [query], {"start": 2, "end": 3})
