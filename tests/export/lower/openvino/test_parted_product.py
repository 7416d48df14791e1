from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.lower.openvino.parted_product import part_product
from edgeattn_export.lower.ort_cpu import ORT_QDQ

SIZES = (16, 8, 24)
X = {"x": np.random.default_rng(1).normal(size=(1, 5, 16)).astype(np.float32)}

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
