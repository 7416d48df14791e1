from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import shaped

Export = Callable[..., tuple[Captured, Samples]]


class Squeezed(nn.Module):
    """Takes away an axis of size 1, and one that is of any other size."""

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-2).squeeze(1).squeeze(-2) * 2  # (B, S, W)


def test_axes_of_size_1_alone_go(exported: Export) -> None:
    captured, samples = exported(Squeezed(), [{"x": torch.randn(2, n, 4)} for n in (5, 9, 7)])
    inputs = shaped(samples, captured.axes, {"sequence": 12})  # that no sample has
    found = captured.engine.runner(captured.model)(inputs)["output"]
    np.testing.assert_array_equal(found, captured.reference(inputs)["output"])
