from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.lower.openvino.parted_product import part_product, stored_product
from edgeattn_export.lower.ort_cpu import ORT_QDQ

WIDTH, SIZE = 16, 8  # of a layer
SIZES = (16, 8, 24)  # of a merged one's parts
X = {"x": np.random.default_rng(drawn_seed(1)).normal(size=(1, 5, 16)).astype(np.float32)}

Layer = Callable[..., ir.Value]
Build = Callable[[Callable[[Tape, ir.Value], Sequence[ir.Value]]], ir.Model]


def _split(tape: Tape, merged: ir.Value, axis: int = -1) -> list[ir.Value]:
    sizes = embed(tape, np.array(SIZES), "sizes")
    return list(tape.op_multi_out("Split", [merged, sizes], {"axis": axis}, num_outputs=len(SIZES)))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("axis", [-1, 2])
def test_each_part_gets_its_own_weight_and_the_input_is_quantized_once(
    bias: bool, axis: int, layer: Layer, graph: Build
) -> None:
    model = graph(lambda tape, x: _split(tape, layer(tape, x, "merged", sum(SIZES), bias=bias), axis))
    expected = ORT_QDQ.runner(model)(X)
    assert len(apply(part_product, model).sites) == 1
    found = operators(model)
    assert "Split" not in found
    assert (found["MatMul"], found["QuantizeLinear"], found.get("Add", 0)) == (3, 1, 3 * bias)
    answered = ORT_QDQ.runner(model)(X)
    for name, value in expected.items():
        np.testing.assert_allclose(answered[name], value, rtol=0, atol=1e-6 * np.abs(value).max())


OTHERS: dict[str, Callable[[Tape, ir.Value, Layer], Sequence[ir.Value]]] = {
    "float input": lambda tape, x, layer: _split(tape, layer(tape, x, "w", sum(SIZES), stored=False)),
    "shown": lambda tape, x, layer: [*_split(tape, merged := layer(tape, x, "w", sum(SIZES))), merged],
    "of no product": lambda tape, x, _: tape.op_multi_out(
        "Split", [x], {"num_outputs": 2, "axis": -1}, num_outputs=2
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_must_stay_stays(other: str, layer: Layer, graph: Build) -> None:
    model = graph(lambda tape, x: OTHERS[other](tape, x, layer))
    before = operators(model)
    assert apply(part_product, model).sites == ()
    assert operators(model) == before


def _found(graph: Build, write: Callable[[Tape, ir.Value], ir.Value]) -> ir.Value:
    """Return the output of a graph with one layer."""
    (output,) = graph(lambda tape, x: [write(tape, x)]).graph.outputs
    return output


@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_is_read_with_its_bias(bias: bool, layer: Layer, graph: Build) -> None:
    found = stored_product(_found(graph, lambda tape, x: layer(tape, x, "w", SIZE, bias=bias)))
    assert found is not None
    assert (found.weight.name, found.scale.name) == ("w.int8", "w.scale")
    assert (found.bias is not None) == bias


def _dequantized(
    tape: Tape, x: ir.Value, scale: np.ndarray, *, axis: int = 1, zero: bool = False
) -> ir.Value:
    step, none = embed(tape, np.array(0.1, np.float32), "step"), embed(tape, np.array(0, np.uint8), "none")
    x = tape.op("DequantizeLinear", [tape.op("QuantizeLinear", [x, step, none]), step, none])
    weight = np.ones((WIDTH, scale.size if scale.ndim else SIZE), np.int8)
    parts = [embed(tape, weight, "weight"), embed(tape, scale, "scale")]
    parts += [embed(tape, np.zeros(scale.shape, np.int8), "zero")] if zero else []
    return tape.op("MatMul", [x, tape.op("DequantizeLinear", parts, {"axis": axis})])


def _bias_of_all(tape: Tape, x: ir.Value, layer: Layer) -> ir.Value:
    one = embed(tape, np.ones(1, np.float32), "one")
    return tape.op("Add", [layer(tape, x, "w", SIZE, bias=False), one])


BY_CHANNEL = np.ones(SIZE, np.float32)
NO_PRODUCTS: dict[str, Callable[[Tape, ir.Value, Layer], ir.Value]] = {
    "a zero point": lambda tape, x, _: _dequantized(tape, x, BY_CHANNEL, zero=True),
    "a scale for all": lambda tape, x, _: _dequantized(tape, x, np.array(1, np.float32)),
    "a scale an input channel": lambda tape, x, _: _dequantized(tape, x, np.ones(WIDTH, np.float32), axis=0),
    "a bias for all": _bias_of_all,
    "two layers added": lambda tape, x, layer: tape.op(
        "Add", [layer(tape, x, name, SIZE, bias=False) for name in ("v", "w")]
    ),
    "no product": lambda tape, x, _: tape.op("Relu", [x]),
}


@pytest.mark.parametrize("other", NO_PRODUCTS)
def test_what_is_no_such_layer_is_none(other: str, layer: Layer, graph: Build) -> None:
    assert stored_product(_found(graph, lambda tape, x: NO_PRODUCTS[other](tape, x, layer))) is None
