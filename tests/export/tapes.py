"""A model of what was written on a tape."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir
from onnx_ir.tape import Tape


def model_of(
    tape: Tape, inputs: Sequence[ir.Value], outputs: Sequence[ir.Value], opset: int = 23, *domains: str
) -> ir.Model:
    """Return it, at an opset and at version 1 of other domains."""
    opsets = {"": opset} | dict.fromkeys(domains, 1)
    graph = ir.Graph(
        inputs,
        outputs,
        nodes=tape.nodes,
        initializers=tape.initializers,
        opset_imports=opsets,
        name="graph",
    )
    return ir.Model(graph, ir_version=10)
