"""A small network as training leaves it, with a few channels far larger than the rest; one export for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.lower import lower
from edgeattn_export.lower.ort_cpu import LOWERINGS, ORT_CPU
from edgeattn_export.quantize import Calibration
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.recover import recover
from edgeattn_export.search import Rig, Store
from edgeattn_export.search.cost import Wanted
from edgeattn_export.targets.cpu import CANDIDATES, FORMS

WIDTH, OUT = 64, 32
OUTLIERS, SIZE = (3, 17, 40), 40.0  # channels, and how many times as large they are as the others
LENGTHS = (5, 9, 3, 12, 7, 4, 6, 2)  # the calibration samples', and the selection samples'


class Outliers(nn.Module):
    """Two feed-forward blocks; what their norms make large, the weights behind make small again."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.ups = nn.ModuleList(nn.Linear(WIDTH, 2 * WIDTH) for _ in range(2))
        self.downs = nn.ModuleList(nn.Linear(2 * WIDTH, WIDTH) for _ in range(2))
        self.head = nn.Linear(WIDTH, OUT)
        with torch.no_grad():
            for norm, up in zip(self.norms, self.ups, strict=True):
                norm.weight[list(OUTLIERS)] *= SIZE
                up.weight[:, list(OUTLIERS)] /= SIZE

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        for norm, up, down in zip(self.norms, self.ups, self.downs, strict=True):
            x = x + down(nn.functional.gelu(up(norm(x))))  # (B, S, W)
        return {"scores": self.head(x)}  # (B, S, N)


@pytest.fixture(scope="session")
def part(exported: Export) -> FloatGraph:
    """The network, lowered, with its samples."""
    torch.manual_seed(0)
    raw = [{"x": torch.randn(1, length, WIDTH)} for length in (*LENGTHS, *LENGTHS)]
    captured, samples = exported(Outliers(), raw)
    inputs = [sample.inputs for sample in samples[:2]]
    model = lower(recover(captured, samples).model, LOWERINGS, ORT_CPU, inputs).model
    known = Calibration(model, samples[: len(LENGTHS)], ORT_CPU, FORMS)
    return FloatGraph(known, samples[len(LENGTHS) :], captured.graph)


@pytest.fixture(scope="session")
def rig() -> Callable[[Path | None], Rig]:
    """A function that makes a bench that remembers in a folder."""
    return lambda folder: Rig(CANDIDATES, "this device", Store(folder))


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, float]], None]:
    """A function that gives a layer in each form its milliseconds, instead of this machine's mood."""

    def give(milliseconds: Mapping[str, float]) -> None:
        def times(meter: object, wanted: Wanted, step: object) -> dict[str, list[float]]:
            return {
                unit.name: [len(unit.layers) * milliseconds[treatment.form] for treatment in treatments]
                for unit, treatments in wanted.items()
            }

        monkeypatch.setattr("edgeattn_export.search.options.milliseconds", times)

    return give


@pytest.fixture(scope="session")
def layer() -> Callable[..., Layer]:
    """A function that makes a layer of no graph."""

    def make(name: str, weight: str = "", *, width: int = 8, channels: int = 4, source: str = "") -> Layer:
        return Layer(name, name, name, "x", "y", weight or name, "", source, width, channels)

    return make
