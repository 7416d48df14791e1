from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from fixture_types import Plainly

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.weight_files import WeightFiles
from edgeattn_runtime.errors import BundleError, IncompatibleRuntimeError

X = {"x": np.array([[[-1.0, 2.0]]], np.float32)}
PLAIN = Engine("onnxruntime", "1.23", ("CPUExecutionProvider",))


def _relu_for_abs(model: ir.Model) -> None:
    for node in model.graph:
        if node.op_type == "Abs":
            node.op_type = "Relu"


def _abs_for_unheard(model: ir.Model) -> None:
    for node in model.graph:
        if node.op_type == "Unheard":
            node.op_type = "Abs"


@pytest.fixture
def unheard(by_hand: Callable[..., ir.Model]) -> ir.Model:
    """A graph with an operator that no engine knows."""
    return by_hand(np.eye(2, dtype=np.float32), before="Unheard")


def test_needs_are_met_in_their_order_and_in_a_copy(unheard: ir.Model) -> None:
    before = serialize(unheard)
    engine = replace(PLAIN, needs=(_abs_for_unheard, _relu_for_abs))
    assert operators(engine.ready(unheard)) == {"Relu": 1, "MatMul": 1}
    np.testing.assert_array_equal(engine.runner(unheard)(X)["y"], [[[0, 2]]])
    assert serialize(unheard) == before


def test_without_needs_a_graph_is_opened_as_it_is(unheard: ir.Model) -> None:
    assert serialize(PLAIN.ready(unheard)) == serialize(unheard)
    with pytest.raises(IncompatibleRuntimeError, match="Unheard"):
        PLAIN.runner(unheard)


def test_a_file_is_opened_as_it_is(unheard: ir.Model, tmp_path: Path) -> None:
    engine, file = replace(PLAIN, needs=(_abs_for_unheard,)), tmp_path / "model.onnx"
    file.write_bytes(serialize(engine.ready(unheard)))
    np.testing.assert_array_equal(engine.file_runner(file)(X)["y"], [[[1, 2]]])
    file.write_bytes(serialize(unheard))
    with pytest.raises(IncompatibleRuntimeError, match="Unheard"):
        engine.file_runner(file)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        PLAIN.file_runner(tmp_path / "missing.onnx")


def test_providers_and_options_reach_the_session(by_hand: Callable[..., ir.Model]) -> None:
    engine = replace(PLAIN, options={"session.set_denormal_as_zero": True})
    session = engine.open(by_hand(np.eye(2, dtype=np.float32)))
    assert tuple(session.get_providers()) == engine.providers
    assert session.get_session_options().get_session_config_entry("session.set_denormal_as_zero") == "1"


def test_large_weights_are_mapped_from_files_that_all_sessions_share(
    encoder: Captured, samples: Samples, plainly: Plainly, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = WeightFiles()
    monkeypatch.setattr("edgeattn_export.graph.engine.SESSION_WEIGHTS", files)
    monkeypatch.setattr("edgeattn_export.graph.weight_files.SMALLEST_FILE", 1024)
    expected = plainly(encoder.model)(samples[0].inputs)
    for graph in (encoder.model, encoder.model.clone()):
        actual = PLAIN.runner(graph)(samples[0].inputs)
        assert all(np.array_equal(actual[name], expected[name]) for name in expected)
    large = {
        id(value.const_value)
        for value in encoder.model.graph.initializers.values()
        if value.const_value is not None and value.const_value.nbytes >= 1024
    }
    assert len(list(files.folder.iterdir())) == len(large) > 0
