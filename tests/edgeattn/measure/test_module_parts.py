from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn.measure.module_parts import module_parts
from edgeattn.results.graph import ModulePart
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.scopes import MODULE

SIDE = 100


def _of(module: str, node: ir.Node | None) -> None:
    assert node is not None
    node.metadata_props[MODULE] = module


def _model() -> ir.Model:
    """Two products whose int8 weights are made float before either, the last one's first."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (1, SIDE))
    weights = {}
    for module in ("second", "first"):
        stored = embed(tape, np.zeros((SIDE, SIDE), np.int8), f"{module}.int8")
        scale = embed(tape, np.array(1, np.float32), f"{module}.scale")
        weights[module] = tape.op("DequantizeLinear", [stored, scale])
        _of(module, weights[module].producer())
    value = x
    for module in ("first", "second"):
        value = tape.op("MatMul", [value, weights[module]])
        _of(module, value.producer())
    graph = ir.Graph([x], [value], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 21})
    return ir.Model(graph, ir_version=10)


def test_modules_stand_in_the_order_in_which_they_compute() -> None:
    megabytes = (SIDE * SIDE + 4) / 1e6
    assert module_parts([_model()]) == (ModulePart("first", 2, megabytes), ModulePart("second", 2, megabytes))
