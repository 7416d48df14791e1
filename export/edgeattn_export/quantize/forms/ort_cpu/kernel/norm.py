"""A norm goes into the kernel of the layer before it.

Before: LayerNormalization(Int8Linear(x, W))      over the channels
After:  Int8Linear(x, W; norm="layer")            so with RMSNormalization

What else reads the product, as the residual branch of a block with its norm ahead does, reads the node's
second output, ``sum``.
"""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, is_constant, only_user
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import Fusion, Match, layer_of
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import EPSILON, NORMS


class KernelNorm(Fusion):
    """Takes a norm into the layer before it."""

    name = "kernel norm"
    roots = frozenset(NORMS.values())

    def check(self, node: ir.Node) -> Match | None:
        """Match a norm over a layer's channels whose mean and deviation nothing reads."""
        value, scale, *shifts = node.inputs
        linear = None if value is None else layer_of(value)
        if (
            value is None
            or linear is None
            or not _is_over_channels(node)
            or any(each.uses() for each in node.outputs[1:])
        ):
            return None
        parameters = [each for each in (scale, *shifts) if each is not None]
        if not all(is_constant(each) and dims(each) == (linear.channels,) for each in parameters):
            return None
        is_read = only_user(value) is not node
        fused = replace(
            linear,
            norm=_NAMES[node.op_type],
            epsilon=node.attributes.get_float("epsilon", EPSILON),
            norm_scale=scale,
            norm_bias=shifts[0] if shifts else None,
            has_sum=is_read,
        )
        return Match(fused, (node.outputs[0], value) if is_read else (node.outputs[0],))


_NAMES = {op_type: name for name, op_type in NORMS.items()}


def _is_over_channels(node: ir.Node) -> bool:
    axis = node.attributes.get_int("axis", -1)
    return axis in (-1, len(dims(node.inputs[0])) - 1)
