"""The network of ``tiny`` with its products as nodes of the domain edgeattn, functions of stock operators."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import tiny
from tiny import Array

from edgeattn_runtime.engine.kernels import DOMAIN_VERSION

DOMAIN = "edgeattn"
OPERATOR = "Int8Linear"
ENGINE_VERSION = "1.28"  # an older onnxruntime takes one function for all of a name, whatever their overloads
RESIDUAL = 5  # its place among the inputs; what stands before it is left out


def network() -> ir.Model:
    """Build the graph: tokens, mask -> embedding."""
    return _with_functions(tiny.network(linear=_linear))


def too_wide() -> ir.Model:
    """Build one whose first weight has a column more than its input has."""
    return _with_functions(tiny.network(linear=_too_wide))


def _linear(
    tape: ir.tape.Tape, x: ir.Value, name: str, weight: Array, residual: ir.Value | None = None
) -> ir.Value:
    levels, scale = tiny.rounded(weight)
    inputs: list[ir.Value | None] = [x, tiny.constant(tape, name, levels.T.copy())]  # (out, in)
    inputs.append(tiny.constant(tape, f"{name}_scale", scale))
    if residual is not None:
        inputs += [None] * (RESIDUAL - len(inputs)) + [residual]
    return tape.op(OPERATOR, inputs, domain=DOMAIN, overload=_overload(residual is not None))


def _too_wide(
    tape: ir.tape.Tape, x: ir.Value, name: str, weight: Array, residual: ir.Value | None = None
) -> ir.Value:
    wider = np.vstack([weight, weight[:1]]) if residual is None else weight
    return _linear(tape, x, name, wider, residual)


def _overload(has_residual: bool) -> str:
    return "residual" if has_residual else "plain"


def _with_functions(model: ir.Model) -> ir.Model:
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
        y = tape.op("Add", [inputs[RESIDUAL], y])
    graph = ir.Graph(inputs, [y], nodes=tape.nodes, opset_imports=dict(tiny.OPSETS), name=OPERATOR)
    return ir.Function(DOMAIN, OPERATOR, _overload(has_residual), graph=graph, attributes=[])
