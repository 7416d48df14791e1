"""Weights outside a graph's folder are refused wherever the graph names them, for older engines."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import onnxruntime
import pytest
from external_graphs import INSIDE, OUTSIDE, PLACES, broken, graph, nested
from onnx import ModelProto, TensorProto

from edgeattn_runtime import BundleError
from edgeattn_runtime.bundle.folder import GraphContent
from edgeattn_runtime.engine.external_weights import CHECKED_BY_ENGINE, check_external_weights
from edgeattn_runtime.engine.session import open_session


@pytest.mark.parametrize("location", INSIDE)
def test_weights_in_the_folder_are_accepted(location: str) -> None:
    check_external_weights(BytesIO(graph(location)), "model")


@pytest.mark.parametrize("location", OUTSIDE)
def test_weights_outside_are_refused(location: str) -> None:
    with pytest.raises(BundleError, match="found, a file in its folder expected"):
        check_external_weights(BytesIO(graph(location)), "model")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_weights_are_found_in_every_place(place: Callable[[ModelProto, TensorProto], None]) -> None:
    check_external_weights(BytesIO(graph("inside", place)), "model")
    with pytest.raises(BundleError, match=r"weights in '\.\./secret'"):
        check_external_weights(BytesIO(graph("../secret", place)), "model")


@pytest.mark.parametrize("content", broken().values(), ids=broken().keys())
def test_what_is_no_graph_is_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match="no message of ONNX"):
        check_external_weights(BytesIO(content), "model")


def test_weights_are_found_as_deep_as_protobuf_reads() -> None:
    with pytest.raises(BundleError, match="weights in"):
        check_external_weights(BytesIO(nested(30)), "model")


def test_a_graph_in_memory_reads_what_is_handed_over_alone() -> None:
    check_external_weights(BytesIO(graph("model.onnx.data")), "model", {"model.onnx.data"})
    with pytest.raises(BundleError, match=r"weights in 'other\.data'"):
        check_external_weights(BytesIO(graph("other.data")), "model", {"model.onnx.data"})


@pytest.mark.parametrize("kind", ["path", "bytes", "content"])
def test_an_older_engine_is_given_no_such_graph(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, content = tmp_path / "model.onnx", graph("../secret")
    path.write_bytes(content)
    model = {"path": path, "bytes": content, "content": GraphContent(path, content, {})}[kind]
    monkeypatch.setattr(onnxruntime, "__version__", "1.21.0")
    with pytest.raises(BundleError, match=r"weights in '\.\./secret' found"):
        open_session(model, providers=["CPUExecutionProvider"])


def test_a_newer_engine_refuses_it_by_itself(tmp_path: Path) -> None:
    assert CHECKED_BY_ENGINE == "1.24"
    (tmp_path / "model.onnx").write_bytes(graph("../secret"))
    with pytest.raises(BundleError) as caught:
        open_session(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    assert "a file in its folder expected" not in str(caught.value)
