"""A tiny seeded encoder, what each stage makes of it, and the means to export or to build other models."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
import torch
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape
from torch import Tensor, nn

from edgeattn_export.capture import Captured, capture, read_samples
from edgeattn_export.graph.axes import Dynamic, infer_axes
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import MODULE
from edgeattn_export.graph.trials import trials
from edgeattn_export.lower import Lowered, lower
from edgeattn_export.lower.ort_cpu import LOWERINGS, ORT_CPU
from edgeattn_export.pack import Label, Packed, TargetBuild, pack
from edgeattn_export.quantize import Calibration, Quantized, quantize
from edgeattn_export.quantize.graphs import Graphs, QuantizedGraph
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.targets.cpu import CPU, DYNAMIC_INT8, FORMS
from edgeattn_runtime.bundle.golden import GoldenVectors, Sample
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent))
from rewritten import Rewrite, Rewritten
from tapes import model_of

SEED = 7
WIDTH, HEADS = 16, 2
LONGEST = 32  # rows of the position table
VOCABULARY = 4096  # times WIDTH: as many elements as an embedding needs to be worth int8
LENGTHS = (5, 9, 3, 12, 7, 4, 6, 2)
PART_WIDTH = 8
PART_LENGTHS = (5, 9, 3, 12)

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


class SideBySide(nn.Module):
    """Parts that take the same inputs; the outputs are called after them."""

    def __init__(self, parts: Mapping[str, Callable[[], nn.Module]]) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.parts = nn.ModuleDict({name: part() for name, part in parts.items()})

    def forward(self, x: Tensor, seen: Tensor) -> dict[str, Tensor]:
        return {f"{name}.output": part(x, seen) for name, part in self.parts.items()}


class Across(SideBySide):
    """The same, from x to a context of another length."""

    def forward(self, x: Tensor, seen: Tensor, context: Tensor) -> dict[str, Tensor]:
        return {f"{name}.output": part(x, seen, context) for name, part in self.parts.items()}


@pytest.fixture(scope="session")
def exported() -> Callable[..., tuple[Captured, Samples]]:
    """A function that captures a module, in eval mode, on raw samples, and returns these too."""

    def export(
        module: nn.Module, raw: Iterable[object], dynamic: Dynamic | None = None
    ) -> tuple[Captured, Samples]:
        samples = read_samples(module.eval(), raw)
        return capture(module, samples, infer_axes(samples, dynamic), ORT_CPU), samples

    return export


@pytest.fixture(scope="session")
def side_by_side(
    exported: Callable[..., tuple[Captured, Samples]],
) -> Callable[..., tuple[Captured, Samples]]:
    """A function that captures parts side by side, on samples of several lengths or of one."""

    def build(
        parts: Mapping[str, Callable[[], nn.Module]], lengths: tuple[int, ...] = PART_LENGTHS
    ) -> tuple[Captured, Samples]:
        return exported(SideBySide(parts), [_sample(length) for length in lengths])

    return build


@pytest.fixture(scope="session")
def across(exported: Callable[..., tuple[Captured, Samples]]) -> Callable[..., tuple[Captured, Samples]]:
    """A function that captures cross-attentions side by side; ``seen`` and ``context`` have one length."""

    def build(parts: Mapping[str, Callable[[], nn.Module]]) -> tuple[Captured, Samples]:
        raw = []
        for length in PART_LENGTHS:
            sample = _sample(length + 2)
            raw.append({"x": sample["x"][:, :length], "seen": sample["seen"], "context": sample["x"]})
        return exported(Across(parts), raw)

    return build


def _sample(length: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(drawn_seed(length))
    x = torch.randn(1, length, PART_WIDTH, generator=generator)
    return {"x": x, "seen": torch.ones(1, length, dtype=torch.int64)}


@pytest.fixture(scope="session")
def rewrite(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Rewrite:
    """A function that captures parts side by side, and has a rule rewrite a copy, behind others."""
    return lambda rule, parts, *behind: Rewritten.by(rule, *side_by_side(parts), *behind)


@pytest.fixture(scope="session")
def by_hand() -> Callable[..., ir.Model]:
    """A function that builds ``before(x) @ weight + bias``, x of dims (batch, sequence, D)."""

    def build(
        weight: NDArray[np.float32], bias: NDArray[np.float32] | None = None, before: str = ""
    ) -> ir.Model:
        tape = Tape()
        x, hidden = (
            ir.val(name, ir.DataType.FLOAT, ("batch", "sequence", len(weight))) for name in ("x", "hidden")
        )
        product, y = (
            ir.val(name, ir.DataType.FLOAT, ("batch", "sequence", weight.shape[1]))
            for name in ("product", "y")
        )
        if before:
            tape.op(before, [x], output=hidden)
        inputs = [hidden if before else x, embed(tape, weight, "weight")]
        named = {"name": "linear", "metadata_props": {MODULE: "encoder.linear"}}
        tape.op("MatMul", inputs, output=y if bias is None else product, **named)
        if bias is not None:
            tape.op("Add", [product, embed(tape, bias, "bias")], output=y)
        return model_of(tape, [x], [y])

    return build


@pytest.fixture(scope="session")
def plainly() -> Callable[[ir.Model], SessionRunner]:
    """A function that opens a graph as it is, no engine's needs met."""

    def opened(model: ir.Model) -> SessionRunner:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # fatal alone: errors are raised anyway
        return SessionRunner(
            onnxruntime.InferenceSession(serialize(model), options, providers=["CPUExecutionProvider"])
        )

    return opened


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
    torch.manual_seed(drawn_seed(SEED))
    return TinyEncoder().eval()


@pytest.fixture(scope="session")
def samples(tiny: nn.Module) -> Samples:
    """The tiny encoder's samples: of several lengths, none padded."""
    generator = torch.Generator().manual_seed(drawn_seed(SEED))
    tokens = [torch.randint(0, VOCABULARY, (1, length), generator=generator) for length in LENGTHS]
    return read_samples(tiny, [{"tokens": ids, "mask": torch.ones_like(ids)} for ids in tokens])


@pytest.fixture(scope="session")
def encoder(tiny: nn.Module, samples: Samples) -> Captured:
    """The tiny encoder, captured."""
    return capture(tiny, samples, infer_axes(samples, None), ORT_CPU)


@pytest.fixture(scope="session")
def recovered(encoder: Captured, samples: Samples) -> Recovered:
    """The tiny encoder, recovered."""
    return recover(encoder, samples)


@pytest.fixture(scope="session")
def lowered(encoder: Captured, recovered: Recovered, samples: Samples) -> Lowered:
    """The tiny encoder for onnxruntime's CPU kernels."""
    return lower(recovered.model, LOWERINGS, ORT_CPU, trials(samples, encoder.axes))


@pytest.fixture(scope="session")
def int8_of() -> Callable[[ir.Model, Samples], Quantized]:
    """A function that makes a lowered graph int8 by the plain recipe."""
    return lambda model, samples: quantize(Calibration(model, samples, ORT_CPU, FORMS), DYNAMIC_INT8)


@pytest.fixture(scope="session")
def quantized(
    lowered: Lowered, samples: Samples, int8_of: Callable[[ir.Model, Samples], Quantized]
) -> Quantized:
    """The tiny encoder in int8."""
    return int8_of(lowered.model, samples)


@pytest.fixture(scope="session")
def packed(encoder: Captured, quantized: Quantized, samples: Samples) -> Packed:
    """The tiny encoder as a bundle, with two golden samples."""
    made = TargetBuild(
        target=CPU,
        parts=Graphs({MAIN_GRAPH: QuantizedGraph(quantized, encoder.graph)}, encoder.symbols),
        tolerance={tensor.name: 0.1 for tensor in encoder.graph.outputs},
        scores={"cosine": 0.999},
        verdict="pass",
        measured=None,
    )
    golden = tuple(Sample(sample.inputs, encoder.reference(sample.inputs)) for sample in samples[:2])
    return pack(
        [made],
        GoldenVectors(
            golden, {each.name: np.ones(each.channel_dims, np.float32) for each in encoder.graph.outputs}
        ),
        label=Label(name="tiny", budget={"cosine": 0.99}, source=None),
        reports={"report.json": b"{}\n"},
    )
