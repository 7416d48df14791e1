"""Reductions that keep their axes, of length 1, until a Squeeze drops them.

Before: ReduceMean(x, axes, keepdims=0)
After:  Squeeze(ReduceMean(x, axes, keepdims=1), axes)

OpenVINO 2025.4.1 computes what follows a reduction together with it, such as a factor for each channel and
the rounding to int8, and takes the factors along the axis that channels had before. Where axes are gone, each
channel gets another's: the head of models/digits, behind a mean, loses .07 of its R².
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.scopes import MODULE, module_of


def keep_reduced_axes(model: ir.Model) -> None:
    """Write every reduction with its axes kept, in place."""
    for node in tuple(model.graph):
        if not node.op_type.startswith("Reduce") or node.attributes.get_int("keepdims", 1) == 1:
            continue
        if node.attributes.get_int("noop_with_empty_axes", 0) == 1:
            continue  # only known at run time: whether it reduces anything
        tape, named = Tape(), {MODULE: module_of(node)}
        kept = tape.op(node.op_type, node.inputs, metadata_props=named)
        answer = tape.op("Squeeze", [kept, *node.inputs[1:]], metadata_props=named)
        ir.convenience.replace_nodes_and_values(
            model.graph, node, (node,), tape.nodes, node.outputs, (answer,)
        )
