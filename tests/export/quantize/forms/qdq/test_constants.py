from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from fixture_types import Plainly
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.dataflow import embed, producer
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.arithmetic.affine import SIXTEEN, step_and_zero
from edgeattn_export.quantize.forms.qdq.constants import store_constants
from edgeattn_export.quantize.forms.qdq.pair import emit_pair
from edgeattn_runtime.bundle.deviation import cosine

FLOAT = ir.DataType.FLOAT
DRAWN = np.random.default_rng(drawn_seed(0))
IMAGE = ("batch", 3, 8, 8)

CASES = {  # the operator, its constants' dims, its attributes, the stored dtypes
    "Conv": ([(5, 3, 3, 3), (5,)], {}, [ir.DataType.INT8, ir.DataType.INT32]),
    "LayerNormalization": ([(8,), (8,)], {"axis": -1}, [ir.DataType.UINT8, ir.DataType.INT32]),
    "MatMul": ([(8, 5)], {}, [ir.DataType.INT16]),
    "Add": ([(8,)], {}, [ir.DataType.UINT16]),
}


def _model(op_type: str, known: list[np.ndarray], attributes: dict[str, int]) -> ir.Model:
    tape = Tape()
    x, y = ir.val("x", FLOAT, IMAGE), ir.val("y", FLOAT, ("batch", None, None, None))
    stored = emit_pair(tape, x, step_and_zero(-4, 4, SIXTEEN), "x")
    constants = [embed(tape, each.astype(np.float32), f"known.{i}") for i, each in enumerate(known)]
    tape.op(op_type, [stored, *constants], attributes, output=y)
    return model_of(tape, [x], [y], 21)


@pytest.mark.parametrize("op_type", CASES)
def test_each_is_stored_by_its_role(op_type: str, plainly: Plainly) -> None:
    sizes, attributes, dtypes = CASES[op_type]
    model = _model(op_type, [DRAWN.standard_normal(each) for each in sizes], attributes)
    inputs = {"x": DRAWN.standard_normal((2, 3, 8, 8)).astype(np.float32)}
    expected = ORT_CPU.runner(model)(inputs)
    store_constants(model)
    node = next(each for each in model.graph if each.op_type == op_type)
    stored = [producer(value, "DequantizeLinear").inputs[0].dtype for value in node.inputs[1:]]
    assert stored == dtypes
    assert cosine(expected["y"], plainly(model)(inputs)["y"]) > 0.9999


def test_a_constant_of_several_readers_is_stored_once() -> None:
    model = _model("Add", [np.ones(8)], {})
    add = next(each for each in model.graph if each.op_type == "Add")
    model.graph.append(ir.node("Mul", [add.outputs[0], add.inputs[1]]))
    store_constants(model)
    added, multiplied = (n.inputs[1] for n in model.graph if n.op_type in ("Add", "Mul"))
    assert added is multiplied


def test_what_is_picked_has_the_steps_of_what_it_goes_into(plainly: Plainly) -> None:
    """Engines copy it as it is stored."""
    tape = Tape()
    seen, y = ir.val("seen", ir.DataType.BOOL, ("batch",)), ir.val("y", FLOAT, ("batch",))
    kept, floor = (embed(tape, np.array(number, np.float32), f"{number}") for number in (0, -7))
    picked = tape.op("Where", [seen, kept, floor])
    steps = step_and_zero(-7, 1, SIXTEEN)
    picked.dtype = FLOAT
    tape.op("Identity", [emit_pair(tape, picked, steps, "picked")], output=y)
    graph = ir.Graph(
        [seen], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 21}, name="picked"
    )
    model = ir.Model(graph, ir_version=10)
    store_constants(model)
    where = next(node for node in model.graph if node.op_type == "Where")
    found = {float(producer(v, "DequantizeLinear").inputs[1].const_value.numpy()) for v in where.inputs[1:]}
    assert found == {float(steps.step)}
    answer = plainly(model)({"seen": np.array([True, False])})["y"]
    np.testing.assert_allclose(answer, [0, -7], atol=steps.step)
