from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.graph.engine import Engine
from edgeattn_export.quantize.forms.whole_float16 import LARGEST, WholeFloat16

ENGINE = Engine("onnxruntime", "1.24", ("CPUExecutionProvider",))
X = {"x": np.array([[[-1.0, 2.0]]], np.float32)}


@pytest.fixture
def graph(by_hand: Callable[..., ir.Model]) -> ir.Model:
    return by_hand(np.array([[1, 2], [3, 1e6]], np.float32), before="Tanh")


def _stored(model: ir.Model) -> ir.Model:
    copy = model.clone()
    WholeFloat16().store(copy, {})
    return copy


def test_all_inside_is_of_16_bits_and_the_ends_are_as_they_were(graph: ir.Model) -> None:
    stored = _stored(graph)
    ends = (*stored.graph.inputs, *stored.graph.outputs)
    assert {value.dtype for value in ends} == {ir.DataType.FLOAT}
    assert [value.name for value in ends] == ["x", "y"]
    weights = [value.const_value for value in stored.graph.initializers.values()]
    assert all(weight is not None and weight.dtype is ir.DataType.FLOAT16 for weight in weights)


def test_what_is_beyond_16_bits_becomes_the_largest(graph: ir.Model) -> None:
    (weight,) = _stored(graph).graph.initializers.values()
    assert weight.const_value.numpy().max() == LARGEST


def test_the_numbers_agree(by_hand: Callable[..., ir.Model]) -> None:
    model = by_hand(np.array([[0.5, 0.25], [3, 4]], np.float32), before="Tanh")
    np.testing.assert_allclose(ENGINE.runner(_stored(model))(X)["y"], ENGINE.runner(model)(X)["y"], rtol=2e-3)


def test_the_graph_that_it_is_a_copy_of_stays_as_it_was(graph: ir.Model) -> None:
    _stored(graph)
    assert {value.dtype for node in graph.graph for value in node.outputs} == {ir.DataType.FLOAT}


def test_casts_and_constants_are_of_16_bits_too() -> None:
    x = ir.val("x", ir.DataType.INT64, (2,))
    cast = ir.node("Cast", [x], {"to": ir.DataType.FLOAT})
    one = ir.node("Constant", [], {"value": ir.tensor(np.array([0.5, 1.0], np.float32))})
    add = ir.node("Add", [cast.outputs[0], one.outputs[0]])
    for i, node in enumerate((cast, one, add)):
        node.outputs[0].name, node.outputs[0].type = f"v{i}", ir.TensorType(ir.DataType.FLOAT)
        node.outputs[0].shape = ir.Shape((2,))
    graph = ir.Graph([x], [add.outputs[0]], nodes=[cast, one, add], opset_imports={"": 21}, name="ends")
    stored = _stored(ir.Model(graph, ir_version=10))
    (answer,) = ENGINE.runner(stored)({"x": np.array([1, 2])}).values()
    np.testing.assert_array_equal(answer, [1.5, 3.0])
    assert answer.dtype == np.float32
