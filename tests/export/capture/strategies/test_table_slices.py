from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from edgeattn_export.capture.strategies.size_formula import table_slices

SIZES = (4, 7, 10)


def _distance(size: int) -> Tensor:
    at = torch.arange(size)
    return at[None] - at[:, None]


@pytest.mark.parametrize(
    ("table", "axes"),
    [
        (torch.arange, (0,)),
        (lambda n: torch.arange(n).flip(0), (0,)),  # the last of the larger one
        (lambda n: torch.arange(1 - n, n), (0,)),  # its middle
        (_distance, (0, 1)),
        (lambda n: torch.arange(2 * n).view(n, 2), (0,)),
    ],
)
def test_a_smaller_table_is_cut_out_of_the_largest(
    table: Callable[[int], Tensor], axes: tuple[int, ...]
) -> None:
    cuts = table_slices({size: table(size) for size in SIZES})
    assert cuts is not None
    assert tuple(cut.axis for cut in cuts) == axes
    for size in range(1, SIZES[-1] + 1):
        piece = table(SIZES[-1])
        for cut in cuts:
            piece = piece.narrow(cut.axis, cut.start(size), cut.end(size) - cut.start(size))
        assert torch.equal(piece, table(size))


@pytest.mark.parametrize(
    "table",
    [
        lambda n: torch.linspace(0, 1, n),  # other numbers at each size
        lambda n: torch.full((3,), n),
        lambda n: torch.zeros((n,) * (1 + n % 2)),
    ],
)
def test_a_table_of_other_numbers_is_refused(table: Callable[[int], Tensor]) -> None:
    assert table_slices({size: table(size) for size in SIZES}) is None
