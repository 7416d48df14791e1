from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.samples import Samples
from edgeattn_export.quantize.layers.match import Layer, find_layers, floats, match_linear
from edgeattn_export.recover import Recovered

SQUARE = np.arange(16, dtype=np.float32).reshape(4, 4)

Emit = Callable[[Tape, ir.Value], ir.Value]


def test_layers_are_found_by_their_pytorch_names(layers: tuple[Captured, Samples, Recovered]) -> None:
    found = {layer.name: layer for layer in find_layers(layers[2].model)}
    assert sorted(found) == [
        "biased",
        "first",
        "flat",
        "second",
        "shared",
        "shared#2",
        "unbiased",
        "unbiased#2",
    ]
    assert all(layer.module == name.partition("#")[0] for name, layer in found.items())
    assert len({layer.node for layer in found.values()}) == len(found)
    assert (found["flat"].width, found["flat"].channels) == (32, 12)
    assert (found["shared"].width, found["shared"].channels) == (192, 192)


def test_layers_that_share_a_weight_share_its_name(layers: tuple[Captured, Samples, Recovered]) -> None:
    found = {layer.name: layer for layer in find_layers(layers[2].model)}
    assert found["first"].weight == found["second"].weight != found["biased"].weight
    assert found["first"].bias != found["second"].bias
    assert found["shared"].weight == found["shared#2"].weight
    assert found["shared"].bias == found["shared#2"].bias
    assert found["unbiased"].bias == ""


def test_a_layer_by_hand(by_hand: Callable[..., ir.Model]) -> None:
    expected = Layer(
        name="encoder.linear",
        module="encoder.linear",
        node="linear",
        x="hidden",
        output="y",
        weight="weight",
        bias="bias",
        source="Gelu",
        width=4,
        channels=3,
    )
    assert find_layers(by_hand(SQUARE[:, :3], np.ones(3, np.float32), "Gelu")) == (expected,)
    (layer,) = find_layers(by_hand(SQUARE))
    assert (layer.x, layer.source, layer.bias) == ("x", "", "")


def test_layers_of_no_module_are_named_by_their_outputs(by_hand: Callable[..., ir.Model]) -> None:
    model = by_hand(SQUARE)
    for node in model.graph:
        node.metadata_props.clear()
    (layer,) = find_layers(model)
    assert (layer.name, layer.module) == (layer.output, "")


def _product(other: Emit, *, shaped: bool = True) -> Emit:
    """Return what emits ``other(x @ SQUARE)``, whose product has known dims or none."""

    def emit(tape: Tape, x: ir.Value) -> ir.Value:
        product = tape.op("MatMul", [x, embed(tape, SQUARE, "weight")])
        if shaped:
            product.shape = ir.Shape(("n", 4))
        return other(tape, product)

    return emit


def _plus(array: np.ndarray) -> Emit:
    return lambda tape, product: tape.op("Add", [embed(tape, array, "added"), product])


def _twice(tape: Tape, product: ir.Value) -> ir.Value:
    return tape.op("Mul", [tape.op("Add", [product, embed(tape, SQUARE[0], "added")]), product])


def _only_node(emit: Emit) -> ir.Node:
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, ("n", 4))
    y = emit(tape, x)
    ir.Graph([x], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 23}, name="g")
    return next(node for node in tape.nodes if node.op_type in {"MatMul", "Gemm"})


def _gemm(tape: Tape, x: ir.Value, bias: np.ndarray) -> ir.Value:
    y = ir.val("y", ir.DataType.FLOAT, ("n", 4))
    return tape.op("Gemm", [x, embed(tape, SQUARE, "weight"), embed(tape, bias, "bias")], output=y)


def test_a_gemm_adds_its_bias_itself() -> None:
    match = match_linear(_only_node(lambda tape, x: _gemm(tape, x, SQUARE[0])))
    np.testing.assert_array_equal(floats(match.bias), SQUARE[0])
    assert match.output.producer().op_type == "Gemm"


def test_a_bias_is_added_from_either_side() -> None:
    match = match_linear(_only_node(_product(_plus(SQUARE[0]))))
    np.testing.assert_array_equal(floats(match.bias), SQUARE[0])
    assert match.output.producer().op_type == "Add"


NO_BIAS: dict[str, Emit] = {
    "a scalar": _product(_plus(np.float32(1))),
    "a scalar, to a product of unknown dims": _product(_plus(np.float32(1)), shaped=False),
    "one number": _product(_plus(np.ones(1, np.float32))),
    "a matrix": _product(_plus(SQUARE)),
    "not all there is of the product": _product(_twice),
    "not added": _product(lambda tape, product: tape.op("Mul", [product, embed(tape, SQUARE[0], "factor")])),
}


@pytest.mark.parametrize("form", NO_BIAS)
def test_what_is_no_bias(form: str) -> None:
    match = match_linear(_only_node(NO_BIAS[form]))
    assert match.bias is None
    assert match.output.producer().op_type == "MatMul"


@pytest.mark.parametrize("op_type", ["MatMul", "Gemm"])
@pytest.mark.parametrize("transposed", [False, True])
def test_the_weight_is_read_in_either_order(op_type: str, transposed: bool) -> None:
    def emit(tape: Tape, x: ir.Value) -> ir.Value:
        weight = embed(tape, SQUARE.T if transposed else SQUARE, "weight")
        if op_type == "Gemm":
            return tape.op("Gemm", [x, weight], {"transB": int(transposed)})
        return tape.op("MatMul", [x, tape.op("Transpose", [weight]) if transposed else weight])

    match = match_linear(_only_node(emit))
    assert match.transposed == transposed
    np.testing.assert_array_equal(match.array, SQUARE, strict=True)


OTHERS: dict[str, Emit] = {
    "a weight that is computed": lambda tape, x: tape.op("MatMul", [x, tape.op("Transpose", [x])]),
    "a batch of weights": lambda tape, x: tape.op("MatMul", [x, embed(tape, SQUARE[None], "weight")]),
    "a vector": lambda tape, x: tape.op("MatMul", [x, embed(tape, SQUARE[0], "weight")]),
    "float64": lambda tape, x: tape.op("MatMul", [x, embed(tape, SQUARE.astype(np.float64), "weight")]),
    "scaled": lambda tape, x: tape.op("Gemm", [x, embed(tape, SQUARE, "weight")], {"alpha": 2.0}),
    "a scaled bias": lambda tape, x: tape.op("Gemm", [x, embed(tape, SQUARE, "weight")], {"beta": 2.0}),
    "a transposed input": lambda tape, x: tape.op("Gemm", [x, embed(tape, SQUARE, "weight")], {"transA": 1}),
    "a bias of one number": lambda tape, x: _gemm(tape, x, np.ones(1, np.float32)),
    "the weight first": lambda tape, x: tape.op("MatMul", [embed(tape, SQUARE, "weight"), x]),
}


@pytest.mark.parametrize("form", OTHERS)
def test_other_products_are_left(form: str) -> None:
    assert match_linear(_only_node(OTHERS[form])) is None


def test_only_a_constant_is_read() -> None:
    with pytest.raises(TypeError, match=r"^x: "):
        floats(ir.val("x", ir.DataType.FLOAT, (4,)))
