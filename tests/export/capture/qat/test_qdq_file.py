from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.capture.qat.qdq_file import with_grids
from edgeattn_export.graph.dataflow import constant, embed
from edgeattn_export.graph.scopes import module_of
from edgeattn_runtime.errors import ModelError

WIDTH = 8
STEP, ZERO = 0.05, 120  # of activations
X = np.random.default_rng(drawn_seed(0)).standard_normal((6, 1, WIDTH)).astype(np.float32)

Floats = NDArray[np.float32]


class Two(nn.Module):
    """Two layers of one shape."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x)))


@pytest.fixture(scope="module")
def original(exported: Export) -> Captured:
    """Both layers, captured."""
    captured, _ = exported(Two().eval(), [{"x": torch.from_numpy(x)} for x in X])
    return captured


def rounded(weight: Tensor) -> tuple[NDArray[np.int8], Floats]:
    """Return a weight (N, D) in 4 bits and its steps (N)."""
    array = weight.detach().numpy()
    steps = np.abs(array).max(1) / np.float32(7)
    return np.rint(array / steps[:, None]).astype(np.int8), steps


def qdq_file(path: Path, *weights: Tensor, stored: bool = True) -> Path:
    """Write layers in QDQ, their weights stored or rounded by a QuantizeLinear, with names of its own."""
    tape = Tape()
    x, y = (ir.val(name, ir.DataType.FLOAT, ("rows", WIDTH)) for name in ("x", "y"))
    value = x
    for i, weight in enumerate(weights):
        numbers, steps = rounded(weight)
        zero = embed(tape, np.zeros(WIDTH, np.int8), f"zero{i}")
        step = embed(tape, steps, f"step{i}")
        if stored:
            source = embed(tape, np.ascontiguousarray(numbers.T), f"stored{i}")
        else:
            floats = embed(tape, np.ascontiguousarray((numbers * steps[:, None]).T), f"floats{i}")
            source = tape.op("QuantizeLinear", [floats, step, zero], {"axis": 1})
        matrix = tape.op("DequantizeLinear", [source, step, zero], {"axis": 1})
        grid = [embed(tape, np.float32(STEP), f"x_step{i}"), embed(tape, np.uint8(ZERO), f"x_zero{i}")]
        value = tape.op("DequantizeLinear", [tape.op("QuantizeLinear", [value, *grid]), *grid])
        value = tape.op("MatMul", [value, matrix])
    tape.op("Identity", [value], output=y)
    ir.save(model_of(tape, [x], [y], 21), path)
    return path


def weights_of(captured: Captured) -> dict[str, Floats]:
    """Return by module the weights that a graph multiplies by, (D, N) or (N, D)."""
    return {
        module_of(node): np.asarray(constant(node.inputs[1]), np.float32)
        for node in captured.model.graph
        if node.op_type in ("MatMul", "Gemm")
    }


@pytest.mark.parametrize("stored", [True, False])
def test_weights_become_what_the_file_rounds_them_to(
    original: Captured, tmp_path: Path, stored: bool
) -> None:
    module = original.reference.module
    layers = {"second": module.second, "first": module.first}  # in an order of its own
    file = qdq_file(tmp_path / "net.qdq.onnx", *(each.weight for each in layers.values()), stored=stored)
    captured = with_grids(original, file)
    assert captured.trained.layers >= {"first", "second"}
    assert captured.notes == original.notes
    assert captured.trained.reaches["first"] == pytest.approx((-ZERO * STEP, (255 - ZERO) * STEP))
    for name, weight in weights_of(captured.on_grids()).items():
        numbers, steps = rounded(layers[name].weight)
        expected = numbers * steps[:, None]
        turned = weight if np.allclose(weight, expected, atol=1e-6) else weight.T
        assert turned == pytest.approx(expected, abs=1e-6)


def test_weights_in_a_file_beside_it_are_the_same(
    original: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = original.reference.module
    file = qdq_file(tmp_path / "net.qdq.onnx", module.first.weight, module.second.weight)
    expected = with_grids(original, file).trained
    ir.save(ir.load(file), file, external_data="weights.data", size_threshold_bytes=0)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "weights.data").write_bytes(bytes(10_000))
    monkeypatch.chdir(tmp_path / "elsewhere")
    trained = with_grids(original, file).trained
    assert trained.layers == expected.layers
    for name, weight in expected.weights.items():
        np.testing.assert_array_equal(trained.weights[name], weight)


def test_the_original_is_compared_with_as_before(original: Captured, tmp_path: Path) -> None:
    before = weights_of(original)
    layers = original.reference.module.children()
    captured = with_grids(original, qdq_file(tmp_path / "net.onnx", *(each.weight for each in layers)))
    assert captured.reference is original.reference
    assert captured.model is original.model
    rounded_model = captured.on_grids().model
    assert all(np.array_equal(weight, before[name]) for name, weight in weights_of(original).items())
    runner, inputs = captured.engine.runner(rounded_model), {"x": X[0]}
    (answer,), (expected,) = runner(inputs).values(), captured.reference(inputs).values()
    assert 1e-3 < np.abs(answer - expected).max() < 0.5


def test_a_layer_that_the_file_leaves_float_is_told(original: Captured, tmp_path: Path) -> None:
    file = qdq_file(tmp_path / "half.onnx", original.reference.module.first.weight)
    captured = with_grids(original, file)
    assert "first" in captured.trained.layers
    assert "second" not in captured.trained.layers
    assert captured.notes[-1] == (
        "No trained grid for 'second', where the search takes over: half.onnx has none for it."
    )


def test_the_file_of_another_model_is_refused(original: Captured, tmp_path: Path) -> None:
    file = qdq_file(tmp_path / "other.onnx", torch.randn(WIDTH, WIDTH), torch.randn(WIDTH, WIDTH))
    with pytest.raises(ModelError, match="none of its 2 quantized weights is one of the original's"):
        with_grids(original, file)


def test_a_file_without_quantized_weights_is_refused(original: Captured, tmp_path: Path) -> None:
    ir.save(original.model, tmp_path / "float.onnx")
    with pytest.raises(ModelError, match="no weight in it is quantized"):
        with_grids(original, tmp_path / "float.onnx")


def test_what_is_no_file_or_no_model_is_refused(original: Captured, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        with_grids(original, tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ModelError, match="no ONNX model"):
        with_grids(original, tmp_path / "text.onnx")
