from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.values import (
    channel_factors,
    cut_at,
    cut_inputs,
    note_channel_factors,
    values_of,
    with_outputs,
)
from edgeattn_export.lower.ort_cpu import ORT_CPU


def test_factors_multiply_and_are_kept_in_copies_and_files(tmp_path: Path) -> None:
    model = ir.Model(ir.Graph([], [], nodes=[], opset_imports={"": 23}, name="g"), ir_version=10)
    model.metadata_props["author"] = "someone"
    assert channel_factors(model) == {}
    note_channel_factors(model, ir.Value(name="x"), np.array([2, 0.5], np.float32))
    note_channel_factors(model, ir.Value(name="x"), np.array([2, 0], np.float32))
    path = tmp_path / "model.onnx"
    path.write_bytes(serialize(model))
    for held in (model, model.clone(), ir.load(path)):
        (factors,) = channel_factors(held).items()
        assert factors[0] == "x"
        assert factors[1].tolist() == [4, 0]


FLOATS = ir.TensorType(ir.DataType.FLOAT)


def graph() -> ir.Model:
    """x -> Neg -> a -> Abs -> b -> Neg -> y; b is an output, too."""
    tape = Tape()
    x = ir.Value(name="x", type=FLOATS, shape=ir.Shape(["n"]))
    a = tape.op("Neg", [x])
    b = tape.op("Abs", [a])
    y = tape.op("Neg", [b])
    for value, name in ((a, "a"), (b, "b"), (y, "y")):
        value.name, value.type, value.shape = name, FLOATS, ir.Shape(["n"])
    return ir.Model(
        ir.Graph([x], [b, y], nodes=list(tape.nodes), opset_imports={"": 23}, name="g"), ir_version=10
    )


def test_each_stretch_answers_for_what_it_is_given() -> None:
    model = graph()
    x, a, b = (np.array([value], np.float32) for value in (1.0, -5.0, 7.0))
    actual = ORT_CPU.runner(cut_at(model, ["a", "b"]))({"x": x, **cut_inputs({"a": a, "b": b})})
    assert {name: value.tolist() for name, value in actual.items()} == {"a": [-1], "b": [5], "y": [-7]}


def test_the_graph_is_left_as_it_is() -> None:
    model = graph()
    cut_at(model, ["a"])
    assert [value.name for value in model.graph.inputs] == ["x"]
    assert values_of(model)["b"].producer().inputs[0].name == "a"


X = np.array([[[-1.0, 2.0]]], np.float32)


def test_values_are_shown_beside_the_graphs_own(by_hand: Callable[..., ir.Model]) -> None:
    model = by_hand(np.eye(2, dtype=np.float32), np.ones(2, np.float32), "Relu")
    before = serialize(model)
    actual = ORT_CPU.runner(with_outputs(model, ["hidden", "product"]))({"x": X})
    assert serialize(model) == before
    assert list(actual) == ["y", "hidden", "product"]
    np.testing.assert_array_equal(actual["hidden"], [[[0, 2]]])
    np.testing.assert_array_equal(actual["y"], [[[1, 3]]])


def test_an_input_of_the_graph_is_shown_too(by_hand: Callable[..., ir.Model]) -> None:
    actual = ORT_CPU.runner(with_outputs(by_hand(np.eye(2, dtype=np.float32)), ["x"]))({"x": X})
    np.testing.assert_array_equal(actual["x"], X)


def test_an_output_is_not_shown_twice(by_hand: Callable[..., ir.Model]) -> None:
    shown = with_outputs(by_hand(np.eye(2, dtype=np.float32)), ["y"])
    assert [value.name for value in shown.graph.outputs] == ["y"]


def test_values_are_what_nodes_make(by_hand: Callable[..., ir.Model]) -> None:
    model = by_hand(np.eye(2, dtype=np.float32), np.ones(2, np.float32), "Relu")
    assert list(values_of(model)) == ["hidden", "product", "y"]
