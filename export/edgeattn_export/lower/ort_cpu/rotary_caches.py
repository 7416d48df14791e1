"""The caches of PyTorch's own rotary embedding, in the dims that onnxruntime's kernel takes.

Before: RotaryEmbedding(x, cos, sin)                              cos, sin: (1, S, D/2), as PyTorch allows
After:  RotaryEmbedding(x, Expand(cos, [B, 1, 1]), Expand(sin, ...))     the CPU kernel broadcasts nothing
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.scopes import MODULE, module_of

CACHES = (1, 2)  # inputs of the operator


def expand_caches(model: ir.Model) -> None:
    """Write out the batch in the caches of every RotaryEmbedding, in place."""
    expanded: dict[tuple[ir.Value, ir.Value], ir.Value] = {}
    for node in tuple(model.graph):
        x = node.inputs[0] if node.op_type == "RotaryEmbedding" else None
        if x is None or (len(node.inputs) > 3 and node.inputs[3]):  # with positions, caches have no batch
            continue
        for index in CACHES:
            cache = node.inputs[index]
            if cache is None or (cache.shape and x.shape and cache.shape[0] == x.shape[0]):
                continue
            if (cache, x) not in expanded:
                expanded[cache, x] = _expanded(node, x, cache, model.graph)
            node.replace_input_with(index, expanded[cache, x])


def _expanded(node: ir.Node, x: ir.Value, cache: ir.Value, graph: ir.Graph) -> ir.Value:
    tape = Tape()
    ones = tape.op("Constant", [], {"value_ints": [1, 1]})
    batch = tape.op("Shape", [x], {"start": 0, "end": 1})
    expanded = tape.op("Expand", [cache, tape.op("Concat", [batch, ones], {"axis": 0})])  # (B, S, D/2)
    expanded.type = cache.type
    for made in tape.nodes:
        made.metadata_props[MODULE] = module_of(node)
    graph.insert_before(node, tape.nodes)
    return expanded
