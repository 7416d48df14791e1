"""What edgeattn-kernels computes in one node is what it and stock operators compute in several.

``make kernels`` installs it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.functions import write_bodies
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import ACTIVATIONS, NORMS
from edgeattn_export.targets.cpu import FORMS

edgeattn_kernels = pytest.importorskip("edgeattn_kernels", reason="make kernels installs it")

WIDTH, CHANNELS = 12, 8
SUMS = 1e-5  # of the largest number: what float32 sums in another order, and a kernel's own GELU, add


def _answer(model: ir.Model) -> NDArray[np.float32]:
    write_bodies(model, FORMS.bodies)
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(str(edgeattn_kernels.library()))
    session = onnxruntime.InferenceSession(serialize(model), options, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(1)
    inputs = {
        name: generator.standard_normal((5, width)).astype(np.float32)
        for name, width in (("x", WIDTH), ("residual", CHANNELS))
    }
    answer: NDArray[np.float32] = session.run(["y"], inputs)[0]
    return answer


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("norm", ["none", *NORMS])
@pytest.mark.parametrize("has_residual", [False, True])
@pytest.mark.parametrize(
    "factor", [None, np.linspace(0.5, 2, WIDTH).astype(np.float32)], ids=["", "smoothed"]
)
def test_one_node_answers_as_several(
    activation: str,
    norm: str,
    has_residual: bool,
    factor: NDArray[np.float32] | None,
    around: Callable[..., ir.Model],
) -> None:
    def build(tape: Tape, residual: ir.Value, y: ir.Value) -> ir.Value:
        y = ACTIVATIONS[activation](tape, y)
        y.shape, y.type = residual.shape, residual.type
        y = tape.op("Sum", [y, residual]) if has_residual else y
        y.shape, y.type = residual.shape, residual.type
        if norm == "none":
            return tape.op("Identity", [y])
        scale = embed(tape, np.linspace(0.5, 2, CHANNELS).astype(np.float32), "norm_scale")
        return tape.op(NORMS[norm], [y, scale], {"axis": -1})

    expected = _answer(around(build, factor))
    model = around(build, factor)
    for rule in FORMS.finish:
        apply(rule, model)
    assert [node.op_type for node in model.graph if node.op_type != "Identity"] == ["Int8Linear"]
    np.testing.assert_allclose(_answer(model), expected, rtol=0, atol=SUMS * np.abs(expected).max())
