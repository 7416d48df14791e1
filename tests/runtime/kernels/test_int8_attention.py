"""The kernels' Int8Attention beside numpy, and what a session of it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime as ort
import pytest
from draws import drawn_seed
from numpy.typing import NDArray

Array = NDArray[Any]
NAMES = ("Q", "K", "K_scale", "V", "V_scale", "attn_mask")
TOLERANCE = 3e-6  # of the largest value
FEW = 4  # queries that share keys, and are rounded to 16 bits where values fill whole vectors
BATCH, HEADS, KEY_HEADS = 2, 4, 2


def operands(queries: int, keys: int, size: int) -> dict[str, Array]:
    """Keys and values of which the last third is hidden, and holds scales that no sum must see."""
    random = np.random.default_rng(drawn_seed(keys))
    inputs: dict[str, Array] = {"Q": random.standard_normal((BATCH, HEADS, queries, size)).astype(np.float32)}
    for name in ("K", "V"):
        inputs[name] = random.integers(-127, 128, (BATCH, KEY_HEADS, keys, size)).astype(np.int8)
        inputs[f"{name}_scale"] = random.random((BATCH, KEY_HEADS, keys, 1)).astype(np.float32) / 64
    shown = np.arange(keys) < max(1, 2 * keys // 3)
    inputs["V_scale"][:, :, ~shown] = 1e30
    inputs["attn_mask"] = np.where(shown, 0, -np.inf).astype(np.float32)[np.newaxis]
    return inputs


def session(inputs: dict[str, Array], library: Path, **attributes: float) -> ort.InferenceSession:
    values = [
        ir.val(name, ir.DataType.from_numpy(array.dtype), array.shape) for name, array in inputs.items()
    ]
    y = ir.val("Y", ir.DataType.FLOAT)
    node = ir.node("Int8Attention", values, attributes, domain="edgeattn", outputs=[y])
    graph = ir.Graph(values, [y], nodes=[node], opset_imports={"": 23, "edgeattn": 1}, name="graph")
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.register_custom_ops_library(str(library))
    model = ir.to_proto(ir.Model(graph, ir_version=10)).SerializeToString()
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def in_16_bits(queries: Array) -> Array:
    """Queries as the kernel rounds few of them: each over its own range."""
    step = np.abs(queries).max(-1, keepdims=True) / np.float32(32767)
    rounded: Array = np.rint(queries * (1 / step)) * step
    return rounded


def expected(inputs: dict[str, Array], scale: float) -> Array:
    key, value = (
        np.repeat(inputs[name].astype(np.float64) * inputs[f"{name}_scale"], HEADS // KEY_HEADS, axis=1)
        for name in ("K", "V")
    )
    scores = scale * inputs["Q"].astype(np.float64) @ key.swapaxes(2, 3) + inputs["attn_mask"]
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    answer: Array = weights / weights.sum(-1, keepdims=True) @ np.where(np.abs(value) < 1e20, value, 0)
    return answer


@pytest.mark.parametrize("size", [32, 40, 64, 5])
@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (1, 300), (2, 131), (9, 64), (70, 200)])
def test_it_answers_as_numpy(queries: int, keys: int, size: int, library: Path) -> None:
    inputs = operands(queries, keys, size)
    (y,) = session(inputs, library, scale=0.5).run(None, inputs)
    references = [expected(inputs, 0.5)]
    if queries * HEADS // KEY_HEADS <= FEW:
        references.append(expected(inputs | {"Q": in_16_bits(inputs["Q"])}, 0.5))
    errors = [np.abs(y - each).max() / np.abs(each).max() for each in references]
    assert min(errors) <= TOLERANCE


def test_scales_of_another_shape_are_refused(library: Path) -> None:
    inputs = operands(1, 8, 32)
    inputs["K_scale"] = inputs["K_scale"][:, :, :7]
    with pytest.raises(Exception, match=r"K_scale must be \(2, 2, 8, 1\), not \(2, 2, 7, 1\)"):
        session(inputs, library).run(None, inputs)


def test_a_scale_that_is_not_above_0_is_refused(library: Path) -> None:
    with pytest.raises(Exception, match="scale must be a finite number above 0"):
        session(operands(1, 8, 32), library, scale=-1.0)
