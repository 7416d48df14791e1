from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_runtime.errors import CaptureError

GRIDS = (4, 2), (2, 6), (5, 3), (3, 4)
UNSEEN = (7, 7), (2, 2), (12, 1)


class Columns(nn.Module):
    """Weighs an image's columns by their number, where there is more than one."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        (rows, columns), = grid.tolist()  # fmt: skip
        image = x.reshape(rows, columns)
        if rows > 1:
            image = image * torch.arange(columns)
        return image.mT.contiguous().view(-1) + torch.arange(columns).repeat_interleave(rows)


class Even(Columns):
    """Does otherwise where a number is even."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        (rows, _), = grid.tolist()  # fmt: skip
        return x.reshape(rows, -1) * (2 if rows % 2 else 3)


def inputs(rows: int, columns: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(0)
    return {"x": torch.randn(rows * columns, generator=draw), "grid": torch.tensor([[rows, columns]])}


def test_a_number_decides_as_a_size_does(exported: Export) -> None:
    captured, _ = exported(Columns(), [inputs(*grid) for grid in GRIDS])
    runner = captured.engine.runner(captured.model)
    for grid in (*GRIDS, *UNSEEN):
        given = {name: value.numpy() for name, value in inputs(*grid).items()}
        expected = captured.reference(given)["output"]
        np.testing.assert_allclose(runner(given)["output"], expected, rtol=1e-5, atol=1e-5)


def test_a_sample_that_goes_the_other_way_is_refused(exported: Export) -> None:
    with pytest.raises(CaptureError):
        exported(Columns(), [inputs(*grid) for grid in (*GRIDS, (1, 8))])


def test_what_numbers_do_not_agree_on_is_refused(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_size_decisions\.py, line \d+, in forward"):
        exported(Even(), [inputs(*grid) for grid in GRIDS])


class Truth(nn.Module):
    """Does otherwise where a value is set, which is a truth and no number."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        return x * 2 if (grid[0, 0] > 0).item() else x * 3


class Fraction(nn.Module):
    """Does otherwise by a number that is no whole one."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        return x * grid[0, 0] if x.abs().sum().item() > 0 else x * 3


@pytest.mark.parametrize("kind", [Truth, Fraction])
def test_what_is_no_size_is_refused(kind: type[nn.Module], exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_size_decisions\.py, line \d+, in forward .*torch\.where"):
        exported(kind(), [inputs(*grid) for grid in GRIDS])
