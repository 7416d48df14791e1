from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn
from torch.nn.functional import pad

from edgeattn_export.capture.adapt.own_names import meaning
from edgeattn_export.capture.adapt.symbolic_builtins import SYMBOLIC_NUMBERS
from edgeattn_runtime.errors import CaptureError

WIDTH, SIDE = 4, 2
GRIDS = (4, 2), (2, 6), (5, 3), (3, 4)  # rows and columns of samples, some of which fill no whole windows
UNSEEN = (1, 1), (7, 7), (2, 2)


class Windows(nn.Module):
    """Orders the patches of an image by windows, and sums what stands before each window's end."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        order, bounds = [], [0]
        for height, width in grid.tolist():
            rows, columns = int(height), int(width)
            more_rows, more_columns = -rows % SIDE, -columns % SIDE
            places = torch.arange(rows * columns).reshape(rows, columns)
            padded = pad(places, (0, more_columns, 0, more_rows), value=-1)
            windows = padded.reshape((rows + more_rows) // SIDE, SIDE, (columns + more_columns) // SIDE, SIDE)
            windows = windows.transpose(1, 2).reshape(-1, SIDE**2)
            order.append(windows[windows != -1] + int(rows > 1) - 1)
            bounds.extend((windows != -1).sum(-1).cumsum(0).tolist())
        ends = torch.tensor(bounds, dtype=torch.int32)
        return torch.stack([x[torch.cat(order)].mean(0), x.sum(0) * ends[1]]) * ends.sum()


class Halves(nn.Module):
    """Decides by a value."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        return x * 2 if int(grid[0, 0]) > 3 else x * 3


def inputs(rows: int, columns: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(rows * columns, WIDTH, generator=draw)
    return {"x": x, "grid": torch.tensor([[rows, columns]])}


def test_numbers_that_are_read_stay_free(exported: Export) -> None:
    captured, _ = exported(Windows(), [inputs(*grid) for grid in GRIDS])
    runner = captured.engine.runner(captured.model)
    for grid in (*GRIDS, *UNSEEN):
        given = {name: value.numpy() for name, value in inputs(*grid).items()}
        expected = captured.reference(given)["output"]
        np.testing.assert_allclose(runner(given)["output"], expected, rtol=1e-5, atol=1e-5)


def test_a_decision_by_one_is_refused(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_symbolic_int\.py, line \d+, in forward"):
        exported(Halves(), [inputs(*grid) for grid in GRIDS])


def test_outside_and_of_plain_numbers_it_is_python_s_own() -> None:
    with meaning(Windows(), SYMBOLIC_NUMBERS):
        assert int("11", 2) == 3
        assert isinstance(3, int)
        assert not isinstance(3.0, int)
        assert issubclass(bool, int)
    assert "int" not in globals()
