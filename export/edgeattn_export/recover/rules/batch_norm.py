"""A batch norm of a linear layer's rows is part of the layer: in eval mode it scales and shifts by constants.

Before: BatchNormalization(Reshape(MatMul(x, w) + b, (B*S, N)), gain, shift, mean, variance)
After:  Reshape(MatMul(x, w * s) + (b - mean) * s + shift, (B*S, N))       s = gain / Sqrt(variance + epsilon)

The exporter folds a norm into a convolution, but not behind a Reshape, as in LeViT.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, only_user, producer
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Emit, Replaced, rule
from edgeattn_export.graph.scopes import MODULE, module_of
from edgeattn_export.recover.affine import read_batch_norm
from edgeattn_export.recover.rules.projections import read_projection


@rule("batch norm", "BatchNormalization")
def fold_batch_norm(node: ir.Node) -> Emit | None:
    """Match a norm (rows, N) by constants, behind a linear layer that nothing else reads."""
    affine = read_batch_norm(node)
    source = None if affine is None else affine.x
    if affine is None or source is None or len(dims(source)) != 2:
        return None
    reshape = producer(source, "Reshape")  # lays its rows out as (B S, N)
    linear = read_projection(source if reshape is None else reshape.inputs[0])
    if linear is None or only_user(linear.output) is not (reshape or node) or only_user(source) is not node:
        return None
    if dims(linear.output)[-1:] != affine.gain.shape:
        return None

    def emit(tape: Tape) -> Replaced:
        name, before = linear.weight.name, linear.product.outputs[0]
        bias = 0 if linear.bias is None else np.asarray(constant(linear.bias), np.float64)
        folded = np.asarray(constant(linear.weight), np.float64) * affine.gain  # (D, N)
        product = tape.op("MatMul", [linear.source, embed(tape, folded.astype(np.float32), f"{name}.folded")])
        shift = (bias * affine.gain + affine.shift).astype(np.float32)
        moved = embed(tape, shift, f"{name}.shift")
        output = described(tape.op("Add", [described(product, before), moved]), before)
        if reshape is not None:
            output = tape.op("Reshape", [output, reshape.inputs[1]], dict(reshape.attributes))  # (B S, N)
        for new in tape.nodes:
            new.metadata_props[MODULE] = module_of(linear.product)
        return {node.outputs[0]: output}

    return emit
