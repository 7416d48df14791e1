from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from numpy.typing import NDArray

from edgeattn.source.handover import load
from edgeattn.source.module import naming_file
from edgeattn.source.onnx_file import OnnxSource
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import SampleError

TINY = Path(__file__).parents[1] / "tiny.py"
FOUR = np.ones((4, 2), np.float32)


@pytest.mark.parametrize(
    ("found", "instead", "named"),
    [
        ("for length in LENGTHS", "for length in ()", "samples: 0 "),
        ('"tokens": tokens', '"tokens": tokens.double()', "sample 0, input 'tokens': float64 "),
        ("budget =", 'dynamic = {"words": ("batch",)}\nbudget =', "dynamic: words "),
    ],
    ids=["none", "float64", "dynamic"],
)
def test_a_models_file_is_named(found: str, instead: str, named: str, tmp_path: Path) -> None:
    text, file = TINY.read_text(), tmp_path / "mine.py"
    assert found in text
    file.write_text(text.replace(found, instead))
    source = load(str(file))
    with pytest.raises(SampleError, match=f"^{re.escape(str(file))}: {named}"):
        source.capture(source.read(), ORT_CPU)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """An ONNX file that takes x (batch, 2)."""
    x, y = (ir.val(name, ir.DataType.FLOAT, ("batch", 2)) for name in ("x", "y"))
    nodes = [ir.Node("", "Neg", [x], outputs=[y])]
    graph = ir.Graph([x], [y], nodes=nodes, opset_imports={"": 18}, name="negation")
    ir.save(ir.Model(graph, ir_version=10), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ({}, ""),
        ({"x": FOUR[:1]}, "samples: 1 "),
        ({"x": FOUR * np.nan}, "sample 0, input 'x': .*NaN"),
        ({"0.x": FOUR, "x": FOUR}, "array 'x': "),
        ({"0.x": FOUR, "1.x": FOUR, "2.x": FOUR.astype(int)}, "sample 2, input 'x': int64 "),
        ({"y": FOUR}, "samples: y .* x"),
        ({"x": FOUR.astype(int)}, "samples, input 'x': int64 "),
    ],
    ids=["none", "one", "NaN", "names of two kinds", "unlike", "another name", "another dtype"],
)
def test_an_npz_is_named(
    arrays: dict[str, NDArray[np.generic]], named: str, model: Path, tmp_path: Path
) -> None:
    file = tmp_path / "samples.npz"
    np.savez(file, **arrays)
    source = OnnxSource(model, file)
    with pytest.raises(SampleError, match=f"^{re.escape(str(file))}: {named}"):
        source.capture(source.read(), ORT_CPU)


def test_what_has_no_file_is_told_as_it_is() -> None:
    with pytest.raises(SampleError, match=r"^samples: none$"), naming_file(None):
        raise SampleError("samples: none")
