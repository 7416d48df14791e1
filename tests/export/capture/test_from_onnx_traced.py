"""Files of PyTorch's older exporter, torch.onnx.export(dynamo=False): sizes are computed, and unnamed."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
import traced
from draws import drawn_seed
from numpy.typing import NDArray
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.capture.from_onnx import adopt
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Sample, Samples, as_samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import recover

ROOT = Path(__file__).parents[3]
FLOAT_ERROR = 1e-5
OPSETS = (11, 13, 17)
LENGTHS = (4, 8, 12, 16)
BATCHES = ((1, 4), (3, 8), (2, 16), (5, 20))  # of rows and positions, of which no sample has most
LOGIT_ERROR = 1e-4
FIXED = 8  # positions: PyTorch's own modules are traced for one length

Inputs = Mapping[str, Tensor]


def _loaded(path: Path) -> ModuleType:
    name = f"loaded_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


FREE = ("ByHand", "Padded", "Causal", "ClassToken", "SharedHead", "Folded", "Windows", "Crossed")
BUILTIN = ("Builtin", "BuiltinCausal", "BuiltinPadded")  # from opset 14 on
OF_ONE_LENGTH = ("MultiHead", "MultiHeadWeights", "EncoderLayer", "EncoderLayerPadded")


def _inputs(module: nn.Module, rows: int, length: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(drawn_seed(100 * rows + length))
    inputs = {"x": torch.randn(rows, length, traced.WIDTH, generator=draw)}
    names = module.forward.__annotations__
    if "memory" in names:
        inputs["memory"] = torch.randn(rows, length + 3, traced.WIDTH, generator=draw)
    if "mask" in names:
        inputs["mask"] = (torch.arange(length) < max(1, length - 2)).long().expand(rows, length).clone()
    return inputs


def _dynamic(inputs: Inputs, *, one_length: bool) -> dict[str, dict[int, str]]:
    inner = {} if one_length else {1: "sequence"}
    axes = {name: {0: "batch", **inner} for name in (*inputs, "y")}
    if "memory" in axes:
        axes["memory"][1] = "memory_length"
    return axes


def _traced(
    module: nn.Module, inputs: Inputs, dynamic: Mapping[str, Mapping[int, str]], opset: int, path: Path
) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own: it is deprecated, and traces
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            path,
            dynamo=False,
            opset_version=opset,
            input_names=list(inputs),
            output_names=["y"],
            dynamic_axes=dynamic,
        )
    return path


def _arrays(inputs: Inputs) -> dict[str, NDArray[np.generic]]:
    return {name: value.numpy() for name, value in inputs.items()}


def _taken(name: str, opset: int, path: Path) -> tuple[nn.Module, Captured, Samples]:
    torch.manual_seed(drawn_seed(0))
    module: nn.Module = getattr(traced, name)().eval()
    one_length = name in OF_ONE_LENGTH
    example = _inputs(module, 2, FIXED)
    file = _traced(module, example, _dynamic(example, one_length=one_length), opset, path / "net.onnx")
    lengths = (FIXED,) * len(LENGTHS) if one_length else LENGTHS
    samples = as_samples(Sample(_arrays(_inputs(module, 1, length))) for length in lengths)
    return module, adopt(file, samples, ORT_CPU), samples


@pytest.mark.parametrize(
    ("name", "opset"),
    [(name, opset) for name in FREE for opset in OPSETS]
    + [(name, 17) for name in BUILTIN]
    + [(name, 17) for name in OF_ONE_LENGTH]
    + [("MultiHeadWeights", 13)],
)
def test_attention_is_kept_whole_at_every_size(name: str, opset: int, tmp_path: Path) -> None:
    module, captured, samples = _taken(name, opset, tmp_path)
    model = recover(captured, samples).model
    assert operators(model).get("Attention") == 1
    assert "Softmax" not in operators(model)
    runner = ORT_CPU.runner(model)
    for rows, length in BATCHES:
        inputs = _inputs(module, rows, FIXED if name in OF_ONE_LENGTH else length)
        actual = runner(_arrays(inputs))["y"]
        np.testing.assert_allclose(actual, module(*inputs.values()).detach(), atol=FLOAT_ERROR)


@pytest.mark.parametrize(
    ("name", "dims"),
    [
        ("ByHand", ("batch", "sequence", 16)),
        ("ClassToken", ("batch", "sequence + 1", 16)),
        ("Crossed", ("batch", "sequence", 16)),
    ],
)
def test_outputs_have_the_inputs_names(name: str, dims: tuple[int | str, ...], tmp_path: Path) -> None:
    captured = _taken(name, 17, tmp_path)[1]
    assert captured.graph.outputs[0].dims == dims


@pytest.mark.parametrize("opset", OPSETS)
def test_the_vision_transformer_keeps_all_four(opset: int, tmp_path: Path) -> None:
    digits = _loaded(ROOT / "models/digits/model.py")
    module: nn.Module = digits.model().eval()
    images = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(drawn_seed(0))) * digits.PIXEL_MAX
    dynamic = {"image": {0: "batch"}, "y": {0: "batch"}}
    file = _traced(module, {"image": images[:2]}, dynamic, opset, tmp_path / "digits.onnx")
    samples = as_samples(Sample({"image": image[None].numpy()}) for image in images)
    recovered = recover(adopt(file, samples, ORT_CPU), samples)
    assert (operators(recovered.model)["Attention"], recovered.refused) == (4, ())
    actual = ORT_CPU.runner(recovered.model)({"image": images.numpy()})["y"]
    np.testing.assert_allclose(actual, module(images)["logits"].detach(), atol=LOGIT_ERROR)


def test_a_refusal_shows_no_made_up_name(tmp_path: Path) -> None:
    _, captured, samples = _taken("Picked", 17, tmp_path)
    refused = [place.reason for place in recover(captured, samples).refused if place.rule == "attention"]
    assert refused == [
        "query (batch, 2, sequence, 8), transposed keys (batch, 2, 8, ?) and values (batch, 2, ?, 8) do not "
        "fit together"
    ]
