"""A layer of a map is timed with the convolutions beside it that stay float, and with no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Treatment
from edgeattn_export.quantize.quantize import written
from edgeattn_export.recover import recover
from edgeattn_export.search.cut import cut
from edgeattn_export.search.units import Unit
from edgeattn_export.targets.cpu import FORMS

WIDTH = 8


class Mixed(nn.Module):
    """A pointwise convolution after a depthwise one, one before it, and one with no neighbor."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH)
        self.before, self.after, self.alone = (nn.Conv2d(WIDTH, WIDTH, 1) for _ in range(3))
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        found = self.after(torch.nn.functional.silu(self.depthwise(torch.relu(self.before(x)))))
        return self.alone(self.linear(found.flatten(2).transpose(1, 2)).transpose(1, 2).reshape_as(x))


@pytest.fixture(scope="module")
def known(exported: Callable[..., tuple[Captured, Samples]]) -> Calibration:
    torch.manual_seed(0)
    captured, samples = exported(Mixed(), [{"x": torch.randn(batch, WIDTH, 4, 4)} for batch in (1, 2, 3)])
    return Calibration(recover(captured, samples).model, samples, ORT_CPU, FORMS)


@pytest.mark.parametrize(
    ("name", "float_convolutions", "int8_convolutions"),
    [("before", 2, 1), ("after", 2, 1), ("alone", 1, 0), ("linear", 0, 0)],
)
def test_a_neighbor_is_cut_out_with_a_layer(
    known: Calibration, name: str, float_convolutions: int, int8_convolutions: int
) -> None:
    layers = tuple(layer for layer in known.layers if layer.name == name)
    for form, expected in (("float", float_convolutions), ("int8", int8_convolutions)):
        model = cut(known.model, written(known, Unit(name, layers).isolated(Treatment(form))), layers)
        assert operators(model).get("Conv", 0) == expected
        ORT_CPU.runner(model)
