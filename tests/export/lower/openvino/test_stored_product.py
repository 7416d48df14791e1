from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.lower.openvino.parted_product import stored_product

WIDTH, SIZE = 16, 8

Layer = Callable[..., ir.Value]
Build = Callable[[Callable[[Tape, ir.Value], Sequence[ir.Value]]], ir.Model]


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
OTHERS: dict[str, Callable[[Tape, ir.Value, Layer], ir.Value]] = {
    "a zero point": lambda tape, x, _: _dequantized(tape, x, BY_CHANNEL, zero=True),
    "a scale for all": lambda tape, x, _: _dequantized(tape, x, np.array(1, np.float32)),
    "a scale an input channel": lambda tape, x, _: _dequantized(tape, x, np.ones(WIDTH, np.float32), axis=0),
    "a bias for all": _bias_of_all,
    "two layers added": lambda tape, x, layer: tape.op(
        "Add", [layer(tape, x, name, SIZE, bias=False) for name in ("v", "w")]
    ),
    "no product": lambda tape, x, _: tape.op("Relu", [x]),
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_no_such_layer_is_none(other: str, layer: Layer, graph: Build) -> None:
    assert stored_product(_found(graph, lambda tape, x: OTHERS[other](tape, x, layer))) is None
