"""Caches of rotary positions in the dims that onnxruntime's CPU kernel takes.

Before: RotaryEmbedding(x, cos, sin)                                      cos, sin: (1, S, D/2)
After:  RotaryEmbedding(x, Expand(cos, [B, 1, 1]), Expand(sin, ...))      the kernel broadcasts nothing
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, producer, size_source
from edgeattn_export.graph.scopes import MODULE, module_of

CACHES = (1, 2)  # inputs of the operator
POSITIONS = 3


def expand_caches(model: ir.Model) -> None:
    """Write out the batch in the caches of every RotaryEmbedding; layers of one cache share it."""
    expanded: dict[tuple[ir.Value, ir.Value], ir.Value] = {}
    for node in tuple(model.graph):
        x = node.inputs[0] if node.op_type == "RotaryEmbedding" else None
        if x is None or any(value is not None for value in node.inputs[POSITIONS:]):
            continue  # with positions, caches have no batch
        source, axis = size_source(x, 0, dims(x)[0] if dims(x) else None)
        for index in CACHES:
            cache = node.inputs[index]
            if cache is None or _is_written_out(cache, x):
                continue
            if (cache, source) not in expanded:
                expanded[cache, source] = _expanded(node, source, axis, cache, model.graph)
            node.replace_input_with(index, expanded[cache, source])


def _is_written_out(cache: ir.Value, x: ir.Value) -> bool:
    """Say whether a cache has a row for each of the batch: by its dims, or by an Expand that left none."""
    if cache.shape is None:
        return producer(cache, "Expand") is not None
    return bool(dims(x)) and dims(cache)[:1] == dims(x)[:1]


def _expanded(node: ir.Node, source: ir.Value, axis: int, cache: ir.Value, graph: ir.Graph) -> ir.Value:
    tape = Tape()
    ones = tape.op("Constant", [], {"value_ints": [1, 1]})
    batch = tape.op("Shape", [source], {"start": axis, "end": axis + 1})
    expanded = tape.op("Expand", [cache, tape.op("Concat", [batch, ones], {"axis": 0})])  # (B, S, D/2)
    expanded.type = cache.type
    for new in tape.nodes:
        new.metadata_props[MODULE] = module_of(node)
    graph.insert_before(node, tape.nodes)
    return expanded
