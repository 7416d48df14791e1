from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from fixture_types import Plainly

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.lower.decomposed.rotary_embedding import decompose_rotary_embedding
from edgeattn_export.lower.ort_cpu import ORT_CPU

FLOAT = ir.DataType.FLOAT
TOLERANCE = 1e-6
HEADS, SIZE, BATCH, LENGTH, ROWS = 2, 8, 2, 5, 9

Build = Callable[..., ir.Model]
DRAWN = np.random.default_rng(drawn_seed(0))


@pytest.mark.parametrize("paired", [0, 1])
@pytest.mark.parametrize("turned", [0, 4])
@pytest.mark.parametrize("looked_up", [False, True])
@pytest.mark.parametrize("flat", [False, True])
def test_a_rotation_becomes_its_formula(
    *, flat: bool, looked_up: bool, turned: int, paired: int, operator: Build, plainly: Plainly
) -> None:
    dims = ("batch", "length", HEADS * SIZE) if flat else ("batch", HEADS, "length", SIZE)
    half = (turned or SIZE) // 2
    cache = (ROWS, half) if looked_up else ("batch", "length", half)
    inputs = [(FLOAT, dims), (FLOAT, cache), (FLOAT, cache)]
    inputs += [(ir.DataType.INT64, ("batch", "length"))] * looked_up
    attributes = {"interleaved": paired, "rotary_embedding_dim": turned, "num_heads": HEADS}
    if not flat and not turned:
        del attributes["num_heads"]
    model = operator("RotaryEmbedding", inputs, dims, attributes)
    sizes = {"batch": BATCH, "length": LENGTH}
    arrays = {
        f"x{i}": DRAWN.standard_normal([sizes.get(str(d), d) for d in each]).astype(np.float32)
        for i, (_, each) in enumerate(inputs[:3])
    }
    if looked_up:
        arrays["x3"] = DRAWN.integers(0, ROWS, (BATCH, LENGTH))
    expected = ORT_CPU.runner(model)(arrays)
    assert len(apply(decompose_rotary_embedding, model).sites) == 1
    assert "RotaryEmbedding" not in operators(model)
    np.testing.assert_allclose(plainly(model)(arrays)["y"], expected["y"], rtol=TOLERANCE, atol=TOLERANCE)


def test_heads_of_unknown_size_are_refused(operator: Build) -> None:
    cache = (FLOAT, ("batch", "length", 4))
    model = operator("RotaryEmbedding", [(FLOAT, ("batch", 2, "length", "size")), cache, cache], ("batch",))
    applied = apply(decompose_rotary_embedding, model)
    assert applied.sites == ()
    assert "size" in applied.refused[0].reason
