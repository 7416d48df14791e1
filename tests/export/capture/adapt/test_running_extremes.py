from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.graph.shapes import sized_inputs


class Running(nn.Module):
    """The largest or smallest number so far along an axis, and where it stands."""

    def __init__(self, running: Callable[..., tuple[Tensor, Tensor]], axis: int) -> None:
        super().__init__()
        self.running, self.axis = running, axis

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return tuple(self.running(x, self.axis))


@pytest.mark.parametrize(("running", "dtype"), [(torch.cummax, torch.float32), (torch.cummin, torch.int64)])
@pytest.mark.parametrize("axis", [1, -1])
def test_it_is_pytorchs(
    running: Callable[..., tuple[Tensor, Tensor]], dtype: torch.dtype, axis: int, exported: Export
) -> None:
    raw = [{"x": torch.randint(-9, 9, (2, n, 5)).to(dtype)} for n in (4, 9, 6)]  # of which many are equal
    captured, samples = exported(Running(running, axis), raw)
    inputs = sized_inputs(samples, captured.axes, {"sequence": 12})  # that no sample has
    actual, expected = captured.engine.runner(captured.model)(inputs), captured.reference(inputs)
    for name, value in expected.items():
        np.testing.assert_array_equal(actual[name], value)
