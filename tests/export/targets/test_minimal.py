from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.files import ORT, ort_files
from edgeattn_export.graph.functions import inlined, write_bodies
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.kernel.linear_kernel import KERNEL_INT8
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.rewrites.write_linear import Prepared, write_linear
from edgeattn_export.targets import TARGETS
from edgeattn_export.targets.minimal import CONFIGURATION, GUIDE, reduced_build
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.errors import BundleError, IncompatibleRuntimeError

X = {"x": np.array([[[-1.0, 2.0]]], np.float32)}
MINIMAL = TARGETS["minimal"]


@pytest.fixture
def graph(by_hand: Callable[..., ir.Model]) -> ir.Model:
    return by_hand(np.array([[1, 2], [3, 4]], np.float32), before="Relu")


def test_an_ort_file_answers_as_its_graph_does(graph: ir.Model) -> None:
    assert MINIMAL.engine.format is ORT
    np.testing.assert_array_equal(MINIMAL.engine.runner(graph)(X)["y"], [[[6, 8]]])


def test_the_list_has_the_operators_with_their_types_and_no_other(graph: ir.Model) -> None:
    added = reduced_build(ort_files(graph, "model.ort"))
    lines = added[CONFIGURATION].decode().splitlines()
    operators = {
        name for line in lines for name in ("Relu", "MatMul", "Softmax", "Attention") if name in line
    }
    assert operators == {"Relu", "MatMul"}
    assert '"float"' in added[CONFIGURATION].decode()
    assert not any(line.startswith("#") for line in lines)  # which would hold paths of this machine
    assert CONFIGURATION in added[GUIDE].decode()


def test_graphs_share_one_list(by_hand: Callable[..., ir.Model]) -> None:
    one, other = (by_hand(np.eye(2, dtype=np.float32), before=name) for name in ("Relu", "Tanh"))
    config = reduced_build({**ort_files(one, "a.ort"), **ort_files(other, "b.ort")})[CONFIGURATION].decode()
    assert "Relu" in config
    assert "Tanh" in config


def test_bodies_of_kernels_are_inlined(by_hand: Callable[..., ir.Model]) -> None:
    weight = np.array([[1, 2], [3, 4]], np.float32)
    model = by_hand(weight)
    prepared = Prepared(KERNEL_INT8, Linear(weight, None, paired=True).settled())
    apply(write_linear({"linear": prepared}), model)
    write_bodies(model, MINIMAL.forms.bodies)
    config = reduced_build(ort_files(model, "model.ort"))[CONFIGURATION].decode()
    assert "DynamicQuantizeMatMul" in config
    assert "edgeattn" not in config
    assert MINIMAL.engine.for_graphs([model]) is MINIMAL.engine
    np.testing.assert_array_equal(
        MINIMAL.engine.runner(model)(X)["y"], ORT_CPU.runner(inlined(model))(X)["y"]
    )


def test_a_graph_that_onnxruntime_refuses_is_told(by_hand: Callable[..., ir.Model]) -> None:
    with pytest.raises(BundleError, match=r"model\.ort.*Unheard"):
        ort_files(by_hand(np.eye(2, dtype=np.float32), before="Unheard"), "model.ort")


def test_an_ort_file_of_another_version_is_told(graph: ir.Model, tmp_path: Path) -> None:
    content, file = ort_files(graph, "model.ort")["model.ort"], tmp_path / "model.ort"
    length = content.rindex(b"\x01\x00\x00\x00")  # of the version's text, the last thing in the file
    file.write_bytes(content[: length + 4] + b"9" + content[length + 5 :])
    with pytest.raises(IncompatibleRuntimeError, match=r"version \[9\]"):
        open_session(file, providers=["CPUExecutionProvider"])
    file.write_bytes(content[:100])
    with pytest.raises(BundleError, match=r"model\.ort"):
        open_session(file, providers=["CPUExecutionProvider"])
