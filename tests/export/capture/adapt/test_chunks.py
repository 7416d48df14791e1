from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.capture.adapt import Adapted
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.shapes import sized_inputs

LENGTHS = (5, 9, 7)
UNSEEN = {"batch": 3, "sequence": 12}


class Streams(nn.Module):
    """Puts three streams one behind the other, and takes them apart."""

    def forward(self, x: Tensor) -> Tensor:
        main, *others = torch.cat([x, x * 2, x - 1], dim=1).chunk(3, dim=1)
        return main + torch.stack(others).sum(0)


class Halves(nn.Module):
    """Sums two halves, of which the second is the shorter one where there is an odd number."""

    def forward(self, x: Tensor) -> Tensor:
        first, second = torch.chunk(x, 2, 1)
        return torch.stack([first.sum(1), second.sum(1)], 1)


@pytest.mark.parametrize("kind", [Streams, Halves])
def test_chunks_of_any_size_are_pytorch_s(kind: type[nn.Module], exported: Export) -> None:
    captured, samples = exported(kind(), [{"x": torch.randn(2, n, 4)} for n in LENGTHS])
    inputs = sized_inputs(samples, captured.axes, UNSEEN)
    actual = captured.engine.runner(captured.model)(inputs)["output"]
    np.testing.assert_allclose(actual, captured.reference(inputs)["output"], rtol=1e-5, atol=1e-5)
    assert "SplitToSequence" not in operators(captured.model)


def test_an_axis_of_a_known_size_is_cut_as_before() -> None:
    x = torch.randn(2, 6)
    with Adapted():
        found = x.chunk(3, 1)
    for part, expected in zip(found, x.chunk(3, 1), strict=True):
        torch.testing.assert_close(part, expected)
