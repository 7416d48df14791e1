from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.lower.openvino import OPENVINO
from edgeattn_export.lower.openvino.triangles import compare_positions
from edgeattn_export.lower.ort_cpu import ORT_CPU


def _triangle(
    dtype: ir.DataType, *, upper: int = 1, diagonal: int | None = None, given: bool = False
) -> ir.Model:
    """Return a triangle of an input ``x``, its diagonal known, not named, or another input ``k``."""
    tape, x, k = Tape(), ir.val("x", dtype, ("s", "t")), ir.val("k", ir.DataType.INT64, ())
    more = [k] if given else [] if diagonal is None else [embed(tape, np.array(diagonal), "diagonal")]
    y = tape.op("Trilu", [x, *more], {"upper": upper}, name="triangle")
    y.name, y.type, y.shape = "y", ir.TensorType(dtype), ir.Shape(("s", "t"))
    return model_of(tape, [x, k] if given else [x], [y], 21)


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("diagonal", [None, -1, 2])
def test_a_mask_is_cut_by_its_positions(upper: int, diagonal: int | None) -> None:
    model = _triangle(ir.DataType.BOOL, upper=upper, diagonal=diagonal)
    x = {"x": np.random.default_rng(drawn_seed(0)).random((4, 6)) < 0.7}
    expected = ORT_CPU.runner(model)(x)["y"]
    compare_positions(model)
    assert "Trilu" not in operators(model)
    np.testing.assert_array_equal(ORT_CPU.runner(model)(x)["y"], expected)


@pytest.mark.parametrize("dtype", [ir.DataType.BOOL, ir.DataType.FLOAT])
def test_a_diagonal_may_be_computed(dtype: ir.DataType) -> None:
    model = _triangle(dtype, given=True)
    drawn = np.random.default_rng(drawn_seed(0)).random((4, 6)) - 0.3
    inputs = {"x": drawn > 0 if dtype is ir.DataType.BOOL else drawn.astype(np.float32), "k": np.array(1)}
    expected = ORT_CPU.runner(model)(inputs)["y"]
    compare_positions(model)
    assert "Trilu" not in operators(model)
    np.testing.assert_array_equal(ORT_CPU.runner(model)(inputs)["y"], expected)


def test_numbers_stay_as_they_are() -> None:
    model = _triangle(ir.DataType.FLOAT)
    compare_positions(model)
    assert operators(model) == {"Trilu": 1}


def test_the_engine_needs_it() -> None:
    model = _triangle(ir.DataType.BOOL)
    assert "Trilu" not in operators(OPENVINO.ready(model))
    assert operators(model) == {"Trilu": 1}
