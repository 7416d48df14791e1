from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.graph.shapes import sized_inputs


class Placed(nn.Module):
    """Gives each value the embedding of its place among sorted bounds."""

    def __init__(self, bounds: Tensor, options: dict[str, object]) -> None:
        super().__init__()
        self.bounds, self.options = nn.Buffer(bounds), options
        self.embedding = nn.Embedding(bounds.numel() + 1, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.embedding(torch.searchsorted(self.bounds, x.contiguous(), **self.options))  # (B, S, 4)


@pytest.mark.parametrize("options", [{}, {"right": True}, {"side": "right", "out_int32": True}], ids=str)
def test_values_find_their_places(options: dict[str, object], exported: Export) -> None:
    module = Placed(torch.tensor([0.0, 1.0, 1.0, 2.0]), options)
    raw = [{"x": torch.randint(-1, 4, (2, n)).float()} for n in (5, 9, 7)]  # of which many are bounds
    captured, samples = exported(module, raw)
    inputs = sized_inputs(samples, captured.axes, {"sequence": 12})  # that no sample has
    actual = captured.engine.runner(captured.model)(inputs)["output"]
    np.testing.assert_array_equal(actual, captured.reference(inputs)["output"])


class Sorted(nn.Module):
    """Places each row's values among its own others, as they are sorted."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        values, order = x.sort()
        return torch.searchsorted(x, y, sorter=order) + values


def test_each_row_may_have_bounds_of_its_own(exported: Export) -> None:
    draw = torch.Generator().manual_seed(0)
    captured, samples = exported(
        Sorted(), [{name: torch.randn(2, n, generator=draw) for name in "xy"} for n in (5, 9, 7)]
    )
    actual = captured.engine.runner(captured.model)(samples[1].inputs)["output"]
    np.testing.assert_array_equal(actual, captured.reference(samples[1].inputs)["output"])
