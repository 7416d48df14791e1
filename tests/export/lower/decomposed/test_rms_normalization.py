from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from fixture_types import Plainly

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.lower.decomposed.rms_normalization import decompose_rms_normalization
from edgeattn_export.lower.ort_cpu import ORT_CPU

FLOAT = ir.DataType.FLOAT
TOLERANCE = 1e-5
DRAWN = np.random.default_rng(drawn_seed(0))


@pytest.mark.parametrize(("axis", "scale"), [(-1, (8,)), (2, (8,)), (1, (3, 8))])
def test_a_normalization_becomes_its_formula(
    axis: int, scale: tuple[int, ...], operator: Callable[..., ir.Model], plainly: Plainly
) -> None:
    dims = ("batch", 3, 8)
    model = operator(
        "RMSNormalization", [(FLOAT, dims), (FLOAT, scale)], dims, {"axis": axis, "epsilon": 1e-3}
    )
    arrays = {
        "x0": 0.1 * DRAWN.standard_normal((4, 3, 8)).astype(np.float32),
        "x1": DRAWN.standard_normal(scale).astype(np.float32),
    }
    expected = ORT_CPU.runner(model)(arrays)
    assert len(apply(decompose_rms_normalization, model).sites) == 1
    assert "RMSNormalization" not in operators(model)
    np.testing.assert_allclose(plainly(model)(arrays)["y"], expected["y"], rtol=TOLERANCE, atol=TOLERANCE)


def test_an_input_of_unknown_rank_is_refused(operator: Callable[..., ir.Model]) -> None:
    model = operator("RMSNormalization", [(FLOAT, ("batch", 8)), (FLOAT, (8,))], ("batch", 8))
    model.graph.inputs[0].shape = None
    applied = apply(decompose_rms_normalization, model)
    assert applied.sites == ()
    assert "rank" in applied.refused[0].reason
