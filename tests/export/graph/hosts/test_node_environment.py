from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.files import model_files
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.node_environment import NodeEnvironment
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.ort_web import ORT_WEB
from edgeattn_runtime.errors import BadInput, BundleError

X = {"x": np.array([[[-1.0, 2.0]]], np.float32)}

Arrays = Mapping[str, NDArray[np.generic]]


@pytest.fixture
def node() -> Engine:
    """onnxruntime-web in Node, where it is installed."""
    if (lacking := ORT_WEB.host.missing()) is not None:
        pytest.skip(lacking)
    return ORT_WEB


def test_node_answers_as_this_process_does(
    node: Engine, by_hand: Callable[..., ir.Model], scaled_error: Callable[[Arrays, Arrays], float]
) -> None:
    model = by_hand(np.array([[1, 2, 3], [4, 5, 6]], np.float32), np.ones(3, np.float32))
    runner = node.runner(model)
    assert scaled_error(ORT_CPU.runner(model)(X), runner(X)) < 1e-6
    call = runner.bind(X)
    call()
    many = {
        "x": np.random.default_rng(drawn_seed(0)).standard_normal((3, 50_000, 2)).astype(np.float32)
    }  # many chunks
    assert scaled_error(ORT_CPU.runner(model)(many), runner(many)) < 1e-6
    assert "onnxruntime-web 1." in node.host.machine()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "int8", "uint8", "bool"])
def test_every_dtype_comes_as_it_went(node: Engine, dtype: str) -> None:
    kind = ir.DataType.from_numpy(np.dtype(dtype))
    x, y = (ir.val(name, kind, ("batch", 3)) for name in "xy")
    graph = ir.Graph(
        [x], [y], nodes=[ir.node("Identity", [x], outputs=[y])], opset_imports={"": 23}, name="same"
    )
    array = np.array([[0, 1, 100]]).astype(dtype)
    found = node.runner(ir.Model(graph, ir_version=10))({"x": array})["y"]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_weights_in_several_files_are_found(
    node: Engine, by_hand: Callable[..., ir.Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeattn_export.graph.files.MAPPED_FROM", 0)
    monkeypatch.setattr("edgeattn_export.graph.weight_files.PAGE_BYTES", 8)
    files = model_files(by_hand(np.eye(2, dtype=np.float32), np.ones(2, np.float32)), "x.onnx", 16)
    assert len(files) == 3
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    np.testing.assert_array_equal(node.file_runner(tmp_path / "x.onnx")(X)["y"], [[[0, 3]]])


def test_what_onnxruntime_web_refuses_is_raised_here(node: Engine, by_hand: Callable[..., ir.Model]) -> None:
    with pytest.raises(BundleError, match="Unheard"):
        node.runner(by_hand(np.eye(2, dtype=np.float32), before="Unheard"))
    runner = node.runner(by_hand(np.eye(2, dtype=np.float32)))
    with pytest.raises(BundleError, match="OrtRun"):
        runner({"x": np.zeros((1, 1, 3), np.float32)})
    np.testing.assert_array_equal(runner(X)["y"], X["x"])  # and it goes on


def test_options_are_configuration_entries(node: Engine, by_hand: Callable[..., ir.Model]) -> None:
    model = by_hand(np.eye(2, dtype=np.float32))
    right, wrong = (replace(node, options={"session.load_model_format": name}) for name in ("ONNX", "ORT"))
    np.testing.assert_array_equal(right.runner(model)(X)["y"], X["x"])
    with pytest.raises(BundleError):
        wrong.runner(model)


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEATTN_BACKENDS", str(tmp_path))
    host = Elsewhere(NodeEnvironment("absent", ("some-engine@^1",)))
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/node")
    assert "some-engine@^1; edgeattn targets --install absent" in str(host.missing())
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert "no node" in str(host.missing())


def test_an_installer_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEATTN_BACKENDS", str(tmp_path))

    def failing(*command: str, folder: Path) -> None:
        assert "--prefix" not in command  # by which npm would not find the machine's own configuration
        assert {path.name for path in folder.iterdir()} >= {"package.json", "package-lock.json"}
        raise BadInput("no such package")

    monkeypatch.setattr("edgeattn_export.graph.hosts.node_environment.run_installer", failing)
    with pytest.raises(BadInput, match="no such package"):
        NodeEnvironment("web", ("some-engine@^1",)).install()
    assert not (tmp_path / "web").exists()
