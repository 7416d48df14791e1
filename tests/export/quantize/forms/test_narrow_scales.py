from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import MICROSOFT, apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.files import file_mb, serialize
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.arithmetic.grid import BFLOAT16
from edgeattn_export.quantize.forms.ort_cpu.narrow_scales import narrow_scales

ROWS, WIDTH, BLOCK = 4096, 64, 32

Floats = NDArray[np.float32]


def _scales() -> Floats:
    drawn = 10.0 ** np.random.default_rng(drawn_seed(0)).uniform(-6, 3, (ROWS, WIDTH // BLOCK))
    return drawn.astype(BFLOAT16).astype(np.float32)


def _product(scales: Floats) -> ir.Model:
    tape, x = Tape(), ir.val("x", ir.DataType.FLOAT, ("batch", WIDTH))
    stored = (
        np.random.default_rng(drawn_seed(1))
        .integers(0, 256, (ROWS, WIDTH // BLOCK, BLOCK // 2))
        .astype(np.uint8)
    )
    attributes = {"K": WIDTH, "N": ROWS, "bits": 4, "block_size": BLOCK, "accuracy_level": 4}
    y = ir.val("y", ir.DataType.FLOAT, ("batch", ROWS))
    inputs = [x, embed(tape, stored, "weight"), embed(tape, scales, "scales")]
    tape.op("MatMulNBits", inputs, attributes, domain=MICROSOFT, output=y)
    return _model(tape, x, y)


def _look_up(scales: Floats) -> ir.Model:
    tape, ids = Tape(), ir.val("x", ir.DataType.INT64, ("batch",))
    stored = np.random.default_rng(drawn_seed(1)).integers(0, 256, (ROWS, WIDTH // 2)).astype(np.uint8)
    attributes = {"bits": 4, "block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
    y = ir.val("y", ir.DataType.FLOAT, ("batch", WIDTH))
    inputs = [embed(tape, stored, "table"), ids, embed(tape, scales, "scales")]
    tape.op("GatherBlockQuantized", inputs, attributes, domain=MICROSOFT, output=y)
    return _model(tape, ids, y)


def _model(tape: Tape, x: ir.Value, y: ir.Value) -> ir.Model:
    return model_of(tape, [x], [y], 23, MICROSOFT)


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (
            _product(_scales()),
            np.random.default_rng(drawn_seed(2)).standard_normal((3, WIDTH)).astype(np.float32),
        ),
        (_look_up(_scales()), np.array([0, 5, ROWS - 1])),
    ],
    ids=["product", "look-up"],
)
def test_scales_take_half_the_bytes_and_no_bit_changes(model: ir.Model, x: NDArray[np.generic]) -> None:
    expected, size = ORT_CPU.runner(model)({"x": x})["y"], file_mb(model)
    assert len(apply(narrow_scales, model).sites) == 1
    assert operators(model)["Cast"] == 1
    np.testing.assert_array_equal(ORT_CPU.runner(model)({"x": x})["y"], expected)
    assert size - file_mb(model) == pytest.approx(2 * _scales().size / 1e6, abs=1e-3)


@pytest.mark.parametrize("model", [_product, _look_up])
def test_scales_that_bfloat16_does_not_hold_stay(model: Callable[[Floats], ir.Model]) -> None:
    scales = _scales()
    scales[7, 1] = np.nextafter(scales[7, 1], np.float32(np.inf))
    graph = model(scales)
    before = serialize(graph)
    assert apply(narrow_scales, graph).sites == ()
    assert serialize(graph) == before
