"""A tiny seeded encoder, what each stage makes of it, and the means to export other modules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgeattn_export.capture import Captured, capture, read_samples
from edgeattn_export.graph.axes import Dynamic, infer_axes
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu.engine import ORT_CPU
from edgeattn_export.pack import Packed, pack
from edgeattn_export.pack.pack import Label, Verdict
from edgeattn_export.quantize import Calibration, Quantized, quantize
from edgeattn_export.quantize.parts import Part, Parts
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.targets.cpu import DYNAMIC_INT8, FORMS
from edgeattn_runtime.golden import Sample
from edgeattn_runtime.manifest import MAIN_GRAPH

SEED = 7
WIDTH, HEADS = 16, 2
LONGEST = 32  # rows of the position table
VOCABULARY = 4096  # times WIDTH: as many elements as an embedding needs to be worth int8
LENGTHS = (5, 9, 3, 12, 7, 4, 6, 2)

Arrays = Mapping[str, NDArray[np.generic]]


class TinyEncoder(nn.Module):
    """One layer, attention by hand; its output ``embedding`` is called as an inner value of the export is."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Parameter(torch.randn(LONGEST, WIDTH))
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, tokens: Tensor, mask: Tensor) -> dict[str, Tensor]:
        x = self.tokens(tokens) + self.positions[: tokens.size(1)]  # (B, S, W)
        q, k, v = (
            layer(x).view(x.size(0), -1, HEADS, WIDTH // HEADS).transpose(1, 2)  # (B, H, S, D)
            for layer in (self.query, self.key, self.value)
        )
        scores = q @ k.mT / math.sqrt(WIDTH // HEADS)  # (B, H, S, S)
        scores = scores.masked_fill(mask[:, None, None, :] == 0, torch.finfo(torch.float32).min)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)  # (B, S, W)
        x = self.norm1(x + self.output(mixed))
        x = self.norm2(x + self.down(nn.functional.gelu(self.up(x))))
        return {"embedding": x[:, 0], "hidden": x}


@pytest.fixture(scope="session")
def exported() -> Callable[..., tuple[Captured, Samples]]:
    """A function that captures a module, in eval mode, on raw samples, and returns these too."""

    def export(
        module: nn.Module, raw: Iterable[object], dynamic: Dynamic | None = None
    ) -> tuple[Captured, Samples]:
        samples = read_samples(module.eval(), raw)
        return capture(module, samples, infer_axes(samples, dynamic)), samples

    return export


@pytest.fixture(scope="session")
def scaled_error() -> Callable[[Arrays, Arrays], float]:
    """A function that returns the largest error of any output, as a share of that output's largest value."""

    def error(expected: Arrays, found: Arrays) -> float:
        assert expected.keys() == found.keys()
        errors = []
        for name, value in expected.items():
            assert value.shape == found[name].shape
            scale = np.abs(value).max()
            errors.append(np.abs(value - found[name]).max() / scale)
        return float(max(errors))

    return error


@pytest.fixture(scope="session")
def tiny() -> nn.Module:
    """The tiny encoder."""
    torch.manual_seed(SEED)
    return TinyEncoder().eval()


@pytest.fixture(scope="session")
def samples(tiny: nn.Module) -> Samples:
    """The tiny encoder's samples: of several lengths, none padded."""
    generator = torch.Generator().manual_seed(SEED)
    tokens = [torch.randint(0, VOCABULARY, (1, length), generator=generator) for length in LENGTHS]
    return read_samples(tiny, [{"tokens": ids, "mask": torch.ones_like(ids)} for ids in tokens])


@pytest.fixture(scope="session")
def encoder(tiny: nn.Module, samples: Samples) -> Captured:
    """The tiny encoder, captured."""
    return capture(tiny, samples, infer_axes(samples, None))


@pytest.fixture(scope="session")
def recovered(encoder: Captured, samples: Samples) -> Recovered:
    """The tiny encoder, recovered."""
    return recover(encoder, samples)


@pytest.fixture(scope="session")
def quantized(recovered: Recovered, samples: Samples) -> Quantized:
    """The tiny encoder in int8."""
    return quantize(Calibration(recovered.model, samples, ORT_CPU, FORMS), DYNAMIC_INT8)


@pytest.fixture(scope="session")
def packed(encoder: Captured, quantized: Quantized, samples: Samples) -> Packed:
    """The tiny encoder as a bundle, with two golden samples."""
    return pack(
        Parts({MAIN_GRAPH: Part(quantized, encoder.graph)}, encoder.symbols),
        [Sample(sample.inputs, encoder.reference(sample.inputs)) for sample in samples[:2]],
        tolerance=0.99,
        label=Label(name="tiny", target="cpu", source=None),
        verdict=Verdict(budget={"cosine": 0.99}, scores={"cosine": 0.999}, word="pass"),
        reports={"report.json": b"{}\n"},
    )
