from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.capture.from_onnx import read_onnx
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_runtime.errors import ModelError

WIDTH = 16


@pytest.fixture
def model() -> ir.Model:
    """A linear layer of x (rows, WIDTH)."""
    tape = Tape()
    x, y = (ir.val(name, ir.DataType.FLOAT, ("rows", WIDTH)) for name in ("x", "y"))
    tape.op("MatMul", [x, embed(tape, np.ones((WIDTH, WIDTH), np.float32), "weight")], output=y)
    return model_of(tape, [x], [y], 18)


@pytest.fixture
def file(model: ir.Model, tmp_path: Path) -> Path:
    """The layer, its weight in weights.data."""
    ir.save(model, tmp_path / "net.onnx", external_data="weights.data", size_threshold_bytes=0)
    return tmp_path / "net.onnx"


def test_a_file_is_read_whole(file: Path) -> None:
    read = read_onnx(file)
    assert operators(read) == {"MatMul": 1}
    assert read.graph.initializers["weight"].const_value.numpy().all()


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_text("not this")
    with pytest.raises(ModelError, match=r"x\.onnx: "):
        read_onnx(tmp_path / "x.onnx")
    with pytest.raises(ModelError, match=r"y\.onnx: "):
        read_onnx(tmp_path / "y.onnx")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_is_cut_is_refused(share: float, model: ir.Model, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    ir.save(model, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ModelError, match=r"net\.onnx: "):
        read_onnx(path)


def test_weights_that_are_missing_are_named(file: Path) -> None:
    file.with_name("weights.data").unlink()
    with pytest.raises(ModelError, match=r"net\.onnx: .*'weight' .*weights\.data"):
        read_onnx(file)


@pytest.mark.parametrize("left", [0, 1, 4 * WIDTH * WIDTH - 1])
def test_weights_that_are_cut_are_named(left: int, file: Path) -> None:
    weights = file.with_name("weights.data")
    weights.write_bytes(weights.read_bytes()[:left])
    named = rf"'weight' .*{4 * WIDTH * WIDTH} .*weights\.data.* {left} "
    with pytest.raises(ModelError, match=named):
        read_onnx(file)


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("place", ["../secret.data", "{folder}/secret.data", "a/../../secret.data"])
def test_weights_of_another_folder_are_refused(place: str, constant: bool, file: Path) -> None:
    location = place.format(folder=file.parent.parent)
    proto = onnx.load(file, load_external_data=False)
    (weight,) = proto.graph.initializer
    next(each for each in weight.external_data if each.key == "location").value = location
    if constant:
        value = onnx.AttributeProto(name="value", type=onnx.AttributeProto.TENSOR, t=weight)
        node = onnx.NodeProto(op_type="Constant", output=["weight"], attribute=[value])
        proto.graph.node.insert(0, node)
        del proto.graph.initializer[:]
    file.write_bytes(proto.SerializeToString())
    (file.parent.parent / "secret.data").write_bytes(file.with_name("weights.data").read_bytes())
    with pytest.raises(ModelError, match=rf"'weight' is in {re.escape(location)}, outside of the model's"):
        read_onnx(file)


def test_custom_operators_are_refused(model: ir.Model, tmp_path: Path) -> None:
    next(iter(model.graph)).domain = "acme"
    model.opset_imports["acme"] = 1
    ir.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelError, match=r"net\.onnx: .*acme\.MatMul"):
        read_onnx(tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("domain", "op_type"),
    [
        ("", "QuantizeLinear"),
        ("", "DequantizeLinear"),
        ("", "DynamicQuantizeLinear"),
        ("", "MatMulInteger"),
        ("", "QLinearConv"),
        ("com.microsoft", "DynamicQuantizeMatMul"),
        ("com.microsoft", "MatMulNBits"),
        ("com.microsoft", "QAttention"),
    ],
)
def test_a_quantized_model_is_refused(domain: str, op_type: str, model: ir.Model, tmp_path: Path) -> None:
    next(iter(model.graph)).domain, next(iter(model.graph)).op_type = domain, op_type
    ir.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelError, match=rf"net\.onnx: .* {op_type};"):
        read_onnx(tmp_path / "net.onnx")


def test_a_float_activation_is_not_taken_for_a_quantized_one(model: ir.Model, tmp_path: Path) -> None:
    next(iter(model.graph)).domain, next(iter(model.graph)).op_type = "com.microsoft", "QuickGelu"
    ir.save(model, tmp_path / "net.onnx")
    assert operators(read_onnx(tmp_path / "net.onnx")) == {"QuickGelu": 1}


def test_functions_that_would_not_end_are_refused_before_they_are_inlined(tmp_path: Path) -> None:
    relu = onnx.NodeProto(op_type="Relu", input=["a"], output=["b"])
    functions = [onnx.FunctionProto(domain="f", name="f0", input=["a"], output=["b"], node=[relu])]
    for i in range(1, 26):
        call = [onnx.NodeProto(op_type=f"f{i - 1}", domain="f", input=["a"], output=[to]) for to in "cb"]
        function = onnx.FunctionProto(domain="f", name=f"f{i}", input=["a"], output=["b"], node=call)
        functions.append(function)
    node = onnx.NodeProto(op_type="f25", domain="f", input=["x"], output=["y"])
    path = tmp_path / "x.onnx"
    proto = onnx.ModelProto(ir_version=10, graph=onnx.GraphProto(name="g", node=[node]), functions=functions)
    proto.opset_import.add(version=17)
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError, match="functions that expand to 100,663,294 nodes"):
        read_onnx(path)
