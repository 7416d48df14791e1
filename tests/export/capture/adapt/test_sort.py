from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.graph.shapes import sized_inputs


class Sorted(nn.Module):
    """Numbers in order along an axis, and where they stood."""

    def __init__(self, axis: int, *, descending: bool) -> None:
        super().__init__()
        self.axis, self.descending = axis, descending

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return tuple(x.sort(dim=self.axis, descending=self.descending, stable=True))


@pytest.mark.parametrize(("axis", "descending"), [(1, True), (-1, True), (1, False)])
def test_equal_numbers_keep_their_order(axis: int, descending: bool, exported: Export) -> None:
    raw = [{"x": torch.randint(-3, 3, (2, n, 40)).float()} for n in (4, 9, 6)]  # of which most are equal
    captured, samples = exported(Sorted(axis, descending=descending), raw)
    inputs = sized_inputs(samples, captured.axes, {"sequence": 70})  # that no sample has
    actual, expected = captured.engine.runner(captured.model)(inputs), captured.reference(inputs)
    for name, value in expected.items():
        np.testing.assert_array_equal(actual[name], value)
