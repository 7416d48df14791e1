from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.lower.openvino import OPENVINO
from edgeattn_export.lower.openvino.reductions import keep_reduced_axes
from edgeattn_export.lower.ort_cpu import ORT_CPU

WIDTH = 16  # of the layer of conftest
X = np.random.default_rng(drawn_seed(0)).standard_normal((2, 3, 4)).astype(np.float32)


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


@pytest.mark.parametrize("op_type", ["ReduceMean", "ReduceSum", "ReduceMax"])
def test_what_follows_a_reduction_is_right_on_openvino(
    op_type: str, layer: Callable[..., ir.Value], graph: Callable[..., ir.Model]
) -> None:
    """Each channel has its own factor, and rows are as many as no other axis."""
    reason = OPENVINO.host.missing()
    if reason is not None:
        pytest.skip(reason)

    def head(tape: Tape, x: ir.Value) -> Sequence[ir.Value]:
        pooled = tape.op(op_type, [x, embed(tape, np.array([1]), "axes")], {"keepdims": 0})
        factor = embed(tape, np.linspace(0.1, 2, WIDTH, dtype=np.float32), "factor")
        output = layer(tape, tape.op("Mul", [pooled, factor]), "head", 10)
        output.shape = ir.Shape((1, 10))
        return [output]

    model = graph(head)
    x = {"x": np.random.default_rng(drawn_seed(0)).normal(size=(1, 3, WIDTH)).astype(np.float32)}
    expected = ORT_CPU.runner(model)(x)["y0"]
    np.testing.assert_allclose(OPENVINO.runner(model)(x)["y0"], expected, atol=0.05 * expected.std())


def test_the_engine_needs_it() -> None:
    model = _reduction("ReduceMean", [1], keepdims=0)
    assert operators(OPENVINO.ready(model)) == {"ReduceMean": 1, "Squeeze": 1}
    assert operators(model) == {"ReduceMean": 1}
