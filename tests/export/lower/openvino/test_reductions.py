from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.lower.openvino import OPENVINO
from edgeattn_export.lower.openvino.reductions import keep_reduced_axes
from edgeattn_export.lower.ort_cpu import ORT_CPU

X = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)


def _reduction(op_type: str, axes: list[int] | None, **attributes: int) -> ir.Model:
    """Return a reduction of ``x`` (2, 3, 4), along axes or all of them."""
    tape, x = Tape(), ir.val("x", ir.DataType.FLOAT, X.shape)
    given = [] if axes is None else [embed(tape, np.array(axes, np.int64), "axes")]
    y = tape.op(op_type, [x, *given], attributes, name="reduction")
    y.name, y.type = "y", ir.TensorType(ir.DataType.FLOAT)
    return model_of(tape, [x], [y], 21)


@pytest.mark.parametrize("op_type", ["ReduceMean", "ReduceMax", "ReduceL2"])
@pytest.mark.parametrize("axes", [[1], [-1, 0], None])
def test_the_axes_are_dropped_by_a_squeeze(op_type: str, axes: list[int] | None) -> None:
    model = _reduction(op_type, axes, keepdims=0)
    expected = ORT_CPU.runner(model)({"x": X})["y"]
    keep_reduced_axes(model)
    assert operators(model) == {op_type: 1, "Squeeze": 1}
    np.testing.assert_array_equal(ORT_CPU.runner(model)({"x": X})["y"], expected, strict=True)


@pytest.mark.parametrize(
    ("axes", "attributes"), [([1], {}), ([1], {"keepdims": 0, "noop_with_empty_axes": 1})]
)
def test_others_stay_as_they_are(axes: list[int], attributes: dict[str, int]) -> None:
    model = _reduction("ReduceMean", axes, **attributes)
    keep_reduced_axes(model)
    assert operators(model) == {"ReduceMean": 1}


def test_the_engine_needs_it() -> None:
    model = _reduction("ReduceMean", [1], keepdims=0)
    assert operators(OPENVINO.ready(model)) == {"ReduceMean": 1, "Squeeze": 1}
    assert operators(model) == {"ReduceMean": 1}
