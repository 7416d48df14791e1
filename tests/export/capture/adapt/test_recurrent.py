from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.shapes import sized_inputs

TOLERANCE = 1e-5
WIDTH = 8


class Recurrent(nn.Module):
    """A recurrent layer, and weights over its steps, of which there are as many as the input has."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        steps = self.layer(x)[0]  # (B, S, W)
        return (steps @ steps.mT).softmax(-1) @ x


@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(WIDTH, WIDTH, batch_first=True),
        nn.LSTM(WIDTH, WIDTH // 2, num_layers=2, bidirectional=True, batch_first=True),
        nn.GRU(WIDTH, WIDTH, batch_first=True),
    ],
    ids=["LSTM", "two of both directions", "GRU"],
)
def test_its_steps_stay_dynamic(layer: nn.Module, exported: Export) -> None:
    captured, samples = exported(Recurrent(layer), [{"x": torch.randn(2, n, WIDTH)} for n in (6, 13, 8)])
    assert captured.notes == ()  # the first way led on
    assert operators(captured.model)[type(layer).__name__] == layer.num_layers
    inputs = sized_inputs(samples, captured.axes, {"batch": 3, "sequence": 21})  # that no sample has
    actual = captured.engine.runner(captured.model)(inputs)["output"]
    np.testing.assert_allclose(actual, captured.reference(inputs)["output"], rtol=TOLERANCE, atol=TOLERANCE)
