"""The network of ``tiny`` with its products as nodes of the domain edgeattn, functions of stock operators."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import tiny
from graphs import OPSETS, Array, Recorder

from edgeattn_runtime.engine.kernels import DOMAIN_VERSION

DOMAIN = "edgeattn"
OPERATOR = "Int8Linear"
ENGINE_VERSION = "1.28"  # an older onnxruntime takes one function for all of a name, whatever their overloads
_OVERLOADS = ("plain", "residual")


def network(*, extra_columns: int = 0) -> ir.Model:
    """Build the graph: tokens, mask -> embedding, its first weight with columns beyond what its input has."""

    def linear(
        net: Recorder, x: ir.Value, name: str, weight: Array, residual: ir.Value | None = None
    ) -> ir.Value:
        wider = weight if residual is not None else np.vstack([weight, weight[:extra_columns]])
        levels, scale = tiny.int8_weight(wider)
        constants = net.constant(levels.T.copy(), name), net.constant(scale, f"{name}_scale")  # (out, in)
        added = () if residual is None else (None, None, residual)  # without smoothing and bias
        node: ir.Value = net.Int8Linear(
            x, *constants, *added, domain=DOMAIN, overload=_OVERLOADS[bool(added)]
        )
        return node

    model = tiny.network(linear=linear)
    model.graph.opset_imports[DOMAIN] = DOMAIN_VERSION
    for has_residual in (False, True):
        function = _function(has_residual=has_residual)
        model.functions[function.identifier()] = function
    return model


def _function(*, has_residual: bool) -> ir.Function:
    """Return what a runtime computes that has no such kernel."""
    tape = ir.tape.Tape()
    names = ("x", "weight", "scale", *(("smoothing", "bias", "residual") if has_residual else ()))
    inputs = [ir.Value(name=name) for name in names]
    x, weight, scale = inputs[:3]
    turned = tape.op("Transpose", [weight], {"perm": [1, 0]})
    y = tape.op("DynamicQuantizeMatMul", [x, turned, scale], domain="com.microsoft")
    if has_residual:
        y = tape.op("Add", [inputs[-1], y])
    graph = ir.Graph(inputs, [y], nodes=tape.nodes, opset_imports=dict(OPSETS), name=OPERATOR)
    return ir.Function(DOMAIN, OPERATOR, _OVERLOADS[has_residual], graph=graph, attributes=[])
