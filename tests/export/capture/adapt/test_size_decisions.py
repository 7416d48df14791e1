from __future__ import annotations

import pytest
import torch
from fixture_types import Alike, Export
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


class Truth(nn.Module):
    """Does otherwise where a value is set, which is a truth and no number."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        return x * 2 if (grid[0, 0] > 0).item() else x * 3


class Fraction(nn.Module):
    """Does otherwise by a number that is no whole one."""

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        return x * grid[0, 0] if x.abs().sum().item() > 0 else x * 3


def inputs(grid: tuple[int, int]) -> dict[str, Tensor]:
    return {"x": torch.randn(grid[0] * grid[1]), "grid": torch.tensor([grid])}


def test_a_number_decides_as_a_size_does(alike: Alike) -> None:
    alike(Columns(), map(inputs, GRIDS), map(inputs, UNSEEN))


def test_a_sample_that_goes_the_other_way_is_refused(exported: Export) -> None:
    with pytest.raises(CaptureError):
        exported(Columns(), map(inputs, (*GRIDS, (1, 8))))


@pytest.mark.parametrize("kind", [Even, Truth, Fraction])
def test_what_no_size_decides_is_refused(kind: type[nn.Module], exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_size_decisions\.py, line \d+, in forward .*torch\.where"):
        exported(kind(), map(inputs, GRIDS))
