from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import MICROSOFT, apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.ort_cpu.shared_quantization import share_quantization
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.arithmetic.grid import INT8

WIDTH, LENGTH = 16, 5
SIZES = (16, 8, 24)  # of a merged product's parts

Build = Callable[[Tape, ir.Value], list[ir.Value]]


def _product(tape: Tape, x: ir.Value, name: str, size: int, *, bias: bool = True) -> ir.Value:
    draw = np.random.default_rng(drawn_seed(len(name)))
    stored, scale = INT8.quantize(draw.normal(size=(WIDTH, size)).astype(np.float32))
    inputs = [x, embed(tape, stored, f"{name}.weight"), embed(tape, scale[0], f"{name}.scale"), None]
    inputs.append(embed(tape, draw.normal(size=size).astype(np.float32), f"{name}.bias") if bias else None)
    product = tape.op("DynamicQuantizeMatMul", inputs, domain=MICROSOFT)
    product.shape = ir.Shape((1, "s", size))
    return product


def _split(tape: Tape, product: ir.Value, axis: int) -> list[ir.Value]:
    sizes = embed(tape, np.array(SIZES), "sizes")
    return list(tape.op_multi_out("Split", [product, sizes], {"axis": axis}, num_outputs=len(SIZES)))


def _merged(axis: int, *, bias: bool = True) -> Build:
    return lambda tape, x: _split(tape, _product(tape, x, "merged", sum(SIZES), bias=bias), axis)


def _pair(tape: Tape, x: ir.Value) -> list[ir.Value]:
    return [_product(tape, x, "gate", 8), _product(tape, x, "up.in", 12, bias=False)]


def _merged_beside_one(tape: Tape, x: ir.Value) -> list[ir.Value]:
    return [_product(tape, x, "gate", 8), *_merged(-1)(tape, x)]


def _shown(tape: Tape, x: ir.Value) -> list[ir.Value]:
    product = _product(tape, x, "merged", sum(SIZES))
    return [*_split(tape, product, -1), product]


FIRES = {
    "merged": (_merged(-1), 3),
    "merged, axis from the front": (_merged(2), 3),
    "merged, without a bias": (_merged(-1, bias=False), 3),
    "two of one input": (_pair, 2),
    "merged beside one": (_merged_beside_one, 4),
}
OTHERS: dict[str, Build] = {
    "one": lambda tape, x: [_product(tape, x, "one", 8)],
    "of two inputs": lambda tape, x: [_product(tape, x, "a", 8), _product(tape, tape.op("Neg", [x]), "b", 8)],
    "the merged product shown": _shown,
}


def _model(build: Build) -> ir.Model:
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (1, "s", WIDTH))
    outputs = build(tape, x)
    for index, output in enumerate(outputs):
        output.name, output.type = f"output{index}", ir.TensorType(ir.DataType.FLOAT)
    return model_of(tape, [x], outputs, 23, MICROSOFT)


@pytest.mark.parametrize("form", FIRES)
def test_quantizes_once_and_changes_no_bit(form: str) -> None:
    build, parts = FIRES[form]
    model = _model(build)
    x = {"x": np.random.default_rng(drawn_seed(0)).normal(size=(1, LENGTH, WIDTH)).astype(np.float32)}
    expected = ORT_CPU.runner(model)(x)
    assert len(apply(share_quantization, model).sites) == 1
    assert operators(model) == {"DynamicQuantizeLinear": 1, "MatMulIntegerToFloat": parts}
    found = ORT_CPU.runner(model)(x)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize("form", OTHERS)
def test_leaves_a_product_alone(form: str) -> None:
    model = _model(OTHERS[form])
    before = operators(model)
    assert apply(share_quantization, model).sites == ()
    assert operators(model) == before


def test_leaves_a_split_of_another_axis() -> None:
    model = _model(lambda tape, x: _split(tape, _product(tape, x, "merged", 8), 1))
    assert apply(share_quantization, model).sites == ()


def test_an_encoders_query_key_and_value_share(quantized: Quantized) -> None:
    found = operators(quantized.model)
    assert found["DynamicQuantizeLinear"] == 1
    assert found["MatMulIntegerToFloat"] == 3
    assert "Split" not in found
