from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn
from torch.nn.functional import interpolate

from edgeattn_export.capture.adapt import Adapted

WIDTH, SIDE = 4, 2
GRIDS = (2, 4, 2), (3, 2, 6), (4, 6, 4)  # frames, rows and columns of samples
UNSEEN = (5, 8, 8), (1, 2, 2)


class Smaller(nn.Module):
    """Halves the sides of frames; their numbers lie by places then, not by channels, whatever their sizes."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        (frames, rows, columns), = grid  # fmt: skip
        image = x.reshape(frames, rows, columns, WIDTH).permute(0, 3, 1, 2)
        smaller = interpolate(image, size=(rows // SIDE, columns // SIDE), mode="bilinear")
        return smaller.permute(0, 2, 3, 1).view(-1, WIDTH)


def inputs(frames: int, rows: int, columns: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(frames * rows * columns, WIDTH, generator=draw)
    return {"x": x, "grid": torch.tensor([[frames, rows, columns]])}


def test_a_view_of_as_many_numbers_as_values_say(exported: Export) -> None:
    captured, _ = exported(Smaller(), [inputs(*grid) for grid in GRIDS])
    runner = captured.engine.runner(captured.model)
    for grid in (*GRIDS, *UNSEEN):
        given = {name: value.numpy() for name, value in inputs(*grid).items()}
        expected = captured.reference(given)["output"]
        np.testing.assert_allclose(runner(given)["output"], expected, rtol=1e-5, atol=1e-5)


def test_a_view_that_pytorch_refuses_stays_refused() -> None:
    x = torch.randn(2, 3)
    with Adapted():
        assert x.view(3, 2).data_ptr() == x.data_ptr()
        with pytest.raises(RuntimeError, match="view size is not compatible"):
            x.mT.view(-1)
