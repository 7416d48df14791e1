from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.graph.shapes import sized_inputs


class Squeezed(nn.Module):
    """Takes away an axis of size 1, and one that is of any other size."""

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-2).squeeze(1).squeeze(-2) * 2  # (B, S, W)


class First(nn.Module):
    """Puts each row's last vector first, by an index that is as long as the batch."""

    def forward(self, x: Tensor) -> Tensor:
        index = torch.full((x.shape[0], 1), x.shape[1] - 1)
        last = x[..., 0].gather(1, index).squeeze()  # (B); a number, where B is 1
        return x * last[..., None, None]


@pytest.mark.parametrize("kind", [Squeezed, First])
def test_axes_of_size_1_alone_go(kind: type[nn.Module], exported: Export) -> None:
    captured, samples = exported(kind(), [{"x": torch.randn(2, n, 4)} for n in (5, 9, 7)])
    inputs = sized_inputs(samples, captured.axes, {"batch": 1, "sequence": 12})  # that no sample has
    actual = captured.engine.runner(captured.model)(inputs)["output"]
    np.testing.assert_array_equal(actual, captured.reference(inputs)["output"])
