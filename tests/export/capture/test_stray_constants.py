from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.capture.constants import adopt_constants
from edgeattn_export.graph.samples import Samples

Export = Callable[..., tuple[Captured, Samples]]


class Clipped(nn.Module):
    """Clips one value twice, to bounds that are buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.low, self.high = nn.Buffer(torch.tensor(-0.5)), nn.Buffer(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        x = 2 * x
        return self.first(x.clamp(self.low, self.high)) * self.second(x.clamp(self.low, self.high))


def test_a_value_that_is_clipped_twice_is_exported(exported: Export) -> None:
    captured, samples = exported(Clipped(), [{"x": torch.randn(2, n, 4)} for n in (3, 6, 5)])
    actual = captured.engine.runner(captured.model)(samples[1].inputs)["output"]
    expected = captured.reference(samples[1].inputs)["output"]
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_a_graph_that_holds_all_its_constants_stays_as_it_is(exported: Export) -> None:
    captured, _ = exported(nn.Linear(4, 4), [{"input": torch.randn(2, n, 4)} for n in (3, 6, 5)])
    before = list(captured.model.graph.initializers)
    adopt_constants(captured.model)
    assert list(captured.model.graph.initializers) == before
