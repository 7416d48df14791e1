"""The benchmark's table of kernels: what onnxruntime-web ran, by kind, in plain Node."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed

BENCH = Path(__file__).parents[1] / "bench"
LENGTH, WIDTH = 128, 384  # large enough that no kernel takes 0 microseconds


@pytest.mark.usefixtures("web")
def test_kernels_are_told_by_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    from web_operators import KINDS, PRODUCTS, kernel_times

    model = tmp_path / "product.onnx"
    ir.save(_quantized_product(), model)
    x = np.ones((LENGTH, WIDTH), np.float32)
    times = kernel_times(model, {"x": x}, rounds=3)
    assert set(times) == set(KINDS)
    assert {kind for kind, time in times.items() if time > 0} == {PRODUCTS, "norms, sums"}


def _quantized_product() -> ir.Model:
    """A product in int8, and a mean that nothing fuses with it."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (LENGTH, WIDTH))
    y = ir.val("y", ir.DataType.FLOAT, (1, WIDTH))
    weight = embed(tape, np.ones((WIDTH, WIDTH), np.int8), "weight")
    scale = embed(tape, np.ones(WIDTH, np.float32), "scale")
    last = embed(tape, np.array([0], np.int64), "axis")
    product = tape.op("DynamicQuantizeMatMul", [x, weight, scale], domain="com.microsoft")
    tape.op("ReduceMean", [product, last], {"keepdims": 1}, output=y)
    graph = ir.Graph(
        [x],
        [y],
        nodes=tape.nodes,
        initializers=tape.initializers,
        opset_imports={"": 23, "com.microsoft": 1},
        name="product",
    )
    return ir.Model(graph, ir_version=10)
