"""A model that was trained in 4 bits keeps its accuracy in them, where the same float model loses some."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.ao import quantization
from torch.nn import functional

import edgeattn
from edgeattn.judge.request import Objective
from edgeattn.results.accuracy import Accuracy
from edgeattn.results.report import Report
from edgeattn.source.module import ModuleSource
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Recipe, Treatment
from edgeattn_export.targets.cpu import CANDIDATES

WIDTH, HEADS, SIDE = 32, 2, 8  # channels; rows of a digit, a token each
TRAINED = 1200  # digits; the others evaluate
BATCH = 128
LARGEST = 7  # of 4 bits
OUTLIERS, FARTHER = 2, 16  # channels, and how much farther their weights reach
NEAREST = Treatment("int4 blocks")
CAREFUL = Treatment("int4 blocks", CANDIDATES.careful)

pytestmark = pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning")


class Digits(nn.Module):
    """One layer of attention over the rows of a digit (B, 8, 8); answers with its logits (B, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Linear(SIDE, WIDTH), nn.Linear(WIDTH, 10)
        self.place = nn.Parameter(0.1 * torch.randn(SIDE, WIDTH))
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.before, self.behind = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, rows: Tensor) -> Tensor:
        x = self.embed(rows) + self.place  # (B, S, W)
        y = self.before(x)
        q, k, v = (
            layer(y).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v)  # (B, H, S, D)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        x = x + self.down(functional.gelu(self.up(self.behind(x))))
        return self.head(x.mean(1))


def digits() -> tuple[Tensor, Tensor]:
    """Return all digits (N, 8, 8) from 0 to 1, mixed, and what they are (N)."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    images = torch.from_numpy((data.images[order] / 16).astype(np.float32))
    return images, torch.from_numpy(data.target[order])


def fitted(module: nn.Module, steps: int, rate: float) -> nn.Module:
    images, labels = (each[:TRAINED] for each in digits())
    optimizer = torch.optim.Adam(module.parameters(), rate)
    draw = torch.Generator().manual_seed(0)
    module.train()
    for _ in range(steps):
        batch = torch.randint(TRAINED, (BATCH,), generator=draw)
        optimizer.zero_grad()
        functional.cross_entropy(module(images[batch]), labels[batch]).backward()
        optimizer.step()
    return module.eval()


def with_outliers(module: nn.Module) -> nn.Module:
    """Let a few channels' weights reach far, as in language models; the module answers as before."""
    readers = ((module.before, (module.query, module.key, module.value)), (module.behind, (module.up,)))
    with torch.no_grad():
        for norm, layers in readers:
            norm.weight[:OUTLIERS] /= FARTHER
            norm.bias[:OUTLIERS] /= FARTHER
            for layer in layers:
                layer.weight[:, :OUTLIERS] *= FARTHER
    return module


def prepared(module: nn.Module) -> nn.Module:
    """Return a module that goes on to train with weights of 4 bits and activations of 8."""
    weight = quantization.FakeQuantize.with_args(
        observer=quantization.MovingAveragePerChannelMinMaxObserver,
        quant_min=-LARGEST,
        quant_max=LARGEST,
        dtype=torch.qint8,
        qscheme=torch.per_channel_symmetric,
        ch_axis=0,
    )
    activation = quantization.FakeQuantize.with_args(
        observer=quantization.MovingAverageMinMaxObserver, quant_min=0, quant_max=255, dtype=torch.quint8
    )
    module = copy.deepcopy(module).train()
    module.qconfig = quantization.QConfig(activation, weight)
    return quantization.prepare_qat(module)


def samples() -> Iterator[tuple[dict[str, Tensor], int]]:
    for image, label in zip(*(each[TRAINED:] for each in digits()), strict=True):
        yield {"rows": image[None]}, int(label)


def metric(logits: NDArray[np.float32] | Tensor, label: int) -> float:
    """Return the probability of the right digit."""
    return float(torch.softmax(torch.as_tensor(logits)[0], -1)[label])


def exported(module: nn.Module, treatment: Treatment) -> Report:
    recipe = Recipe("four bits", (("*", treatment), ("embed", Treatment("int8"))), ())
    return edgeattn.export(module, samples(), metric=metric, objective=Objective(recipe=recipe)).report


def drop(accuracy: Accuracy) -> float:
    assert accuracy.metric_pytorch is not None
    assert accuracy.metric_int8 is not None
    return accuracy.metric_pytorch - accuracy.metric_int8


@pytest.fixture(scope="module")
def in_float() -> nn.Module:
    torch.manual_seed(0)
    return with_outliers(fitted(Digits(), 200, 3e-3))


@pytest.fixture(scope="module")
def in_four_bits(in_float: nn.Module) -> nn.Module:
    return fitted(prepared(in_float), 150, 2e-3)


@pytest.fixture(scope="module")
def trained(in_four_bits: nn.Module) -> Report:
    return exported(in_four_bits, NEAREST)


def test_four_bits_that_were_trained_keep_their_accuracy(trained: Report) -> None:
    assert {layer.trained_grid for layer in trained.layers} == {"kept"}
    assert trained.verdict == "pass"
    assert trained.accuracy.cosine_mean > 0.999
    assert trained.accuracy.metric_int8 == pytest.approx(trained.accuracy.metric_pytorch, abs=0.005)


@pytest.mark.parametrize("treatment", [NEAREST, CAREFUL])
def test_four_bits_that_are_chosen_afterwards_lose_more(
    treatment: Treatment, trained: Report, in_float: nn.Module
) -> None:
    afterwards = exported(in_float, treatment)
    assert {layer.trained_grid for layer in afterwards.layers} == {""}
    assert drop(afterwards.accuracy) > drop(trained.accuracy) + 0.002
    assert afterwards.accuracy.cosine_mean < trained.accuracy.cosine_mean - 0.001


class Images(CalibrationDataReader):
    """The first digits, one by one."""

    def __init__(self) -> None:
        self.rows = iter(digits()[0][:50])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        rows = next(self.rows, None)
        return None if rows is None else {"rows": rows[None].numpy()}


@pytest.fixture(scope="module")
def qdq(in_float: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that onnxruntime made of the float model, with weights of 7 bits."""
    folder = tmp_path_factory.mktemp("qdq")
    source = ModuleSource.of(in_float, samples(), None)
    ir.save(source.capture(source.read(), ORT_CPU).model, folder / "net.onnx")
    quantize_static(
        folder / "net.onnx",
        folder / "net.qdq.onnx",
        Images(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
    )
    return folder / "net.qdq.onnx"


def test_a_qdq_file_gives_its_grids_to_the_float_model_that_it_was_made_of(
    in_float: nn.Module, qdq: Path
) -> None:
    follow = Objective(recipe=Recipe("static", (("*", Treatment("int8 static")),), ()))
    report = edgeattn.export(in_float, samples(), metric=metric, objective=follow, trained=qdq).report
    grids = [layer.trained_grid for layer in report.layers]
    assert set(grids) == {"kept with its input's"}
    assert report.verdict == "pass"
    assert report.accuracy.cosine_float_min > 1 - 1e-6  # of the original, whose weights are not rounded
    assert drop(report.accuracy) < 0.02
