"""Layers with something before and behind them, in the form of a kernel and in that of stock operators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import Int8Linear

ROWS, WIDTH, CHANNELS = 5, 12, 8
Build = Callable[[Tape, ir.Value, ir.Value], ir.Value]  # of a layer's input and its output


@pytest.fixture
def around() -> Callable[..., ir.Model]:
    """A function that builds a layer, with what ``build`` records around it."""

    def make(build: Build, factor: np.ndarray | None = None, **more: object) -> ir.Model:
        generator = np.random.default_rng(drawn_seed(0))
        tape = Tape()
        x = ir.val("x", ir.DataType.FLOAT, ("rows", WIDTH))
        residual = ir.val("residual", ir.DataType.FLOAT, ("rows", CHANNELS))
        weight = generator.integers(-60, 60, (CHANNELS, WIDTH)).astype(np.int8)
        layer = Int8Linear(
            x=x if factor is None else tape.op("Mul", [x, embed(tape, factor, "factor")]),
            weight=embed(tape, weight, "weight"),
            scale=embed(tape, np.full(CHANNELS, 0.01, np.float32), "scale"),
            bias=embed(tape, generator.standard_normal(CHANNELS).astype(np.float32), "bias"),
            rounding="tensor",
            **more,
        )
        (y,) = layer.emit(tape)
        y.shape, y.type, y.name = residual.shape, residual.type, "layer"
        output = build(tape, residual, y)
        output.name, output.shape, output.type = "y", residual.shape, residual.type
        return model_of(tape, [x, residual], [output], 23, "edgeattn")

    return make
