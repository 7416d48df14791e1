from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgeattn_export import Captured, Samples
from edgeattn_export.serialize import model_files, serialize, weight_bytes
from edgeattn_export.session import run, session_of
from edgeattn_runtime.session import open_session


@pytest.fixture
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the weights were beyond 2 GB."""
    for module in ("serialize", "session"):
        monkeypatch.setattr(f"edgeattn_export.{module}.INLINE_LIMIT", 1024)


def test_weights_are_counted(encoder: Captured) -> None:
    trained = sum(p.numel() * p.element_size() for p in encoder.reference.module.parameters())
    # Equal biases are stored once, and the graph has a few constants of its own.
    assert weight_bytes(encoder.model) == pytest.approx(trained, abs=1024)


def test_one_file_where_the_weights_fit(encoder: Captured) -> None:
    files = model_files(encoder.model, "model.onnx")
    assert files == {"model.onnx": serialize(encoder.model)}
    onnx.checker.check_model(onnx.load_from_string(files["model.onnx"]), full_check=True)


@pytest.mark.usefixtures("low_limit")
def test_large_weights_get_a_file_of_their_own(encoder: Captured, samples: Samples, tmp_path: Path) -> None:
    before = serialize(encoder.model)
    files = model_files(encoder.model, "model.onnx")
    assert set(files) == {"model.onnx", "model.onnx.data"}
    assert len(files["model.onnx"]) < len(files["model.onnx.data"]) / 4
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    found = run(open_session(tmp_path / "model.onnx"), samples[0].inputs)
    expected = run(open_session(before), samples[0].inputs)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert serialize(encoder.model) == before  # and the model itself keeps its weights


@pytest.mark.usefixtures("low_limit")
def test_a_session_of_large_weights(
    encoder: Captured, samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved: list[ir.Model] = []
    save = ir.save
    monkeypatch.setattr(
        ir, "save", lambda model, *args, **kwargs: (saved.append(model), save(model, *args, **kwargs))
    )
    found = run(session_of(encoder.model), samples[0].inputs)
    expected = run(open_session(serialize(encoder.model)), samples[0].inputs)
    assert saved == [encoder.model]
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert list(tmp_path.iterdir()) == []
