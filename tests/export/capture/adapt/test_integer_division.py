from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.capture.adapt import Adapted
from edgeattn_export.graph.shapes import sized_inputs


class Chunked(nn.Module):
    """Means over chunks of two, of which there are as many as the length is divided by two."""

    def forward(self, x: Tensor) -> Tensor:
        chunks = torch.div(x.shape[1], 2, rounding_mode="trunc")
        return x.view(x.shape[0], chunks, 2, x.shape[2]).mean(2)  # (B, S / 2, W)


def test_a_size_that_is_divided_stays_a_size(exported: Export) -> None:
    captured, samples = exported(Chunked(), [{"x": torch.randn(2, n, 4)} for n in (6, 12, 8)])
    inputs = sized_inputs(samples, captured.axes, {"sequence": 20})  # that no sample has
    actual = captured.engine.runner(captured.model)(inputs)
    for name, expected in captured.reference(inputs).items():
        np.testing.assert_allclose(actual[name], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rounding", ["trunc", "floor"])
def test_the_number_is_the_tensors(rounding: str) -> None:
    with Adapted():
        actual = torch.div(7, 2, rounding_mode=rounding)
    assert actual == torch.div(7, 2, rounding_mode=rounding).item() == 3


@pytest.mark.parametrize(
    ("x", "other", "rounding"), [(-7, 2, "trunc"), (7.5, 2, "floor"), (7, 2, None)], ids=str
)
def test_other_divisions_stay_pytorchs(x: float, other: int, rounding: str | None) -> None:
    with Adapted():
        actual = torch.div(x, other, rounding_mode=rounding)
    assert isinstance(actual, Tensor)
    torch.testing.assert_close(actual, torch.div(x, other, rounding_mode=rounding))
