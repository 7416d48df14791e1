from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from onnx_ir.tape import Tape
from tapes import model_of
from torch import nn

from edgeattn_export.capture import Captured
from edgeattn_export.capture.from_onnx import adopt
from edgeattn_export.capture.samples.read_samples import read_npz
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.samples import Sample, Samples, as_samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_export.recover import recover
from edgeattn_runtime.errors import ModelError, SampleError

INT64, FLOAT = ir.DataType.INT64, ir.DataType.FLOAT
WIDTH, HEADS = 16, 2
FLOAT_ERROR = 1e-5


class Net(nn.Module):
    """PyTorch's own attention: below opset 23 it is spelled out, keys transposed by way of rank 3."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with net.onnx, of opset 18, and samples.npz."""
    folder = tmp_path_factory.mktemp("adopt")
    torch.manual_seed(drawn_seed(0))
    dynamic = ({0: "batch", 1: "sequence"},)
    example = (torch.randn(2, 5, WIDTH),)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own
        program = torch.onnx.export(
            Net().eval(), example, dynamo=True, opset_version=18, dynamic_shapes=dynamic, verbose=False
        )
    assert program is not None
    program.save(folder / "net.onnx")
    draw = np.random.default_rng(drawn_seed(0))
    arrays = {f"{i}.x": draw.normal(size=(1, 3 + i, WIDTH)).astype(np.float32) for i in range(6)}
    np.savez(folder / "samples.npz", **arrays)
    return folder


@pytest.fixture(scope="module")
def samples(files: Path) -> Samples:
    return read_npz(files / "samples.npz")


@pytest.fixture(scope="module")
def captured(files: Path, samples: Samples) -> Captured:
    return adopt(files / "net.onnx", samples, ORT_CPU)


def test_attention_of_an_older_opset_is_kept_whole(captured: Captured, samples: Samples) -> None:
    recovered = recover(captured, samples)
    assert operators(recovered.model)["Attention"] == 1
    assert "Softmax" not in operators(recovered.model)
    runner = ORT_CPU.runner(recovered.model)
    for sample in samples:
        expected, actual = captured.reference(sample.inputs), runner(sample.inputs)
        for name, value in expected.items():
            np.testing.assert_allclose(actual[name], value, atol=FLOAT_ERROR)


@pytest.mark.parametrize(("least", "rows"), [(0, 7), (-7, None)])
def test_a_file_may_mean_indices_from_the_end(least: int, rows: int | None, tmp_path: Path) -> None:
    tape = Tape()
    ids, y = ir.val("ids", INT64, ["n"]), ir.val("y", FLOAT, ["n"])
    tape.op("Gather", [embed(tape, np.arange(7, dtype=np.float32), "table"), ids], output=y)
    ir.save(model_of(tape, [ids], [y], 23), tmp_path / "table.onnx")
    samples = as_samples(Sample({"ids": np.arange(least, 7)[:size]}) for size in (7, 3, 5))
    assert adopt(tmp_path / "table.onnx", samples, ORT_CPU).graph.inputs[0].table_rows == rows


def test_it_becomes_int8(
    captured: Captured, samples: Samples, int8_of: Callable[[ir.Model, Samples], Quantized]
) -> None:
    quantized = int8_of(ORT_CPU.ready(recover(captured, samples).model), samples)
    assert operators(quantized.model)["DynamicQuantizeMatMul"] == 2


def test_the_contract_is_the_files_own(captured: Captured) -> None:
    assert [tensor.dims for tensor in captured.graph.inputs] == [("batch", "sequence", WIDTH)]


def test_an_opset_beyond_onnxruntime_is_refused(files: Path, samples: Samples, tmp_path: Path) -> None:
    model = ir.load(files / "net.onnx")
    model.opset_imports[""] = 99
    ir.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="upgrade onnxruntime"):
        adopt(tmp_path / "net.onnx", samples, ORT_CPU)


def test_samples_of_other_names_or_dtypes_are_refused(files: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "names.npz", y=np.ones((4, 3, WIDTH), np.float32))
    with pytest.raises(SampleError, match=r"^samples: y "):
        adopt(files / "net.onnx", read_npz(tmp_path / "names.npz"), ORT_CPU)
    np.savez(tmp_path / "dtypes.npz", x=np.ones((4, 3, WIDTH), np.int64))
    with pytest.raises(SampleError, match=r"int64 .*float32"):
        adopt(files / "net.onnx", read_npz(tmp_path / "dtypes.npz"), ORT_CPU)


@pytest.mark.parametrize("place", range(4))  # of whichever part
def test_a_sample_of_another_size_is_named(place: int, files: Path) -> None:
    widths = [WIDTH + (i == place) for i in range(4)]
    samples = as_samples(Sample({"x": np.ones((1, 3, width), np.float32)}) for width in widths)
    named = rf"^sample {place}, input 'x': .*\(1, 3, {WIDTH + 1}\) .*\(1, 3, {WIDTH}\) .*net\.onnx "
    with pytest.raises(SampleError, match=named):
        adopt(files / "net.onnx", samples, ORT_CPU)


def test_a_sample_whose_inputs_disagree_is_named(tmp_path: Path) -> None:
    tape = Tape()
    x, seen, y = (ir.val(name, FLOAT, ("batch", "sequence")) for name in ("x", "seen", "y"))
    tape.op("Mul", [x, seen], output=y)
    ir.save(model_of(tape, [x, seen], [y], 18), tmp_path / "net.onnx")
    lengths = [5, 5, 1, 5]  # which the operator would broadcast
    samples = as_samples(
        Sample({"x": np.ones((1, 5), np.float32), "seen": np.ones((1, length), np.float32)})
        for length in lengths
    )
    with pytest.raises(SampleError, match=r"^sample 2, input 'seen': .*\(1, 1\) .*\(1, 5\) "):
        adopt(tmp_path / "net.onnx", samples, ORT_CPU)


def test_a_file_that_does_not_run_on_its_samples_is_named(samples: Samples, tmp_path: Path) -> None:
    tape, path = Tape(), tmp_path / "net.onnx"
    x, y = ir.val("x", FLOAT, ("b", "s", WIDTH)), ir.val("y", FLOAT)
    tape.op("Reshape", [x, embed(tape, np.array([7, 77]), "wanted")], output=y)
    ir.save(model_of(tape, [x], [y], 18), path)
    named = rf"^{re.escape(str(path))}: .*x \(1, 3, {WIDTH}\) .*Reshape"
    with pytest.raises(ModelError, match=named):
        adopt(path, samples, ORT_CPU)


def test_a_small_channel_that_is_answered_otherwise_is_named(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(model: ir.Model) -> None:
        values = model.graph.initializers["scales"].const_value.numpy()
        model.graph.initializers["scales"].const_value = ir.tensor(np.abs(values))

    tape, path = Tape(), tmp_path / "net.onnx"
    x, y = (ir.val(name, FLOAT, ("batch", "sequence", WIDTH)) for name in ("x", "y"))
    scales, offsets = (
        embed(tape, np.array(pair * (WIDTH // 2), np.float32), name)
        for name, pair in (("scales", [50, -0.002]), ("offsets", [300, 0]))
    )
    tape.op("Add", [tape.op("Mul", [x, scales]), offsets], output=y)
    ir.save(model_of(tape, [x], [y], 18), path)
    assert adopt(path, samples, ORT_CPU).graph.outputs[0].name == "y"
    monkeypatch.setattr("edgeattn_export.capture.from_onnx.name_dims", spoiled)
    with pytest.raises(ModelError, match=r"on x \(1, \d, 16\): output 'y' differs in channel 1?\d by"):
        adopt(path, samples, ORT_CPU)


def test_a_conversion_that_answers_otherwise_is_refused(
    files: Path, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(model: ir.Model) -> None:
        softmax = next(node for node in model.graph if node.op_type == "Softmax")
        ir.convenience.replace_all_uses_with(softmax.outputs[0], softmax.inputs[0])

    monkeypatch.setattr("edgeattn_export.capture.from_onnx.name_dims", spoiled)
    with pytest.raises(ModelError, match=r"opset 23.*output"):
        adopt(files / "net.onnx", samples, ORT_CPU)
