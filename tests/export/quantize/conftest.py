"""Layers of every kind that quantization meets, in one module: one capture serves them all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
import torch
from fixture_types import Export
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from tapes import model_of
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.scopes import MODULE
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Quantized, quantize
from edgeattn_export.quantize.forms import LinearForm
from edgeattn_export.quantize.layers.histogram import Histogram
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.rewrites.write_linear import Prepared, write_linear
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.targets.cpu import DYNAMIC_INT8, FORMS

ROWS, WIDTH = 2048, 32  # 64 Ki elements: what an embedding needs to be worth int8
SHARED = 48  # large enough that the exporter leaves a shared weight's transpose in the graph


class Layers(nn.Module):
    """Each output is one kind of layer's."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.words, self.segments = nn.Embedding(ROWS, WIDTH), nn.Embedding(2, WIDTH)
        self.biased, self.unbiased = nn.Linear(WIDTH, 24), nn.Linear(WIDTH, 24, bias=False)
        self.flat = nn.Linear(WIDTH, 12)
        self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.second.weight = self.first.weight
        self.shared = nn.Linear(SHARED * 4, SHARED * 4)
        self.offset = nn.Parameter(torch.ones(1))
        self.norm, self.gelu = nn.LayerNorm(WIDTH), nn.GELU()

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        words = self.words(tokens)  # (B, S, W)
        x = self.norm(words + self.segments(tokens % 2))
        wide = torch.cat([x] * (SHARED * 4 // WIDTH), -1)  # (B, S, 4 * SHARED)
        return {
            "words.output": words,
            "biased.output": self.biased(x),
            "unbiased.output": self.unbiased(x),
            "flat.output": self.flat(x[:, 0]),
            "tied.output": self.second(self.first(x)),
            "shared.output": self.shared(self.shared(wide)),
            "offset.output": self.unbiased(x + 1) + self.offset,
            "gelu.output": self.gelu(self.biased(x)),
        }


@pytest.fixture(scope="session")
def layers(exported: Export) -> tuple[Captured, Samples, Recovered]:
    """The layers, captured and recovered, with their samples."""
    generator = torch.Generator().manual_seed(0)
    raw = [{"tokens": torch.randint(0, ROWS, (1, n), generator=generator)} for n in (5, 9, 3, 12)]
    captured, samples = exported(Layers(), raw)
    return captured, samples, recover(captured, samples)


@pytest.fixture(scope="session")
def calibrated() -> Callable[[ir.Model, Samples], Calibration]:
    """A function that calibrates a graph for onnxruntime on a CPU."""
    return lambda model, samples: Calibration(model, samples, ORT_CPU, FORMS)


@pytest.fixture(scope="session")
def int8(layers: tuple[Captured, Samples, Recovered], calibrated: Callable[..., Calibration]) -> Quantized:
    """The layers in int8."""
    return quantize(calibrated(layers[2].model, layers[1]), DYNAMIC_INT8)


@pytest.fixture(scope="session")
def written(by_hand: Callable[..., ir.Model]) -> Callable[..., ir.Model]:
    """A function that writes a layer, built by hand, in a form."""

    def write(form: LinearForm, linear: Linear, before: str = "") -> ir.Model:
        width = len(linear.weight) - (0 if linear.copies is None else len(linear.copies))
        model = by_hand(linear.weight[:width], linear.bias, before)
        assert len(apply(write_linear({"linear": Prepared(form, linear.settled())}), model).sites) == 1
        return model

    return write


@pytest.fixture(scope="session")
def rows() -> Callable[..., Samples]:
    """A function that makes samples of arrays (S, D), each an input ``x`` of one batch."""
    return lambda *arrays: Samples(tuple(Sample({"x": array[None]}) for array in arrays))


@pytest.fixture(scope="session")
def known() -> Callable[[NDArray[np.float32]], Statistics]:
    """A function that returns what is to be known of (T, D), by the definitions."""
    return lambda x: Statistics(len(x), x.min(0), x.max(0), x.mean(0), x.T @ x, Histogram.of(x))


@pytest.fixture(scope="session")
def lookup() -> Callable[..., ir.Model]:
    """A function that builds a look-up in a table, by hand."""

    def build(table: NDArray[np.generic], *, axis: int = 0) -> ir.Model:
        tape = Tape()
        ids = ir.val("ids", ir.DataType.INT64, ("length",))
        y = ir.val("y", ir.DataType.FLOAT, None)
        inputs = [embed(tape, table, "table"), ids]
        tape.op("Gather", inputs, {"axis": axis}, output=y, metadata_props={MODULE: "encoder.words"})
        return model_of(tape, [ids], [y])

    return build
