from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import merge_duplicates
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.lower.ort_cpu import ORT_CPU


def _two(first: tuple[str, float], second: tuple[str, float]) -> ir.Model:
    """Return a graph of two values, each an operator of x and a constant of its own."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, ("batch",))
    outputs = []
    for place, (operator, number) in enumerate((first, second)):
        constant = embed(tape, np.array(number, np.float32), f"constant{place}")
        output = ir.val(f"output{place}", ir.DataType.FLOAT, ("batch",))
        tape.op("Neg", [tape.op(operator, [x, constant])], output=output)
        outputs.append(output)
    graph = ir.Graph(
        [x],
        outputs,
        nodes=tape.nodes,
        initializers=tape.initializers,
        opset_imports={"": 23},
        name="two",
    )
    return ir.Model(graph, ir_version=10)


X = {"x": np.array([3.0, -4.0], np.float32)}


def test_equal_constants_and_computations_become_one_and_the_answers_stay() -> None:
    model = _two(("Mul", 2.0), ("Mul", 2.0))
    expected = ORT_CPU.runner(model)(X)
    merge_duplicates(model)
    assert operators(model)["Mul"] == 1
    assert len(model.graph.initializers) == 1
    actual = ORT_CPU.runner(model)(X)
    assert list(actual) == ["output0", "output1"]
    for name, value in expected.items():
        np.testing.assert_array_equal(actual[name], value)


@pytest.mark.parametrize("second", [("Mul", 3.0), ("Div", 2.0)], ids=["constant", "operator"])
def test_what_differs_is_computed_apart(second: tuple[str, float]) -> None:
    model = _two(("Mul", 2.0), second)
    expected = ORT_CPU.runner(model)(X)
    merge_duplicates(model)
    assert sum(operators(model).values()) == 4
    for name, value in expected.items():
        np.testing.assert_array_equal(ORT_CPU.runner(model)(X)[name], value)
