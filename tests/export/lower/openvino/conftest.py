"""Layers in static int8, as the target openvino writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.arithmetic.grid import Grid

WIDTH = 16
LEVELS = 63  # of a weight: AVX2 without VNNI adds two products in 16 bits, which larger ones saturate
DRAWN = np.random.default_rng(0)

Output = Callable[[Tape, ir.Value], Sequence[ir.Value]]


@pytest.fixture(scope="session")
def layer() -> Callable[..., ir.Value]:
    """A function that writes a layer in QDQ, its output's dims noted."""

    def write(
        tape: Tape, x: ir.Value, name: str, size: int, *, bias: bool = True, stored: bool = True
    ) -> ir.Value:
        drawn = DRAWN.normal(size=(WIDTH, size)).astype(np.float32)
        weight, scale = Grid(-LEVELS, LEVELS).quantize(drawn)
        step, zero = (
            embed(tape, np.array(0.02, np.float32), "step"),
            embed(tape, np.array(0, np.int8), "zero"),
        )
        if stored:
            x = tape.op("DequantizeLinear", [tape.op("QuantizeLinear", [x, step, zero]), step, zero])
        parts = [embed(tape, weight, f"{name}.int8"), embed(tape, scale[0], f"{name}.scale")]
        output = tape.op("MatMul", [x, tape.op("DequantizeLinear", parts, {"axis": 1})])
        if bias:
            added = embed(tape, DRAWN.normal(size=size).astype(np.float32), f"{name}.bias")
            output = tape.op("Add", [output, added])
        output.shape, output.type = ir.Shape((1, "s", size)), ir.TensorType(ir.DataType.FLOAT)
        return output

    return write


@pytest.fixture(scope="session")
def graph() -> Callable[[Output], ir.Model]:
    """A function that builds a graph of an input ``x`` (1, s, 16), and outputs ``y0``, ``y1`` and so on."""

    def build(write: Output) -> ir.Model:
        tape, x = Tape(), ir.val("x", ir.DataType.FLOAT, (1, "s", WIDTH))
        outputs = list(write(tape, x))
        for i, output in enumerate(outputs):
            output.name, output.type = f"y{i}", ir.TensorType(ir.DataType.FLOAT)
        return model_of(tape, [x], outputs, 21)

    return build
