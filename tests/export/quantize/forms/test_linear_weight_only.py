from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.lower.ort_cpu import ORT_QDQ
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ_WEIGHTS
from edgeattn_export.quantize.layers.linear import Linear

GENERATOR = np.random.default_rng(0)
WEIGHT, BIAS, X = (
    GENERATOR.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (32,), (2, 9, 64))
)


@pytest.mark.parametrize("bias", [BIAS, None])
def test_only_the_weight_is_rounded(bias: np.ndarray | None, written: Callable[..., ir.Model]) -> None:
    linear = Linear(WEIGHT, bias)
    model = written(QDQ_WEIGHTS, linear)
    right = X @ linear.dequantized + (0 if bias is None else bias)
    np.testing.assert_allclose(ORT_QDQ.runner(model)({"x": X})["y"], right, rtol=1e-5, atol=1e-5)
    assert operators(model) == {"DequantizeLinear": 1, "MatMul": 1, **({} if bias is None else {"Add": 1})}


def test_it_needs_no_sample_and_fits_any_layer() -> None:
    assert not QDQ_WEIGHTS.calibrated
    assert QDQ_WEIGHTS.unfit(1, 1) is None
